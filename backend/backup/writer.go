package backup

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"filippo.io/age"
)

// Writer writes a backup.
type Writer struct {
	header Header
	rows   []int64
	buf    []byte
	hash   hash.Hash
	body   *bufio.Writer // to pack and hash
	pack   *gzip.Writer
	sealed io.WriteCloser
}

// NewWriter begins a backup that any of the recipients can open. The version of the header is
// filled in.
func NewWriter(out io.Writer, h Header, recipients ...age.Recipient) (*Writer, error) {
	h.Version = Version
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	sealed, err := age.Encrypt(out, recipients...)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	// Most of a database is keys and hashes: packing harder takes longer and gains nothing.
	pack, err := gzip.NewWriterLevel(sealed, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	w := &Writer{header: h, rows: make([]int64, len(h.Tables)), hash: sha256.New(), pack: pack, sealed: sealed}
	w.body = bufio.NewWriterSize(io.MultiWriter(pack, w.hash), 64<<10)
	w.buf = append(w.buf, magic...)
	w.putBytes(text)
	return w, w.flush()
}

func (w *Writer) putBytes(b []byte) {
	w.buf = binary.AppendUvarint(w.buf, uint64(len(b)))
	w.buf = append(w.buf, b...)
}

// flush passes on what is in buf.
func (w *Writer) flush() error {
	_, err := w.body.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// Row writes a row of the table with this index in the header.
func (w *Writer) Row(table int, values []Value) error {
	t := w.header.Tables[table]
	if len(values) != len(t.Columns) {
		return fmt.Errorf("backup: a row of table %q has %d values and not %d", t.Name, len(values), len(t.Columns))
	}
	w.buf = binary.AppendUvarint(w.buf, uint64(table)+1)
	for i, c := range t.Columns {
		if c.Kind == Number {
			w.buf = binary.AppendVarint(w.buf, values[i].Number)
			continue
		}
		if len(values[i].Bytes) > maxValue {
			return fmt.Errorf("backup: column %q of table %q has %d bytes, more than %d", c.Name, t.Name, len(values[i].Bytes), maxValue)
		}
		w.putBytes(values[i].Bytes)
	}
	w.rows[table]++
	return w.flush()
}

// Close ends the backup and gives its trailer. last has the highest handle of each table. A
// backup that was not closed cannot be read.
func (w *Writer) Close(last map[string]int64) (Trailer, error) {
	t := Trailer{Rows: map[string]int64{}, Last: last}
	for i, table := range w.header.Tables {
		t.Rows[table.Name] = w.rows[i]
	}
	text, err := json.Marshal(t)
	if err != nil {
		return t, err
	}
	w.buf = binary.AppendUvarint(w.buf, 0)
	w.putBytes(text)
	if err := errors.Join(w.flush(), w.body.Flush()); err != nil {
		return t, err
	}
	_, err = w.pack.Write(w.hash.Sum(nil))
	if err == nil {
		err = w.pack.Close()
	}
	if err == nil {
		err = w.sealed.Close()
	}
	return t, err
}
