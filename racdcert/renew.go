package racdcert

import (
	"context"

	"signet/cert"
	"signet/racdcert/tso"
	"signet/ring"
)

// rekey is RACDCERT REKEY.
type rekey struct {
	command
	request ring.Rekey
}

func parseRekey(c *racdcert, fn tso.Operand) (Command, error) {
	r := rekey{command: "RACDCERT REKEY"}
	q := &r.request
	var err error
	if q.CertRef, err = c.labelOnly(fn); err != nil {
		return nil, err
	}
	if q.NewLabel, err = c.takeLabel("WITHLABEL"); err != nil {
		return nil, err
	}
	if q.Key, q.Place, err = c.rekeyKey(q.NewLabel); err != nil {
		return nil, err
	}
	if q.NotBefore, err = c.moment("NOTBEFORE"); err != nil {
		return nil, err
	}
	if q.NotAfter, err = c.moment("NOTAFTER"); err != nil {
		return nil, err
	}
	q.PSS, err = c.pss()
	return r, err
}

// rekeyKey reads the key type, SIZE and place. What is not given is as in the existing certificate.
func (c *racdcert) rekeyKey(label string) (cert.KeySpec, ring.KeyPlace, error) {
	spec, place, err := c.key(label)
	if !c.has("RSA") && !c.has("NISTECC") && !c.has("ED25519") && !c.has("PCICC") && !c.has("ICSF") {
		spec.Algorithm = ""
		if !c.has("SIZE") {
			spec.Bits = 0
		}
	}
	return spec, place, err
}

func (r rekey) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return issued(s.Manager.Rekey(ctx, r.request))
}

// rollover is RACDCERT ROLLOVER.
type rollover struct {
	command
	request ring.Rollover
}

func parseRollover(c *racdcert, fn tso.Operand) (Command, error) {
	r := rollover{command: "RACDCERT ROLLOVER"}
	var err error
	if r.request.CertRef, err = c.labelOnly(fn); err != nil {
		return nil, err
	}
	if r.request.NewLabel, err = c.takeLabel("NEWLABEL"); err != nil {
		return nil, err
	}
	r.request.Force, err = c.takeFlag("FORCE")
	return r, err
}

func (r rollover) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return issued(s.Manager.Rollover(ctx, r.request))
}

// issued gives what a function that returns a certificate had to say.
func issued(r *ring.Issued, err error) (*ring.Result, error) {
	if err != nil {
		return nil, err
	}
	return &r.Result, nil
}
