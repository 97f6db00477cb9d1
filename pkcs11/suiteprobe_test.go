//go:build cgo

package pkcs11

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"signet/cert"
	"signet/internal/oracle"
)

// testProbe compares what the probe finds with what the suite knows of the token.
func testProbe(t *testing.T, w witness) {
	ctx := t.Context()
	var kinds []cert.KeySpec
	for _, k := range append(append([]string{}, w.makes...), w.lacks...) {
		kinds = append(kinds, spec(t, k))
	}
	tok := open(t, w.uri)
	if _, err := tok.Generate(ctx, spec(t, "rsa:2048"), "stays"); err != nil {
		t.Fatal(err)
	}
	p, err := ProbeToken(ctx, w.uri, Options{PIN: pinIs(oracle.PIN)}, ProbeOptions{Keys: kinds})
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range p.Keys {
		want := i < len(w.makes)
		if k.Makes.Works != want || k.Signs.Works != want || k.PSS.Works != (want && kinds[i].Algorithm == cert.RSA) || !want && k.Makes.Code == "" {
			t.Errorf("%+v, want %v", k, want)
		}
	}
	hasEC := len(w.lacks) < 5
	if (p.ECPoint == PointOctetString) != hasEC {
		t.Errorf("EC point %q", p.ECPoint)
	}
	if !p.Repeats.Label.Works || !p.Repeats.ID.Works || !p.Extractable.Makes.Works || p.Extractable.Kept != Yes || !p.Import.Works {
		t.Errorf("objects: %+v %+v %+v", p.Repeats, p.Extractable, p.Import)
	}
	if p.Sessions.Opened < 16 || len(p.Mechanisms) < 10 || p.WrongPIN != nil {
		t.Errorf("%+v, %d mechanisms, wrong PIN %+v", p.Sessions, len(p.Mechanisms), p.WrongPIN)
	}
	if left := list(t, tok); len(left) != 2 || p.Before != p.After {
		t.Errorf("objects: %d before, %d after", p.Before, p.After)
		for _, o := range left {
			t.Log(o.describe(), o.Public)
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Probe
	if err := json.Unmarshal(text, &back); err != nil || back.Version != probeVersion || back.Token != p.Token {
		t.Errorf("JSON: %v, %+v", err, back.Token)
	}
	p.Mechanisms = nil
	text, _ = json.Marshal(p)
	t.Logf("%s", text)
	empty(t, tok)
}

// testWrongPIN gives wrong PINs until signet stops: before the last one.
func testWrongPIN(t *testing.T, w witness) {
	ctx := t.Context()
	p, err := ProbeToken(ctx, w.uri, Options{PIN: pinIs(oracle.PIN)}, ProbeOptions{WrongPIN: true, Keys: []cert.KeySpec{}})
	if err != nil || p.WrongPIN == nil || p.WrongPIN.Code != "CKR_PIN_INCORRECT" {
		t.Fatalf("probe: %+v, error %v", p, err)
	}
	t.Logf("%+v", *p.WrongPIN)
	asked := 0
	_, err = OpenToken(ctx, w.uri, Options{Attempts: 20, PIN: func(context.Context, Attempt) ([]byte, error) {
		asked++
		return fmt.Appendf(nil, "%06d", asked), nil
	}})
	if !errors.Is(err, ErrPIN) || asked != w.wrong {
		t.Errorf("%d wrong PINs, want %d: error %v", asked, w.wrong, err)
	}
	m, err := Open(w.uri.ModulePath, w.uri.ModuleInit)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	info, err := m.find(w.uri)
	if err != nil || info.PINLocked {
		t.Errorf("%+v, error %v: signet locked the token", info, err)
	}
	if info.PINFinalTry { // the right PIN, with a confirmation, opens it again
		if _, err := OpenToken(ctx, w.uri, Options{PIN: pinIs(oracle.PIN)}); !errors.Is(err, ErrPIN) {
			t.Errorf("the last attempt was spent without a confirmation: error %v", err)
		}
	}
	yes := func(context.Context, TokenInfo) (bool, error) { return true, nil }
	tok := open(t, w.uri, func(o *Options) { o.ConfirmLast = yes })
	if w.wrong == 20 {
		return // it never locks
	}
	if err := tok.Close(); err != nil {
		t.Fatal(err)
	}
	// Whoever confirms can lock the token, and learns that it is locked.
	_, err = OpenToken(ctx, w.uri, Options{Attempts: 20, ConfirmLast: yes, PIN: func(context.Context, Attempt) ([]byte, error) {
		asked++
		return fmt.Appendf(nil, "%06d", asked), nil
	}})
	if !errors.Is(err, ErrPINLocked) {
		t.Errorf("locked: error %v", err)
	}
	if _, err := OpenToken(ctx, w.uri, Options{PIN: pinIs(oracle.PIN), ConfirmLast: yes}); !errors.Is(err, ErrPINLocked) {
		t.Errorf("the right PIN for a locked token: error %v", err)
	}
}
