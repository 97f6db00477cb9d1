package export

import (
	"bytes"
	"crypto"
	"errors"
	"iter"
	"regexp"
	"sync"

	"signet/cert"
	"signet/export/pem"
	"signet/export/pkcs12"
	"signet/export/pkcs7"
)

// Types of blocks that Decode does not take.
const (
	dsaPrivateKey = "DSA PRIVATE KEY"
	crl           = "X509 CRL"
)

// textKinds are the types of blocks that Inspect knows.
var textKinds = map[string]bool{
	pem.Certificate: true, pem.X509Certificate: true, pem.TrustedCertificate: true,
	pem.PKCS7: true, pem.PKCS7Signed: true, pem.CMS: true, pem.PKCS12: true,
	pem.PrivateKey: true, pem.RSAPrivateKey: true, pem.ECPrivateKey: true, dsaPrivateKey: true, pem.EncryptedPrivateKey: true,
	pem.Request: true, pem.NewRequest: true, crl: true,
}

// text looks into a text. Blocks of unknown types are passed over, and so are damaged ones that
// begin like no certificate at all: examples in documentation.
func (in *inspector) text(data []byte) {
	keys := map[int]crypto.Signer{} // by place in Items
	for b := range blocksOf(data) {
		if b.err != nil && !b.serious {
			continue
		}
		in.Format = FormatPEM
		if b.err != nil {
			in.add(Item{Kind: KindOther, Line: b.line, Findings: []Finding{{Unreadable, b.err.Error()}}})
			continue
		}
		in.block(b, keys)
	}
	if in.Format == "" {
		in.bare(data)
		return
	}
	in.pair(keys)
	in.judgeBundle()
}

// bare looks into Base64 without BEGIN and END lines, and text in other encodings.
func (in *inspector) bare(data []byte) {
	other := otherEncoding(data)
	if !other && !beginsBare(data) {
		return
	}
	blocks, err := pem.Decode(data)
	switch {
	case err != nil && other:
		in.Format = FormatPEM
		in.find(Unreadable, "%v", err)
	case err == nil && len(blocks) == 1:
		if in.der(blocks[0].Bytes); in.Format == FormatDER {
			in.Format = FormatPEM
		}
	}
}

// block adds what is between a BEGIN and an END line.
func (in *inspector) block(b textBlock, keys map[int]crypto.Signer) {
	it := Item{Kind: KindPrivateKey, Line: b.line}
	data := b.block.Bytes
	var key crypto.Signer
	switch b.block.Type {
	case pem.EncryptedPrivateKey:
		it.Encrypted = true
	case pem.PrivateKey, pem.RSAPrivateKey, pem.ECPrivateKey, dsaPrivateKey:
		var err error
		if key, err = cert.ParsePrivateKey(data); err != nil {
			it.find(unreadKey(data), "%v", err)
		}
		clear(data)
	default:
		switch {
		case pkcs12.Looks(data):
			in.inner(data)
			return
		case pkcs7.Looks(data):
			in.pkcs7(data, b.line)
			return
		case b.block.Type == pem.TrustedCertificate:
			data = firstElement(data)
			it.find(TrustSettings, "OpenSSL's trust settings are with the certificate; they may forbid its use")
		}
		simple, ok := in.simple(data)
		if !ok {
			simple.Kind = KindOther
			simple.find(Unreadable, "its block %s holds something else", b.block.Type)
		}
		simple.Line, simple.Findings = b.line, append(it.Findings, simple.Findings...)
		it = simple
	}
	if key != nil {
		describeKey(&it, key)
		keys[len(in.Items)] = key
	}
	in.add(it)
}

// unreadKey is the word for a private key that cannot be read: it is damaged, or of a kind that
// others may know.
func unreadKey(data []byte) Word {
	if checkLength(data) != nil {
		return Unreadable
	}
	return KeyUnchecked
}

// inner adds what a PKCS #12 package inside a text holds.
func (in *inspector) inner(data []byte) {
	sub := &inspector{Inspection: in.Inspection, parsed: in.parsed, opened: in.opened}
	sub.Lock = LockNone
	sub.pkcs12(data)
	in.parsed, in.opened, in.Lock, in.WellKnown = sub.parsed, sub.opened, sub.Lock, sub.WellKnown
	for _, it := range sub.Items {
		in.add(it)
	}
	in.Findings = append(in.Findings, sub.Findings...)
}

// textBlock is a block of a text, or why it cannot be read.
type textBlock struct {
	line    int // of BEGIN
	block   pem.Block
	err     error
	serious bool // it begins like a certificate or a key
}

var linePrefix = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^line \d+: `) })

// blocksOf takes a text apart, each block by itself, so that a damaged one does not hide the
// others.
func blocksOf(data []byte) iter.Seq[textBlock] {
	return func(yield func(textBlock) bool) {
		start, startLine, number, kind := -1, 0, 0, ""
		flush := func(end int) bool {
			if start < 0 {
				return true
			}
			chunk, line := data[start:end], startLine
			start = -1
			if !textKinds[kind] {
				return true
			}
			blocks, err := pem.Decode(chunk)
			if err != nil {
				err = errors.New(linePrefix().ReplaceAllString(err.Error(), ""))
				return yield(textBlock{line: line, err: err, serious: beginsLikeDER(chunk)})
			}
			return len(blocks) == 0 || yield(textBlock{line: line, block: blocks[0]})
		}
		at := 0
		for whole := range bytes.Lines(data) {
			number++
			line := bytes.TrimSpace(whole)
			if number == 1 {
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
			}
			switch {
			case isBoundary(line, "-----BEGIN "):
				if !flush(at) {
					return
				}
				start, startLine, kind = at, number, string(line[len("-----BEGIN "):len(line)-5])
			case isBoundary(line, "-----END "):
				if !flush(at + len(whole)) {
					return
				}
			}
			at += len(whole)
		}
		flush(at)
	}
}

func isBoundary(line []byte, word string) bool {
	return bytes.HasPrefix(line, []byte(word)) && len(line) > len(word)+5 && bytes.HasSuffix(line, []byte("-----"))
}

// beginsLikeDER reports whether the Base64 of a block begins as that of a SEQUENCE does.
func beginsLikeDER(chunk []byte) bool {
	_, rest, _ := bytes.Cut(chunk, []byte("\n"))
	if end := bytes.Index(rest, []byte("\n\n")); bytes.HasPrefix(rest, []byte("Proc-Type:")) && end >= 0 {
		rest = rest[end+2:] // headers of RFC 1421
	}
	return bytes.HasPrefix(bytes.TrimSpace(rest), []byte("MI"))
}

// otherEncoding reports whether a text is UTF-16 or EBCDIC with BEGIN lines in it.
func otherEncoding(data []byte) bool {
	for _, begin := range []string{"-\x00B\x00E\x00G\x00I\x00N\x00", "\x00-\x00B\x00E\x00G\x00I\x00N", ebcdicBegin} {
		if bytes.Contains(data, []byte(begin)) {
			return true
		}
	}
	return false
}

// ebcdicBegin is -----BEGIN in EBCDIC.
const ebcdicBegin = "\x60\x60\x60\x60\x60\xc2\xc5\xc7\xc9\xd5\x40"
