package ring_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"signet/cert"
	"signet/ring"
)

// A CA in hardware signs, and its keys are found and destroyed with their certificates.
func TestHardwareLife(t *testing.T) {
	d, h, _ := newHSM(t)
	d.gencert("CERTAUTH/Root", "", inside)
	d.gencert("CERTAUTH/CA", "CERTAUTH/Root", inside)
	d.gencert("U/soft", "CERTAUTH/CA")
	h.holds(d, "CERTAUTH/Root", "CERTAUTH/CA")
	if err := d.x509("U/soft").CheckSignatureFrom(d.x509("CERTAUTH/CA")); err != nil {
		t.Error(err)
	}
	d.genreq(ref("CERTAUTH/CA"))
	if !d.get("CERTAUTH/CA").Requested {
		t.Error("GENREQ left no mark")
	}
	_, err := d.Export(t.Context(), ring.Export{CertRef: ref("CERTAUTH/CA"), Format: cert.PKCS12DER, Password: []byte("changeit")})
	if err == nil || !errors.Is(err, ring.ErrUnsupported) && !errors.Is(err, ring.ErrRefused) {
		t.Errorf("EXPORT of a key in hardware: %v", err)
	}
	if _, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: ring.CertAuth, Label: "CA"}, Force: true}); err != nil {
		t.Fatal(err)
	}
	h.holds(d, "CERTAUTH/Root")
}

// A function that fails destroys the key that it made, and says so when it cannot.
func TestHardwareUnmade(t *testing.T) {
	d, h, s := newHSM(t)
	d.gencert("CERTAUTH/CA", "", inside)
	before := h.made
	functions := map[string]func() error{
		"gencert": func() error { _, err := d.tryGencert("U/web", "CERTAUTH/CA", inside); return err },
		"rekey": func() error {
			_, err := d.Rekey(t.Context(), ring.Rekey{CertRef: ref("CERTAUTH/CA"), NewLabel: "CA2"})
			return err
		},
		"atomic": func() error {
			return d.Atomic(t.Context(), func(m *ring.Manager) error {
				for i := range 2 {
					if _, err := m.Gencert(t.Context(), ring.Gencert{Owner: "U", Label: fmt.Sprint("a", i), Subject: name(t, "CN=a"), Key: ec, Place: ring.KeyPlace{Token: "HSM"}}); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	s.cause = errDisk
	for what, f := range functions {
		if err := f(); !errors.Is(err, errDisk) {
			t.Errorf("%s: error %v, want that of the store", what, err)
		}
		h.holds(d, "CERTAUTH/CA")
	}
	if h.made != before+4 {
		t.Errorf("%d keys were made, want 4", h.made-before)
	}

	h.stuck = errors.New("CKR_DEVICE_ERROR")
	for what, f := range functions {
		err := f()
		wantError(t, err, "SGN116I", ring.ErrHardware)
		if ring.CodeOf(err) != ring.Failed {
			t.Errorf("%s: code %d, want 12", what, ring.CodeOf(err))
		}
	}
	if len(h.keys) != 1+4 {
		t.Errorf("%d keys, want the CA's and 4 orphans", len(h.keys))
	}
}

// A function of a common transaction that fails takes its key with it, and the others keep theirs.
func TestHardwareAtomic(t *testing.T) {
	d, h, _ := newHSM(t)
	err := d.Atomic(t.Context(), func(m *ring.Manager) error {
		make := func(label string) error {
			_, err := m.Gencert(t.Context(), ring.Gencert{Owner: "U", Label: label, Subject: name(t, "CN="+label), Key: ec, Place: ring.KeyPlace{Token: "HSM"}})
			return err
		}
		if err := make("a"); err != nil {
			return err
		}
		if err := make("a"); !errors.Is(err, ring.ErrExists) {
			t.Errorf("the label twice: %v", err)
		}
		return make("b")
	})
	if err != nil {
		t.Fatal(err)
	}
	h.holds(d, "U/a", "U/b")

	// What a common transaction deletes goes when it is durable, and not if it fails.
	remove := func(cause error) error {
		return d.Atomic(t.Context(), func(m *ring.Manager) error {
			if _, err := m.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: "U", Label: "a"}}); err != nil {
				return err
			}
			if len(h.destroyed) > 0 {
				t.Error("the key went before the transaction ended")
			}
			return cause
		})
	}
	if err := remove(errDisk); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	h.holds(d, "U/a", "U/b")
	if err := remove(nil); err != nil {
		t.Error(err)
	}
	h.holds(d, "U/b")
}

// A key that cannot be destroyed is told of with code 12, and found again.
func TestHardwareKeyLeft(t *testing.T) {
	d, h, s := newHSM(t)
	d.gencert("U/web", "", inside)
	gone := d.get("U/web").Key
	remove := func() error {
		_, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: "U", Label: "web"}})
		return err
	}
	s.cause = errDisk
	if err := remove(); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	h.holds(d, "U/web") // the certificate is there, and so is its key
	s.cause, h.stuck = nil, errors.New("CKR_DEVICE_ERROR")
	err := remove()
	wantError(t, err, "SGN114I", ring.ErrHardware)
	if ring.CodeOf(err) != ring.Failed || d.get("U/web") != nil {
		t.Errorf("code %d, certificate %v", ring.CodeOf(err), d.get("U/web"))
	}
	h.stuck = nil
	check, err := d.CheckTokens(t.Context())
	if err != nil || len(check.Tokens) != 1 || len(check.Tokens[0].Orphans) != 1 || check.Tokens[0].Orphans[0].Ref != gone {
		t.Fatalf("the check found %+v, %v", check, err)
	}
	if _, err := d.MendTokens(t.Context(), check); err != nil {
		t.Fatal(err)
	}
	h.holds(d)
}

// A rollover destroys the old key, and one key of two certificates stays until both are gone.
func TestHardwareRollover(t *testing.T) {
	d, h, _ := newHSM(t)
	d.gencert("CERTAUTH/CA", "", inside)
	if _, err := d.Rekey(t.Context(), ring.Rekey{CertRef: ref("CERTAUTH/CA"), NewLabel: "CA2"}); err != nil {
		t.Fatal(err)
	}
	h.holds(d, "CERTAUTH/CA", "CERTAUTH/CA2")
	if _, err := d.Rollover(t.Context(), ring.Rollover{CertRef: ref("CERTAUTH/CA"), NewLabel: "CA2", Force: true}); err != nil {
		t.Fatal(err)
	}
	h.holds(d, "CERTAUTH/CA2")
	if d.get("CERTAUTH/CA").HasKey() {
		t.Error("the old certificate refers to a key")
	}

	twin := ring.NewCertificate(ref("SITE/twin"), d.x509("CERTAUTH/CA2"))
	other := d.gencert("U/other", "", func(q *ring.Gencert) { q.Subject = name(t, "CN=CA2") })
	if other.Certificate.Key.InToken() {
		t.Error("a key without a place is in the token")
	}
	err := d.store.Update(t.Context(), func(tx ring.Tx) error {
		x, err := cert.SelfSign(cert.Template{Subject: name(t, "CN=twin"), Serial: d.x509("U/other").SerialNumber,
			NotBefore: testNow, NotAfter: testNow.AddDate(1, 0, 0), MaxPathLen: -1}, h.keys[d.get("CERTAUTH/CA2").Key])
		if err != nil {
			return err
		}
		twin = ring.NewCertificate(ref("SITE/twin"), x)
		if err := tx.AddCertificate(twin); err != nil {
			return err
		}
		return tx.PutKeyRef(twin, d.get("CERTAUTH/CA2").Key)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, target := range []string{"SITE/twin", "CERTAUTH/CA2"} {
		r := ref(target)
		if _, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: r.Owner, Label: r.Label}}); err != nil {
			t.Fatal(err)
		}
		if left := len(h.keys); left != 1-i {
			t.Errorf("after %s: %d keys, want %d", target, left, 1-i)
		}
	}
}

// A rehearsal makes no key in hardware and destroys none.
func TestHardwareRehearsed(t *testing.T) {
	d, h, _ := newHSM(t)
	d.gencert("CERTAUTH/CA", "", inside)
	before := h.made
	err := d.Rehearse(t.Context(), func(m *ring.Manager) {
		ca := ref("CERTAUTH/CA")
		if _, err := m.Gencert(t.Context(), ring.Gencert{Owner: "U", Label: "web", Subject: name(t, "CN=web"), Key: ec, Place: ring.KeyPlace{Token: "HSM"}, SignWith: &ca}); err != nil {
			t.Error(err)
		}
		if _, err := m.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: ring.CertAuth, Label: "CA"}}); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if h.made != before || len(h.destroyed) > 0 {
		t.Errorf("%d keys were made, %d destroyed", h.made-before, len(h.destroyed))
	}
	h.holds(d, "CERTAUTH/CA")
}

// A key that cannot be used is a refusal, or a failure where the token failed.
func TestHardwareAway(t *testing.T) {
	d, h, _ := newHSM(t)
	d.gencert("CERTAUTH/CA", "", inside)
	for cause, want := range map[error]ring.Code{
		fmt.Errorf("the PIN is locked: %w", ring.ErrRefused): ring.Refused,
		errors.New("CKR_DEVICE_ERROR"):                       ring.Failed,
	} {
		h.away = cause
		_, err := d.tryGencert("U/web", "CERTAUTH/CA")
		var e *ring.Error
		if !errors.As(err, &e) || e.ID != "SGN115I" || e.Code != want {
			t.Errorf("%v: got %v with code %d, want SGN115I with %d", cause, err, ring.CodeOf(err), want)
		}
	}
	h.away = context.Canceled
	if _, err := d.tryGencert("U/web", "CERTAUTH/CA"); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	// A token that is away says nothing about its keys.
	check, err := d.CheckTokens(t.Context())
	if err != nil || len(check.Tokens) != 1 || check.Tokens[0].Problem == nil || len(check.Tokens[0].Missing) != 0 {
		t.Fatalf("the check found %+v, %v", check, err)
	}
	h.away = nil
	if _, err := d.MendTokens(t.Context(), check); err != nil {
		t.Fatal(err)
	}
	h.holds(d, "CERTAUTH/CA")
}

// The check finds what does not fit, both ways, and mends what is safe to mend.
func TestHardwareCheck(t *testing.T) {
	d, h, _ := newHSM(t)
	for _, label := range []string{"fits", "missing", "other", "loose"} {
		d.gencert("U/"+label, "", inside)
	}
	keys := map[string]ring.KeyRef{}
	for _, label := range []string{"missing", "other", "loose"} {
		keys[label] = d.get("U/" + label).Key
	}
	delete(h.keys, keys["missing"])
	stranger, err := ec.Generate()
	if err != nil {
		t.Fatal(err)
	}
	h.keys[keys["other"]] = held{stranger, keys["other"], "other"}
	if err := d.store.Update(t.Context(), func(tx ring.Tx) error { return tx.DeletePrivateKey(d.get("U/loose")) }); err != nil {
		t.Fatal(err)
	}
	orphan, err := h.Generate(t.Context(), ring.KeyPlace{Token: "HSM", Label: "orphan"}, ec)
	if err != nil {
		t.Fatal(err)
	}
	check, err := d.CheckTokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range check.Messages {
		ids = append(ids, m.ID)
	}
	if want := []string{"SGN121I", "SGN122I", "SGN123I", "SGN124I"}; !slices.Equal(ids, want) || check.Code() != ring.Warning || check.Fits() {
		t.Errorf("messages %q with code %d, want %q", ids, check.Code(), want)
	}
	if one := check.Tokens[0]; one.Keys != 4 || one.Used != 2 {
		t.Errorf("%d keys, %d used; want 4 and 2", one.Keys, one.Used)
	}
	if len(h.destroyed) > 0 || d.get("U/missing").Key == ring.NoKey {
		t.Error("the check changed something")
	}
	r, err := d.MendTokens(t.Context(), check)
	if err != nil || len(r.Messages) != 3 {
		t.Fatalf("mended: %v, %v", r, err)
	}
	if d.get("U/missing").HasKey() || d.get("U/loose").Key != keys["loose"] || d.get("U/other").Key != keys["other"] {
		t.Error("the references are not mended")
	}
	if !slices.Equal(h.destroyed, []ring.KeyRef{orphan.(ring.HardwareKey).Ref()}) {
		t.Errorf("destroyed: %q", h.destroyed)
	}
	again, err := d.CheckTokens(t.Context(), "HSM")
	if err != nil || len(again.Messages) != 1 || again.Messages[0].ID != "SGN122I" {
		t.Errorf("what is left: %v, %v", again, err)
	}

	// A key that a certificate refers to by now is not destroyed.
	late := &ring.TokenCheck{Tokens: []ring.CheckedToken{{Name: "HSM", Orphans: []ring.HeldKey{{Ref: keys["loose"]}}}}}
	if _, err := d.MendTokens(t.Context(), late); err != nil || h.keys[keys["loose"]].Signer == nil {
		t.Errorf("the key of U/loose: %v", err)
	}
}
