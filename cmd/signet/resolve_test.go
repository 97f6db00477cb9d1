package main

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	keystorego "github.com/pavlo-v-chernykh/keystore-go/v4"

	"signet/backend"
	"signet/backend/backendtest"
	"signet/backend/keyfile"
	"signet/export/jks"
	"signet/export/keystore"
	"signet/export/pkcs12"
	"signet/internal/oracle"
	"signet/ring"
)

// resolveStores is how many random keystores a real JVM is asked about.
const resolveStores = 1000

// TestResolveAsJava compares the choices that resolve tells with those of a Java program, over
// keystores with keys and trusted certificates under random aliases, in whatever case.
func TestResolveAsJava(t *testing.T) {
	const password = "changeit"
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(4, 2026))
	var keys []crypto.Signer
	for range 3 {
		_, key := backendtest.Make(t, backendtest.Spec{})
		keys = append(keys, key)
	}
	for i := range resolveStores {
		ks := randomKeystore(t, rng, keys, i)
		var data []byte
		var err error
		switch {
		case ks.Format == keystore.PKCS12:
			data, err = pkcs12.Write(ks, []byte(password), pkcs12.Modern)
		case i%4 == 2:
			data, err = caseExact(ks, []byte(password))
		default:
			data, err = jks.Write(ks, []byte(password), nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		oracle.Write(t, dir, strconv.Itoa(i), data)
	}
	lines := strings.Split(strings.TrimSpace(oracle.Java(t, filepath.Join("testdata", "java", "FirstKey.java"), dir, password)), "\n")
	if len(lines) != resolveStores {
		t.Fatalf("Java read %d keystores, want %d", len(lines), resolveStores)
	}
	seen := map[string]int{}
	for i, line := range lines {
		want := strings.Fields(line) // the first, WEBSERVER, CAE_AGENT_PORTAL
		path := filepath.Join(dir, strconv.Itoa(i))
		store, err := backend.Open(t.Context(), path, backend.Options{Keystore: keyfile.Options{User: "CAE",
			Known: []byte(password)}})
		if err != nil {
			t.Fatal(err)
		}
		m := ring.NewManager(ring.Config{Store: store, Issuer: "CAE", OneRing: true})
		check := func(what string, q ring.Resolve, n int, want string) {
			q.Ring = ring.RingRef{Owner: "CAE", Name: wholeKeystore}
			r, err := m.Resolve(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got := "none"
			if p := r.Picks[n]; p.Certificate != nil {
				got = fmt.Sprintf("%x/%d", sha256.Sum256(p.Certificate.DER), len(p.Chain))
			}
			if got != want {
				t.Errorf("keystore %d (%s): %s: %s, and Java takes %s", i, store.Format, what, got, want)
			}
		}
		web := want[1]
		if web == "none" {
			web = want[0]
			seen["fallback"]++
		}
		for n, w := range want {
			if w == "none" {
				seen["none "+strconv.Itoa(n)]++
			}
		}
		check("the first key", ring.Resolve{As: ring.ConsumerJava}, 0, want[0])
		check("the web server of CAE", ring.Resolve{As: ring.ConsumerCAE}, 0, web)
		check("the agents of CAE", ring.Resolve{As: ring.ConsumerCAE}, 1, want[2])
		store.Close()
	}
	for _, name := range []string{"fallback", "none 0", "none 1", "none 2"} {
		if seen[name] < 10 || seen[name] > resolveStores-10 {
			t.Errorf("%s: %d of %d keystores, which tests little", name, seen[name], resolveStores)
		}
	}
}

// caseExact writes a JKS file whose aliases keep their case, as programs other than Java's do.
func caseExact(ks *keystore.Keystore, password []byte) ([]byte, error) {
	out := keystorego.New(keystorego.WithCaseExactAliases(), keystorego.WithOrderedAliases())
	for _, e := range ks.Entries {
		c := keystorego.Certificate{Type: "X.509", Content: e.Chain[0]}
		if e.Key == nil {
			if err := out.SetTrustedCertificateEntry(e.Alias, keystorego.TrustedCertificateEntry{CreationTime: time.Now(), Certificate: c}); err != nil {
				return nil, err
			}
			continue
		}
		signer, err := e.Key.Open(nil)
		if err != nil {
			return nil, err
		}
		pkcs8, err := x509.MarshalPKCS8PrivateKey(signer)
		if err != nil {
			return nil, err
		}
		entry := keystorego.PrivateKeyEntry{CreationTime: time.Now(), PrivateKey: pkcs8, CertificateChain: []keystorego.Certificate{c}}
		if err := out.SetPrivateKeyEntry(e.Alias, entry, password); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	err := out.Store(&b, password)
	return b.Bytes(), err
}

// randomKeystore makes a keystore of up to a dozen entries, none of them twice under one alias.
func randomKeystore(t *testing.T, rng *rand.Rand, keys []crypto.Signer, n int) *keystore.Keystore {
	ks := &keystore.Keystore{Format: keystore.JKS}
	switch { // the derivations of the others take their time
	case n%40 == 3:
		ks.Format = keystore.JCEKS
	case n%4 == 1:
		ks.Format = keystore.PKCS12
	}
	aliases := []string{"webserver", "WEBSERVER", "WebServer", "cae_agent_portal", "CAE_AGENT_PORTAL", "Größe", "größe", "a", "A", "mykey", "1", "鍵", "x y", "ΟΔΟΣ"}
	for len(aliases) < 30 {
		aliases = append(aliases, strconv.FormatUint(rng.Uint64(), 36))
	}
	rng.Shuffle(len(aliases), func(i, j int) { aliases[i], aliases[j] = aliases[j], aliases[i] })
	used := map[string]bool{}
	for i := range 1 + rng.IntN(12) {
		if folded := keystore.Fold(aliases[i]); used[folded] {
			continue
		} else {
			used[folded] = true
		}
		x, key := backendtest.Make(t, backendtest.Spec{Subject: aliases[i], Serial: big.NewInt(int64(n*100 + i + 1)), Key: keys[rng.IntN(len(keys))]})
		e := keystore.Entry{Alias: aliases[i], Chain: [][]byte{x.Raw}, Trusted: true}
		if rng.IntN(2) == 0 {
			e.Key, e.Trusted = keystore.Clear{Signer: key}, false
		}
		ks.Entries = append(ks.Entries, e)
	}
	return ks
}
