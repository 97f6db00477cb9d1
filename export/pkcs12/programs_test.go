package pkcs12

import (
	"bytes"
	"crypto"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	gopkcs12 "software.sslmate.com/src/go-pkcs12"

	"signet/cert"
	"signet/export/keystore"
	"signet/internal/oracle"
)

// plainStore has n keys and some certificates under ASCII names, which all programs can print.
// Keys of kind Ed25519 are left out where old programs must read it.
func plainStore(t testing.TB, n int, kinds ...string) *keystore.Keystore {
	t.Helper()
	ks := &keystore.Keystore{}
	for i := range n {
		name := fmt.Sprintf("srv%d", i)
		ks.Entries = append(ks.Entries, keyEntry(t, name, kinds[i%len(kinds)], i%3))
	}
	for i := range 3 {
		e := certEntry(t, fmt.Sprintf("root%d", i), i < 2)
		e.Chain[0] = identityNamed(t, e.Alias, "ec", 0).Certificates[0].Raw
		ks.Entries = slices.Insert(ks.Entries, min(i, n), e)
	}
	return ks
}

// keyAliases gives the names of the keys of a store in its order.
func keyAliases(ks *keystore.Keystore) (out []string) {
	for _, e := range ks.Entries {
		if e.Key != nil {
			out = append(out, e.Alias)
		}
	}
	return out
}

// otherAliases gives the names of the certificates.
func otherAliases(ks *keystore.Keystore) (out []string) {
	for _, e := range ks.Entries {
		if e.Key == nil {
			out = append(out, e.Alias)
		}
	}
	return out
}

// found gives what the group of a pattern stands for, wherever it is.
func found(pattern, text string) (out []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

func equal(t *testing.T, name string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", name, got, want)
	}
}

// What Write writes is read by openssl, NSS and GnuTLS: the same names in the same order, the
// same keys, and all certificates, however the parts of the file lie.
func TestProgramsRead(t *testing.T) {
	dir := t.TempDir()
	for _, p := range []Profile{Modern, Legacy, RC2} {
		for _, n := range []int{0, 1, 2, 50} {
			name := fmt.Sprintf("%s-%d", p.Name, n)
			ks := plainStore(t, n, "rsa", "ec", "ed25519")
			oracle.Write(t, dir, "p.p12", writeFast(t, ks, "swordfish", p))
			opensslReads(t, dir, name, ks)
			nssReads(t, dir, name, ks)
			if n < 50 { // GnuTLS looks at 32 things of a part
				gnutlsReads(t, dir, name, ks)
			}
		}
	}
	// Keys and certificates that take turns: one part for all.
	ks := &keystore.Keystore{}
	for i := range 10 {
		e := certEntry(t, fmt.Sprintf("root%d", i), true)
		e.Chain[0] = identityNamed(t, e.Alias, "ec", 0).Certificates[0].Raw
		ks.Entries = append(ks.Entries, e, keyEntry(t, fmt.Sprintf("srv%d", i), "ec", 0))
	}
	data := writeFast(t, ks, "swordfish", Modern)
	if o, err := readOutline(data); err != nil || len(o.parts) != 1 {
		t.Fatalf("%d parts, %v", len(o.parts), err)
	}
	oracle.Write(t, dir, "p.p12", data)
	opensslReads(t, dir, "alternating", ks)
	nssReads(t, dir, "alternating", ks)
	gnutlsReads(t, dir, "alternating", ks)
}

func opensslReads(t *testing.T, dir, name string, ks *keystore.Keystore) {
	t.Helper()
	all := oracle.OpenSSL(t, dir, "pkcs12", "-in", "p.p12", "-passin", "pass:swordfish", "-nodes", "-legacy")
	// A key with its certificate has the name twice, once before the key.
	var names, others []string
	for _, part := range strings.Split(all, "Bag Attributes\n")[1:] {
		head, body, _ := strings.Cut(part, "-----BEGIN ")
		alias := found(`friendlyName: (.*)\n`, head)
		switch {
		case strings.HasPrefix(body, "PRIVATE KEY"):
			names = append(names, alias...)
		case !strings.Contains(head, "localKeyID"):
			others = append(others, alias...)
		}
	}
	equal(t, name+": openssl's keys", names, keyAliases(ks))
	equal(t, name+": openssl's certificates", others, otherAliases(ks))
	var want []keystore.Entry
	certificates := map[string]bool{}
	for _, e := range ks.Entries {
		if e.Key != nil {
			want = append(want, e)
		}
		for _, c := range e.Chain {
			certificates[string(c)] = true
		}
	}
	for block, rest := pem.Decode([]byte(all)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "PRIVATE KEY" {
			delete(certificates, string(block.Bytes))
			continue
		}
		key, err := cert.ParsePrivateKey(block.Bytes)
		if err != nil || len(want) == 0 || checkKey(key.Public(), want[0].Chain) != nil {
			t.Fatalf("%s: openssl gives another key, %v", name, err)
		}
		want = want[1:]
	}
	if len(want) > 0 || len(certificates) > 0 {
		t.Errorf("%s: openssl misses %d keys and %d certificates", name, len(want), len(certificates))
	}
}

func nssReads(t *testing.T, dir, name string, ks *keystore.Keystore) {
	t.Helper()
	out := oracle.Run(t, dir, "pk12util", "-l", "p.p12", "-W", "swordfish")
	equal(t, name+": NSS's keys", found(`Key\(shrouded\):\n    Friendly Name: (.*)\n`, out), keyAliases(ks))
	count := 0
	for _, e := range ks.Entries {
		count += len(e.Chain)
	}
	if n := len(found(`(?m)^(Certificate)(?:\(has private key\))?:$`, out)); n != count || !strings.Contains(out, "Friendly Name: root2") {
		t.Errorf("%s: NSS lists %d certificates, want %d", name, n, count)
	}
}

func gnutlsReads(t *testing.T, dir, name string, ks *keystore.Keystore) {
	t.Helper()
	out := oracle.Run(t, dir, "certtool", "--p12-info", "--inder", "--infile", "p.p12", "--password", "swordfish")
	equal(t, name+": GnuTLS's names", found(`Friendly name: (root.*)\n`, out), otherAliases(ks))
	if n := strings.Count(out, "BEGIN ENCRYPTED PRIVATE KEY") + strings.Count(out, "BEGIN PRIVATE KEY"); n != len(keyAliases(ks)) {
		t.Errorf("%s: GnuTLS lists %d keys, want %d", name, n, len(keyAliases(ks)))
	}
}

// PBMAC1 is younger than the programs here; go-pkcs12 reads it, one key at a time.
func TestGoPKCS12Reads(t *testing.T) {
	for _, p := range []Profile{Modern, PBMAC1, Legacy, RC2} {
		for kind := range testKeys() {
			e := keyEntry(t, "srv", kind, 2)
			data := writeFast(t, &keystore.Keystore{Entries: []keystore.Entry{e}}, "Grüße €", p)
			key, leaf, chain, err := gopkcs12.DecodeChain(data, "Grüße €")
			if err != nil {
				t.Fatalf("%s, %s: %v", p.Name, kind, err)
			}
			signer, ok := key.(crypto.Signer)
			if !ok || checkKey(signer.Public(), e.Chain) != nil || len(chain) != 2 || !bytes.Equal(leaf.Raw, e.Chain[0]) || !bytes.Equal(chain[1].Raw, e.Chain[2]) {
				t.Errorf("%s, %s: another chain of %d", p.Name, kind, len(chain))
			}
		}
		ks := &keystore.Keystore{Entries: []keystore.Entry{certEntry(t, "a", true), certEntry(t, "b", true)}}
		got, err := gopkcs12.DecodeTrustStore(writeFast(t, ks, "x", p), "x")
		if err != nil || len(got) != 2 {
			t.Errorf("%s: %d trusted certificates, %v", p.Name, len(got), err)
		}
	}
}

// NSS writes BER, with 600,000 rounds for everything; its files are read, and so are GnuTLS's.
func TestProgramsWrite(t *testing.T) {
	dir := t.TempDir()
	ks := plainStore(t, 2, "rsa", "ec")
	oracle.Write(t, dir, "p.p12", writeFast(t, ks, "swordfish", Modern))
	oracle.Run(t, dir, "certutil", "-N", "-d", "sql:.", "--empty-password")
	oracle.Run(t, dir, "pk12util", "-i", "p.p12", "-d", "sql:.", "-W", "swordfish")
	for _, ciphers := range [][]string{nil, {"-c", "PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC", "-C", "PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC"}} {
		oracle.Run(t, dir, "pk12util", append([]string{"-o", "nss.p12", "-n", "srv1", "-d", "sql:.", "-W", "Nss-Pass"}, ciphers...)...)
		data := oracle.Read(t, dir, "nss.p12")
		if !bytes.HasPrefix(data, []byte{0x30, 0x80}) {
			t.Error("NSS wrote no BER")
		}
		if !Looks(data) {
			t.Error("BER does not look like PKCS #12")
		}
		var e keystore.Entry
		for _, e = range ks.Entries {
			if e.Alias == "srv1" {
				break
			}
		}
		sameKeyEntry(t, "NSS", data, "Nss-Pass", e)
		bad := bytes.Clone(data)
		bad[len(bad)/2] ^= 1
		if _, err := Read(bad, []byte("Nss-Pass")); !errors.Is(err, ErrPassword) {
			t.Errorf("an altered file: error %v is not ErrPassword", err)
		}
	}
	e := keyEntry(t, "gnu", "rsa", 1)
	b, err := Decode(writeFast(t, &keystore.Keystore{Entries: []keystore.Entry{e}}, "x", Modern), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	writeBundle(t, dir, b)
	for _, cipher := range []string{"aes-256", "3des-pkcs12", "rc2-40", "arcfour"} {
		oracle.Run(t, dir, "certtool", "--to-p12", "--load-privkey", "key.pem", "--load-certificate", "leaf.pem", "--load-ca-certificate", "chain.pem",
			"--pkcs-cipher", cipher, "--p12-name", "gnu", "--password", "Gnu-Pass", "--outder", "--outfile", "gnu.p12")
		sameKeyEntry(t, "GnuTLS "+cipher, oracle.Read(t, dir, "gnu.p12"), "Gnu-Pass", e)
	}
}

// sameKeyEntry reads a file of one key and compares.
func sameKeyEntry(t *testing.T, name string, data []byte, password string, want keystore.Entry) {
	t.Helper()
	ks, err := Read(data, []byte(password))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	for _, e := range ks.Entries {
		if e.Key == nil {
			continue
		}
		if e.Alias != want.Alias || !slices.EqualFunc(e.Chain, want.Chain, bytes.Equal) {
			t.Errorf("%s: alias %q and a chain of %d", name, e.Alias, len(e.Chain))
		}
		if key, err := e.Key.Open(nil); err != nil || checkKey(key.Public(), want.Chain) != nil {
			t.Errorf("%s: another key, %v", name, err)
		}
		return
	}
	t.Errorf("%s: no key", name)
}
