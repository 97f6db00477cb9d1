package export

import (
	"bytes"
	"encoding/binary"

	"signet/export/jks"
)

// foreign names a format that is recognised and not read; empty for others.
func foreign(data []byte) string {
	if len(data) < 8 {
		return ""
	}
	version, length := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
	switch {
	// Bouncy Castle: a version, and a salt of 20 bytes after its length.
	case version == 2 && length == 20 && len(data) >= 28:
		return "BKS"
	case version == 1 && length == 20 && len(data) >= 28:
		return "BKS-V1 or UBER"
	case version == 0 && bytes.Equal(data[4:8], []byte("CERT")):
		return "a serialized Windows store (SST)"
	case bytes.HasPrefix(data, []byte("\x1e\xf1\xb5\xb0\x00\x00\x00\x00")):
		return "a Windows private key file (PVK)"
	}
	return ""
}

// SniffSize is how many bytes of a file Sniff may want at most.
const SniffSize = 32 << 10

// Sniff reports whether a file may be one that Inspect knows, by its first bytes and its size.
// When it says more, the answer wants up to SniffSize bytes.
func Sniff(head []byte, size int64) (maybe, more bool) {
	all := int64(len(head)) >= min(size, SniffSize)
	switch {
	case len(head) == 0:
		return false, false
	case jks.Looks(head), foreign(head) != "":
		return true, false
	case head[0] == sequence:
		// Indefinite lengths are those of packages; their whole length shows only when they are read.
		return looksDER(head) != "" || definiteLength(head) == size || len(head) > 1 && head[1] == 0x80, false
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}), bytes.Contains(head, []byte(ebcdicBegin)):
		return otherEncoding(head), !otherEncoding(head) && !all
	case bytes.Contains(head, []byte("-----BEGIN ")):
		return true, false
	case bytes.IndexByte(head, 0) >= 0: // no text
		return false, false
	}
	return beginsBare(head), !beginsBare(head) && !all
}

// beginsBare reports whether a text begins as the Base64 of a long DER SEQUENCE does, and has
// nothing else in it.
func beginsBare(head []byte) bool {
	head = bytes.TrimSpace(head)
	if !bytes.HasPrefix(head, []byte("MI")) || len(head) < 64 {
		return false
	}
	for _, c := range head {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/', c == '=', c == '\r', c == '\n':
		default:
			return false
		}
	}
	return true
}
