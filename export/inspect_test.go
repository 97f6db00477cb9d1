package export

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	keystorego "github.com/pavlo-v-chernykh/keystore-go/v4"

	"signet/cert"
	"signet/export/jks"
	"signet/export/keystore"
	"signet/export/pem"
	"signet/export/pkcs12"
)

// now is the time of all inspections here.
var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// party is a certificate with its private key.
type party struct {
	*x509.Certificate
	key crypto.Signer
}

// issue makes a certificate for ten years around now; parent nil makes it a root.
func issue(t testing.TB, name string, parent *party, change func(*x509.Certificate)) *party {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return issueFor(t, name, key, parent, change)
}

func issueFor(t testing.TB, name string, key crypto.Signer, parent *party, change func(*x509.Certificate)) *party {
	t.Helper()
	serial, err := cert.RandomSerial()
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(5, 0, 0),
		BasicConstraintsValid: true, IsCA: !strings.HasPrefix(name, "leaf"),
	}
	if change != nil {
		change(template)
	}
	p := &party{template, key}
	if parent == nil {
		parent = p
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.Certificate, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	if p.Certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return p
}

// Ways to make files.

func keyEntry(alias string, key crypto.Signer, chain ...*party) keystore.Entry {
	e := keystore.Entry{Alias: alias, Key: keystore.Clear{Signer: key}}
	for _, p := range chain {
		e.Chain = append(e.Chain, p.Raw)
	}
	return e
}

func trustedEntry(alias string, p *party) keystore.Entry {
	return keystore.Entry{Alias: alias, Trusted: true, Chain: [][]byte{p.Raw}}
}

func jksFile(t testing.TB, password string, entries ...keystore.Entry) []byte {
	t.Helper()
	data, err := jks.Write(&keystore.Keystore{Format: keystore.JKS, Entries: entries}, []byte(password), nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func p12File(t testing.TB, password string, entries ...keystore.Entry) []byte {
	t.Helper()
	profile := pkcs12.Modern
	if password == "" {
		profile = pkcs12.Passwordless
	}
	data, err := pkcs12.Write(&keystore.Keystore{Format: keystore.PKCS12, Entries: entries}, []byte(password), profile)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func pemFile(t testing.TB, parts ...any) []byte {
	t.Helper()
	var out []byte
	for _, p := range parts {
		switch p := p.(type) {
		case *party:
			out = append(out, pem.Encode(pem.Certificate, p.Raw)...)
		case crypto.Signer:
			pkcs8, err := cert.MarshalPrivateKey(p)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, pem.Encode(pem.PrivateKey, pkcs8)...)
		case string:
			out = append(out, p...)
		}
	}
	return out
}

// caseExactJKS makes a JKS file with aliases that Java would not write.
func caseExactJKS(t testing.TB, p *party, aliases ...string) []byte {
	t.Helper()
	ks := keystorego.New(keystorego.WithCaseExactAliases(), keystorego.WithOrderedAliases())
	for _, alias := range aliases {
		e := keystorego.TrustedCertificateEntry{CreationTime: now, Certificate: keystorego.Certificate{Type: "X.509", Content: p.Raw}}
		if err := ks.SetTrustedCertificateEntry(alias, e); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := ks.Store(&out, []byte("changeit")); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// wordsOf gives what was found, entry by entry.
func wordsOf(r Report) (file string, items []string) {
	join := func(fs []Finding) string {
		var out []string
		for _, f := range fs {
			out = append(out, string(f.Word))
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	for _, it := range r.Items {
		items = append(items, string(it.Kind)+": "+join(it.Findings))
	}
	return join(r.Findings), items
}

// TestInspect has a file for every word.
func TestInspect(t *testing.T) {
	root := issue(t, "root", nil, nil)
	inter := issue(t, "inter", root, nil)
	leaf := issue(t, "leaf", inter, nil)
	other := issue(t, "leaf other", inter, nil)
	gone := func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -1) }
	soon := func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, 20) }
	later := func(c *x509.Certificate) { c.NotBefore = now.AddDate(0, 0, 1) }
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	sha1 := issueFor(t, "rsa root", short, nil, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA })
	forged := *inter
	forged.key = other.key
	wrong := issue(t, "leaf forged", root, nil)
	wrong.Raw = bytes.Clone(wrong.Raw)
	wrong.Raw[len(wrong.Raw)-1] ^= 1
	p12 := p12File(t, "hidden", keyEntry("a", leaf.key, leaf, inter, root))
	tests := []struct {
		name  string
		data  []byte
		form  string
		lock  Lock
		file  string
		items []string
	}{
		{"good JKS", jksFile(t, "secret", keyEntry("a", leaf.key, leaf, inter, root), trustedEntry("b", root)), "JKS", LockGiven, "",
			[]string{"private-key: ", "trusted-certificate: "}},
		{"JKS of others", jksFile(t, "hidden", keyEntry("a", leaf.key, leaf, inter)), "JKS", LockUnknown, "unverified",
			[]string{"private-key: key-unchecked no-root"}},
		{"well-known", jksFile(t, "changeit", keyEntry("a", leaf.key, leaf)), "JKS", LockWellKnown, "well-known-password",
			[]string{"private-key: chain-incomplete"}},
		{"well-known, without keys", jksFile(t, "changeit", trustedEntry("a", root)), "JKS", LockWellKnown, "", []string{"trusted-certificate: "}},
		{"out of order", jksFile(t, "secret", keyEntry("a", leaf.key, leaf, root, inter)), "JKS", LockGiven, "", []string{"private-key: chain-order"}},
		{"gap", jksFile(t, "secret", keyEntry("a", leaf.key, leaf, root)), "JKS", LockGiven, "", []string{"private-key: chain-incomplete"}},
		{"forged", pemFile(t, wrong.key, wrong, root), "PEM", LockNone, "", []string{"private-key: chain-broken"}},
		{"case", caseExactJKS(t, root, "Root"), "JKS", LockWellKnown, "", []string{"trusted-certificate: alias-case"}},
		{"fold", caseExactJKS(t, root, "Root", "root"), "JKS", LockWellKnown, "", []string{"trusted-certificate: alias-folds", "trusted-certificate: alias-folds"}},
		{"PKCS12", p12File(t, "secret", keyEntry("a", leaf.key, leaf, inter, root)), "PKCS12", LockGiven, "", []string{"private-key: "}},
		{"locked", p12, "PKCS12", LockUnknown, "locked", nil},
		{"passwordless", p12File(t, "", trustedEntry("a", root)), "PKCS12", LockNone, "", []string{"trusted-certificate: "}},
		{"not trusted by Java", p12File(t, "", keystore.Entry{Alias: "a", Chain: [][]byte{root.Raw}}), "PKCS12", LockNone, "", []string{"certificate: java-hidden"}},
		{"cut", p12[:len(p12)-10], "PKCS12", LockNone, "unreadable", nil},
		{"PEM chain", pemFile(t, leaf.key, leaf, inter), "PEM", LockNone, "", []string{"private-key: no-root"}},
		{"PEM key last", pemFile(t, leaf, inter, root, leaf.key), "PEM", LockNone, "", []string{"private-key: "}},
		{"PEM certificate second", pemFile(t, leaf.key, inter, leaf), "PEM", LockNone, "", []string{"private-key: chain-order"}},
		{"PEM mismatch", pemFile(t, other.key, leaf), "PEM", LockNone, "", []string{"private-key: key-mismatch"}},
		{"PEM two keys", pemFile(t, other.key, leaf.key, leaf), "PEM", LockNone, "", []string{"private-key: key-mismatch", "private-key: ", "certificate: "}},
		{"bundle", pemFile(t, root, "text\n", inter), "PEM", LockNone, "", []string{"certificate: ", "certificate: "}},
		{"bundle of a server", pemFile(t, leaf, root), "PEM", LockNone, "", []string{"certificate: chain-incomplete", "certificate: "}},
		{"damaged block", pemFile(t, root, "-----BEGIN CERTIFICATE-----\nMIIB!\n-----END CERTIFICATE-----\n", inter), "PEM", LockNone, "",
			[]string{"certificate: ", "other: unreadable", "certificate: "}},
		{"cut block", pemFile(t, root, "-----BEGIN CERTIFICATE-----\nMIIB\n"), "PEM", LockNone, "", []string{"certificate: ", "other: unreadable"}},
		{"wrong block", pemFile(t, root, string(pem.Encode(pem.Certificate, []byte("nothing")))), "PEM", LockNone, "", []string{"certificate: ", "other: unreadable"}},
		{"example", pemFile(t, "write -----BEGIN CERTIFICATE----- first:\n-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n"), "", LockNone, "", nil},
		{"trust settings", pem.Encode(pem.TrustedCertificate, append(bytes.Clone(root.Raw), 0x30, 0)), "PEM", LockNone, "", []string{"certificate: trust-settings"}},
		{"DER", leaf.Raw, "DER", LockNone, "", []string{"certificate: "}},
		{"DER with more", append(bytes.Clone(leaf.Raw), '\n'), "DER", LockNone, "unreadable", nil},
		{"expired", issue(t, "x", nil, gone).Raw, "DER", LockNone, "", []string{"certificate: expired"}},
		{"expiring", issue(t, "x", nil, soon).Raw, "DER", LockNone, "", []string{"certificate: expiring"}},
		{"not yet", issue(t, "x", nil, later).Raw, "DER", LockNone, "", []string{"certificate: not-yet-valid"}},
		{"weak root", sha1.Raw, "DER", LockNone, "", []string{"certificate: weak-key"}},
		{"weak", issue(t, "leaf x", sha1, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA }).Raw, "DER", LockNone, "", []string{"certificate: weak-signature"}},
		{"weak key", pemFile(t, crypto.Signer(short)), "PEM", LockNone, "", []string{"private-key: weak-key"}},
		{"BKS", append([]byte{0, 0, 0, 2, 0, 0, 0, 20}, make([]byte, 40)...), "BKS", LockNone, "unreadable", nil},
		{"SST", []byte("\x00\x00\x00\x00CERT\x20\x00\x00\x00"), "a serialized Windows store (SST)", LockNone, "unreadable", nil},
		{"UTF-16", []byte("\xff\xfe" + "-\x00-\x00-\x00-\x00-\x00B\x00E\x00G\x00I\x00N\x00 \x00"), "PEM", LockNone, "unreadable", nil},
		{"text", []byte("MINUTES OF THE MEETING"), "", LockNone, "", nil},
		{"nothing", nil, "", LockNone, "", nil},
	}
	expiredInter := issueFor(t, "inter", inter.key, root, gone)
	tests = append(tests, tests[0])
	last := &tests[len(tests)-1]
	last.name, last.data = "expired issuer", jksFile(t, "secret", keyEntry("a", leaf.key, leaf, expiredInter, root))
	last.items = []string{"private-key: expired"}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := Inspect(test.data, Inspection{Passwords: [][]byte{[]byte("secret")}, Now: now, Within: 30 * 24 * time.Hour})
			file, items := wordsOf(r)
			if r.Format != test.form || r.Lock != test.lock || file != test.file {
				t.Errorf("format %q, lock %q, findings %q; want %q, %q, %q", r.Format, r.Lock, file, test.form, test.lock, test.file)
			}
			if diff := cmp.Diff(test.items, items); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			checkSniff(t, test.data, r)
		})
	}
}

// checkSniff checks that the first bytes tell what is found in a file.
func checkSniff(t testing.TB, data []byte, r Report) {
	t.Helper()
	const first = 512
	maybe, more := Sniff(data[:min(len(data), first)], int64(len(data)))
	if more {
		maybe, more = Sniff(data[:min(len(data), SniffSize)], int64(len(data)))
	}
	if more || r.Format != "" && !maybe {
		t.Errorf("a file of format %q: Sniff says %v, more %v", r.Format, maybe, more)
	}
}

// The text of a finding names what it is about, and never spans lines.
func TestInspectTexts(t *testing.T) {
	root := issue(t, "root", nil, nil)
	inter := issue(t, "inter", root, func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, -1, 0) })
	leaf := issue(t, "leaf", inter, nil)
	r := Inspect(pemFile(t, "# one\n\n", leaf.key, leaf, inter, root), Inspection{Now: now})
	if len(r.Items) != 1 || r.Items[0].Line != 3 || r.Items[0].Length != 3 || r.Items[0].KeyType != "NIST ECC" || r.Items[0].KeySize != 256 {
		t.Fatalf("%+v", r.Items)
	}
	want := []Finding{{Expired, "certificate 2 of its chain, CN=inter: expired on 2026-05-01"}}
	if diff := cmp.Diff(want, r.Items[0].Findings); diff != "" {
		t.Error(diff)
	}
}

// What a hostile file may hold is limited.
func TestInspectLimits(t *testing.T) {
	r := Inspect(make([]byte, MaxInspect+1), Inspection{Now: now})
	if file, _ := wordsOf(r); file != "unreadable" {
		t.Errorf("a file that is too large: %q", file)
	}
	block := pem.Encode(pem.Certificate, big.NewInt(1).Bytes())
	block = bytes.Replace(block, []byte("AQ=="), []byte("MIIB"), 1)
	r = Inspect(bytes.Repeat(block, maxItems+5), Inspection{Now: now})
	if file, _ := wordsOf(r); file != "too-many" || len(r.Items) != maxItems {
		t.Errorf("%d entries, %q", len(r.Items), file)
	}
}

func FuzzInspect(f *testing.F) {
	root := issue(f, "root", nil, nil)
	leaf := issue(f, "leaf", root, nil)
	for _, data := range [][]byte{
		jksFile(f, "changeit", keyEntry("a", leaf.key, leaf, root)), p12File(f, "", trustedEntry("a", root)),
		pemFile(f, leaf.key, leaf, root), leaf.Raw, caseExactJKS(f, root, "A", "a"), []byte("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
	} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := Inspect(data, Inspection{Now: now})
		if len(data) <= SniffSize {
			if maybe, _ := Sniff(data, int64(len(data))); r.Format != "" && !maybe {
				t.Errorf("Sniff does not see a file of format %q", r.Format)
			}
		}
		for _, it := range r.Items {
			if it.Kind == "" || len(it.Chain) > it.Length {
				t.Errorf("%+v", it)
			}
		}
	})
}
