package cert

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"

	"signet/internal/oracle"
)

// opensslChain makes a root and a leaf by openssl with a digest of its choice.
func opensslChain(t *testing.T, rootKey, digest string, sign ...string) (root, leaf *x509.Certificate) {
	t.Helper()
	dir := t.TempDir()
	writeKey(t, dir, "k.pem", key(t, rootKey))
	oracle.OpenSSL(t, dir, append([]string{"req", "-x509", "-key", "k.pem", "-subj", "/CN=root", "-out", "root.pem", "-" + digest, "-days", "3650"}, sign...)...)
	oracle.OpenSSL(t, dir, "req", "-new", "-key", "k.pem", "-subj", "/CN=leaf", "-out", "leaf.csr")
	oracle.OpenSSL(t, dir, append([]string{"x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "k.pem", "-set_serial", "7", "-out", "leaf.pem", "-" + digest}, sign...)...)
	return readCert(t, dir, "root.pem"), readCert(t, dir, "leaf.pem")
}

func TestCheckSignatureDigests(t *testing.T) {
	for _, k := range []string{"rsa:1024", "ec:p256"} {
		for _, digest := range []string{"sha1", "sha224", "sha256", "sha384", "sha512"} {
			root, leaf := opensslChain(t, k, digest)
			want := digest + map[string]string{"rsa:1024": "RSA", "ec:p256": "ECDSA"}[k]
			if SignatureName(leaf) != want {
				t.Errorf("%s, want %s", SignatureName(leaf), want)
			}
			if err := CheckSignature(leaf, root); err != nil {
				t.Errorf("%s: %v", want, err)
			}
			if !SelfSigned(root) || SelfSigned(leaf) {
				t.Errorf("%s: self-signed %v and %v", want, SelfSigned(root), SelfSigned(leaf))
			}
			forged := *leaf
			forged.RawTBSCertificate = bytes.Clone(leaf.RawTBSCertificate)
			forged.RawTBSCertificate[20] ^= 1
			if err := CheckSignature(&forged, root); !errors.Is(err, ErrSignature) {
				t.Errorf("%s: forged: %v", want, err)
			}
		}
	}
	root, leaf := opensslChain(t, "rsa:2048", "sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest")
	if err := CheckSignature(leaf, root); err != nil || SignatureName(leaf) != "sha384RSAPSS" {
		t.Errorf("PSS: %s, %v", SignatureName(leaf), err)
	}
	forged := *leaf
	forged.Signature = root.Signature
	if err := CheckSignature(&forged, root); !errors.Is(err, ErrSignature) {
		t.Errorf("PSS: forged: %v", err)
	}
}

// Signatures that nothing can be said about.
func TestCheckSignatureAlgorithms(t *testing.T) {
	root, leaf := opensslChain(t, "rsa:2048", "md5")
	err := CheckSignature(leaf, root)
	wantError(t, err, `certificate "CN=leaf": the signature cannot be checked: algorithm md5RSA is too old`)
	if !errors.Is(err, ErrAlgorithm) || SelfSigned(root) {
		t.Errorf("MD5: %v, self-signed %v", err, SelfSigned(root))
	}
	_, leaf = opensslChain(t, "rsa:2048", "sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:17")
	err = CheckSignature(leaf, root)
	wantError(t, err, "algorithm 1.2.840.113549.1.1.10 is unknown")
	if SignatureName(leaf) != "UNKNOWN" {
		t.Errorf("odd salt: %s", SignatureName(leaf))
	}
	for _, args := range [][]string{
		{"-newkey", "ed448"}, {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"}, {"-newkey", "rsa:512"},
	} {
		dir := t.TempDir()
		oracle.OpenSSL(t, dir, append([]string{"req", "-x509", "-nodes", "-keyout", "k.pem", "-subj", "/CN=root", "-out", "c.pem"}, args...)...)
		c := readCert(t, dir, "c.pem")
		if err := CheckSignature(c, c); !errors.Is(err, ErrAlgorithm) || SelfSigned(c) {
			t.Errorf("%v: %v, self-signed %v", args, err, SelfSigned(c))
		}
	}
	huge := *root
	huge.PublicKey = &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), maxVerifyRSA), E: 65537}
	wantError(t, CheckSignature(leaf1024(t), &huge), "the RSA key has 16385 bits")
	wrong := *root
	wrong.PublicKey = key(t, "ec:p256").Public()
	if err := CheckSignature(leaf1024(t), &wrong); !errors.Is(err, ErrSignature) {
		t.Errorf("EC key for an RSA signature: %v", err)
	}
}

// leaf1024 is issued by CN=root in the encoding of openssl.
func leaf1024(t *testing.T) *x509.Certificate {
	_, leaf := opensslChain(t, "rsa:1024", "sha256")
	return leaf
}

func TestCheckSignatureNames(t *testing.T) {
	k := key(t, "ec:p256")
	a := selfSign(t, caTemplate(t, "CN=A"), k)
	b := selfSign(t, caTemplate(t, "CN=B"), k)
	leaf := issue(t, basic(t, "CN=leaf"), k.Public(), a, k)
	// The key would verify; the name says that B did not sign.
	wantError(t, CheckSignature(leaf, b), `certificate "CN=leaf": issued by "CN=A", not by "CN=B"`)
}

func TestPickIssuer(t *testing.T) {
	k, other := key(t, "ec:p256"), key(t, "other")
	make := func(subject string, k crypto.Signer, year int, set func(*Template)) *x509.Certificate {
		tmpl := caTemplate(t, subject)
		tmpl.NotAfter = date(year)
		if set != nil {
			set(&tmpl)
		}
		return selfSign(t, tmpl, k)
	}
	ca := make("CN=CA", k, 2035, nil)
	longer := make("CN=CA", k, 2036, nil)
	longest := make("CN=CA", k, 2037, nil)
	otherKey := make("CN=CA", other, 2040, nil)
	otherName := make("CN=Other", k, 2040, nil)
	otherID := make("CN=CA", k, 2040, func(p *Template) { p.SubjectKeyID = []byte{1} })
	sameID := make("CN=CA", other, 2040, func(p *Template) { p.SubjectKeyID = ca.SubjectKeyId })
	noID := *make("CN=CA", k, 2041, nil)
	noID.SubjectKeyId = nil
	leaf := issue(t, basic(t, "CN=leaf"), k.Public(), ca, k)

	tests := []struct {
		name       string
		child      *x509.Certificate
		candidates []*x509.Certificate
		want       int
	}{
		{"none", leaf, nil, -1},
		{"one", leaf, []*x509.Certificate{ca}, 0},
		{"the one valid longest", leaf, []*x509.Certificate{ca, longest, longer}, 1},
		{"the first of equals", leaf, []*x509.Certificate{ca, ca}, 0},
		{"other key", leaf, []*x509.Certificate{otherKey, ca}, 1},
		{"other name", leaf, []*x509.Certificate{otherName, ca}, 1},
		{"other key identifier", leaf, []*x509.Certificate{otherID, ca}, 1},
		{"key identifier of another", leaf, []*x509.Certificate{sameID, ca}, 1},
		{"no key identifier", leaf, []*x509.Certificate{&noID, ca}, 0},
		{"only wrong ones", leaf, []*x509.Certificate{otherKey, otherName, otherID, sameID, leaf}, -1},
		{"a root is its own", ca, []*x509.Certificate{leaf, ca}, 1},
	}
	for _, tt := range tests {
		if got := PickIssuer(tt.child, tt.candidates); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
