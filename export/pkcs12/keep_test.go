package pkcs12

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signet/cert"
	"signet/export/keystore"
	"signet/internal/oracle"
)

// bagSketch is a bag without the encryption of a key.
type bagSketch struct {
	kind, value, attributes string
	hidden                  bool
}

// bagsOf gives all bags of a file, in order.
func bagsOf(t *testing.T, data, password []byte) (out []bagSketch) {
	t.Helper()
	f, err := open(data, password)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range f.bags {
		s := bagSketch{b.kind.String(), string(b.value), string(b.attributes), b.hidden}
		if b.isKey() {
			s.value = ""
		}
		out = append(out, s)
	}
	return out
}

func nameOf(name string) []byte { return attribute(friendlyNameOID, tlv(0x1e, encodeBMP(name))) }
func idOf(id string) []byte     { return attribute(localKeyIDOID, octets([]byte(id))) }

// otherAttribute is one that this package does not know.
func otherAttribute(text string) []byte {
	return seq(oidOf("1.3.6.1.4.1.311.17.1"), tlv(0x31, tlv(0x0c, []byte(text))))
}

// sortedSet puts attributes into the order of DER.
func sortedSet(attributes ...[]byte) [][]byte {
	slices.SortFunc(attributes, bytes.Compare)
	return attributes
}

// Nothing of a file is lost when it is read and written: other bags, other attributes, the names
// of the certificates in chains, and which of them have a bag that says more.
func TestNothingLost(t *testing.T) {
	b := identity(t, "ec", 2)
	pkcs8, err := cert.MarshalPrivateKey(b.Key)
	if err != nil {
		t.Fatal(err)
	}
	lone := identityNamed(t, "lone", "rsa", 0).Certificates[0]
	one := func(bag []byte, attributes ...[]byte) []byte { return named(bag, sortedSet(attributes...)...) }
	key := one(testKeyBag(oneRound, encrypt(t, "x", pkcs8)), nameOf("srv"), idOf("7"), otherAttribute("provider"))
	crl := one(testBag(crlBagOID.String(), seq(oidOf("1.2.840.113549.1.9.23.1"), explicit(octets([]byte("list"))))), nameOf("list"))
	secret := one(testBag(secretBagOID.String(), seq(oidOf("1.2.3"), explicit(octets([]byte("open"))))), nameOf("open secret"), idOf("s"))
	unknown := testBag("1.2.3.4", seq(integer(7)))
	hidden := seq(
		one(testCertBag(b.Certificates[0]), nameOf("own name"), idOf("7")),
		one(testCertBag(b.Certificates[1]), nameOf("the issuer"), otherAttribute("of issuer")),
		testCertBag(b.Certificates[2]),
		one(testCertBag(b.Certificates[2]), nameOf("the root, again")),
		one(testCertBag(lone), nameOf("a\xed lone"), otherAttribute("lone")),
		crl, secret, unknown,
	)
	data := sealed(t, "x", encryptedPart(oneRound, encrypt(t, "x", hidden)), plainPart(key, one(unknown, nameOf("in the open"))))
	ks, err := Read(data, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range ks.Entries {
		got = append(got, strings.TrimSpace(e.Alias+" "+e.Other))
	}
	want := []string{"a\ufffd lone", "list CRL", "open secret secret key", "unknown bag 1.2.3.4", "srv", "in the open unknown bag 1.2.3.4"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	again, err := write(ks, []byte("y"), Modern, 1, zeros{}, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(bagsOf(t, data, []byte("x")), bagsOf(t, again, []byte("y")), cmp.AllowUnexported(bagSketch{})); d != "" {
		t.Error(d)
	}
	// An entry that goes takes its chain along, and nothing else.
	ks.Entries = slices.DeleteFunc(ks.Entries, func(e keystore.Entry) bool { return e.Key != nil })
	if again, err = write(ks, []byte("y"), Modern, 1, zeros{}, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if n := len(bagsOf(t, again, []byte("y"))); n != 5 {
		t.Errorf("%d bags are left, want 5", n)
	}
}

// zeros is a source of salts without chance.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A new name goes to the key and to its certificate, if that had the old one.
func TestRename(t *testing.T) {
	ks := &keystore.Keystore{Entries: []keystore.Entry{keyEntry(t, "old", "ec", 1), certEntry(t, "root", true)}}
	data := writeFast(t, ks, "x", Modern)
	got, err := Read(data, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	got.Entries[0].Alias, got.Entries[1].Alias = "new", ""
	data = writeFast(t, got, "x", Modern)
	f, err := open(data, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range f.bags {
		names = append(names, b.alias)
	}
	if d := cmp.Diff([]string{"new", "new", "", ""}, names); d != "" { // key, own, issuer, root
		t.Error(d)
	}
}

// Java's secret keys survive, also under a new password and other algorithms.
func TestSecretKeys(t *testing.T) {
	dir := t.TempDir()
	oracle.Keytool(t, dir, "-genseckey", "-alias", "aes", "-keyalg", "AES", "-keysize", "256", "-keystore", "a", "-storetype", "PKCS12", "-storepass", "swordfish")
	oracle.Keytool(t, dir, "-genkeypair", "-alias", "ec", "-keyalg", "EC", "-dname", "CN=ec", "-keystore", "a", "-storepass", "swordfish")
	ks, err := Read(oracle.Read(t, dir, "a"), []byte("swordfish"))
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]Profile{"swordfish": Modern, "Other-1": Modern, "Other-2": Legacy} {
		data, err := Write(ks, []byte(name), p)
		if err != nil {
			t.Fatal(err)
		}
		oracle.Write(t, dir, name, data)
	}
	got := enumerate(t, dir, "a", "swordfish", "swordfish", "swordfish", "Other-1", "Other-1", "Other-2", "Other-2")
	if len(got["a"]) != 2 || !strings.Contains(got["a"][0], " secret ") {
		t.Fatalf("Java wrote %q", got["a"])
	}
	for name, lines := range got {
		if d := cmp.Diff(got["a"], lines); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	// A wrong file password does not reach them.
	_, err = Write(ks, nil, Passwordless)
	oracle.WantError(t, err, `entry "aes": it is a secret key, and profile passwordless would not protect it`, "")
}

// A key is written as it lay if nothing speaks against it: the same bytes, not opened.
func TestKeysAsTheyLie(t *testing.T) {
	e := keyEntry(t, "srv", "ec", 0)
	data := writeFast(t, &keystore.Keystore{Entries: []keystore.Entry{e}}, "x", Modern)
	value := func(data []byte, password string) []byte {
		f, err := open(data, []byte(password))
		if err != nil {
			t.Fatal(err)
		}
		return f.bags[slices.IndexFunc(f.bags, func(b bag) bool { return b.isKey() })].value
	}
	other := identityNamed(t, "renewed", "ec", 0).Certificates[0].Raw
	for _, tt := range []struct {
		name     string
		password string
		profile  Profile
		chain    []byte
		same     bool
		opened   bool
	}{
		{"unchanged", "x", Modern, nil, true, false},
		{"other MAC only", "x", PBMAC1, nil, true, false},
		{"other password", "y", Modern, nil, false, true},
		{"other profile", "x", Legacy, nil, false, true},
		{"other certificate", "x", Modern, other, true, true},
	} {
		ks, err := Read(data, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		k := ks.Entries[0].Key.(*sealedKey)
		if tt.chain != nil {
			ks.Entries[0].Chain = [][]byte{tt.chain}
		}
		again := writeFast(t, ks, tt.password, tt.profile)
		if same := bytes.Equal(value(data, "x"), value(again, tt.password)); same != tt.same {
			t.Errorf("%s: the key is the same: %v", tt.name, same)
		}
		if opened := k.file.keyRounds.Load() > 0; opened != tt.opened {
			t.Errorf("%s: the key was opened: %v", tt.name, opened)
		}
		got, err := Read(again, []byte(tt.password))
		if err != nil {
			t.Fatal(err)
		}
		if key, err := got.Entries[0].Key.Open(nil); err != nil || checkKey(key.Public(), e.Chain) != nil {
			t.Errorf("%s: another key, %v", tt.name, err)
		}
	}
	// Too few rounds are not kept.
	weak, err := write(&keystore.Keystore{Entries: []keystore.Entry{e}}, []byte("x"), Modern, minRounds-1, zeros{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ks, err := Read(weak, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(value(weak, "x"), value(writeFast(t, ks, "x", Modern), "x")) {
		t.Error("a key with few rounds was kept")
	}
}

// IDs: those of the file stay, new ones say the time, and none is there twice.
func TestIDs(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	entry := func(alias, id string, created int64) keystore.Entry {
		e := keyEntry(t, alias, "ec", 0)
		e.Created = time.Time{}
		if created != 0 {
			e.Created = time.UnixMilli(created)
		}
		if id != "" {
			e.ID = []byte(id)
		}
		return e
	}
	ks := &keystore.Keystore{Entries: []keystore.Entry{
		entry("a", "", 5), entry("b", "", 5), entry("c", "id", 5), entry("d", "id", 5), entry("e", "", 0), entry("f", "", 0),
		entry("g", "Time 7", 0), entry("h", "Time 7", 0), entry("i", "", 4), entry("j", "", 4),
	}}
	data, err := write(ks, []byte("x"), Modern, 1, zeros{}, now)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(data, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range got.Entries {
		ids = append(ids, e.Alias+" "+string(e.ID))
		if ms, ok := strings.CutPrefix(string(e.ID), "Time "); ok && fmt.Sprint(e.Created.UnixMilli()) != ms {
			t.Errorf("%q was made at %v", e.ID, e.Created)
		}
	}
	want := []string{"a Time 5", "b Time 6", "c id", "d Time 8", "e Time 1800000000000", "f Time 1800000000001", "g Time 7", "h Time 1800000000002", "i Time 4", "j Time 9"}
	if d := cmp.Diff(want, ids); d != "" {
		t.Error(d)
	}
	for _, id := range []string{"", "Time", "Time ", "Time x", "Time 99999999999999999999", "time 5", "Time 5 "} {
		if !timeOf([]byte(id)).IsZero() {
			t.Errorf("%q is a time", id)
		}
	}
}

// What cannot be written as it is meant is refused by the name of the entry.
func TestWriteRefused(t *testing.T) {
	good, root := keyEntry(t, "srv", "ec", 1), certEntry(t, "root", true)
	with := func(change func(e *keystore.Entry)) keystore.Entry { e := good; change(&e); return e }
	token := with(func(e *keystore.Entry) { e.Key = keystore.Clear{Signer: tokenKey{testKeys()["ec"]}} })
	alias := func(e keystore.Entry, name string) keystore.Entry { e.Alias = name; return e }
	foreign := keystore.Entry{Alias: "des", Other: "secret key", Kept: "of JCEKS"}
	for _, tt := range []struct {
		name     string
		entries  []keystore.Entry
		password string
		profile  Profile
		want     string
	}{
		{"no profile", nil, "x", Profile{}, "no profile was given"},
		{"no password", []keystore.Entry{good}, "", Modern, "profile modern needs a password"},
		{"no password, certificates", []keystore.Entry{root}, "", Legacy, "profile legacy needs a password"},
		{"password for nothing", []keystore.Entry{root}, "x", Passwordless, "profile passwordless takes no password"},
		{"key in the open", []keystore.Entry{good}, "", Passwordless, `entry "srv": profile passwordless has no private keys`},
		{"password", []keystore.Entry{good}, "\xff", Modern, "not UTF-8 text"},
		{"alias", []keystore.Entry{alias(good, "\xff")}, "x", Modern, "not UTF-8 text"},
		{"same aliases", []keystore.Entry{good, alias(root, "srv")}, "x", Modern, `aliases "srv" and "srv": they are one to Java`},
		{"aliases that fold", []keystore.Entry{alias(good, "GRÖSSE"), alias(root, "grösse")}, "x", Modern, `aliases "GRÖSSE" and "grösse": they are one to Java`},
		{"a final sigma", []keystore.Entry{alias(good, "ΟΔΟΣ"), alias(root, "οδος")}, "x", Modern, `they are one to Java`},
		{"a number that Java gives", []keystore.Entry{alias(root, "2"), alias(root, ""), alias(good, "")}, "x", Modern, `alias "2": Java gives this name to an entry without one`},
		{"a number that Java gave", []keystore.Entry{alias(root, ""), alias(good, "1")}, "x", Modern, `alias "1": Java gives this name to an entry without one`},
		{"other key", []keystore.Entry{with(func(e *keystore.Entry) { e.Key = keystore.Clear{Signer: testKeys()["rsa"]} })}, "x", Modern, `entry "srv": the private key is not that of the first certificate`},
		{"token", []keystore.Entry{token}, "x", Modern, "cannot leave where it is"},
		{"order of chain", []keystore.Entry{with(func(e *keystore.Entry) { e.Chain = [][]byte{e.Chain[0], root.Chain[0]} })}, "x", Modern, `entry "srv": certificate 2 of its chain is not the issuer of the one before`},
		{"nothing", []keystore.Entry{{Alias: "none"}}, "x", Modern, `entry "none": it has no private key and 0 certificates`},
		{"two certificates", []keystore.Entry{{Alias: "two", Chain: [][]byte{root.Chain[0], root.Chain[0]}}}, "x", Modern, `it has no private key and 2 certificates`},
		{"of another format", []keystore.Entry{foreign}, "x", Modern, `entry "des": it is a secret key of another format`},
	} {
		data, err := Write(&keystore.Keystore{Entries: tt.entries}, []byte(tt.password), tt.profile)
		oracle.WantError(t, err, tt.want, "")
		if data != nil {
			t.Errorf("%s: something was written", tt.name)
		}
		if is := errors.Is(err, ErrPassword); is != strings.Contains(tt.name, "password") {
			t.Errorf("%s: error %q is ErrPassword: %v", tt.name, err, is)
		}
	}
	// Certificates that nobody trusts are no entries to Java, and may have any name.
	untrusted := root
	untrusted.Trusted, untrusted.Alias = false, "SRV"
	if _, err := Write(&keystore.Keystore{Entries: []keystore.Entry{good, untrusted}}, []byte("x"), Modern); err != nil {
		t.Error(err)
	}
	// A sealed key under a certificate of another one.
	ks, err := Read(writeFast(t, &keystore.Keystore{Entries: []keystore.Entry{good}}, "x", Modern), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	ks.Entries[0].Chain = root.Chain
	_, err = Write(ks, []byte("x"), Modern)
	oracle.WantError(t, err, `entry "srv": the private key is not that of the first certificate`, "")
}
