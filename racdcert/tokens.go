package racdcert

import (
	"context"
	"fmt"
	"strings"

	"signet/racdcert/tso"
	"signet/ring"
)

// ignoreOwner makes an owner in front of a token function an operand that does not matter: a
// token belongs to nobody (racdcert-rings.md B1).
func (c *racdcert) ignoreOwner() {
	for _, k := range []string{"ID", "SITE", "CERTAUTH"} {
		if i := c.index(k); i >= 0 {
			c.all[i].used = false
		}
	}
}

// addtoken is RACDCERT ADDTOKEN.
type addtoken struct {
	command
	name string
}

func parseAddtoken(c *racdcert, fn tso.Operand) (Command, error) {
	c.ignoreOwner()
	name, err := value(fn, "ADDTOKEN")
	return addtoken{"RACDCERT ADDTOKEN", name}, err
}

func (a addtoken) plan(*Session) Plan { return does("makes token " + strings.ToUpper(a.name)) }

func (a addtoken) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.AddToken(ctx, a.name)
}

// deltoken is RACDCERT DELTOKEN.
type deltoken struct {
	command
	request ring.DelToken
}

func parseDeltoken(c *racdcert, fn tso.Operand) (Command, error) {
	c.ignoreOwner()
	d := deltoken{command: "RACDCERT DELTOKEN"}
	var err error
	if d.request.Name, err = value(fn, "DELTOKEN"); err != nil {
		return nil, err
	}
	d.request.Force, err = c.takeFlag("FORCE")
	return d, err
}

func (d deltoken) plan(*Session) Plan {
	return does("deletes token "+strings.ToUpper(d.request.Name)+" with its certificates and private keys", when(d.request.Force, "and what other programs put there"))
}

func (d deltoken) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return s.Manager.DelToken(ctx, d.request)
}

// listtoken is RACDCERT LISTTOKEN.
type listtoken struct {
	command
	name string // empty means all tokens
}

func parseListtoken(c *racdcert, fn tso.Operand) (Command, error) {
	c.ignoreOwner()
	l := listtoken{command: "RACDCERT LISTTOKEN"}
	if !fn.HasValue {
		return l, nil
	}
	var err error
	if l.name, err = value(fn, "LISTTOKEN"); l.name == "*" {
		l.name = ""
	}
	return l, err
}

func (l listtoken) plan(*Session) Plan {
	if l.name == "" {
		return does("lists all tokens")
	}
	return does("lists token " + strings.ToUpper(l.name))
}

func (l listtoken) run(ctx context.Context, s *Session) (*ring.Result, error) {
	d := display{w: s.Output, zone: s.Manager.Zone()}
	return nil, s.Manager.ListToken(ctx, l.name, func(t ring.TokenListing) error {
		d.token(t)
		return d.err
	})
}

// bind is RACDCERT BIND.
type bind struct {
	command
	request ring.Bind
}

func parseBind(c *racdcert, fn tso.Operand) (Command, error) {
	c.ignoreOwner()
	b := bind{command: "RACDCERT BIND"}
	parts, err := inside(fn, "BIND", "ID", "SITE", "CERTAUTH", "LABEL", "TOKEN", "DEFAULT", "USAGE")
	if err != nil {
		return nil, err
	}
	q := &b.request
	if q.Cert, err = certRef(parts, c.issuer); err != nil {
		return nil, err
	}
	if q.Token, err = parts.text("TOKEN"); err != nil {
		return nil, err
	}
	if q.Default, err = parts.flag("DEFAULT"); err != nil {
		return nil, err
	}
	usage, err := parts.choice("USAGE", []string{"PERSONAL", "SITE", "CERTAUTH"})
	q.Usage = ring.Usage(usage)
	return b, err
}

func (b bind) plan(*Session) Plan {
	q := b.request
	usage := q.Usage
	if usage == "" {
		usage = q.Cert.Owner.DefaultUsage()
	}
	return does(fmt.Sprintf("copies %s to token %s as %s", q.Cert, strings.ToUpper(q.Token), usage),
		when(usage == ring.UsagePersonal, "with its private key if it has one"), when(q.Default, "the token's default"))
}

func (b bind) run(ctx context.Context, s *Session) (*ring.Result, error) {
	r, err := s.Manager.Bind(ctx, b.request)
	if err != nil {
		return nil, err
	}
	return &r.Result, nil
}

// unbind is RACDCERT UNBIND.
type unbind struct {
	command
	request ring.Unbind
}

// parseUnbind reads UNBIND. FORCE is RACF's, for keys in hardware that a certificate still
// needs; here an object in a token is nothing but a copy.
func parseUnbind(c *racdcert, fn tso.Operand) (Command, error) {
	c.ignoreOwner()
	u := unbind{command: "RACDCERT UNBIND"}
	if _, err := c.takeFlag("FORCE"); err != nil {
		return nil, err
	}
	parts, err := inside(fn, "UNBIND", "ID", "SITE", "CERTAUTH", "LABEL", "SEQNUM", "TOKEN")
	if err != nil {
		return nil, err
	}
	q := &u.request
	if q.Token, err = parts.text("TOKEN"); err != nil {
		return nil, err
	}
	k, err := parts.exclusive("LABEL", "SEQNUM")
	switch {
	case err != nil:
		return nil, err
	case k == "SEQNUM":
		q.Seq, err = parts.seqNum()
	default:
		q.Cert, err = certRef(parts, c.issuer)
	}
	return u, err
}

func (u unbind) plan(*Session) Plan {
	q := u.request
	what := q.Cert.String()
	if q.Seq != 0 {
		what = "the certificate with sequence number " + q.Seq.String()
	}
	return does(fmt.Sprintf("removes %s from token %s", what, strings.ToUpper(q.Token)))
}

func (u unbind) run(ctx context.Context, s *Session) (*ring.Result, error) {
	r, err := s.Manager.Unbind(ctx, u.request)
	if err != nil {
		return nil, err
	}
	return &r.Result, nil
}

// seqNum reads SEQNUM, zero when it was not given.
func (o operands) seqNum() (ring.SeqNum, error) {
	text, err := o.text("SEQNUM")
	if err != nil || !o.has("SEQNUM") {
		return 0, err
	}
	n, err := ring.ParseSeqNum(text)
	if err != nil {
		return 0, fail(o.operand("SEQNUM").Pos, "LISTTOKEN shows the sequence numbers", "%s SEQNUM %q is not 1 to 8 hexadecimal digits that make at least 1", idInvalid, text)
	}
	return n, nil
}

// importCommand is RACDCERT IMPORT.
type importCommand struct {
	command
	request ring.Import
}

func parseImport(c *racdcert, fn tso.Operand) (Command, error) {
	i := importCommand{command: "RACDCERT IMPORT", request: ring.Import{Owner: c.owner}}
	parts, err := inside(fn, "IMPORT", "TOKEN", "SEQNUM")
	if err != nil {
		return nil, err
	}
	q := &i.request
	if q.Token, err = parts.text("TOKEN"); err != nil {
		return nil, err
	}
	if q.Seq, err = parts.seqNum(); err != nil {
		return nil, err
	}
	if q.Label, err = c.takeLabel("WITHLABEL"); err != nil {
		return nil, err
	}
	if q.Status, err = c.takeStatus(); err != nil {
		return nil, err
	}
	return i, c.refuse("leave it out to keep the key sealed in the database", "PKDS", "PCICC", "ICSF")
}

func (i importCommand) plan(*Session) Plan {
	q := i.request
	return does(fmt.Sprintf("stores certificate %s of token %s as %s", q.Seq, strings.ToUpper(q.Token), newCert(q.Owner, q.Label)), statusText(q.Status))
}

func (i importCommand) run(ctx context.Context, s *Session) (*ring.Result, error) {
	r, err := s.Manager.Import(ctx, i.request)
	if err != nil {
		return nil, err
	}
	return &r.Result, nil
}

// token prints one token in the layout of racdcert-rings.md B3, and a blank line. The label
// after RACF: is there when the database has the certificate; it names the owner, too, when that
// is no longer the one it was bound under.
func (d *display) token(l ring.TokenListing) {
	d.line("Token:     %s\n", l.Token.Name)
	if len(l.Objects) == 0 {
		d.line(" *** No certificates bound ***\n")
		return
	}
	row := func(seq, left, right, label string) {
		d.line("%s", strings.TrimRight(fmt.Sprintf(" %-10s%-20s%-16s%s", seq, left, right, label), " "))
	}
	row("Seq Num", "Attributes", "", "Labels")
	d.line(" %s  %s   %s", strings.Repeat("-", 8), strings.Repeat("-", 33), strings.Repeat("-", 32))
	for _, o := range l.Objects {
		racf := ""
		if c := o.Certificate; c != nil {
			racf = "RACF: " + c.Label
			if c.Owner != o.Owner {
				racf += " of " + c.Owner.String()
			}
		}
		row(o.Seq.String(), "Default: "+yes(o.Default), "Priv Key: "+yes(o.HasKey), "TKDS: "+o.Label)
		row("", "Usage:   "+string(o.Usage), "Pub Key:  YES", racf)
		row("", "Owner:   "+o.Owner.String(), "", "")
	}
	d.line("")
}
