package jks

import (
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/export/keystore"
	"signet/internal/oracle"
)

const program = "testdata/Store.java"

func hexed(s string) string { return hex.EncodeToString([]byte(s)) }

// cases are the keystores that Java is to read.
var cases = []struct {
	format                string
	keys, trusted         int
	password, keyPassword string
}{
	{keystore.JKS, 0, 0, "swordfish", ""},
	{keystore.JKS, 1, 0, "swordfish", ""},
	{keystore.JKS, 2, 3, "swordfish", "anchovies"},
	{keystore.JKS, 50, 60, "schlüssel€🙂\x00", "größe🙂"},
	{keystore.JCEKS, 1, 0, "swordfish", ""},
	{keystore.JCEKS, 2, 3, "schlüssel€🙂", "anchovies !~"},
	{keystore.JCEKS, 50, 60, "swordfish", "anchovies"},
}

// Java finds in our keystores what is in them, down to the millisecond and the private key.
func TestWrittenForJava(t *testing.T) {
	dir := t.TempDir()
	args := []string{"dump"}
	var want []string
	for i, c := range cases {
		ks := sample(c.format, c.keys, c.trusted)
		data := mustWrite(t, ks, c.password, c.keyPassword)
		file := dir + "/" + oracle.Write(t, dir, fmt.Sprint(i), data)
		own := c.keyPassword
		if own == "" {
			own = c.password
		}
		args = append(args, c.format, file, hexed(c.password), hexed(own))
		want = append(append(want, "store"), inJava(ks, lines(t, ks, nil))...)

		again := mustRead(t, data, c.password)
		if diff := cmp.Diff(lines(t, again, []byte(own)), lines(t, ks, nil)); diff != "" {
			t.Errorf("case %d read again: %s", i, diff)
		}
	}
	got := strings.Split(strings.TrimSpace(oracle.Java(t, program, args...)), "\n")
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
}

// What Java wrote is read as Java reads it, secret keys are carried along, and all of it is
// written back byte by byte.
func TestWrittenByJava(t *testing.T) {
	for i, c := range cases {
		secrets, password, keyPassword := 0, "swordfish", "anchovies"
		if c.format == keystore.JCEKS {
			secrets = 3
		}
		if c.format == keystore.JKS {
			password, keyPassword = "€🙂", "é"
		}
		ks := sample(c.format, min(c.keys, 6), min(c.trusted, 6))
		dir := t.TempDir()
		from := dir + "/" + oracle.Write(t, dir, "from", mustWrite(t, ks, "x", ""))
		oracle.Java(t, program, "copy", c.format, from, hexed("x"), hexed("x"),
			c.format, dir+"/to", hexed(password), hexed(keyPassword), fmt.Sprint(secrets))
		data := oracle.Read(t, dir, "to")

		got := mustRead(t, data, password)
		all := lines(t, got, []byte(keyPassword))
		others := 0
		for j, e := range got.Entries {
			if e.Other == "secret key" {
				others++
				n := int(e.Alias[len(e.Alias)-1] - '0')
				all[j] += fmt.Sprintf(" secret %s %s", []string{"AES", "HmacSHA256"}[n%2], strings.Repeat("00", 16+n))
			}
		}
		if others != secrets || len(got.Entries) != len(ks.Entries)+secrets {
			t.Errorf("case %d: %d secret keys of %d, %d entries", i, others, secrets, len(got.Entries))
		}
		same := mustWrite(t, got, password, "")
		if string(same) != string(data) {
			t.Errorf("case %d: written back, it is another file", i)
		}
		// One entry more, and then Java again, in its own order.
		got.Entries = append(got.Entries, keystore.Entry{Alias: "One More", Trusted: true, Chain: identities()[0].chain[1:]})
		data = mustWrite(t, got, password, "")
		more := mustRead(t, data, password)
		all = append(all, lines(t, more, []byte(keyPassword))[len(all)])
		oracle.Write(t, dir, "more", data)
		seen := strings.Split(strings.TrimSpace(oracle.Java(t, program, "dump", c.format, dir+"/more", hexed(password), hexed(keyPassword))), "\n")[1:]
		if diff := cmp.Diff(seen, inJava(more, all)); diff != "" {
			t.Errorf("case %d: %s", i, diff)
		}
	}
}

// The key derivation of JCEKS, with salts whose halves are equal among them.
func TestPBEAsJava(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	args := []string{"pbe"}
	var want []string
	for i := range 40 {
		salt := make([]byte, saltSizePBE)
		for j := range salt {
			salt[j] = byte(r.Uint32())
		}
		if i%2 == 0 {
			copy(salt[4:], salt[:4])
		}
		rounds := 1 + r.IntN(20)
		password := strings.Repeat("x~ ", i%4)
		data := make([]byte, 8) // a block of padding follows
		args = append(args, hexed(password), hex.EncodeToString(salt), fmt.Sprint(rounds), hex.EncodeToString(data))
		sealed := append(data, 8, 8, 8, 8, 8, 8, 8, 8)
		if err := cryptPBE(sealed, []byte(password), salt, rounds, cipher.NewCBCEncrypter); err != nil {
			t.Fatal(err)
		}
		want = append(want, hex.EncodeToString(sealed))
	}
	if diff := cmp.Diff(strings.Fields(oracle.Java(t, program, args...)), want); diff != "" {
		t.Error(diff)
	}
}

// keytool takes our keystores, copies them to PKCS #12 and back, and lists what it made.
func TestKeytool(t *testing.T) {
	for _, format := range []string{keystore.JKS, keystore.JCEKS} {
		dir := t.TempDir()
		ks := sample(format, 2, 2)
		oracle.Write(t, dir, "ours", mustWrite(t, ks, "swordfish", ""))
		listed := oracle.Keytool(t, dir, "-list", "-v", "-keystore", "ours", "-storetype", format, "-storepass", "swordfish")
		for _, part := range []string{"4 entries", "Alias name: web server", "Alias name: größe", "Alias name: 日本",
			"Certificate chain length: 2", "Creation date: Sep 13, 2020", "trustedCertEntry"} {
			if !strings.Contains(listed, part) {
				t.Errorf("%s: keytool does not list %q:\n%s", format, part, listed)
			}
		}
		for _, to := range [][4]string{{"ours", format, "p12", "PKCS12"}, {"p12", "PKCS12", "back", format}} {
			oracle.Keytool(t, dir, "-importkeystore", "-noprompt", "-srckeystore", to[0], "-srcstoretype", to[1], "-srcstorepass", "swordfish",
				"-destkeystore", to[2], "-deststoretype", to[3], "-deststorepass", "swordfish")
		}
		got := lines(t, mustRead(t, oracle.Read(t, dir, "back"), "swordfish"), nil)
		want := lines(t, ks, nil)
		for _, list := range [][]string{got, want} { // keytool sets the time of trusted entries anew
			for i, line := range list {
				f := strings.Fields(line)
				list[i] = strings.Join(append(f[:1:1], f[2:]...), " ")
			}
			slices.Sort(list)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
}

// Stores that keytool made, with a secret key, are read; its digest is checked.
func TestReadKeytool(t *testing.T) {
	dir := t.TempDir()
	oracle.Write(t, dir, "ca.der", identities()[0].chain[1])
	common := []string{"-keystore", "store", "-storetype", "JCEKS", "-storepass", "swordfish"}
	run := func(args ...string) { oracle.Keytool(t, dir, append(args, common...)...) }
	run("-genkeypair", "-alias", "Web", "-keyalg", "EC", "-dname", "CN=web", "-keypass", "anchovies")
	run("-genseckey", "-alias", "Secret", "-keyalg", "AES", "-keysize", "256", "-keypass", "anchovies")
	run("-importcert", "-noprompt", "-alias", "CA", "-file", "ca.der")
	data := oracle.Read(t, dir, "store")
	ks := mustRead(t, data, "swordfish")
	kinds := map[string]string{}
	for _, e := range ks.Entries {
		kinds[e.Alias] = fmt.Sprintf("%t %t %d %s", e.Key != nil, e.Trusted, len(e.Chain), e.Other)
	}
	want := map[string]string{"web": "true false 1 ", "secret": "false false 0 secret key", "ca": "false true 1 "}
	if diff := cmp.Diff(kinds, want); diff != "" {
		t.Error(diff)
	}
	for _, e := range ks.Entries {
		if e.Key == nil {
			continue
		}
		if _, err := e.Key.Open(nil); !errors.Is(err, ErrPassword) {
			t.Errorf("opened with the keystore's password: %v", err)
		}
		if _, err := e.Key.Open([]byte("anchovies")); err != nil {
			t.Error(err)
		}
	}
	_, err := Read(data, []byte("Swordfish"))
	oracle.WantError(t, err, "or the file was altered", "Swordfish")
	if !errors.Is(err, ErrPassword) {
		t.Errorf("%v is not ErrPassword", err)
	}
}
