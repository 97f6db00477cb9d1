package audit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// JSONLine gives a record as one line of JSON: the UUID of its database, its number, its hash and that of the record before
// it in hexadecimal, and under event the body, byte for byte as the hash is over it. A body that is
// no JSON is given in base64, under unreadable.
func JSONLine(r *Record) []byte {
	database, err := json.Marshal(text(r.Database))
	if err != nil {
		database = []byte(`""`)
	}
	line := fmt.Appendf(nil, `{"database":%s,"seq":%d,"prev":"%x","hash":"%x",`, database, r.Seq, r.Prev, r.Hash)
	var body bytes.Buffer
	// Compact leaves what Encode gave as it is, and takes line feeds out of what it did not give.
	sound := len(r.Body) <= MaxBody && utf8.Valid(r.Body) && json.Compact(&body, r.Body) == nil && bytes.HasPrefix(body.Bytes(), []byte("{"))
	if !sound || bytes.ContainsFunc(body.Bytes(), func(c rune) bool { return unescaped(c) || c == '\u2028' || c == '\u2029' }) {
		line = fmt.Appendf(line, `"unreadable":%q`, base64.StdEncoding.EncodeToString(r.Body))
	} else {
		line = append(append(line, `"event":`...), body.Bytes()...)
	}
	return append(line, '}', '\n')
}
