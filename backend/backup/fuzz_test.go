package backup

import (
	"bytes"
	"compress/gzip"
	"testing"
)

// pack compresses the inside of a backup.
func pack(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// FuzzReader reads any inside of a backup: it ends, with rows that the header allows.
func FuzzReader(f *testing.F) {
	id := identity(f)
	const header = `{"version":1,"tables":[{"name":"a","columns":[{"name":"n","kind":"number"},{"name":"b","kind":"bytes"}]}]}`
	f.Add(magic + string(rune(len(header))) + header + "\x01\x02\x01x\x00\x02{}")
	f.Add(magic)
	f.Fuzz(func(t *testing.T, text string) {
		r, lines, err := read(sealed(t, pack(t, text), id), id)
		if err == nil && int64(len(lines)) != total(r) {
			t.Errorf("%d rows, and the trailer counts %v", len(lines), r.Trailer.Rows)
		}
	})
}

func total(r *Reader) (n int64) {
	for _, rows := range r.Trailer.Rows {
		n += rows
	}
	return n
}
