package jks

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	keystorego "github.com/pavlo-v-chernykh/keystore-go/v4"

	"signet/cert"
	"signet/export/keystore"
)

// keystore-go takes no characters outside ASCII in passwords, nor outside the Basic Multilingual
// Plane in aliases.
func ascii(ks *keystore.Keystore) *keystore.Keystore {
	for i := range ks.Entries {
		ks.Entries[i].Alias = "entry " + strings.Repeat("x", i)
	}
	return ks
}

// fromOther gives what keystore-go read as a keystore of ours.
func fromOther(t *testing.T, other keystorego.KeyStore, password []byte) *keystore.Keystore {
	t.Helper()
	ks := &keystore.Keystore{Format: keystore.JKS}
	for _, alias := range other.Aliases() {
		e := keystore.Entry{Alias: alias}
		if other.IsPrivateKeyEntry(alias) {
			in, err := other.GetPrivateKeyEntry(alias, password)
			if err != nil {
				t.Fatal(err)
			}
			key, err := cert.ParsePrivateKey(in.PrivateKey)
			if err != nil {
				t.Fatal(err)
			}
			e.Key, e.Created = keystore.Clear{Signer: key}, in.CreationTime
			for _, c := range in.CertificateChain {
				e.Chain = append(e.Chain, c.Content)
			}
		} else {
			in, err := other.GetTrustedCertificateEntry(alias)
			if err != nil {
				t.Fatal(err)
			}
			e.Trusted, e.Created, e.Chain = true, in.CreationTime, [][]byte{in.Certificate.Content}
		}
		ks.Entries = append(ks.Entries, e)
	}
	return ks
}

// keystore-go reads what we write, we read what it writes, and both find the same.
func TestKeystoreGo(t *testing.T) {
	password, own := []byte("swordfish"), []byte("anchovies")
	ks := ascii(sample(keystore.JKS, 5, 7))
	want := lines(t, ks, nil)
	slices.Sort(want)

	other := keystorego.New(keystorego.WithOrderedAliases())
	if err := other.Load(bytes.NewReader(mustWrite(t, ks, string(password), string(own))), password); err != nil {
		t.Fatal(err)
	}
	got := lines(t, fromOther(t, other, own), nil)
	slices.Sort(got)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("read by keystore-go: %s", diff)
	}

	other = keystorego.New()
	for _, e := range ks.Entries {
		var chain []keystorego.Certificate
		for _, c := range e.Chain {
			chain = append(chain, keystorego.Certificate{Type: typeX509, Content: c})
		}
		var err error
		if e.Key == nil {
			err = other.SetTrustedCertificateEntry(e.Alias, keystorego.TrustedCertificateEntry{CreationTime: e.Created, Certificate: chain[0]})
		} else {
			key, _ := e.Key.Open(nil)
			var pkcs8 []byte
			if pkcs8, err = cert.MarshalPrivateKey(key); err != nil {
				t.Fatal(err)
			}
			err = other.SetPrivateKeyEntry(e.Alias, keystorego.PrivateKeyEntry{CreationTime: e.Created, PrivateKey: pkcs8, CertificateChain: chain}, own)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := other.Store(&file, password); err != nil {
		t.Fatal(err)
	}
	got = lines(t, mustRead(t, file.Bytes(), string(password)), own)
	slices.Sort(got)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("written by keystore-go: %s", diff)
	}
}
