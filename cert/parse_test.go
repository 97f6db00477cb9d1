package cert

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"signet/internal/oracle"
)

func TestParse(t *testing.T) {
	c := full(t, "ec:p256")
	got, err := Parse(c.Raw)
	if err != nil || !got.Equal(c) {
		t.Errorf("%v, %v", got, err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	for _, tt := range []struct {
		in   []byte
		want string
	}{
		{nil, "no data"},
		{[]byte("hello"), "malformed certificate"},
		{text, "PEM text"},
		{append(bytes.Clone(c.Raw), 0), "trailing data"},
		{c.Raw[:len(c.Raw)-1], "malformed certificate"},
		{make([]byte, MaxSize+1), "larger than 1048576 bytes"},
		{c.RawTBSCertificate, "malformed"},
	} {
		_, err := Parse(tt.in)
		wantError(t, err, "not an X.509 certificate: ")
		wantError(t, err, tt.want)
		if err != nil && strings.Contains(err.Error(), "x509:") {
			t.Errorf("%q has a prefix that says nothing", err)
		}
	}
}

// A name with an empty set passes crypto/x509.
func TestParseEmptyRDN(t *testing.T) {
	c := selfSign(t, basic(t, "CN=a"), key(t, "ec:p256"))
	old := []byte("\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x13\x01a")
	// Twelve bytes: six empty sets.
	bad := bytes.ReplaceAll(c.Raw, old, bytes.Repeat([]byte{0x31, 0}, len(old)/2))
	if _, err := x509.ParseCertificate(bad); err != nil {
		t.Skipf("crypto/x509 has become strict: %v", err)
	}
	_, err := Parse(bad)
	wantError(t, err, "not a distinguished name")
}

// A certificate with a key on a curve that Go does not have is read, and every byte is kept.
func TestParseForeignCurves(t *testing.T) {
	dir := t.TempDir()
	for curve, want := range map[string]struct {
		kind string
		size int
	}{
		"brainpoolP256r1": {"Brainpool ECC", 256}, "brainpoolP320t1": {"Brainpool ECC", 320}, "brainpoolP512r1": {"Brainpool ECC", 512},
		"prime192v1": {"NIST ECC", 192}, "secp256k1": {"UNKNOWN", 0},
	} {
		oracle.OpenSSL(t, dir, "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:"+curve, "-keyout", "k.pem",
			"-subj", "/CN=foreign", "-out", "c.pem", "-addext", "subjectAltName=DNS:a")
		raw := readPEM(t, dir, "c.pem")
		c, err := Parse(raw)
		if err != nil {
			t.Errorf("%s: %v", curve, err)
			continue
		}
		if !bytes.Equal(c.Raw, raw) || !bytes.Contains(raw, c.RawTBSCertificate) || !bytes.Contains(raw, c.RawSubjectPublicKeyInfo) {
			t.Errorf("%s: bytes changed", curve)
		}
		if c.PublicKey != nil || KeyType(c) != want.kind || KeySize(c) != want.size || SubjectOf(c).RACF() != "CN=foreign" || len(AltNamesOf(c).DNS) != 1 {
			t.Errorf("%s: key %v, %s of %d bits", curve, c.PublicKey, KeyType(c), KeySize(c))
		}
		if curve == "brainpoolP256r1" {
			// Anything else that is wrong stays wrong.
			if _, err := Parse(raw[:len(raw)-1]); err == nil {
				t.Error("a truncated certificate was read")
			}
		}
		if !strings.Contains(Remark(c), "curve") {
			t.Errorf("%s: remark %q", curve, Remark(c))
		}
	}
}

// What crypto/x509 refuses inside a part is kept, with a remark; the listing shows the rest.
func TestParseLoosely(t *testing.T) {
	dir := t.TempDir()
	whole := selfSign(t, Template{
		Subject: basic(t, "CN=odd").Subject, Serial: big.NewInt(0x55), NotBefore: basic(t, "CN=odd").NotBefore, NotAfter: basic(t, "CN=odd").NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, CA: true, BasicConstraints: true, MaxPathLen: -1,
		AltNames: AltNames{DNS: []string{"a.example"}}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, key(t, "ec:p256"))
	if Remark(whole) != "" {
		t.Fatalf("a sound certificate has the remark %q", Remark(whole))
	}
	negative := bytes.Replace(whole.Raw, []byte{2, 1, 0x55}, []byte{2, 1, 0xd5}, 1)
	badAltName := bytes.Replace(whole.Raw, []byte("a.example"), []byte("a.exampl\xff"), 1)
	offCurve := bytes.Clone(whole.Raw)
	offCurve[bytes.Index(offCurve, whole.RawSubjectPublicKeyInfo)+len(whole.RawSubjectPublicKeyInfo)-1] ^= 1
	oracle.OpenSSL(t, dir, "ecparam", "-name", "prime256v1", "-param_enc", "explicit", "-genkey", "-out", "k.pem")
	oracle.OpenSSL(t, dir, "req", "-x509", "-key", "k.pem", "-subj", "/CN=odd", "-out", "c.pem")
	for name, tc := range map[string]struct {
		raw    []byte
		remark string
		key    bool
		full   bool // has the extensions of whole
	}{
		"negative serial":  {negative, "negative serial number", true, true},
		"alternative name": {badAltName, "SAN", true, true},
		"point off curve":  {offCurve, "not on curve", false, true},
		"explicit curve":   {readPEM(t, dir, "c.pem"), "invalid ECDSA parameters", false, false},
	} {
		c, err := Parse(tc.raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := Remark(c); !strings.Contains(got, tc.remark) {
			t.Errorf("%s: remark %q, want %q", name, got, tc.remark)
		}
		if !bytes.Equal(c.Raw, tc.raw) || SubjectOf(c).RACF() != "CN=odd" || (c.PublicKey != nil) != tc.key || SelfSigned(c) {
			t.Errorf("%s: subject %s, key %v", name, SubjectOf(c), c.PublicKey)
		}
		if !tc.full {
			continue
		}
		if !c.NotBefore.Equal(whole.NotBefore) || !c.NotAfter.Equal(whole.NotAfter) || c.Version != 3 || c.KeyUsage != whole.KeyUsage ||
			!c.IsCA || !bytes.Equal(c.SubjectKeyId, whole.SubjectKeyId) || len(AltNamesOf(c).DNS) != 1 || len(c.ExtKeyUsage) != 1 {
			t.Errorf("%s: not all was read: %+v", name, c)
		}
	}
	c, err := Parse(negative)
	if err != nil || c.SerialNumber.Int64() != 0xd5-256 {
		t.Errorf("negative serial number: %v", c.SerialNumber)
	}
	// What is not whole is not kept.
	for n := range len(negative) {
		if _, err := Parse(negative[:n]); err == nil {
			t.Fatalf("the first %d bytes were read", n)
		}
	}
	if _, err := Parse(append(bytes.Clone(negative), 0)); err == nil {
		t.Error("trailing data was read")
	}
}

func TestCurveOf(t *testing.T) {
	for _, id := range []asn1.ObjectIdentifier{nil, {1, 3, 36, 3, 3, 2, 8, 1, 1}, {1, 3, 36, 3, 3, 2, 8, 1, 1, 0}, {1, 3, 36, 3, 3, 2, 8, 1, 1, 15}, {1, 3, 132, 0, 10}} {
		if c := curveOf(id); c != (curve{}) {
			t.Errorf("%v: %+v", id, c)
		}
	}
	if c := curveOf(asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 14}); c.bits != 512 {
		t.Errorf("brainpoolP512t1: %+v", c)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(full(f, "ec:p256").Raw)
	f.Add(full(f, "ed25519").Raw)
	dir := f.TempDir()
	oracle.OpenSSL(f, dir, "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP160r1", "-keyout", "k.pem", "-subj", "/CN=x", "-out", "c.pem")
	f.Add(readPEM(f, dir, "c.pem"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			return
		}
		if !bytes.Equal(c.Raw, data) || !bytes.Equal(SubjectOf(c).DER(), c.RawSubject) || !bytes.Equal(IssuerOf(c).DER(), c.RawIssuer) {
			t.Error("bytes changed")
		}
		// None of these may panic, whatever the certificate holds.
		_, _ = SignatureName(c), KeyType(c)
		_ = KeySize(c)
		_ = AltNamesOf(c)
		_ = CheckChain([]*x509.Certificate{c, c}, now)
		_ = SerialHex(c.SerialNumber)
	})
}
