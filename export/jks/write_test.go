package jks

import (
	"crypto"
	"errors"
	"strings"
	"testing"
	"time"

	"signet/export/keystore"
	"signet/internal/oracle"
)

// locked is a key under another password than that of its file.
type locked struct{}

func (locked) Open([]byte) (crypto.Signer, error) { return nil, ErrPassword }

// What could not be read again as it is, by Java or by us, is refused under the entry's name.
func TestWriteRefused(t *testing.T) {
	rsa, ec := identities()[0], identities()[1]
	key := func(id identity) keystore.Key { return keystore.Clear{Signer: id.key} }
	trusted := func(alias string) keystore.Entry {
		return keystore.Entry{Alias: alias, Trusted: true, Chain: ec.chain[:1]}
	}
	anonymous := sign("", ec.key, nil, ec.key)
	old := mustRead(t, mustWrite(t, sample(keystore.JKS, 1, 0), "old", ""), "old").Entries[0]
	old.Chain = ec.chain
	for name, tt := range map[string]struct {
		format  string
		want    string
		entries []keystore.Entry
	}{
		"format":         {keystore.PKCS12, `format "PKCS12"`, nil},
		"fold":           {keystore.JKS, `aliases "Web" and "wEB"`, []keystore.Entry{trusted("Web"), trusted("x"), trusted("wEB")}},
		"same":           {keystore.JCEKS, `aliases "web" and "web"`, []keystore.Entry{trusted("web"), trusted("web")}},
		"not trusted":    {keystore.JKS, `entry "a": its certificate is not trusted`, []keystore.Entry{{Alias: "a", Chain: ec.chain[:1]}}},
		"no certificate": {keystore.JKS, `entry "a": it has no private key and 0 certificates`, []keystore.Entry{{Alias: "a", Trusted: true}}},
		"two":            {keystore.JKS, `entry "a": it has no private key and 2 certificates`, []keystore.Entry{{Alias: "a", Trusted: true, Chain: ec.chain}}},
		"no chain":       {keystore.JKS, `entry "a": its private key has no certificate`, []keystore.Entry{{Alias: "a", Key: key(ec)}}},
		"other key":      {keystore.JKS, `entry "a": its private key does not belong`, []keystore.Entry{{Alias: "a", Key: key(rsa), Chain: ec.chain}}},
		"other sealed":   {keystore.JKS, `entry "web server": its private key does not belong`, []keystore.Entry{old}},
		"no X.509":       {keystore.JKS, `entry "a": certificate 1: not an X.509`, []keystore.Entry{{Alias: "a", Trusted: true, Chain: [][]byte{{0x30, 0}}}}},
		"no X.509 in 2":  {keystore.JKS, `entry "a": certificate 2: not an X.509`, []keystore.Entry{{Alias: "a", Key: key(ec), Chain: [][]byte{ec.chain[0], {0x30, 0}}}}},
		"no issuer":      {keystore.JKS, `entry "a": certificate 1: it names no issuer`, []keystore.Entry{{Alias: "a", Trusted: true, Chain: [][]byte{anonymous}}}},
		"long alias":     {keystore.JKS, "its alias has more than 65535 bytes", []keystore.Entry{trusted(strings.Repeat("é", 1<<15))}},
		"no text":        {keystore.JKS, "its alias has bytes that are not UTF-8", []keystore.Entry{trusted("\xff")}},
		"secret key":     {keystore.JCEKS, `entry "a": it is a secret key that no JCEKS keystore held before`, []keystore.Entry{{Alias: "a", Other: "secret key"}}},
		"time":           {keystore.JKS, "its time of creation", []keystore.Entry{{Alias: "a", Trusted: true, Chain: ec.chain[:1], Created: time.Unix(1<<60, 0)}}},
		"locked":         {keystore.JKS, `entry "a": password`, []keystore.Entry{{Alias: "a", Key: locked{}, Chain: ec.chain}}},
	} {
		_, err := Write(&keystore.Keystore{Format: tt.format, Entries: tt.entries}, []byte("swordfish"), nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v; want %q in it", name, err, tt.want)
		}
		if name == "locked" && !errors.Is(err, ErrPassword) {
			t.Errorf("%v is not ErrPassword", err)
		}
	}
	large := trusted("a")
	large.Chain = [][]byte{sign(strings.Repeat("x", 1<<18), ec.key, nil, ec.key)}
	ks := &keystore.Keystore{Format: keystore.JKS}
	for i := range 130 {
		large.Alias = strings.Repeat("a", i)
		ks.Entries = append(ks.Entries, large)
	}
	_, err := Write(ks, []byte("swordfish"), nil)
	oracle.WantError(t, err, "larger than 67108864 bytes", "")
}

func TestWritePasswords(t *testing.T) {
	for name, tt := range map[string]struct {
		format        string
		password, own []byte
		want          string
	}{
		"none":           {keystore.JKS, nil, nil, "not written without a password"},
		"none but a key": {keystore.JKS, nil, []byte("x"), "not written without a password"},
		"no text":        {keystore.JKS, []byte("swordfish\xff"), nil, "not UTF-8"},
		"no text in key": {keystore.JKS, []byte("x"), []byte("swordfish\xff"), "not UTF-8"},
		"JCEKS":          {keystore.JCEKS, []byte("swordfish"), []byte("anchovis é"), "printable ASCII"},
		"JCEKS store":    {keystore.JCEKS, []byte("swordfish\n"), nil, "printable ASCII"},
	} {
		_, err := Write(sample(tt.format, 1, 0), tt.password, tt.own)
		oracle.WantError(t, err, tt.want, "swordfish")
		if !errors.Is(err, ErrPassword) {
			t.Errorf("%s: %v is not ErrPassword", name, err)
		}
	}
	// Only keys are sealed.
	if _, err := Write(sample(keystore.JCEKS, 0, 2), []byte("schlüssel"), nil); err != nil {
		t.Error(err)
	}
	if _, err := Write(sample(keystore.JKS, 1, 2), []byte{}, nil); err != nil {
		t.Error(err)
	}
}

// What was read is written as it lay there, a changed password of the file included; what is
// new, or comes from the other format, is sealed anew.
func TestKeysThatStay(t *testing.T) {
	ks := mustRead(t, mustWrite(t, sample(keystore.JKS, 2, 0), "old", "own"), "old")
	before := ks.Entries[0].Key.(*sealedKey)
	again := mustRead(t, mustWrite(t, ks, "new", "other"), "new")
	if got := again.Entries[0].Key.(*sealedKey); string(got.data) != string(before.data) {
		t.Error("a key was sealed anew")
	}
	if _, err := again.Entries[0].Key.Open([]byte("own")); err != nil {
		t.Error(err)
	}
	_, err := again.Entries[0].Key.Open(nil)
	oracle.WantError(t, err, `JKS keystore: entry "web server": its private key has another password than the keystore`, "")
	if !errors.Is(err, ErrPassword) {
		t.Errorf("%v is not ErrPassword", err)
	}
	// A renewed certificate of the same key.
	id := identities()[0]
	ks.Entries[0].Chain = [][]byte{sign("renewed", id.key, nil, id.key)}
	mustWrite(t, ks, "new", "")

	// The other format has another seal, for which the key is opened.
	ks.Format = keystore.JCEKS
	_, err = Write(ks, []byte("new"), nil)
	oracle.WantError(t, err, "another password than the keystore", "")
	same := mustRead(t, mustWrite(t, sample(keystore.JKS, 2, 1), "old", ""), "old")
	same.Format = keystore.JCEKS
	got := mustRead(t, mustWrite(t, same, "new", "anchovies"), "new")
	if a, b := lines(t, got, []byte("anchovies")), lines(t, sample(keystore.JKS, 2, 1), nil); strings.Join(a, "\n") != strings.Join(b, "\n") {
		t.Errorf("%s\nwant\n%s", a, b)
	}
}

// Aliases of new entries are folded; those that lay in a file stay, even if Java finds none.
func TestAliases(t *testing.T) {
	read := mustRead(t, rawFile("x", keystore.JKS, 2, rawCertificate("WebΣ", identities()[1].chain[0])), "x")
	first := func(ks *keystore.Keystore) string {
		return mustRead(t, mustWrite(t, ks, "x", ""), "x").Entries[0].Alias
	}
	if got := first(read); got != "WebΣ" {
		t.Errorf("kept as %q", got)
	}
	read.Entries[0].Alias = "MailΣ"
	if got := first(read); got != "mailς" {
		t.Errorf("renamed, it is %q", got)
	}
	read.Entries[0] = keystore.Entry{Alias: "İΣ", Trusted: true, Chain: read.Entries[0].Chain}
	if got := first(read); got != "i\u0307ς" {
		t.Errorf("new, it is %q", got)
	}
}
