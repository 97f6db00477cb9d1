package backup

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"

	"filippo.io/age"
)

// ErrIdentity says that a backup was not sealed to any of the identities.
var ErrIdentity = errors.New("it was sealed to another identity")

// errDamaged says that a backup is not as it was written.
var errDamaged = errors.New("damaged, cut short or altered")

// Reader reads a backup. Until Next has given io.EOF nothing of it is proved.
type Reader struct {
	Header  Header
	Trailer Trailer // valid after io.EOF

	rows   []int64
	values []Value
	body   *bufio.Reader
	hash   hash.Hash
	pack   *gzip.Reader
	cause  *causeReader
}

// causeReader remembers why reading the file failed, as opposed to what was in it.
type causeReader struct {
	from io.Reader
	err  error
}

func (c *causeReader) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// NewReader opens a backup and reads its header.
func NewReader(in io.Reader, identities ...age.Identity) (*Reader, error) {
	r := &Reader{hash: sha256.New(), cause: &causeReader{from: in}}
	opened, err := age.Decrypt(r.cause, identities...)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		return nil, ErrIdentity
	case err != nil:
		return nil, r.broken(fmt.Errorf("not a backup, or %w", errDamaged))
	}
	if r.pack, err = gzip.NewReader(opened); err != nil {
		return nil, r.broken(errDamaged)
	}
	r.body = bufio.NewReaderSize(r.pack, 64<<10)
	if err := r.readHeader(); err != nil {
		return nil, err
	}
	r.rows = make([]int64, len(r.Header.Tables))
	return r, nil
}

// broken gives why nothing more can be read: the disk's reason where there is one.
func (r *Reader) broken(err error) error {
	if r.cause.err != nil {
		return r.cause.err
	}
	return err
}

func (r *Reader) readHeader() error {
	start := make([]byte, len(magic))
	if _, err := io.ReadFull(r.body, start); err != nil {
		return r.broken(errDamaged)
	}
	r.hash.Write(start)
	if string(start) != magic {
		return errors.New("sealed, but not a backup that this signet knows")
	}
	text, err := r.bytes(nil, maxHeader)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &r.Header); err != nil {
		return errDamaged
	}
	return r.Header.check()
}

// varint reads a number in the form that decode reads.
func (r *Reader) varint(decode func([]byte) (int64, int)) (int64, error) {
	b, _ := r.body.Peek(binary.MaxVarintLen64) // near the end there are fewer
	v, n := decode(b)
	if n <= 0 {
		return 0, r.broken(errDamaged)
	}
	r.hash.Write(b[:n])
	_, _ = r.body.Discard(n) // what Peek gave is there
	return v, nil
}

// length reads an unsigned number, up to a limit.
func (r *Reader) length(limit int64) (int64, error) {
	n, err := r.varint(func(b []byte) (int64, int) { v, n := binary.Uvarint(b); return int64(v), n })
	if err == nil && (n < 0 || n > limit) {
		return 0, fmt.Errorf("%w: a length of %d", errDamaged, uint64(n))
	}
	return n, err
}

// bytes reads a length and so many bytes into buf.
func (r *Reader) bytes(buf []byte, limit int64) ([]byte, error) {
	n, err := r.length(limit)
	if err != nil {
		return nil, err
	}
	buf = buf[:0]
	// Grown as bytes come, not as the length promises.
	for int64(len(buf)) < n {
		from := len(buf)
		buf = append(buf, make([]byte, min(n-int64(from), 64<<10))...)
		if _, err := io.ReadFull(r.body, buf[from:]); err != nil {
			return nil, r.broken(errDamaged)
		}
	}
	r.hash.Write(buf)
	return buf, nil
}

// Next gives the next row and the index of its table in the header. The values are good until
// the next call. After the last row the rest of the backup is checked, and Next gives io.EOF.
func (r *Reader) Next() (table int, values []Value, err error) {
	n, err := r.length(int64(len(r.Header.Tables)))
	switch {
	case err != nil:
		return 0, nil, err
	case n == 0:
		return 0, nil, r.finish()
	}
	table = int(n - 1)
	columns := r.Header.Tables[table].Columns
	for len(r.values) < len(columns) {
		r.values = append(r.values, Value{})
	}
	values = r.values[:len(columns)]
	for i, c := range columns {
		if c.Kind == Number {
			if values[i].Number, err = r.varint(binary.Varint); err != nil {
				return 0, nil, err
			}
			continue
		}
		if values[i].Bytes, err = r.bytes(values[i].Bytes, maxValue); err != nil {
			return 0, nil, err
		}
	}
	r.rows[table]++
	return table, values, nil
}

// finish reads what comes after the rows. It gives io.EOF when everything is as it was written.
func (r *Reader) finish() error {
	text, err := r.bytes(nil, maxHeader)
	if err != nil {
		return err
	}
	var sum [sha256.Size]byte
	if _, err := io.ReadFull(r.body, sum[:]); err != nil {
		return r.broken(errDamaged)
	}
	// The seal and the packing prove their ends when they are read to it.
	if n, err := io.Copy(io.Discard, r.body); n != 0 || err != nil {
		return r.broken(errDamaged)
	}
	if !bytes.Equal(sum[:], r.hash.Sum(nil)) || json.Unmarshal(text, &r.Trailer) != nil {
		return errDamaged
	}
	rows := map[string]int64{}
	for i, t := range r.Header.Tables {
		rows[t.Name] = r.rows[i]
	}
	if !maps.Equal(rows, r.Trailer.Rows) {
		return fmt.Errorf("%w: it has not as many rows as it says", errDamaged)
	}
	return io.EOF
}
