package ring

import (
	"context"
	"crypto/x509"
	"strings"
	"unicode/utf8"

	"signet/cert"
)

// ParseFormat reads a format in any case.
func ParseFormat(s string) (cert.Format, error) {
	for _, f := range cert.Formats() {
		if strings.EqualFold(s, string(f)) {
			return f, nil
		}
	}
	return "", newError(msgBadFormat, s)
}

// maxPassword is the longest password of a package, in characters (racdcert-certificates.md 4
// and 8).
const maxPassword = 255

// decode reads a file through the codec.
func (m *Manager) decode(data, password []byte) (cert.Bundle, error) {
	if utf8.RuneCount(password) > maxPassword {
		return cert.Bundle{}, newError(msgLongPassword)
	}
	return m.codec.Decode(data, password)
}

// Export asks for a certificate as a file.
type Export struct {
	CertRef
	Format   cert.Format // empty: CERTB64, or PKCS12DER when there is a password
	Password []byte      // nil: none
}

// format is the format that the file gets.
func (e Export) format() cert.Format {
	switch {
	case e.Format != "":
		return e.Format
	case e.Password != nil:
		return cert.PKCS12DER
	}
	return cert.B64
}

// Exported is the answer to Export.
type Exported struct {
	Result
	Format cert.Format
	Data   []byte
}

// Export writes a certificate, its chain and its private key in one of the formats. A key that
// is missing or cannot leave is refused before anything else is done.
func (m *Manager) Export(ctx context.Context, e Export) (*Exported, error) {
	return perform(ctx, m, Act{Function: "EXPORT", Cert: e.CertRef, Key: e.format().WithKey()}, e, (*call).export)
}

func (m *call) export(ctx context.Context, e Export) (*Exported, error) {
	e.Format = e.format()
	switch {
	case e.Label == "":
		return nil, MissingKeyword("EXPORT", "LABEL")
	case e.Format.WithKey() && len(e.Password) == 0:
		return nil, newError(msgNoPassword, e.Format)
	case utf8.RuneCount(e.Password) > maxPassword:
		return nil, newError(msgLongPassword)
	case !e.Format.WithKey() && e.Password != nil:
		return nil, newError(msgPasswordUnused, e.Format)
	}
	var r *Exported
	var b cert.Bundle
	err := m.view(ctx, func(tx Tx) error {
		r, b = &Exported{Format: e.Format}, cert.Bundle{} // a store may run this again
		c, err := byRef(tx, e.CertRef)
		if err != nil {
			return err
		}
		if e.Format.WithKey() && c.Key != KeyInStore {
			return newError(msgNoExportKey, c.Ref())
		}
		b.Alias = c.Label
		if b.Certificates, err = exportChain(tx, c, e.Format, &r.Result); err != nil {
			return err
		}
		if e.Format.WithKey() {
			b.Key, err = tx.PrivateKey(c)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.Data, err = m.codec.Encode(e.Format, b, e.Password); err != nil {
		return nil, newError(msgEncode, e.CertRef, e.Format, err)
	}
	return r, nil
}

// exportChain gives what a format holds besides the key: the certificate, and its issuers as
// far as the database has them.
func exportChain(tx Tx, c *Certificate, f cert.Format, r *Result) ([]*x509.Certificate, error) {
	certs, complete := []*Certificate{c}, true
	if f.WithChain() {
		var err error
		if certs, complete, err = chain(tx, c); err != nil {
			return nil, err
		}
	}
	var parsed []*x509.Certificate
	for _, c := range certs {
		x, err := c.X509()
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, x)
	}
	if !complete {
		r.note(msgChainBroken, c.Ref(), cert.IssuerOf(parsed[len(parsed)-1]).RACF())
	}
	return parsed, nil
}

// Genreq asks for a PKCS #10 request from an existing certificate (racdcert-certificates.md 9).
type Genreq struct {
	CertRef
}

// Genreq makes the request and gives its text to deliver before the mark "used for a request"
// becomes durable, so that no certificate is marked without its request. deliver may not use m.
func (m *Manager) Genreq(ctx context.Context, g Genreq, deliver func([]byte) error) (*Issued, error) {
	if m.remote != nil && m.shared {
		return m.genreqRemote(ctx, g, deliver)
	}
	if m.remote != nil {
		var r *Issued
		err := m.remotely(ctx, false, func(m *Manager) (err error) {
			r, err = m.genreqRemote(ctx, g, deliver)
			return err
		})
		return r, err
	}
	r, err := perform(ctx, m, Act{Function: "GENREQ", Cert: g.CertRef}, g, func(c *call, ctx context.Context, g Genreq) (*Requested, error) {
		return c.genreq(ctx, g, deliver)
	})
	if err != nil {
		return nil, err
	}
	return &r.Issued, nil
}

// genreqRemote asks a server for the request, and delivers it before the server's transaction
// ends.
func (m *Manager) genreqRemote(ctx context.Context, g Genreq, deliver func([]byte) error) (*Issued, error) {
	var r *Requested
	if err := m.remote.Call(ctx, "GENREQ", g, &r); err != nil {
		return nil, err
	}
	return &r.Issued, deliver(r.Data)
}

// Requested is the answer to Genreq of a server: the request, too.
type Requested struct {
	Issued
	Data []byte
}

func (m *call) genreq(ctx context.Context, g Genreq, deliver func([]byte) error) (*Requested, error) {
	if g.Label == "" {
		return nil, MissingKeyword("GENREQ", "LABEL")
	}
	if err := m.reach(ctx, g.CertRef); err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, r *Requested) error {
		c, err := byRef(tx, g.CertRef)
		if err != nil {
			return err
		}
		r.Certificate = c
		if !c.HasKey() {
			return newError(msgNeedsKey, "GENREQ", c.Ref())
		}
		by, err := issuerOfKey(tx, c)
		if err != nil {
			return err
		}
		der, err := cert.NewRequest(by.Cert, by.Key)
		if err != nil {
			return newError(msgBadRequest, err)
		}
		c.Requested = true
		if err := tx.UpdateCertificate(c); err != nil {
			return err
		}
		r.Data = cert.EncodeRequest(der)
		return deliver(r.Data)
	})
}
