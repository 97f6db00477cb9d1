package racdcert

import (
	"context"
	"math/big"
	"strings"

	"signet/cert"
	"signet/racdcert/tso"
	"signet/ring"
)

// MaxInput is the largest file that ADD reads, in bytes.
const MaxInput = 10 << 20

// add is RACDCERT ADD.
type add struct {
	command
	request ring.Add
	dsn     dataSet
}

func parseAdd(c *racdcert, fn tso.Operand) (Command, error) {
	a := add{command: "RACDCERT ADD", request: ring.Add{Owner: c.owner}}
	var err error
	if a.dsn, err = dataSetOf(fn, "ADD"); err != nil {
		return nil, err
	}
	if a.request.Label, err = c.takeLabel("WITHLABEL"); err != nil {
		return nil, err
	}
	if a.request.Status, err = c.takeStatus(); err != nil {
		return nil, err
	}
	if a.request.Password, err = c.password(); err != nil {
		return nil, err
	}
	return a, c.refuse("leave it out to keep the key sealed in the database", "PKDS", "PCICC", "ICSF")
}

// password reads PASSWORD, nil when it was not given.
func (c *racdcert) password() ([]byte, error) {
	p, err := c.takeText("PASSWORD")
	if err != nil || !c.has("PASSWORD") {
		return nil, err
	}
	return []byte(p), nil
}

func (a add) run(ctx context.Context, s *Session) (*ring.Result, error) {
	a.request.Source = a.dsn.path(s)
	var err error
	if a.request.Data, err = a.dsn.read(s, MaxInput); err != nil {
		return nil, err
	}
	r, err := s.Manager.Add(ctx, a.request)
	if err != nil {
		return nil, err
	}
	return &r.Result, nil
}

// selector reads what names one certificate of the owner inside the function's parentheses:
// LABEL, or SERIALNUMBER and ISSUERSDN, or nothing.
func (c *racdcert) selector(fn tso.Operand) (ring.Selector, error) {
	s := ring.Selector{Owner: c.owner}
	parts, err := inside(fn, c.function, "LABEL", "SERIALNUMBER", "ISSUERSDN")
	if err != nil {
		return s, err
	}
	if s.Label, err = parts.label("LABEL"); err != nil {
		return s, err
	}
	if s.Issuer, err = parts.text("ISSUERSDN"); err != nil {
		return s, err
	}
	serial, err := parts.text("SERIALNUMBER")
	if err != nil || serial == "" {
		return s, err
	}
	n, ok := new(big.Int).SetString(serial, 16)
	if !ok || strings.ContainsAny(serial, "+-_") {
		return s, fail(parts.operand("SERIALNUMBER").Pos, "copy the digits between > and < in LIST", "%s SERIALNUMBER %q is not hexadecimal", idInvalid, serial)
	}
	s.Serial = n
	return s, nil
}

// alter is RACDCERT ALTER.
type alter struct {
	command
	request ring.Alter
}

func parseAlter(c *racdcert, fn tso.Operand) (Command, error) {
	a := alter{command: "RACDCERT ALTER"}
	var err error
	if a.request.Selector, err = c.selector(fn); err != nil {
		return nil, err
	}
	if a.request.Status, err = c.takeStatus(); err != nil {
		return nil, err
	}
	a.request.NewLabel, err = c.takeLabel("NEWLABEL")
	return a, err
}

func (a alter) run(ctx context.Context, s *Session) (*ring.Result, error) {
	r, err := s.Manager.Alter(ctx, a.request)
	if err != nil {
		return nil, err
	}
	return &r.Result, nil
}

// del is RACDCERT DELETE.
type del struct {
	command
	request ring.Delete
}

func parseDelete(c *racdcert, fn tso.Operand) (Command, error) {
	d := del{command: "RACDCERT DELETE"}
	var err error
	if d.request.Selector, err = c.selector(fn); err != nil {
		return nil, err
	}
	d.request.Force, err = c.takeFlag("FORCE")
	return d, err
}

func (d del) run(ctx context.Context, s *Session) (*ring.Result, error) {
	r, err := s.Manager.Delete(ctx, d.request)
	if err != nil {
		return nil, err
	}
	return &r.Result, nil
}

// exportCommand is RACDCERT EXPORT.
type exportCommand struct {
	command
	request ring.Export
	dsn     dataSet
}

func parseExport(c *racdcert, fn tso.Operand) (Command, error) {
	e := exportCommand{command: "RACDCERT EXPORT"}
	var err error
	if e.request.CertRef, err = c.labelOnly(fn); err != nil {
		return nil, err
	}
	if e.dsn, err = c.takeDataSet("DSN"); err != nil {
		return nil, err
	}
	c.use("FORMAT")
	var formats []string
	for _, f := range cert.Formats() {
		formats = append(formats, string(f))
	}
	format, err := c.choice("FORMAT", formats)
	if err != nil {
		return nil, err
	}
	e.request.Format = cert.Format(format)
	if e.request.Password, err = c.password(); err != nil {
		return nil, err
	}
	c.use("PBE") // PKCS #12 is always written with AES
	_, err = c.choice("PBE", []string{"AES"})
	return e, err
}

func (e exportCommand) run(ctx context.Context, s *Session) (*ring.Result, error) {
	if !e.dsn.given() {
		return nil, ring.MissingKeyword("EXPORT", "DSN")
	}
	r, err := s.Manager.Export(ctx, e.request)
	if err != nil {
		return nil, err
	}
	return &r.Result, s.Files.Write(e.dsn.path(s), r.Data, r.Format.WithKey())
}

// genreq is RACDCERT GENREQ.
type genreq struct {
	command
	request ring.Genreq
	dsn     dataSet
}

func parseGenreq(c *racdcert, fn tso.Operand) (Command, error) {
	g := genreq{command: "RACDCERT GENREQ"}
	var err error
	if g.request.CertRef, err = c.labelOnly(fn); err != nil {
		return nil, err
	}
	g.dsn, err = c.takeDataSet("DSN")
	return g, err
}

func (g genreq) run(ctx context.Context, s *Session) (*ring.Result, error) {
	if !g.dsn.given() {
		return nil, ring.MissingKeyword("GENREQ", "DSN")
	}
	r, err := s.Manager.Genreq(ctx, g.request, func(pem []byte) error {
		return s.Files.Write(g.dsn.path(s), pem, false)
	})
	if err != nil {
		return nil, err
	}
	return &r.Result, nil
}

// list is RACDCERT LIST.
type list struct {
	command
	selector ring.Selector
}

func parseList(c *racdcert, fn tso.Operand) (Command, error) {
	s, err := c.selector(fn)
	return list{"RACDCERT LIST", s}, err
}

func (l list) run(ctx context.Context, s *Session) (*ring.Result, error) {
	d := display{w: s.Output, zone: s.Manager.Zone()}
	first := true
	err := s.Manager.List(ctx, l.selector, func(c ring.Listing) error {
		if first {
			d.owner(l.selector.Owner)
			first = false
		}
		return d.certificate(c)
	})
	if err != nil {
		return nil, err
	}
	return nil, d.err
}
