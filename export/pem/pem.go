// Package pem reads and writes the text form of certificates and packages (RFC 7468): Base64
// between BEGIN and END lines, with any text before, between and after, or bare Base64. It does
// not look at what the Base64 stands for, and opens no encrypted block.
//
// Unlike encoding/pem it never passes over a block that it cannot read: that would lose a
// certificate of a bundle without a word.
package pem

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
)

// The types of blocks that certificates travel in. RFC 7468 names most of them; X509Certificate
// and PKCS7Signed are old spellings, TrustedCertificate is a certificate with OpenSSL's trust
// settings behind it, and PKCS12 has no registered name.
const (
	Certificate         = "CERTIFICATE"
	X509Certificate     = "X509 CERTIFICATE"
	TrustedCertificate  = "TRUSTED CERTIFICATE"
	PKCS7               = "PKCS7"
	PKCS7Signed         = "PKCS #7 SIGNED DATA"
	CMS                 = "CMS"
	PKCS12              = "PKCS12"
	PrivateKey          = "PRIVATE KEY"
	RSAPrivateKey       = "RSA PRIVATE KEY"
	ECPrivateKey        = "EC PRIVATE KEY"
	EncryptedPrivateKey = "ENCRYPTED PRIVATE KEY"
	Request             = "CERTIFICATE REQUEST"
	NewRequest          = "NEW CERTIFICATE REQUEST"
)

// ecParameters is a block that openssl ecparam -genkey writes before the key. The key says the
// same, so it is left out.
const ecParameters = "EC PARAMETERS"

// Block is one block of a text.
type Block struct {
	Type  string
	Bytes []byte
}

// maxBlocks caps the blocks of one text, so that a file of nothing but BEGIN and END lines does
// not fill the memory. The largest public bundles hold a few hundred.
const maxBlocks = 4096

// section is a block whose END line has not come yet.
type section struct {
	kind      string
	line      int // of BEGIN
	text      []byte
	encrypted bool
}

// Decode gives the blocks of a text, none when the data is not text at all. Bare Base64 of DER
// counts as one certificate block. A block that cannot be read is an error, not passed over.
func Decode(data []byte) ([]Block, error) {
	if err := checkCharacters(data); err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // a byte order mark
	var blocks []Block
	var open *section
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimSpace(line)
		if kind, ok := boundary(line, "BEGIN"); ok {
			if open != nil {
				break
			}
			if len(blocks) == maxBlocks {
				return nil, fmt.Errorf("the text holds more than %d blocks", maxBlocks)
			}
			open = &section{kind: kind, line: number}
		} else if kind, ok := boundary(line, "END"); ok {
			switch {
			case open == nil:
				return nil, fmt.Errorf("line %d: %.60q has no BEGIN line; the file was cut or altered", number, "END "+kind)
			case kind != open.kind:
				return nil, fmt.Errorf("line %d: %.60q ends the %.60q of line %d; the file was cut or altered", number, "END "+kind, "BEGIN "+open.kind, open.line)
			}
			b, err := open.block()
			if err != nil {
				return nil, err
			}
			if b.Type != ecParameters {
				blocks = append(blocks, b)
			}
			open = nil
		} else if open != nil {
			open.add(line)
		}
	}
	if open != nil {
		return nil, fmt.Errorf("line %d: %.60q has no END line; the file was cut or altered", open.line, "BEGIN "+open.kind)
	}
	if len(blocks) == 0 {
		if der, ok := bare(data); ok {
			blocks = append(blocks, Block{Certificate, der})
		}
	}
	return blocks, nil
}

// checkCharacters refuses text in an encoding where BEGIN lines would not be seen.
func checkCharacters(data []byte) error {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return errors.New("the file is UTF-16 text; save it as UTF-8 or ASCII")
	case bytes.Contains(data, []byte("\x60\x60\x60\x60\x60\xc2\xc5\xc7\xc9\xd5\x40")): // -----BEGIN
		return errors.New("the file is EBCDIC text; transfer it from the host as text, not as binary")
	}
	return nil
}

// boundary gives the type that a BEGIN or END line names.
func boundary(line []byte, word string) (kind string, ok bool) {
	name, begins := bytes.CutPrefix(line, []byte("-----"+word+" "))
	name, ends := bytes.CutSuffix(name, []byte("-----"))
	if !begins || !ends {
		return "", false // before the copy: most lines of a text are no boundary
	}
	return string(name), true
}

// add takes a line between BEGIN and END. One with a colon before the Base64 is a header of RFC
// 1421, such as the old OpenSSL form of encrypted keys has.
func (s *section) add(line []byte) {
	header, _, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(s.text) > 0 {
		s.text = appendDense(s.text, line)
	} else if string(header) == "DEK-Info" {
		s.encrypted = true
	}
}

func (s *section) block() (Block, error) {
	kind := s.kind
	if s.encrypted {
		kind = EncryptedPrivateKey
	}
	der, err := base64.StdEncoding.AppendDecode(nil, s.text)
	if err != nil {
		return Block{}, fmt.Errorf("line %d: what follows %.60q is not Base64; the file was cut or altered", s.line, "BEGIN "+s.kind)
	}
	return Block{kind, der}, nil
}

// bare decodes Base64 without lines around it. Only the encoding of a DER SEQUENCE counts:
// any other text could be Base64 by accident.
func bare(data []byte) ([]byte, bool) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != 'M' { // 0x30, the tag of a SEQUENCE, encodes to an M
		return nil, false
	}
	der, err := base64.StdEncoding.AppendDecode(nil, appendDense(nil, data))
	return der, err == nil
}

// appendDense appends text without its blanks and line ends.
func appendDense(to, text []byte) []byte {
	for _, c := range text {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			to = append(to, c)
		}
	}
	return to
}

// Encode gives the text of one block.
func Encode(kind string, data []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data})
}
