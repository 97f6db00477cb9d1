// Package pem reads and writes the text form of certificates and packages (RFC 7468): Base64
// between BEGIN and END lines, with any text before, between and after, or bare Base64.
package pem

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
)

// The types of blocks that certificates travel in. RFC 7468 names Certificate, PKCS7, the
// requests and the private keys; PKCS12 has no registered name.
const (
	Certificate         = "CERTIFICATE"
	TrustedCertificate  = "X509 CERTIFICATE"
	PKCS7               = "PKCS7"
	PKCS12              = "PKCS12"
	PrivateKey          = "PRIVATE KEY"
	RSAPrivateKey       = "RSA PRIVATE KEY"
	ECPrivateKey        = "EC PRIVATE KEY"
	EncryptedPrivateKey = "ENCRYPTED PRIVATE KEY"
	Request             = "CERTIFICATE REQUEST"
	NewRequest          = "NEW CERTIFICATE REQUEST"
)

// Block is one block of a text.
type Block struct {
	Type  string
	Bytes []byte
}

// maxBlocks caps the blocks of one text. The largest public bundles hold a few hundred.
const maxBlocks = 4096

// Decode gives the blocks of a text, none when the data is not text at all. Bare Base64 of DER
// counts as one certificate block. A BEGIN line without its END line is an error: the file was
// cut.
func Decode(data []byte) ([]Block, error) {
	var blocks []Block
	rest := data
	for {
		var b *pem.Block
		b, rest = pem.Decode(rest)
		if b == nil {
			break
		}
		if len(blocks) == maxBlocks {
			return nil, fmt.Errorf("the text holds more than %d blocks", maxBlocks)
		}
		kind := b.Type
		if _, encrypted := b.Headers["DEK-Info"]; encrypted { // RFC 1421, the old OpenSSL form
			kind = EncryptedPrivateKey
		}
		if kind == "EC PARAMETERS" { // openssl ecparam -genkey writes them before the key
			continue
		}
		blocks = append(blocks, Block{kind, b.Bytes})
	}
	if i := bytes.Index(rest, []byte("-----BEGIN ")); i >= 0 {
		line, _, _ := bytes.Cut(rest[i:], []byte("\n"))
		return nil, fmt.Errorf("%.60q has no END line that fits, or text between them that is not Base64; the file was cut or altered", bytes.TrimSpace(line))
	}
	if len(blocks) == 0 {
		if der, ok := bare(data); ok {
			blocks = append(blocks, Block{Certificate, der})
		}
	}
	return blocks, nil
}

// bare decodes Base64 without lines around it. Only the encoding of a DER SEQUENCE counts:
// any other text could be Base64 by accident.
func bare(data []byte) ([]byte, bool) {
	text := bytes.Join(bytes.Fields(data), nil)
	if len(text) == 0 || text[0] != 'M' { // 0x30, the tag of a SEQUENCE, encodes to an M
		return nil, false
	}
	der, err := base64.StdEncoding.DecodeString(string(text))
	return der, err == nil
}

// Encode gives the text of one block.
func Encode(kind string, data []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data})
}
