package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Checkpoint says what the trail of a database was at one moment: how many events it had, and the
// hash of the last. One that is kept where nobody can change it proves all events up to there.
type Checkpoint struct {
	Database  string // the UUID
	Seq       uint64
	Hash      Hash
	Time      time.Time // of the last event
	Key       ed25519.PublicKey
	Signature []byte // empty: not signed
}

// Sign signs a checkpoint with the audit key of its database.
func (c *Checkpoint) Sign(key ed25519.PrivateKey) {
	c.Time = c.Time.UTC().Truncate(time.Microsecond)
	c.Key = key.Public().(ed25519.PublicKey)
	c.Signature = ed25519.Sign(key, c.statement())
}

// Verify checks the signature against the public key in the checkpoint. Whose key that is, is
// another question.
func (c *Checkpoint) Verify() error {
	if len(c.Key) != ed25519.PublicKeySize || !ed25519.Verify(c.Key, c.statement(), c.Signature) {
		return fmt.Errorf("checkpoint of event %d: its signature is wrong: %w", c.Seq, ErrInvalid)
	}
	return nil
}

// title begins the text of a checkpoint, and what its signature is over.
const title = "signet audit checkpoint 1"

// statement is what is signed: the lines of the text down to the time.
func (c *Checkpoint) statement() []byte {
	return fmt.Appendf(nil, "%s\ndatabase: %s\nevents: %d\nhash: %x\ntime: %s\n", title, c.Database, c.Seq, c.Hash, c.Time.UTC().Format(time.RFC3339Nano))
}

// Text gives a checkpoint as a small text for a file.
func (c *Checkpoint) Text() []byte {
	t := c.statement()
	t = fmt.Appendf(t, "public key: %s\nsignature: %s\n", KeyText(c.Key), base64.StdEncoding.EncodeToString(c.Signature))
	return append(t, "# How many events the audit trail of this database had, and what they were.\n"+
		"# signet audit verify --checkpoint FILE compares. Keep a copy where the database cannot be changed from.\n"...)
}

// KeyText gives a public key as a text.
func KeyText(key ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(key) }

// ParseKey reads the text of a public key.
func ParseKey(s string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(key) != ed25519.PublicKeySize || base64.StdEncoding.EncodeToString(key) != s {
		return nil, fmt.Errorf("public key: not 32 bytes in base64: %w", ErrInvalid)
	}
	return key, nil
}

// MaxCheckpoint is the largest text that ParseCheckpoint reads.
const MaxCheckpoint = 4096

var uuid = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`) })

// ParseCheckpoint reads the text of a checkpoint and checks its signature. Lines that begin with
// # may stand anywhere.
func ParseCheckpoint(data []byte) (*Checkpoint, error) {
	if len(data) > MaxCheckpoint {
		return nil, fmt.Errorf("checkpoint: longer than %d bytes: %w", MaxCheckpoint, ErrInvalid)
	}
	var c Checkpoint
	fields := []struct {
		name string
		read func(string) error
	}{
		{"database", func(s string) error { c.Database = s; return match(uuid().MatchString(s)) }},
		{"events", func(s string) (err error) {
			c.Seq, err = strconv.ParseUint(s, 10, 63)
			return errors.Join(err, match(strconv.FormatUint(c.Seq, 10) == s))
		}},
		{"hash", func(s string) error {
			n, err := hex.Decode(c.Hash[:], []byte(s[:min(len(s), 2*len(c.Hash))]))
			return errors.Join(err, match(n == len(c.Hash) && fmt.Sprintf("%x", c.Hash) == s))
		}},
		{"time", func(s string) (err error) {
			c.Time, err = time.Parse(time.RFC3339Nano, s)
			return errors.Join(err, match(c.Time.UTC().Format(time.RFC3339Nano) == s))
		}},
		{"public key", func(s string) (err error) { c.Key, err = ParseKey(s); return err }},
		{"signature", func(s string) (err error) {
			c.Signature, err = base64.StdEncoding.Strict().DecodeString(s)
			return err
		}},
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 || lines[0] != title {
		return nil, fmt.Errorf("checkpoint: it does not begin with the line %q: %w", title, ErrInvalid)
	}
	if len(lines) != 1+len(fields) {
		return nil, fmt.Errorf("checkpoint: it has %d lines where %d are meant: %w", len(lines), 1+len(fields), ErrInvalid)
	}
	for i, f := range fields {
		value, ok := strings.CutPrefix(lines[1+i], f.name+": ")
		if !ok || f.read(value) != nil {
			return nil, fmt.Errorf("checkpoint: its line %q cannot be read: %w", f.name, ErrInvalid)
		}
	}
	return &c, c.Verify()
}

// match is an error where something is not as it should be.
func match(ok bool) error {
	if !ok {
		return ErrInvalid
	}
	return nil
}
