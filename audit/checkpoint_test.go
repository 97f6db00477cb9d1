package audit

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"
)

// testKey makes a key from a seed of one byte.
func testKey(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func signed(database string, seq uint64, hash Hash, key ed25519.PrivateKey) Checkpoint {
	c := Checkpoint{Database: database, Seq: seq, Hash: hash, Time: time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)}
	c.Sign(key)
	return c
}

// TestCheckpointText fixes the form of the file, and what is signed.
func TestCheckpointText(t *testing.T) {
	c := signed("0a1b2c3d-0000-4000-8000-000000000000", 12, First("x"), testKey(1))
	const want = `signet audit checkpoint 1
database: 0a1b2c3d-0000-4000-8000-000000000000
events: 12
hash: 7c97861af22cdd7121fd9b3eefdfa4be198caee0d416ca50b896f5de23164c11
time: 2026-01-02T03:04:05.000006Z
public key: iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=
`
	text := string(c.Text())
	if !strings.HasPrefix(text, want) {
		t.Errorf("got\n%swant\n%s", text, want)
	}
	got, err := ParseCheckpoint([]byte(text))
	if err != nil || got.Seq != 12 || got.Hash != c.Hash || !got.Time.Equal(c.Time) || got.Database != c.Database {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ParseCheckpoint([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		t.Error(err)
	}
	key, err := ParseKey(KeyText(c.Key))
	if err != nil || !key.Equal(c.Key) {
		t.Error(err)
	}
}

// TestCheckpointRefused changes every byte of the lines that count.
func TestCheckpointRefused(t *testing.T) {
	c := signed("0a1b", 12, First("x"), testKey(1))
	text := c.Text()
	end := bytes.IndexByte(text, '#')
	for i := range text[:end-1] {
		altered := bytes.Clone(text)
		altered[i] ^= 1
		if got, err := ParseCheckpoint(altered); !errors.Is(err, ErrInvalid) {
			t.Errorf("changed at %d: %+v, %v\n%s", i, got, err, altered)
		}
	}
	for name, text := range map[string]string{"empty": "", "long": string(text) + strings.Repeat("#\n", MaxCheckpoint), "twice": string(text) + string(text),
		"cut": string(text[:end-20]), "spaces": strings.Replace(string(text), "events: 12", "events:  12", 1), "zeros": strings.Replace(string(text), "events: 12", "events: 012", 1),
		"more": string(text) + "more: x\n"} {
		if _, err := ParseCheckpoint([]byte(text)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := signed("0a1b", 12, First("x"), testKey(2))
	other.Key = c.Key
	if err := other.Verify(); !errors.Is(err, ErrInvalid) {
		t.Errorf("another's signature: %v", err)
	}
	for _, key := range []string{"", "x", KeyText(c.Key)[1:], KeyText(c.Key) + "\n", " " + KeyText(c.Key)} {
		if _, err := ParseKey(key); !errors.Is(err, ErrInvalid) {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

// FuzzParseCheckpoint: no panic, and what was read is written as it was read.
func FuzzParseCheckpoint(f *testing.F) {
	c := signed("0a1b", 12, First("x"), testKey(1))
	f.Add(c.Text())
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCheckpoint(data)
		if err != nil {
			return
		}
		again, err := ParseCheckpoint(c.Text())
		if err != nil || !bytes.Equal(again.Text(), c.Text()) {
			t.Errorf("%s: %v", c.Text(), err)
		}
	})
}
