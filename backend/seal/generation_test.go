package seal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"
)

// oldSeal seals in the format that has no generation.
func oldSeal(t *testing.T, k *DataKey, plain, bind []byte) []byte {
	t.Helper()
	aead, err := chacha20poly1305.NewX(k.key[:])
	if err != nil {
		t.Fatal(err)
	}
	sealed := make([]byte, 1+aead.NonceSize())
	sealed[0] = version1
	return aead.Seal(sealed, sealed[1:], plain, append([]byte{version1}, bind...))
}

// TestGenerations opens what was sealed under each of two data keys, and refuses what is under
// neither, or says that it is under another than it is.
func TestGenerations(t *testing.T) {
	bind := Bind("db", 1, []byte("spki"))
	first, second, third := NewDataKey(1), NewDataKey(2), NewDataKey(3)
	old := oldSeal(t, first, []byte("old"), bind)
	one, err := first.Seal([]byte("one"), bind)
	if err != nil {
		t.Fatal(err)
	}
	two, err := second.Seal([]byte("two"), bind)
	if err != nil {
		t.Fatal(err)
	}
	both := NewDataKeys(2, first, second)
	for want, sealed := range map[string][]byte{"old": old, "one": one, "two": two} {
		if got, err := both.Open(sealed, bind); err != nil || string(got) != want {
			t.Errorf("%s opened as %q, %v", want, got, err)
		}
	}
	if sealed, err := both.Seal([]byte("new"), bind); err != nil || !bytes.HasPrefix(sealed, Prefix(2)) {
		t.Errorf("sealed as % x, %v", sealed[:min(len(sealed), 5)], err)
	}
	after := NewDataKeys(3, second, third)
	for name, sealed := range map[string][]byte{"old": old, "one": one} {
		plain, err := after.Open(sealed, bind)
		if !errors.Is(err, ErrOpen) || plain != nil || !strings.Contains(err.Error(), "generation 1") || !strings.Contains(err.Error(), "put back") {
			t.Errorf("%s after the reseal: %q, %v", name, plain, err)
		}
	}
	// The generation in the header is authenticated, and so is the version.
	for name, forged := range map[string][]byte{
		"two as three": append(Prefix(3), two[5:]...),
		"one as two":   append(Prefix(2), one[5:]...),
		"one as old":   append([]byte{version1}, one[5:]...),
		"old as one":   append(Prefix(1), old[1:]...),
		"no number":    {version2, 0, 0},
		"version 3":    append([]byte{3}, two[1:]...),
	} {
		keys := NewDataKeys(3, first, second, third)
		if plain, err := keys.Open(forged, bind); !errors.Is(err, ErrOpen) || plain != nil {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	missing := NewDataKeys(2, first)
	if _, err := missing.Seal(nil, bind); !errors.Is(err, ErrIdentity) {
		t.Errorf("sealed without the newest data key: %v", err)
	}
	if got, err := missing.Open(one, bind); err != nil || string(got) != "one" {
		t.Errorf("the older data key: %q, %v", got, err)
	}
	if s := fmt.Sprintf("%v %+v %x", both, *both, both); s != "[data keys] [data keys] [data keys]" {
		t.Errorf("printed %q", s)
	}
	both.Clear()
	if _, err := both.Open(two, bind); !errors.Is(err, ErrOpen) {
		t.Errorf("a cleared data key: %v", err)
	}
}

// TestLink: a data key is linked by whoever has the one before, and by nobody else.
func TestLink(t *testing.T) {
	first, second, other := NewDataKey(1), NewDataKey(2), NewDataKey(2)
	link, err := first.Link(second, "db")
	if err != nil {
		t.Fatal(err)
	}
	if !first.Linked(second, "db", link) {
		t.Error("not linked")
	}
	stranger := NewDataKey(1)
	foreign, err := stranger.Link(other, "db")
	if err != nil {
		t.Fatal(err)
	}
	third := NewDataKey(3)
	*third.key = *second.key
	for name, linked := range map[string]bool{
		"another data key":      first.Linked(other, "db", link),
		"another database":      first.Linked(second, "other", link),
		"another generation":    first.Linked(third, "db", link),
		"a link of a stranger":  first.Linked(other, "db", foreign),
		"no link":               first.Linked(second, "db", nil),
		"something else sealed": first.Linked(second, "db", oldSeal(t, first, []byte("x"), bindGeneration("db", 2))),
	} {
		if linked {
			t.Errorf("%s: linked", name)
		}
	}
}

// TestIdentityOfTwo: while a reseal is on its way a stash file holds two identities, and opens what
// is wrapped to either.
func TestIdentityOfTwo(t *testing.T) {
	oldKey, oldWrapped, former := newKey(t)
	newKey2, newWrapped, next := newKey(t)
	_, strange, _ := newKey(t)
	for _, passphrase := range []string{"", "p"} {
		text, err := StashFile(next.Before(former), []byte(passphrase))
		if err != nil {
			t.Fatal(err)
		}
		both, err := LoadStash(write(t, text), asks("p", new(int)))
		if err != nil {
			t.Fatal(err)
		}
		keys := both.PublicKeys()
		if len(keys) != 2 || keys[0] != next.PublicKeys()[0] || keys[1] != former.PublicKeys()[0] {
			t.Errorf("holds %v", keys)
		}
		for want, wrapped := range map[*DataKey][]byte{oldKey: oldWrapped, newKey2: newWrapped} {
			if got, err := UnwrapDataKey(1, wrapped, both); err != nil || *got.key != *want.key {
				t.Errorf("unwrapped another key, %v", err)
			}
		}
		if _, err := UnwrapDataKey(1, strange, both); !errors.Is(err, ErrIdentity) {
			t.Errorf("a stranger's: %v", err)
		}
		if only := both.Only(keys[1]); only == nil || len(only.PublicKeys()) != 1 || only.PublicKeys()[0] != keys[1] {
			t.Errorf("only the former: %v", only)
		}
		if both.Only("age1") != nil {
			t.Error("an identity that is not there")
		}
	}
}

func TestParseRecipient(t *testing.T) {
	_, _, id := newKey(t)
	if r, err := ParseRecipient(id.PublicKeys()[0]); err != nil || r.String() != id.PublicKeys()[0] {
		t.Errorf("%v, %v", r, err)
	}
	for _, text := range []string{"", "age1", "ssh-ed25519 AAAA", id.x[0].String(), strings.ToUpper(id.PublicKeys()[0])[:60]} {
		if _, err := ParseRecipient(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
