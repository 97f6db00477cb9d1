package racdcert

import (
	"context"

	"signet/racdcert/tso"
	"signet/ring"
)

// checkcert is RACDCERT CHECKCERT.
type checkcert struct {
	command
	request ring.Checkcert
	dsn     dataSet
}

func parseCheckcert(c *racdcert, fn tso.Operand) (Command, error) {
	q := checkcert{command: "RACDCERT CHECKCERT"}
	var err error
	if q.dsn, err = dataSetOf(fn, "CHECKCERT"); err != nil {
		return nil, err
	}
	q.request.Password, err = c.password()
	return q, err
}

func (c checkcert) run(ctx context.Context, s *Session) (*ring.Result, error) {
	c.request.Source = c.dsn.path(s)
	var err error
	if c.request.Data, err = c.dsn.read(s, MaxInput); err != nil {
		return nil, err
	}
	ch, err := s.Manager.Checkcert(ctx, c.request)
	return s.showChain(ch, err, false)
}

// listchain is RACDCERT LISTCHAIN.
type listchain struct {
	command
	request ring.CertRef
}

func parseListchain(c *racdcert, fn tso.Operand) (Command, error) {
	ref, err := c.labelOnly(fn)
	return listchain{"RACDCERT LISTCHAIN", ref}, err
}

// labelOnly reads what names a certificate where only LABEL can.
func (c *racdcert) labelOnly(fn tso.Operand) (ring.CertRef, error) {
	ref := ring.CertRef{Owner: c.owner}
	parts, err := inside(fn, c.function, "LABEL")
	if err != nil {
		return ref, err
	}
	ref.Label, err = parts.label("LABEL")
	return ref, err
}

func (l listchain) run(ctx context.Context, s *Session) (*ring.Result, error) {
	ch, err := s.Manager.ListChain(ctx, ring.Listchain{CertRef: l.request})
	return s.showChain(ch, err, true)
}

func (s *Session) showChain(ch *ring.Chain, err error, rings bool) (*ring.Result, error) {
	if err != nil {
		return nil, err
	}
	d := display{w: s.Output, zone: s.Manager.Zone()}
	d.chain(ch, rings)
	return &ch.Result, d.err
}

// chain prints a chain: each certificate, and a summary (racdcert-certificates.md 15.4). What
// the database does not have lacks the heading and the lines that only it knows.
func (d *display) chain(ch *ring.Chain, rings bool) {
	for i, l := range ch.Links {
		d.line("Certificate %d:", i+1)
		c := l.Certificate
		if c != nil {
			d.owner(c.Owner)
			d.record(c)
		}
		d.fields(l.X509)
		if c != nil {
			d.line("  Private Key: %s", yes(c.HasKey()))
		}
		d.fingerprint(l.X509.Raw)
		if rings {
			d.associations(l.Rings)
		}
		if f := l.Mapping; f != nil { // the layout of these two lines is not confirmed
			d.line("  Mapping Label: %s", f.Label)
			d.line("  Mapping Status: %s", f.Status)
		}
		d.remark(l.X509)
		d.line("")
	}
	complete := "complete"
	if !ch.Complete {
		complete = "incomplete"
	}
	d.line("Chain information:")
	d.line("  Chain contains %d certificate(s), chain is %s", len(ch.Links), complete)
	if ch.Expired {
		d.line("  Chain contains expired certificate(s)")
	}
	if rings && ch.NoTrust {
		d.line("  Chain contains NOTRUST certificate(s)")
	}
	if rings && len(ch.Links) > 1 {
		for i, r := range ch.Rings {
			if i == 0 {
				d.line("  Chain contains ring(s) in common:")
			}
			d.line("    %s", r)
		}
	}
	d.line("")
}
