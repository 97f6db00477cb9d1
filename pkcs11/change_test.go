package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	p11 "github.com/miekg/pkcs11"
)

// issue makes a self-signed certificate with a key in a token.
func issue(t *testing.T, key crypto.Signer, name string) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<40))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTokenFull fills the token at each call that writes: nothing may be left behind.
func TestTokenFull(t *testing.T) {
	full := func(sessionHandle, []attribute) (objectHandle, error) { return 0, CKR(p11.CKR_DEVICE_MEMORY) }
	soft, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := newFake()
	tok := f.open(t)
	c := issue(t, signed(t, tok), "full")
	before := len(f.objects)
	f.GenerateKeyPair = func(sessionHandle, mechanism, []attribute, []attribute) (objectHandle, objectHandle, error) {
		return 0, 0, CKR(p11.CKR_DEVICE_MEMORY)
	}
	create, calls := f.CreateObject, 0
	for name, try := range map[string]func() error{
		"generate":    func() error { _, err := tok.Generate(t.Context(), p256, "K"); return err },
		"certificate": func() error { f.CreateObject = full; _, err := tok.AddCertificate(t.Context(), c, "C"); return err },
		"key":         func() error { f.CreateObject = full; _, err := tok.AddKey(t.Context(), soft, "K"); return err },
		"public key": func() error {
			calls = 0
			f.CreateObject = func(s sessionHandle, a []attribute) (objectHandle, error) {
				if calls++; calls == 2 {
					return full(s, a)
				}
				return create(s, a)
			}
			_, err := tok.AddKey(t.Context(), soft, "K")
			return err
		},
	} {
		err := try()
		if !errors.Is(err, ErrTokenFull) || !strings.Contains(err.Error(), "CKR_DEVICE_MEMORY (0x31): the token has no room left; delete objects") {
			t.Errorf("%s: error %v", name, err)
		}
		if len(f.objects) != before {
			t.Errorf("%s: %d objects before, %d after", name, before, len(f.objects))
		}
	}
}

// TestImportUnlike has a token that keeps something else than it was given.
func TestImportUnlike(t *testing.T) {
	f := newFake()
	tok := f.open(t)
	c := issue(t, signed(t, tok), "x")
	create := f.CreateObject
	f.CreateObject = func(s sessionHandle, a []attribute) (objectHandle, error) {
		return create(s, append(a, attribute{p11.CKA_LABEL, []byte("SHORT")}))
	}
	before := len(f.objects)
	if _, err := tok.AddCertificate(t.Context(), c, "A LONGER LABEL"); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "otherwise than written") {
		t.Errorf("error %v", err)
	}
	if len(f.objects) != before {
		t.Errorf("%d objects before, %d after", before, len(f.objects))
	}
}

// TestRenameHalf refuses to rename one of three objects: the others get their names back.
func TestRenameHalf(t *testing.T) {
	f := newFake()
	tok := f.open(t)
	s := signed(t, tok)
	e, err := tok.AddCertificate(t.Context(), issue(t, s, "x"), "KEY")
	if err != nil {
		t.Fatal(err)
	}
	set := f.SetAttributeValue
	f.SetAttributeValue = func(s sessionHandle, o objectHandle, a []attribute) error {
		if string(f.objects[o][p11.CKA_CLASS]) == string(ulong(p11.CKO_PUBLIC_KEY)) {
			return CKR(p11.CKR_ATTRIBUTE_READ_ONLY)
		}
		return set(s, o, a)
	}
	if err := tok.Rename(t.Context(), e, "NEW", []byte("new")); !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "CKR_ATTRIBUTE_READ_ONLY") {
		t.Errorf("error %v", err)
	}
	for _, a := range f.objects {
		if string(a[p11.CKA_LABEL]) != "KEY" || string(a[p11.CKA_ID]) == "new" {
			t.Errorf("an object is left as %q", a[p11.CKA_LABEL])
		}
	}
}

// TestHashesItself has a token that signs messages only: certificates can be issued, digests
// cannot be signed, and the error says why.
func TestHashesItself(t *testing.T) {
	f := newFake()
	f.GetMechanismList = func(uint) ([]uint, error) {
		return []uint{p11.CKM_EC_KEY_PAIR_GEN, p11.CKM_ECDSA_SHA256}, nil
	}
	sign := f.SignData
	f.SignData = func(s sessionHandle, message []byte) ([]byte, error) {
		digest := sha256.Sum256(message)
		return sign(s, digest[:])
	}
	s := signed(t, f.open(t))
	if c := issue(t, s, "hashed"); c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
		t.Error("the certificate does not verify")
	}
	if err := signOnce(s); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "signs messages with CKM_ECDSA_SHA256 only") {
		t.Errorf("a digest: error %v", err)
	}
}

// TestProbeFaults has tokens that a probe must say something of.
func TestProbeFaults(t *testing.T) {
	f := newFake()
	f.facts.flags |= p11.CKF_USER_PIN_COUNT_LOW
	tok := f.open(t)
	// A wrong PIN was given before: none is spent on a probe.
	if err := tok.mayProbeWrongPIN(); !errors.Is(err, ErrPIN) {
		t.Errorf("error %v", err)
	}
	// Objects that cannot be destroyed are counted.
	f.DestroyObject = func(sessionHandle, objectHandle) error { return CKR(p11.CKR_ACTION_PROHIBITED) }
	p, err := tok.probe(t.Context(), allKeys(), nil)
	if !errors.Is(err, ErrDevice) || p.Before != 0 || p.After == 0 || !strings.Contains(err.Error(), "there were 0 objects before") {
		t.Errorf("error %v", err)
	}
	// A token that makes nothing is described all the same.
	f = newFake()
	f.GetMechanismList = func(uint) ([]uint, error) { return []uint{p11.CKM_SHA256, 0x80001234}, nil }
	f.OpenSession = func(open func(uint, uint) (sessionHandle, error)) func(uint, uint) (sessionHandle, error) {
		return func(slot, flags uint) (sessionHandle, error) {
			if len(f.sessions) == 5 {
				return 0, CKR(p11.CKR_SESSION_COUNT)
			}
			return open(slot, flags)
		}
	}(f.OpenSession)
	p, err = f.open(t).probe(t.Context(), allKeys(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range p.Keys {
		if k.Makes.Works || !strings.Contains(k.Makes.Code, "does not have CKM_") {
			t.Errorf("%+v", k)
		}
	}
	if p.Sessions.Opened != 4 || p.Sessions.Code != "CKR_SESSION_COUNT" || p.Mechanisms[1].Name != "0x80001234" || p.Import.Works {
		t.Errorf("%+v %+v %+v", p.Sessions, p.Mechanisms, p.Import)
	}
}
