//go:build cgo

package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"testing"

	p11 "github.com/miekg/pkcs11"

	"signet/cert"
)

// testCertificates puts certificates beside keys, finds, renames and deletes them.
func testCertificates(t *testing.T, w witness) {
	ctx, tok := t.Context(), open(t, w.uri)
	made, err := tok.Generate(ctx, spec(t, "rsa:2048"), "WEB")
	if err != nil {
		t.Fatal(err)
	}
	key, err := tok.Signer(ctx, made)
	if err != nil {
		t.Fatal(err)
	}
	first, second := issue(t, key, "first"), issue(t, key, "second")
	e, err := tok.AddCertificate(ctx, first, "WEB")
	if err != nil {
		t.Fatal(err)
	}
	if e.Private == nil || e.Public == nil || !bytes.Equal(e.Certificate.ID, made.Private.ID) {
		t.Errorf("the certificate is not beside its key: %s", e.describe())
	}
	if _, err := tok.AddCertificate(ctx, first, "WEB2"); !errors.Is(err, ErrExists) {
		t.Errorf("the same certificate again: error %v", err)
	}
	if _, err := tok.AddCertificate(ctx, second, "WEB NEW"); err != nil {
		t.Fatal(err)
	}
	if _, err := tok.Find(ctx, URI{Object: "WEB"}); err != nil {
		t.Errorf("by label: %v", err)
	}
	if _, err := tok.Find(ctx, URI{ID: made.Private.ID}); !errors.Is(err, ErrAmbiguous) ||
		!strings.Contains(err.Error(), `"WEB"`) || !strings.Contains(err.Error(), `"WEB NEW"`) {
		t.Errorf("two certificates with one id: error %v", err)
	}
	if _, err := tok.Find(ctx, URI{Object: "ABSENT"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such label: error %v", err)
	}
	uri, err := tok.KeyURI(e)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseURI(uri.String())
	if err != nil {
		t.Fatal(err)
	}
	if s, err := tok.Key(ctx, again); err != nil || !cert.SameKey(s.Public(), first.PublicKey) {
		t.Errorf("%s: error %v", uri, err)
	}
	// The user may not say whom the machine trusts; a token may also not have the attribute.
	if err := tok.SetTrusted(ctx, e.Certificate, true); !errors.Is(err, ErrReadOnly) && !errors.Is(err, ErrUnsupported) {
		t.Errorf("trust: error %v", err)
	}
	if err := tok.Delete(ctx, e); err != nil {
		t.Fatal(err)
	}
	left, err := tok.Find(ctx, URI{Object: "WEB NEW"})
	if err != nil || left.Private == nil || left.Public == nil {
		t.Fatalf("the keys of the other certificate: %+v, error %v", left, err)
	}
	other, err := tok.Generate(ctx, spec(t, "rsa:2048"), "OTHER")
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Rename(ctx, left, "SHOP", other.Private.ID); !errors.Is(err, ErrExists) {
		t.Errorf("an id that another key has: error %v", err)
	}
	if err := tok.Rename(ctx, left, "SHOP", []byte("shop")); err != nil {
		t.Fatal(err)
	}
	named, err := tok.Find(ctx, URI{Object: "SHOP", ID: []byte("shop")})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(named.Objects()); n != 3 {
		t.Errorf("%d objects have the new name", n)
	}
	for _, o := range named.Objects() {
		if o.Label != "SHOP" || string(o.ID) != "shop" {
			t.Errorf("%s is not renamed", o.describe())
		}
	}
	if err := key.prove(ctx); err != nil {
		t.Errorf("a signer of before: %v", err)
	}
	for _, e := range []*Entry{named, other} {
		if err := tok.Delete(ctx, e); err != nil {
			t.Error(err)
		}
	}
	if err := key.prove(ctx); err == nil {
		t.Error("a deleted key signs")
	}
	if n := len(list(t, tok)); n != 0 {
		t.Errorf("%d objects are left", n)
	}
}

// testImport copies software keys in.
func testImport(t *testing.T, w witness) {
	ctx, tok := t.Context(), open(t, w.uri)
	for _, k := range w.makes {
		soft, err := spec(t, k).Generate()
		if err != nil {
			t.Fatal(err)
		}
		e, err := tok.AddKey(ctx, soft, "soft "+k)
		if err != nil {
			t.Error(err)
			continue
		}
		if e.Private.Sensitive != Yes || e.Private.Extractable != No || e.Private.Local == Yes {
			t.Errorf("%s: %+v", k, e.Private)
		}
		s, err := tok.Key(ctx, URI{Object: "soft " + k})
		if err != nil || !cert.SameKey(s.Public(), soft.Public()) {
			t.Fatalf("%s: error %v", k, err)
		}
		if err := s.prove(ctx); err != nil {
			t.Error(err)
		}
		if _, err := tok.AddKey(ctx, soft, "again"); !errors.Is(err, ErrExists) {
			t.Errorf("%s again: error %v", k, err)
		}
	}
	before := len(list(t, tok))
	for _, k := range w.lacks {
		soft, err := spec(t, k).Generate()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tok.AddKey(ctx, soft, "soft "+k); !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrDevice) {
			t.Errorf("%s: a token that cannot use it: error %v", k, err)
		}
	}
	if after := len(list(t, tok)); after != before {
		t.Errorf("%d objects before the refusals, %d after", before, after)
	}
	empty(t, tok)
}

// testConcurrent signs from 16 goroutines.
func testConcurrent(t *testing.T, w witness) {
	ctx := t.Context()
	tok := open(t, w.uri, func(o *Options) { o.Sessions = 6 })
	var signers []*Signer
	for _, k := range []string{w.makes[0], w.makes[len(w.makes)-1]} {
		e, err := tok.Generate(ctx, spec(t, k), "many "+k)
		if err != nil {
			t.Fatal(err)
		}
		s, err := tok.Signer(ctx, e)
		if err != nil {
			t.Fatal(err)
		}
		signers = append(signers, s)
	}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 10 {
				if err := signers[(i+j)%2].prove(ctx); err != nil { // signs and verifies
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	empty(t, tok)
}

// testSessionsLost has another user of the module close all sessions.
func testSessionsLost(t *testing.T, w witness) {
	ctx := t.Context()
	tok := open(t, w.uri)
	e, err := tok.Generate(ctx, spec(t, "rsa:2048"), "lost")
	if err != nil {
		t.Fatal(err)
	}
	s, err := tok.Signer(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	other := p11.New(w.uri.ModulePath) // the same library in this process
	for range 2 {
		if err := other.CloseAllSessions(tok.Info().Slot); err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte("still here"))
		if _, err := s.Sign(nil, digest[:], crypto.SHA256); err != nil {
			t.Errorf("after all sessions were closed: %v", err)
		}
	}
	// Without a PIN there is no way back, and the error says so.
	if err := other.CloseAllSessions(tok.Info().Slot); err != nil {
		t.Fatal(err)
	}
	blind := open(t, w.uri, func(o *Options) { o.PIN = nil })
	if _, err := blind.Key(ctx, URI{Object: "lost"}); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "without the PIN") {
		t.Errorf("without the PIN: error %v", err)
	}
	empty(t, tok)
}
