package cert

import (
	"crypto"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"testing"
	"time"
)

func TestIssueRefused(t *testing.T) {
	k := key(t, "ec:p256")
	ca := selfSign(t, caTemplate(t, "CN=CA"), k)
	nameless := *ca
	nameless.RawSubject = []byte{0x30, 0}
	tests := []struct {
		name string
		set  func(*Template)
		want string
	}{
		{"no serial", func(p *Template) { p.Serial = nil }, "serial number"},
		{"negative serial", func(p *Template) { p.Serial = big.NewInt(-1) }, "serial number"},
		{"long serial", func(p *Template) { p.Serial = new(big.Int).Lsh(big.NewInt(1), 159) }, "longer than 20 octets"},
		{"year 1949", func(p *Template) { p.NotBefore = date(1949) }, "years 1950 to 9999"},
		{"year 10000", func(p *Template) { p.NotAfter = date(10000) }, "years 1950 to 9999"},
		{"no dates", func(p *Template) { p.NotBefore, p.NotAfter = time.Time{}, time.Time{} }, "years 1950 to 9999"},
		{"ends first", func(p *Template) { p.NotAfter = p.NotBefore.Add(-time.Hour) }, "ends before it begins"},
		{"ends at once", func(p *Template) { p.NotAfter = p.NotBefore.Add(999 * time.Millisecond) }, "ends before it begins"},
		{"path length", func(p *Template) { p.CA, p.MaxPathLen = true, -2 }, "path length -2"},
		{"no subject", func(p *Template) { p.Subject = Name{} }, "needs a subject"},
		{"CA without subject", func(p *Template) { p.Subject, p.CA, p.AltNames.DNS = Name{}, true, []string{"a"} }, "needs a subject"},
		{"alternative name", func(p *Template) { p.AltNames.DNS = []string{"a b"} }, `domain "a b"`},
		{"usage", func(p *Template) { p.ExtKeyUsage = []x509.ExtKeyUsage{99} }, "unknown extended key usage"},
	}
	for _, tt := range tests {
		tmpl := basic(t, "CN=x")
		tt.set(&tmpl)
		_, err := SelfSign(tmpl, k)
		wantError(t, err, tt.want)
		_, err = Issue(tmpl, k.Public(), Issuer{ca, k})
		wantError(t, err, tt.want)
	}
	tmpl := basic(t, "CN=x")
	for _, tt := range []struct {
		pub  crypto.PublicKey
		by   Issuer
		want string
	}{
		{k.Public(), Issuer{}, "no certificate or no key"},
		{k.Public(), Issuer{Cert: ca}, "no certificate or no key"},
		{k.Public(), Issuer{Key: k}, "no certificate or no key"},
		{k.Public(), Issuer{ca, key(t, "other")}, `does not belong to the certificate of the issuer "CN=CA"`},
		{k.Public(), Issuer{&nameless, k}, "issuer has no name"},
		{nil, Issuer{ca, k}, "public key"},
	} {
		_, err := Issue(tmpl, tt.pub, tt.by)
		wantError(t, err, tt.want)
		wantError(t, err, `certificate "CN=x"`)
	}
	_, err := SelfSign(tmpl, nil)
	wantError(t, err, "no key to sign with")
	tmpl.Subject, tmpl.AltNames.DNS = Name{}, []string{"a"}
	_, err = SelfSign(tmpl, k)
	wantError(t, err, "issuer has no name")
}

// token is a signer that is not a software key, as those of hardware are. It can be made to
// fail.
type token struct {
	crypto.Signer
	sign func([]byte) ([]byte, error)
}

func (k token) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if k.sign != nil {
		return k.sign(digest)
	}
	return k.Signer.Sign(r, digest, opts)
}

func TestTokenKeys(t *testing.T) {
	for _, name := range []string{"rsa:2048", "ec:p384", "ed25519"} {
		good := token{Signer: key(t, name)}
		c := selfSign(t, caTemplate(t, "CN=token"), good)
		leaf := issue(t, basic(t, "CN=leaf"), key(t, "other").Public(), c, good)
		if err := CheckSignature(leaf, c); err != nil {
			t.Error(err)
		}
		if _, err := NewRequest(c, good); err != nil {
			t.Error(err)
		}
		broken := token{good, func([]byte) ([]byte, error) { return nil, errors.New("the PIN is locked") }}
		_, err := SelfSign(basic(t, "CN=x"), broken)
		wantError(t, err, "the PIN is locked")
		_, err = NewRequest(c, broken)
		wantError(t, err, "the PIN is locked")
		lying := token{good, func([]byte) ([]byte, error) { return make([]byte, 256), nil }}
		if _, err := SelfSign(basic(t, "CN=x"), lying); err == nil {
			t.Errorf("%s: a wrong signature went into a certificate", name)
		}
		if _, err := MarshalPrivateKey(good); err == nil {
			t.Error("a key left its token")
		}
	}
}
