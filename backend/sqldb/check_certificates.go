package sqldb

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"signet/backend/seal"
	"signet/ring"
)

// stored is a row of the certificates table with its sealed key.
type stored struct {
	ring.Certificate
	facts
	sealed  []byte
	hasKey  bool // a row of private_keys
	retired bool

	x        *x509.Certificate
	findings []Finding
	opened   bool
}

// authority is a CA whose certificate and key are in the database.
type authority struct {
	ref     ring.CertRef
	id      int64
	subject []byte // SHA-256
	last    uint64
}

// issuerKey is what is needed to check what an issuer signed.
type issuerKey struct {
	id   []byte // subject key identifier
	cert *x509.Certificate
}

// The limits of what a check keeps in memory.
const (
	checkPage    = 512
	maxIssuers   = 4096
	maxNamesakes = 32 // certificates with one subject
)

// certificates checks every certificate and every private key, page by page, on all processors.
func (c *checker) certificates() error {
	if err := c.t.one("SELECT count(*) FROM certificates", nil, &c.total); err != nil {
		return err
	}
	c.issuers = map[string][]issuerKey{}
	for after := int64(0); ; {
		page, err := c.page(after)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].ID
		if err := c.needIssuers(page); err != nil {
			return err
		}
		c.share(page)
		for _, s := range page {
			for _, f := range s.findings {
				c.found(f)
			}
			c.done.Certificates++
			if s.opened {
				c.done.Keys++
			}
			if s.x != nil && s.x.IsCA && s.Key == ring.KeyInStore {
				c.cas = append(c.cas, authority{s.Ref(), s.ID, s.subject, s.LastSerial})
			}
		}
		if c.o.Progress != nil {
			c.o.Progress(c.done.Certificates, c.total)
		}
	}
}

// page reads the certificates after a handle.
func (c *checker) page(after int64) (page []*stored, err error) {
	const query = "SELECT c.id, c.owner, c.label, c.status, c.der, c.issuer_sha256, c.serial, c.subject_sha256, c.spki_sha256, c.not_before, c.not_after," +
		" c.key_ref, c.last_serial, k.sealed, k.certificate IS NOT NULL, r.spki_sha256 IS NOT NULL FROM certificates c" +
		" LEFT JOIN private_keys k ON k.certificate = c.id LEFT JOIN retired_keys r ON r.spki_sha256 = c.spki_sha256" +
		" WHERE c.id > $1 ORDER BY c.id LIMIT $2"
	err = c.t.each(query, []any{after, checkPage}, func(scan func(...any) error) error {
		s := new(stored)
		var last int64
		err := scan(&s.ID, &s.Owner, &s.Label, &s.Status, &s.DER, &s.issuer, &s.serial, &s.subject, &s.spki, &s.notBefore, &s.notAfter,
			&s.Key, &last, &s.sealed, &s.hasKey, &s.retired)
		s.LastSerial = uint64(last)
		page = append(page, s)
		return err
	})
	return page, err
}

// needIssuers reads the CAs that signed the certificates of a page.
func (c *checker) needIssuers(page []*stored) error {
	if len(c.issuers) > maxIssuers {
		clear(c.issuers)
	}
	for _, s := range page {
		if _, known := c.issuers[string(s.issuer)]; known {
			continue
		}
		var found []issuerKey
		err := c.t.each("SELECT der FROM certificates WHERE subject_sha256 = $1 ORDER BY id LIMIT $2", []any{s.issuer, maxNamesakes}, func(scan func(...any) error) error {
			var ca ring.Certificate
			if err := scan(&ca.DER); err != nil {
				return err
			}
			if x, err := ca.X509(); err == nil && len(x.SubjectKeyId) > 0 {
				found = append(found, issuerKey{x.SubjectKeyId, x})
			}
			return nil
		})
		if err != nil {
			return err
		}
		c.issuers[string(s.issuer)] = found
	}
	return nil
}

// share checks a page on all processors.
func (c *checker) share(page []*stored) {
	var all sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for w := range n {
		all.Go(func() {
			for i := w; i < len(page); i += n {
				c.look(page[i])
			}
		})
	}
	all.Wait()
}

// look checks a certificate and its key. It uses no statement: many of it run at once.
func (c *checker) look(s *stored) {
	object := s.Ref().String()
	found := func(f Finding) {
		f.Object = object
		s.findings = append(s.findings, f)
	}
	var err error
	if s.x, err = s.X509(); err != nil {
		found(Finding{Word: "certificate-unreadable", Text: "the certificate cannot be read: " + cause(err),
			Repair: "delete it with its private key and its connections", fix: run1("DELETE FROM certificates WHERE id = $1", s.ID)})
		return
	}
	c.lookFacts(s, found)
	c.lookKey(s, found)
	if s.Status == ring.HighTrust && s.Owner != ring.CertAuth {
		found(Finding{Word: "status", Text: "HIGHTRUST is for CERTAUTH only; change it with signet alter", Warning: true})
	}
	if len(s.x.AuthorityKeyId) == 0 {
		return
	}
	for _, issuer := range c.issuers[string(s.issuer)] {
		if !bytes.Equal(issuer.id, s.x.AuthorityKeyId) {
			continue
		}
		if err := s.x.CheckSignatureFrom(issuer.cert); err != nil && wrongSignature(s.x, issuer.cert) {
			found(Finding{Word: "signature", Text: "it is not signed by the CA that its key identifier names: its bytes, or those of the CA, have changed; add it again from its file"})
		}
		return
	}
}

// wrongSignature looks at the signature alone, whatever else may be said against the issuer. An
// algorithm that cannot be checked is not wrong.
func wrongSignature(x, issuer *x509.Certificate) bool {
	err := issuer.CheckSignature(x.SignatureAlgorithm, x.RawTBSCertificate, x.Signature)
	var insecure x509.InsecureAlgorithmError
	return err != nil && !errors.Is(err, x509.ErrUnsupportedAlgorithm) && !errors.As(err, &insecure)
}

// lookFacts compares the columns that look-ups use with the certificate itself.
func (c *checker) lookFacts(s *stored, found func(Finding)) {
	f, err := factsOf(&s.Certificate)
	if err != nil {
		return // it was read before
	}
	var wrong string
	for _, column := range []struct {
		name string
		same bool
	}{
		{"issuer", bytes.Equal(f.issuer, s.issuer)}, {"serial number", bytes.Equal(f.serial, s.serial)}, {"subject", bytes.Equal(f.subject, s.subject)},
		{"public key", bytes.Equal(f.spki, s.spki)}, {"start", f.notBefore == s.notBefore}, {"end", f.notAfter == s.notAfter},
	} {
		if !column.same {
			wrong += ", " + column.name
		}
	}
	if wrong != "" {
		found(Finding{Word: "certificate-columns", Text: "it is listed under another " + wrong[2:] + " than it has", Repair: "list it under its own",
			fix: run1("UPDATE certificates SET issuer_sha256 = $1, serial = $2, subject_sha256 = $3, spki_sha256 = $4, not_before = $5, not_after = $6 WHERE id = $7",
				f.issuer, f.serial, f.subject, f.spki, f.notBefore, f.notAfter, s.ID)})
	}
}

// lookKey opens the private key of a certificate.
func (c *checker) lookKey(s *stored, found func(Finding)) {
	inStore := s.Key == ring.KeyInStore
	switch {
	case !s.hasKey && inStore:
		found(Finding{Word: "key-missing", Text: "it is said to have a private key, and there is none", Repair: "say that it has none",
			fix: run1("UPDATE certificates SET key_ref = '' WHERE id = $1", s.ID)})
		return
	case !s.hasKey && s.Key != ring.NoKey && !s.Key.InToken():
		found(Finding{Word: "key-place", Text: fmt.Sprintf("%q is no place of a private key", s.Key)})
		return
	case !s.hasKey:
		return
	}
	drop := func(t *tx) error {
		if _, err := t.exec("DELETE FROM private_keys WHERE certificate = $1", s.ID); err != nil {
			return err
		}
		_, err := t.exec("UPDATE certificates SET key_ref = '' WHERE id = $1 AND key_ref = 'store'", s.ID)
		return err
	}
	if err := c.open(s.sealed, s.x, seal.Bind, s.ID); err != nil {
		found(Finding{Word: "key-unreadable", Text: "its private key cannot be used: " + err.Error(), Repair: "delete the private key, and say that it has none", fix: drop})
		return
	}
	s.opened = true
	if !inStore {
		found(Finding{Word: "key-stray", Text: "its private key is there, and it is said not to be", Repair: "say that it is",
			fix: run1("UPDATE certificates SET key_ref = 'store' WHERE id = $1", s.ID)})
	}
	if s.retired {
		found(Finding{Word: "key-retired", Text: "ROLLOVER has destroyed its private key, and it is back", Repair: "delete the private key", fix: drop})
	}
}

// open opens a sealed key and compares it with its certificate.
func (c *checker) open(sealed []byte, x *x509.Certificate, bind func(string, int64, []byte) []byte, id int64) error {
	der, err := c.keys.Open(sealed, bind(c.uuid, id, x.RawSubjectPublicKeyInfo))
	if err != nil {
		return err
	}
	defer clear(der)
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return errors.New("it is not in PKCS #8 form") // the cause could show key bytes
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok || !sameKey(signer.Public(), x.PublicKey) {
		return errors.New("it is not the key of its certificate")
	}
	return nil
}

// cause gives the last of a chain of errors.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
