package pkcs12

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signet/cert"
	"signet/export/keystore"
)

// keyEntry gives an entry of a new certificate for one of the keys.
func keyEntry(t testing.TB, alias, kind string, issuers int) keystore.Entry {
	t.Helper()
	b := identityNamed(t, alias, kind, issuers)
	e := keystore.Entry{Alias: alias, Key: keystore.Clear{Signer: b.Key}, Created: time.UnixMilli(1_700_000_000_123).UTC()}
	for _, c := range b.Certificates {
		e.Chain = append(e.Chain, c.Raw)
	}
	return e
}

func certEntry(t testing.TB, alias string, trusted bool) keystore.Entry {
	return keystore.Entry{Alias: alias, Trusted: trusted, Chain: [][]byte{identity(t, "rsa", 0).Certificates[0].Raw}}
}

// sketch is what can be compared of an entry.
type sketch struct {
	Alias, Created, ID, Other string
	Chain                     [][]byte
	Trusted, Key              bool
}

func sketches(ks *keystore.Keystore) (out []sketch) {
	for _, e := range ks.Entries {
		s := sketch{Alias: e.Alias, ID: string(e.ID), Other: e.Other, Chain: e.Chain, Trusted: e.Trusted, Key: e.Key != nil}
		if !e.Created.IsZero() {
			s.Created = e.Created.UTC().Format(time.RFC3339Nano)
		}
		out = append(out, s)
	}
	return out
}

// testStore has keys and certificates in an order that takes several parts.
func testStore(t testing.TB) *keystore.Keystore {
	return &keystore.Keystore{Entries: []keystore.Entry{
		certEntry(t, "first root", true),
		keyEntry(t, "srv1", "rsa", 2),
		keyEntry(t, "Größe", "ec", 1),
		certEntry(t, "鍵", true),
		keyEntry(t, "key \U0001F511", "ed25519", 0),
		certEntry(t, "not trusted", false),
	}}
}

// What Write writes is what Read reads, in each profile.
func TestWriteRead(t *testing.T) {
	for _, p := range Profiles() {
		ks := testStore(t)
		password := []byte("Grüße €")
		if p.Name == Passwordless.Name {
			ks.Entries = []keystore.Entry{ks.Entries[0], ks.Entries[3], ks.Entries[5]}
			password = nil
		}
		data, err := Write(ks, password, p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(data, password)
		if err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		for i := range ks.Entries {
			if e := &ks.Entries[i]; e.Key != nil {
				e.ID = fmt.Appendf(nil, "Time %d", e.Created.UnixMilli())
			}
		}
		want := sketches(ks)
		for i := range want { // those of one millisecond are told apart
			if want[i].Key {
				want[i].ID, want[i].Created = string(got.Entries[i].ID), sketches(got)[i].Created
			}
		}
		if d := cmp.Diff(want, sketches(got)); d != "" {
			t.Errorf("%s: %s", p.Name, d)
		}
		if got.Format != keystore.PKCS12 || got.Profile != p.Name {
			t.Errorf("%s: read as %s %s", p.Name, got.Format, got.Profile)
		}
		for i, e := range got.Entries {
			if e.Key == nil {
				continue
			}
			key, err := e.Key.Open(nil)
			if err != nil {
				t.Fatal(err)
			}
			c, err := cert.Parse(ks.Entries[i].Chain[0])
			if err != nil || !cert.SameKey(c.PublicKey, key.Public()) {
				t.Errorf("%s: %q has another key, %v", p.Name, e.Alias, err)
			}
		}
		again, err := Write(got, password, p)
		if err != nil {
			t.Fatal(err)
		}
		third, err := Read(again, password)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(sketches(got), sketches(third)); d != "" {
			t.Errorf("%s, written again: %s", p.Name, d)
		}
	}
}
