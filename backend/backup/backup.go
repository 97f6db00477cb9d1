// Package backup reads and writes backups of key-ring databases: one sealed stream with the rows
// of all tables. It knows neither SQL nor what the tables mean, and so a backup of one engine can
// be restored into another.
//
// A backup is an age file (age-encryption.org/v1), which keeps it secret and finds every change
// to it, a cut end too. Inside, compressed with gzip (RFC 1952), come
//
//	the text "signet backup 1" and a line feed
//	the header in JSON, behind its length
//	the rows: the number of a table, from 1, and the value of each column
//	a zero
//	the trailer in JSON, behind its length: how many rows of each table there are
//	SHA-256 of all that came before
//
// Numbers and lengths are variable-length integers, as encoding/binary makes them: signed for
// columns of numbers, unsigned for all others. The header names the columns, so that a backup
// explains itself.
//
// The seal does not say who made a backup: whoever knows a recipient can seal to it.
package backup

import (
	"fmt"
	"time"
)

// Version is the version of the format, which changes when older readers cannot read it.
const Version = 1

const magic = "signet backup 1\n"

// The limits of a reader. A backup can come from anybody who knows the recipient: none of these
// numbers may lead to more memory than it brings bytes.
const (
	maxHeader  = 1 << 20
	maxTables  = 1 << 10
	maxColumns = 1 << 10
	maxValue   = 256 << 20
)

// Kind is what a column holds.
type Kind string

// The kinds of columns.
const (
	Number Kind = "number" // 64 bits with a sign
	Text   Kind = "text"   // UTF-8
	Bytes  Kind = "bytes"
)

// Column is a column of a table.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
}

// Table is a table with its columns, in the order of the values of its rows.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Header says what a backup holds.
type Header struct {
	Version  int       `json:"version"`
	Schema   int       `json:"schema"`   // the schema version of the database
	Database string    `json:"database"` // its UUID
	Engine   string    `json:"engine"`
	Made     time.Time `json:"made"`
	Tables   []Table   `json:"tables"`
}

// Trailer is known when all rows have been written.
type Trailer struct {
	Rows map[string]int64 `json:"rows"` // how many of each table
	Last map[string]int64 `json:"last"` // the highest handle that each table ever had
}

// Value is a value of a column: a number, or the bytes of a text or of bytes.
type Value struct {
	Number int64
	Bytes  []byte
}

// check refuses a header that this program cannot follow.
func (h *Header) check() error {
	if h.Version != Version {
		return fmt.Errorf("its format is version %d and this signet knows version %d; a newer signet can read it", h.Version, Version)
	}
	if len(h.Tables) > maxTables {
		return fmt.Errorf("damaged: %d tables", len(h.Tables))
	}
	seen := map[string]bool{}
	for _, t := range h.Tables {
		if seen[t.Name] || len(t.Columns) == 0 || len(t.Columns) > maxColumns {
			return fmt.Errorf("damaged: table %q is there twice or has %d columns", t.Name, len(t.Columns))
		}
		seen[t.Name] = true
		for _, c := range t.Columns {
			if c.Kind != Number && c.Kind != Text && c.Kind != Bytes {
				return fmt.Errorf("damaged: column %q of table %q is of kind %q", c.Name, t.Name, c.Kind)
			}
		}
	}
	return nil
}
