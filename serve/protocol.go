package serve

// The protocol, version 1: POST /v1/FUNCTION, and below /v1/ four names in lower case that are no
// functions of the database.
const (
	pathPrefix = "/v1/"

	pathHello       = "hello"       // who the server takes the peer for
	pathTransaction = "transaction" // begins one
	pathCommit      = "commit"      // ends it and keeps it
	pathRollback    = "rollback"    // ends it and undoes it
)

// The headers of a request, besides those of HTTP.
const (
	headerAs          = "Signet-As"          // the user to act for
	headerZone        = "Signet-Zone"        // the time zone of its dates
	headerTransaction = "Signet-Transaction" // the token of the transaction that it belongs to
)

const contentType = "application/json"

// The lines of an answer: {"answer":...} for each thing, then {"done":true} or {"error":{...}}.
const (
	answerHead = `{"answer":`
	answerTail = "}\n"
	errorHead  = `{"error":`
	doneLine   = "{\"done\":true}\n"
)

// maxAnswerLine is the longest line that a client takes.
const maxAnswerLine = 64 << 20

// welcome is the answer to hello.
type welcome struct {
	User   string // who the peer is
	As     string // the user it acts for
	Server string // the version of the server's program
}

// begin asks for a transaction.
type begin struct{ Rehearsal bool }

// begun is the answer.
type begun struct{ Token string }
