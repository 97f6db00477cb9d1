// Package audit is the trail that a database keeps of what was done with it: events, the hash
// chain that they form, and the checkpoints that sign it. It is pure: it neither stores nor
// prints, and it knows nothing of certificates or rings.
package audit

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// Event is one function that somebody asked for, and what became of it. It never holds a secret.
type Event struct {
	ID       string    `json:"id"` // of NewID: an event is counted once
	Time     time.Time `json:"time"`
	Issuer   string    `json:"issuer"`            // the user ID on whose behalf the function ran
	Account  string    `json:"account,omitempty"` // who really asked, when that is somebody else
	Host     string    `json:"host,omitempty"`    // the machine that the request came from
	Via      string    `json:"via,omitempty"`     // how it came to the database: empty for directly, unix or tls
	Function string    `json:"function"`          // as RACF calls it, for example GENCERT
	Object   string    `json:"object,omitempty"`  // what it was about, for example CERTAUTH/IMSCA
	Decision Decision  `json:"decision"`
	Why      string    `json:"why,omitempty"` // the rule that decided
	Outcome  Outcome   `json:"outcome"`
	Code     int       `json:"code"`              // its return code
	Message  string    `json:"message,omitempty"` // the id of the message that ended it
	Changes  []Change  `json:"changes,omitempty"` // in the order in which they were made
	More     int       `json:"more,omitempty"`    // how many changes were too many to be kept
}

// NewID gives the ID of a new event: 32 random hexadecimal digits.
func NewID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// Decision is what authority said to a function.
type Decision string

// The decisions.
const (
	Allowed Decision = "allowed"
	Refused Decision = "refused"
)

// Outcome is what became of a function.
type Outcome string

// The outcomes. A refused function is neither done nor failed.
const (
	Done      Outcome = "done"
	NotDone   Outcome = "refused"
	Failed    Outcome = "failed"
	Undone    Outcome = "undone"    // done, and undone again with the script that it was a part of
	Rehearsed Outcome = "rehearsed" // done for a look, and undone again
)

// Change is one thing in the database that an event changed. Before is nil for what is new, and
// After for what is gone.
type Change struct {
	Kind   string            `json:"kind"` // for example certificate, ring, connection, profile
	Name   string            `json:"name"`
	Before map[string]string `json:"before,omitempty"`
	After  map[string]string `json:"after,omitempty"`
}
