package ring

import (
	"encoding/base64"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// ID marks, as RACF encodes a certificate's owner and label (racdcert-certificates.md 15.3).
const (
	certIDMark = 0xD9 // EBCDIC R
	ebcdicPad  = 0x40 // EBCDIC blank
)

// CertificateID gives the certificate ID that RACF shows for an owner and label: Base64 of a
// mark, the length of the owner, the owner and the label in EBCDIC IBM-1047, padded with
// blanks so that no = appears. A character that IBM-1047 lacks becomes its substitute, X'3F'.
func (r CertRef) CertificateID() string {
	owner, label := ebcdic(string(r.Owner)), ebcdic(r.Label)
	id := append([]byte{certIDMark, byte(len(owner))}, owner...)
	id = append(id, label...)
	for len(id)%3 != 0 {
		id = append(id, ebcdicPad)
	}
	return base64.StdEncoding.EncodeToString(id)
}

func ebcdic(s string) []byte {
	e := encoding.ReplaceUnsupported(charmap.CodePage1047.NewEncoder())
	b, err := e.Bytes([]byte(s))
	if err != nil { // only invalid UTF-8, which labels and owners are checked for
		return []byte(s)
	}
	return b
}
