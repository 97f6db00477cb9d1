//go:build cgo

package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/ThalesGroup/crypto11"

	"signet/internal/oracle"
)

// testTool has pkcs11-tool as the other client, in both directions, and openssl to verify.
func testTool(t *testing.T, w witness) {
	if !w.tool {
		t.Log("pkcs11-tool cannot pass the string that this module needs; certutil is its witness (TestCertutil)")
		return
	}
	dir := t.TempDir()
	tool := func(args ...string) string {
		t.Helper()
		return oracle.PKCS11Tool(t, dir, w.uri.ModulePath, append([]string{"--token-label", w.uri.Token, "--login", "--pin", oracle.PIN}, args...)...)
	}
	message := oracle.Write(t, dir, "message", []byte("a message for both"))
	kinds := map[string]string{"rsa:2048": "rsa:2048"}
	if len(w.lacks) == 0 {
		kinds["ec:p256"] = "EC:prime256v1"
		kinds["ec:p384"] = "EC:secp384r1"
	}
	for ours, theirs := range kinds {
		ctx := t.Context()
		tok := open(t, w.uri)
		// The mechanisms that both tokens and pkcs11-tool have: they sign digests.
		sum := sha256.Sum256(oracle.Read(t, dir, message))
		mechanism, input := "RSA-PKCS", append([]byte(formOfHash(crypto.SHA256).prefix), sum[:]...)
		if strings.HasPrefix(ours, "ec") {
			mechanism, input = "ECDSA", sum[:]
		}
		// What signet makes.
		e, err := tok.Generate(ctx, spec(t, ours), "ours "+ours)
		if err != nil {
			t.Fatal(err)
		}
		s, err := tok.Signer(ctx, e)
		if err != nil {
			t.Fatal(err)
		}
		c, err := tok.AddCertificate(ctx, issue(t, s, "ours"), "ours "+ours)
		if err != nil {
			t.Fatal(err)
		}
		listed := tool("--list-objects")
		id := hexID(c.ID())
		if n := strings.Count(listed, id); n != 3 || strings.Count(listed, "ours "+ours) != 3 {
			t.Errorf("pkcs11-tool lists %d objects with the id:\n%s", n, listed)
		}
		if err := tok.Close(); err != nil {
			t.Fatal(err)
		}
		sign := []string{"--sign", "--mechanism", mechanism, "--input-file", oracle.Write(t, dir, "input", input), "--output-file", "signature", "--id", id}
		if strings.HasPrefix(ours, "ec") {
			sign = append(sign, "--signature-format", "openssl")
		}
		tool(sign...)
		verifyWithOpenSSL(t, dir, s.Public(), message, oracle.Read(t, dir, "signature"))
		// What pkcs11-tool makes.
		tool("--keypairgen", "--key-type", theirs, "--label", "theirs", "--id", "7e57")
		tok = open(t, w.uri)
		s, err = tok.Key(ctx, URI{Object: "theirs"})
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(oracle.Read(t, dir, message))
		signature, err := s.Sign(nil, digest[:], crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		verifyWithOpenSSL(t, dir, s.Public(), message, signature)
		der := issue(t, s, "theirs").Raw
		tool("--write-object", oracle.Write(t, dir, "cert.der", der), "--type", "cert", "--label", "their certificate", "--id", "7e57")
		found, err := tok.Find(ctx, URI{Object: "their certificate"})
		if err != nil || !bytes.Equal(found.Certificate.Raw, der) || found.Private == nil || found.Public == nil {
			t.Errorf("their certificate: %+v, error %v", found, err)
		}
		empty(t, tok)
		if err := tok.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func hexID(id []byte) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range id {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func verifyWithOpenSSL(t *testing.T, dir string, public crypto.PublicKey, message string, signature []byte) {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	key := oracle.Write(t, dir, "public.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	if out := oracle.OpenSSL(t, dir, "dgst", "-sha256", "-verify", key, "-signature", oracle.Write(t, dir, "to-verify", signature), message); !strings.Contains(out, "Verified OK") {
		t.Error(out)
	}
}

// testCrypto11 reads and uses a key of signet's with crypto11, and compares.
func testCrypto11(t *testing.T, w witness) {
	if !w.tool {
		t.Log("crypto11 cannot pass the string that this module needs")
		return
	}
	ctx := t.Context()
	for _, k := range []string{"rsa:2048", "ec:p256"} {
		if k == "ec:p256" && len(w.lacks) > 0 {
			continue
		}
		// crypto11 refuses a module that somebody else initialised, so that it goes first; signet
		// leaves it initialised then.
		theirs, err := crypto11.Configure(&crypto11.Config{Path: w.uri.ModulePath, TokenLabel: w.uri.Token, Pin: oracle.PIN, MaxSessions: 4})
		if err != nil {
			t.Fatal(err)
		}
		tok := open(t, w.uri)
		made, err := tok.Generate(ctx, spec(t, k), "both")
		if err != nil {
			t.Fatal(err)
		}
		ours, err := tok.Signer(ctx, made)
		if err != nil {
			t.Fatal(err)
		}
		their, err := theirs.FindKeyPair(made.ID(), []byte("both"))
		if err != nil || their == nil {
			t.Fatalf("crypto11 finds %v, error %v", their, err)
		}
		digest := sha256.Sum256([]byte("the same message"))
		a, err := ours.Sign(nil, digest[:], crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		b, err := their.Sign(nil, digest[:], crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		switch key := ours.Public().(type) {
		case *rsa.PublicKey:
			if !key.Equal(their.Public()) || !bytes.Equal(a, b) { // PKCS #1 v1.5 has one signature only
				t.Error("crypto11 signs otherwise")
			}
		case *ecdsa.PublicKey:
			if !key.Equal(their.Public()) || !ecdsa.VerifyASN1(key, digest[:], a) || !ecdsa.VerifyASN1(key, digest[:], b) {
				t.Error("crypto11 signs otherwise")
			}
		}
		empty(t, tok)
		if err := tok.Close(); err != nil {
			t.Fatal(err)
		}
		if err := theirs.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCertutil has NSS's own program list what signet wrote.
func TestCertutil(t *testing.T) {
	dir, init := oracle.NSS(t)
	tok := open(t, URI{ModulePath: oracle.NSSModule, Token: "NSS Certificate DB", ModuleInit: init})
	e, err := tok.Generate(t.Context(), spec(t, "ec:p256"), "FROM SIGNET")
	if err != nil {
		t.Fatal(err)
	}
	s, err := tok.Signer(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tok.AddCertificate(t.Context(), issue(t, s, "nss"), "FROM SIGNET")
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Close(); err != nil {
		t.Fatal(err)
	}
	keys := oracle.Certutil(t, dir, "-K", "-d", "sql:.", "-f", "pin")
	if !strings.Contains(keys, hexID(c.ID())) || !strings.Contains(keys, "FROM SIGNET") {
		t.Errorf("certutil -K:\n%s", keys)
	}
	if out := oracle.Certutil(t, dir, "-L", "-d", "sql:.", "-n", "FROM SIGNET", "-a"); !strings.Contains(out, "BEGIN CERTIFICATE") {
		t.Errorf("certutil -L:\n%s", out)
	}
}

// TestAlwaysAuthenticate signs with a key for which SoftHSM wants the PIN each time.
func TestAlwaysAuthenticate(t *testing.T) {
	oracle.SoftHSM(t, t.Name())
	oracle.PKCS11Tool(t, "", oracle.SoftHSMModule, "--token-label", t.Name(), "--login", "--pin", oracle.PIN,
		"--keypairgen", "--key-type", "rsa:2048", "--label", "careful", "--id", "01", "--always-auth")
	tok := open(t, URI{ModulePath: oracle.SoftHSMModule, Token: t.Name()})
	s, err := tok.Key(t.Context(), URI{Object: "careful"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Key().EachTime != Yes {
		t.Fatal("the key does not want the PIN each time")
	}
	for range 2 {
		if err := s.prove(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
