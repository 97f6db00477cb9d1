package keyfile

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"signet/cert"
	"signet/export/keystore"
	"signet/export/pem"
	"signet/ring"
)

// source is a file that entries were read from.
type source struct {
	name   string
	others []pem.Block // what it holds besides, such as parameters for DHE
	count  int         // of entries
}

// place says where an entry was read, and under which label.
type place struct {
	cert  *source
	key   *source // nil if there is no private key; cert if it is in the same file
	label string
}

var keyTypes = []string{pem.PrivateKey, pem.RSAPrivateKey, pem.ECPrivateKey, pem.EncryptedPrivateKey}

// contents is what a PEM file holds.
type contents struct {
	certs  [][]byte
	keys   []pemKey
	others []pem.Block
}

func decode(data []byte) (contents, error) {
	var c contents
	blocks, err := pem.Decode(data)
	texts := keyTexts(data)
	for _, b := range blocks {
		switch {
		case b.Type == pem.Certificate || b.Type == pem.X509Certificate:
			c.certs = append(c.certs, b.Bytes)
		case slices.Contains(keyTypes, b.Type):
			text := pem.Encode(b.Type, b.Bytes)
			if i := len(c.keys); i < len(texts) {
				text = texts[i]
			}
			c.keys = append(c.keys, pemKey{b, text})
		default:
			c.others = append(c.others, b)
		}
	}
	return c, err
}

// keyTexts gives the texts of private keys, from their BEGIN to their END lines.
func keyTexts(data []byte) (texts [][]byte) {
	var open []byte
	for line := range bytes.Lines(data) {
		mark := bytes.TrimSpace(line)
		if !bytes.HasSuffix(mark, []byte("PRIVATE KEY-----")) {
			if open != nil {
				open = append(open, line...)
			}
			continue
		}
		if bytes.HasPrefix(mark, []byte("-----BEGIN ")) {
			open = []byte{}
		}
		open = append(open, mark...)
		open = append(open, '\n')
		if bytes.HasPrefix(mark, []byte("-----END ")) {
			texts, open = append(texts, open), nil
		}
	}
	return texts
}

// readFile gives the entries of a certificate file: a private key with its chain, when there is a
// key, else the certificates, each trusted. key is the file of the private key, nil if there is
// none. A file without certificates is none of ours.
func readFile(label, name string, file, key *pemFile) ([]keystore.Entry, error) {
	c, err := decode(file.data)
	if err != nil {
		return nil, err
	}
	if len(c.certs) == 0 {
		return nil, nil
	}
	from := &source{name: name, others: c.others, count: 1}
	p := place{cert: from, label: label}
	e := keystore.Entry{Alias: label, Created: file.info.ModTime().Truncate(time.Second), Chain: c.certs}
	switch {
	case len(c.keys) > 0:
		p.key = from
	case key != nil:
		k, err := decode(key.data)
		if err != nil {
			return nil, fmt.Errorf("its private key, %q: %w", label+keyFile, err)
		}
		if c.keys = k.keys; len(c.keys) > 0 {
			p.key = &source{name: label + keyFile, count: 1}
			for _, der := range k.certs {
				p.key.others = append(p.key.others, pem.Block{Type: pem.Certificate, Bytes: der})
			}
			p.key.others = append(p.key.others, k.others...)
		}
	}
	switch len(c.keys) {
	case 0:
		return trusted(e, p), nil
	case 1:
		e.Key, e.Kept = c.keys[0], &p
		return []keystore.Entry{e}, nil
	}
	return nil, fmt.Errorf("%d private keys, where one was meant", len(c.keys))
}

// trusted gives the entries of a file without a private key. Where it holds several certificates
// each is labelled with the file and the beginning of its SHA-256 fingerprint, so that it keeps
// its label when another one goes.
func trusted(e keystore.Entry, p place) []keystore.Entry {
	var all []keystore.Entry
	seen := map[string]bool{}
	for _, der := range e.Chain {
		one, at := e, p
		if len(e.Chain) > 1 {
			at.label = fmt.Sprintf("%s (%.4x)", p.label, sha256.Sum256(der))
		}
		if seen[at.label] {
			continue // the same certificate again
		}
		seen[at.label] = true
		one.Alias, one.Chain, one.Trusted, one.Kept = at.label, [][]byte{der}, true, &at
		all = append(all, one)
	}
	p.cert.count = len(all)
	return all
}

// pemKey is the private key of a PEM file.
type pemKey struct {
	block pem.Block
	text  []byte // as it lies in the file: an old OpenSSL form of encryption has headers
}

// Open implements keystore.Key.
func (k pemKey) Open([]byte) (crypto.Signer, error) {
	if k.block.Type == pem.EncryptedPrivateKey {
		return nil, errors.New("it is encrypted, which a PEM folder has no password for; decrypt it with: openssl pkey -in OLD -out NEW")
	}
	return cert.ParsePrivateKey(k.block.Bytes)
}

// layout puts entries into files.
type layout struct {
	folder string
	files  map[string][]byte
	owners map[string]*source // whose each file is; nil for a new one
}

// encode gives the files that hold the entries. An entry stays in its file as long as it has its
// label; then what else is in that file stays, too.
func (f *folder) encode(es []keystore.Entry) (map[string][]byte, error) {
	l := layout{f.Name(), map[string][]byte{}, map[string]*source{}}
	for i := range es {
		e := &es[i]
		name, keyName := e.Alias+certificateFile, e.Alias+keyFile
		var from, keyFrom *source
		if p, ok := e.Kept.(*place); ok {
			from, keyFrom = p.cert, p.key
			switch {
			case p.label != e.Alias && from.count > 1:
				from = nil // out of a bundle
			case p.label == e.Alias:
				name = from.name
				if keyFrom != nil {
					keyName = keyFrom.name
				}
			case keyFrom == from: // a new name for one file
				keyName = name
			}
		}
		if e.Key != nil {
			text, err := encodeKey(e.Key)
			if err != nil {
				return nil, fmt.Errorf("%s: private key of %q: %w", l.folder, e.Alias, err)
			}
			if err := l.add(keyName, keyFrom, text); err != nil {
				return nil, err
			}
			clear(text)
		}
		for _, der := range e.Chain {
			if err := l.add(name, from, pem.Encode(pem.Certificate, der)); err != nil {
				return nil, err
			}
			if from == nil {
				from = &source{} // the rest of the chain goes there, too
				l.owners[name] = from
			}
		}
	}
	return l.end(), nil
}

// add appends to a file, which nothing from elsewhere may be in.
func (l *layout) add(name string, from *source, text []byte) error {
	if owner, there := l.owners[name]; there && (owner != from || from == nil) {
		return fmt.Errorf("%s: file %q: two entries would be in it: %w; choose another label", l.folder, name, ring.ErrExists)
	}
	l.owners[name] = from
	l.files[name] = append(l.files[name], text...)
	return nil
}

// end gives the files, each with what it held besides.
func (l *layout) end() map[string][]byte {
	for name, from := range l.owners {
		if from == nil {
			continue
		}
		for _, b := range from.others {
			l.files[name] = append(l.files[name], pem.Encode(b.Type, b.Bytes)...)
		}
	}
	return l.files
}

// encodeKey writes a private key as it was read, or as PKCS #8.
func encodeKey(key keystore.Key) ([]byte, error) {
	if k, ok := key.(pemKey); ok {
		return bytes.Clone(k.text), nil
	}
	signer, err := key.Open(nil)
	if err != nil {
		return nil, err
	}
	pkcs8, err := cert.MarshalPrivateKey(signer)
	if err != nil {
		return nil, err
	}
	defer clear(pkcs8)
	return pem.Encode(pem.PrivateKey, pkcs8), nil
}

// isSecret reports whether a text holds a private key.
func isSecret(text []byte) bool { return bytes.Contains(text, []byte("PRIVATE KEY-----")) }
