package pkcs11

import (
	"context"
	"fmt"

	p11 "github.com/miekg/pkcs11"

	"signet/cert"
)

// probeObjects finds out what the token allows for objects, with keys of the first kind that it
// makes.
func (t *Token) probeObjects(s *session, p *Probe) error {
	var spec cert.KeySpec
	for _, k := range []cert.KeySpec{{Algorithm: cert.EC, Bits: 256}, {Algorithm: cert.RSA, Bits: 2048}} {
		if _, _, err := t.recipe("probe", k); err == nil {
			spec = k
			break
		}
	}
	if spec.Algorithm == "" {
		none := ProbeAnswer{Code: "the token makes no key pairs"}
		p.Repeats, p.Extractable, p.Import = ProbeRepeats{none, none}, ProbeExtractable{Makes: none, Kept: Unknown}, none
		return nil
	}
	if err := t.probeRepeats(s, p, spec); err != nil {
		return err
	}
	if err := t.probeExtractable(s, p, spec); err != nil {
		return err
	}
	return t.probeImport(s, p, spec)
}

// probeRepeats makes keys with a label and an ID that another has.
func (t *Token) probeRepeats(s *session, p *Probe, spec cert.KeySpec) error {
	id := []byte("signet probe")
	pub, priv, err := t.temporary(s, spec, "signet probe", id, private())
	if err != nil {
		p.Repeats = ProbeRepeats{answer(err), answer(err)}
		return severe(err)
	}
	defer t.discard(s, pub, priv)
	for _, c := range []struct {
		label string
		id    []byte
		into  *ProbeAnswer
	}{
		{"signet probe", []byte("signet probe 2"), &p.Repeats.Label},
		{"signet probe 2", id, &p.Repeats.ID},
	} {
		pub, priv, err := t.temporary(s, spec, c.label, c.id, private())
		if *c.into = answer(err); err != nil {
			if severe(err) != nil {
				return err
			}
			continue
		}
		t.discard(s, pub, priv)
	}
	return nil
}

// probeExtractable makes a private key that may leave, and tries to read its secret number.
func (t *Token) probeExtractable(s *session, p *Probe, spec cert.KeySpec) error {
	open := []attribute{boolAttribute(p11.CKA_PRIVATE, true), boolAttribute(p11.CKA_SENSITIVE, false),
		boolAttribute(p11.CKA_EXTRACTABLE, true), boolAttribute(p11.CKA_SIGN, true)}
	p.Extractable.Kept = Unknown
	pub, priv, err := t.temporary(s, spec, "signet probe", nil, open)
	if p.Extractable.Makes = answer(err); err != nil {
		return severe(err)
	}
	defer t.discard(s, pub, priv)
	secret := uint(p11.CKA_VALUE)
	if spec.Algorithm == cert.RSA {
		secret = p11.CKA_PRIVATE_EXPONENT
	}
	a, err := t.read(s, priv, p11.CKA_EXTRACTABLE, secret)
	if err != nil {
		return severe(err)
	}
	p.Extractable.Kept, p.Extractable.Plain = a.flag(p11.CKA_EXTRACTABLE), len(a.bytes(secret)) > 0
	clear(a[secret])
	return nil
}

// probeImport copies a throw-away software key in, as a temporary object.
func (t *Token) probeImport(s *session, p *Probe, spec cert.KeySpec) error {
	key, err := spec.Generate()
	if err != nil {
		return err
	}
	_, secret, err := halves(key)
	if err != nil {
		return err
	}
	defer wipe(secret)
	list := append([]attribute{ulongAttribute(p11.CKA_CLASS, p11.CKO_PRIVATE_KEY), boolAttribute(p11.CKA_TOKEN, false)}, secret...)
	o, err := t.module.calls.createObject(s.handle, append(append(list, private()...), attribute{p11.CKA_LABEL, []byte("signet probe")}))
	if p.Import = answer(err); err == nil {
		t.discard(s, o)
	}
	return severe(err)
}

// probeSessions opens sessions until the token has no more, or enough are open.
func (t *Token) probeSessions() ProbeSessions {
	const enough = 32
	info := t.Info()
	p := ProbeSessions{Told: info.sessionLimit(false)}
	var open []sessionHandle
	for range enough {
		s, err := t.module.calls.openSession(info.Slot, p11.CKF_SERIAL_SESSION)
		if err != nil {
			p.Code = codeOf(err).String()
			break
		}
		open = append(open, s)
	}
	for _, s := range open {
		_ = t.module.calls.closeSession(s)
	}
	p.Opened = len(open)
	return p
}

// probeWrongPIN gives one wrong PIN to a token that has its full count of attempts.
func probeWrongPIN(ctx context.Context, u URI, o Options) (*ProbeWrongPIN, error) {
	o.PIN = nil // nobody logs in yet
	t, err := OpenToken(ctx, u, o)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	if err := t.mayProbeWrongPIN(); err != nil {
		return nil, err
	}
	info := t.Info()
	p := &ProbeWrongPIN{}
	err = t.do(ctx, "probe", never, func(s *session) error {
		err := t.module.calls.login(s.handle, p11.CKU_USER, wrongPIN(info))
		if err == nil {
			return fmt.Errorf("%s: probe with a wrong PIN: the token took it, and is logged in", info.name())
		}
		p.Code = codeOf(err).String()
		info, err = t.refresh()
		p.CountLow, p.FinalTry = info.PINCountLow, info.PINFinalTry
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// mayProbeWrongPIN refuses to spend an attempt that may be one of few.
func (t *Token) mayProbeWrongPIN() error {
	info := t.Info()
	if info.LoginRequired && !info.Keypad && !info.PINCountLow && !info.PINFinalTry && !info.PINLocked {
		return nil
	}
	return &Error{Object: info.name(), Op: "probe with a wrong PIN", Kind: ErrPIN,
		Cause: "a wrong PIN was given before, or it takes none from here", Fix: "log in once with the right PIN, and probe again"}
}

// wrongPIN is a PIN of a length that the token takes, and that nobody chose.
func wrongPIN(i TokenInfo) []byte {
	pin := []byte("9q-!7zXw")
	if n := i.MaxPIN; n > 0 && n < len(pin) {
		pin = pin[:n]
	}
	for len(pin) < i.MinPIN {
		pin = append(pin, '7')
	}
	return pin
}
