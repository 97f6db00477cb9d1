package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"signet/cert"
	"signet/pkcs11"
	"signet/ring"
)

// outputVersion is the version of the JSON that every verb prints. It changes when a field
// changes its meaning or goes away (docs/json.md).
const outputVersion = 1

// answer is what a verb prints as JSON: the fields that apply to it.
type answer struct {
	Version      int               `json:"version"`
	Code         ring.Code         `json:"code"`
	Messages     []messageJSON     `json:"messages,omitempty"`
	Certificate  *certificateJSON  `json:"certificate,omitempty"`
	Certificates []certificateJSON `json:"certificates,omitempty"`
	Chain        *chainJSON        `json:"chain,omitempty"`
	Rings        []ringJSON        `json:"rings,omitempty"`
	Tokens       []tokenJSON       `json:"tokens,omitempty"`
	Modules      []moduleJSON      `json:"modules,omitempty"`
	Probe        *pkcs11.Probe     `json:"probe,omitempty"`
	TokenCheck   []tokenCheckJSON  `json:"tokenCheck,omitempty"`
	Filters      []filterJSON      `json:"filters,omitempty"`
	Identity     *identityJSON     `json:"identity,omitempty"`
	Verdict      *verdictJSON      `json:"verdict,omitempty"`
	Copied       []putJSON         `json:"copied,omitempty"`
	Differences  []differenceJSON  `json:"differences,omitempty"`
	Picks        []pickJSON        `json:"picks,omitempty"`
	Files        []scannedJSON     `json:"files,omitempty"`
	Trust        *trustJSON        `json:"trust,omitempty"`
	Truststores  []truststoreJSON  `json:"truststores,omitempty"`
	Commands     []commandJSON     `json:"commands,omitempty"`
	Database     *databaseJSON     `json:"database,omitempty"`
	Findings     []dbFindingJSON   `json:"findings,omitempty"`
	Checked      *checkedJSON      `json:"checked,omitempty"`
	Backup       *backupJSON       `json:"backup,omitempty"`
	Custody      *custodyJSON      `json:"custody,omitempty"`
	Resealed     *resealedJSON     `json:"resealed,omitempty"`
	Settings     map[string]string `json:"settings,omitempty"`
	Events       []eventJSON       `json:"events,omitempty"`
	Trail        *trailJSON        `json:"trail,omitempty"`
	Checkpoint   *checkpointJSON   `json:"checkpoint,omitempty"`
	Explanation  *explanationJSON  `json:"explanation,omitempty"`
	File         string            `json:"file,omitempty"`
	Format       string            `json:"format,omitempty"`
}

type messageJSON struct {
	ID     string    `json:"id,omitempty"`
	Code   ring.Code `json:"code"`
	Text   string    `json:"text"`
	Hint   string    `json:"hint,omitempty"`
	File   string    `json:"file,omitempty"`
	Line   int       `json:"line,omitempty"`
	Column int       `json:"column,omitempty"`
}

func (a *app) json() bool { return a.flags.output == "json" }

// print writes the JSON form of an answer.
func (a *app) print(ans answer) error {
	ans.Version, ans.Code = outputVersion, a.code
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(ans)
}

// table is text in columns. It comes out when it is flushed: each cell by itself would cost a call
// to the system.
type table struct {
	*tabwriter.Writer
	out *bufio.Writer
}

// table gives a writer of aligned columns; flush it at the end.
func (a *app) table() table {
	out := bufio.NewWriter(a.stdout)
	return table{tabwriter.NewWriter(out, 0, 8, 2, ' ', 0), out}
}

// Flush writes what there is.
func (t table) Flush() error { return errors.Join(t.Writer.Flush(), t.out.Flush()) }

// say tells the user something that is not a result.
func (a *app) say(format string, args ...any) {
	if !a.flags.quiet {
		fmt.Fprintf(a.stderr, "signet: "+format+"\n", args...)
	}
}

// warn tells the user of something that went through and should not stay as it is.
func (a *app) warn(format string, args ...any) {
	a.raise(ring.Warning)
	a.show(a.place, ring.Message{Code: ring.Warning, Text: fmt.Sprintf(format, args...)})
}

// raise remembers a return code; the highest counts.
func (a *app) raise(c ring.Code) { a.code = max(a.code, c) }

// fail reports the error that ends a verb.
func (a *app) fail(err error) {
	m := messageOf(err)
	a.raise(m.Code)
	if a.json() {
		if err := a.print(answer{Messages: []messageJSON{message(m)}}); err == nil {
			return
		}
	}
	a.show(a.place, m)
}

// report tells of an error that does not end the verb, and gives it for JSON.
func (a *app) report(err error) messageJSON {
	m := messageOf(err)
	a.raise(m.Code)
	if !a.json() {
		a.show(a.place, m)
	}
	return message(m)
}

// messageOf gives what an error has to say.
func messageOf(err error) ring.Message {
	var e *ring.Error
	switch {
	case errors.As(err, &e):
		return e.Message
	case errors.Is(err, context.Canceled):
		return ring.Message{Code: codeOf(err), Text: "interrupted: nothing of what was not finished is kept"}
	}
	return ring.Message{Code: codeOf(err), Text: err.Error()}
}

// tell reports what a function had to say and gives it for JSON.
func (a *app) tell(r *ring.Result) []messageJSON {
	var all []messageJSON
	if r == nil {
		return nil
	}
	for _, m := range r.Messages {
		a.raise(m.Code)
		all = append(all, message(m))
		if !a.json() {
			a.show(a.place, m)
		}
	}
	return all
}

func message(m ring.Message) messageJSON {
	return messageJSON{ID: m.ID, Code: m.Code, Text: m.Text, Hint: m.Hint}
}

// show writes a message for people. place is where in a script it belongs, empty outside one.
// Notes are left out when the user wants quiet.
func (a *app) show(place string, m ring.Message) {
	kind, colour := "error", "31"
	switch {
	case m.Code == ring.Done:
		kind, colour = "note", "36"
	case m.Code == ring.Warning:
		kind, colour = "warning", "33"
	}
	if a.flags.quiet && m.Code <= ring.Warning {
		return
	}
	if place != "" {
		place += ": "
	}
	id := m.ID
	if id != "" {
		id += " "
	}
	fmt.Fprintf(a.stderr, "signet: %s: %s%s%s\n", a.paint(kind, colour), place, id, oneLine(m.Text))
	if m.Hint != "" {
		fmt.Fprintf(a.stderr, "signet: %s: %s\n", a.paint("hint", "2"), oneLine(m.Hint))
	}
}

// paint colours a word when the user has a terminal that may show colours.
func (a *app) paint(word, colour string) string {
	if !a.terminal || a.flags.noColor || a.getenv("NO_COLOR") != "" {
		return word
	}
	return "\x1b[" + colour + "m" + word + "\x1b[0m"
}

// oneLine keeps a text on its line, whatever a file name or a certificate holds.
func oneLine(s string) string { return cert.Visible(s) }
