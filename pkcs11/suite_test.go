//go:build cgo

package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"testing"

	"signet/cert"
	"signet/internal/oracle"
)

// witness is a token that the suite runs over, with what it lacks.
type witness struct {
	name  string
	uri   URI
	makes []string    // the kinds of keys that it makes
	lacks []string    // and those that it refuses
	tool  bool        // pkcs11-tool can reach it
	noPSS crypto.Hash // a hash that it does not take for PSS
	wrong int         // of 20 wrong PINs, how many are sent before the last attempt is near
}

// witnesses makes a fresh token of each kind. NSS wants a string at its initialisation, which
// pkcs11-tool cannot pass.
func witnesses(t *testing.T) []witness {
	t.Helper()
	oracle.SoftHSM(t, t.Name())
	oracle.OpenCryptoki(t, "ock")
	_, init := oracle.NSS(t)
	return []witness{
		{"SoftHSM", URI{ModulePath: oracle.SoftHSMModule, Token: t.Name()},
			[]string{"rsa:2048", "rsa:3072", "ec:p224", "ec:p256", "ec:p384", "ec:p521", "ed25519"}, nil, true, 0, 20},
		{"openCryptoki", URI{ModulePath: oracle.OpenCryptokiModule, Token: "ock"},
			[]string{"rsa:2048", "rsa:3072"}, []string{"ec:p224", "ec:p256", "ec:p384", "ec:p521", "ed25519"}, true, crypto.SHA224, 2},
		{"NSS", URI{ModulePath: oracle.NSSModule, Token: "NSS Certificate DB", ModuleInit: init},
			[]string{"rsa:2048", "rsa:3072", "ec:p256", "ec:p384", "ec:p521"}, []string{"ec:p224", "ed25519"}, false, 0, 20},
	}
}

// open opens a token for a test, with Options that have the right PIN.
func open(t testing.TB, u URI, change ...func(*Options)) *Token {
	t.Helper()
	o := Options{PIN: pinIs(oracle.PIN)}
	for _, c := range change {
		c(&o)
	}
	tok, err := OpenToken(t.Context(), u, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tok.Close(); err != nil {
			t.Error(err)
		}
	})
	return tok
}

func spec(t testing.TB, s string) cert.KeySpec {
	t.Helper()
	k, err := cert.ParseKeySpec(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestSuite is what every token must do.
func TestSuite(t *testing.T) {
	for _, w := range witnesses(t) {
		t.Run(w.name, func(t *testing.T) {
			t.Run("generate", func(t *testing.T) { testGenerate(t, w) })
			t.Run("certificates", func(t *testing.T) { testCertificates(t, w) })
			t.Run("import", func(t *testing.T) { testImport(t, w) })
			t.Run("concurrent", func(t *testing.T) { testConcurrent(t, w) })
			t.Run("sessions lost", func(t *testing.T) { testSessionsLost(t, w) })
			t.Run("probe", func(t *testing.T) { testProbe(t, w) })
			t.Run("what is left", func(t *testing.T) { testEmpty(t, w) })
			t.Run("pkcs11-tool", func(t *testing.T) { testTool(t, w) })
			t.Run("crypto11", func(t *testing.T) { testCrypto11(t, w) })
			t.Run("wrong PIN", func(t *testing.T) { testWrongPIN(t, w) })
		})
	}
}

func list(t *testing.T, tok *Token) []*Object {
	t.Helper()
	all, err := tok.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// empty deletes everything in a token.
func empty(t *testing.T, tok *Token) {
	t.Helper()
	for _, o := range list(t, tok) {
		if err := tok.DeleteObject(t.Context(), o); err != nil {
			t.Error(err)
		}
	}
}

// testEmpty finds the token as it was at first: every part of the suite cleans up, and a probe
// leaves nothing.
func testEmpty(t *testing.T, w witness) {
	for _, o := range list(t, open(t, w.uri)) {
		t.Errorf("%s is left", o.describe())
	}
}

// testGenerate makes every kind of key, or is refused with a reason.
func testGenerate(t *testing.T, w witness) {
	ctx, tok := t.Context(), open(t, w.uri)
	for _, k := range w.makes {
		e, err := tok.Generate(ctx, spec(t, k), "made "+k)
		if err != nil {
			t.Error(err)
			continue
		}
		if e.Private.Sensitive != Yes || e.Private.Extractable != No || e.Private.Label != "made "+k || e.Public.Label != "made "+k {
			t.Errorf("%s: made as %+v with %+v", k, e.Private, e.Public)
		}
		s, err := tok.Signer(ctx, e)
		if err != nil {
			t.Fatal(err)
		}
		verifySignatures(t, s, w.noPSS)
	}
	before := list(t, tok)
	for _, k := range w.lacks {
		if _, err := tok.Generate(ctx, spec(t, k), "no "+k); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: error %v, want ErrUnsupported", k, err)
		}
	}
	after := list(t, tok)
	if len(before) != 2*len(w.makes) || len(after) != len(before) {
		t.Errorf("objects: %d before the refusals, %d after, want %d", len(before), len(after), 2*len(w.makes))
	}
	empty(t, tok)
}

// verifySignatures signs in every way that the key allows and verifies with Go.
func verifySignatures(t *testing.T, s *Signer, noPSS crypto.Hash) {
	t.Helper()
	message := []byte("signed in a token")
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		hash := h.New()
		hash.Write(message)
		digest := hash.Sum(nil)
		var err error
		var signature []byte
		switch k := s.Public().(type) {
		case *rsa.PublicKey:
			if signature, err = s.Sign(nil, digest, h); err == nil {
				err = rsa.VerifyPKCS1v15(k, h, digest, signature)
			}
			for _, salt := range []int{rsa.PSSSaltLengthAuto, rsa.PSSSaltLengthEqualsHash, 11} {
				signature, err := s.Sign(nil, digest, &rsa.PSSOptions{Hash: h, SaltLength: salt})
				if h == noPSS {
					if !errors.Is(err, ErrUnsupported) {
						t.Errorf("PSS with %v: error %v, want ErrUnsupported", h, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("PSS with %v and salt %d: %v", h, salt, err)
				} else if err := rsa.VerifyPSS(k, h, digest, signature, &rsa.PSSOptions{SaltLength: salt}); err != nil {
					t.Errorf("PSS with %v and salt %d: %v", h, salt, err)
				}
			}
		case *ecdsa.PublicKey:
			if signature, err = s.Sign(nil, digest, h); err == nil && !ecdsa.VerifyASN1(k, digest, signature) {
				err = errors.New("does not verify")
			}
		case ed25519.PublicKey:
			if signature, err = s.Sign(nil, message, crypto.Hash(0)); err == nil && !ed25519.Verify(k, message, signature) {
				err = errors.New("does not verify")
			}
		}
		if err != nil {
			t.Errorf("%T with %v: %v", s.Public(), h, err)
		}
	}
}
