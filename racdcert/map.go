package racdcert

import (
	"context"
	"fmt"

	"signet/racdcert/tso"
	"signet/ring"
)

// mapCommand is RACDCERT MAP.
type mapCommand struct {
	command
	request ring.Map
	dsn     dataSet // the model certificate
}

func parseMap(c *racdcert, fn tso.Operand) (Command, error) {
	m := mapCommand{command: "RACDCERT MAP", request: ring.Map{Owner: c.owner}}
	q := &m.request
	var err error
	if fn.HasValue {
		if m.dsn, err = dataSetOf(fn, "MAP"); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		keyword string
		to      *string
	}{{"SDNFILTER", &q.Subject}, {"IDNFILTER", &q.Issuer}, {"CRITERIA", &q.Criteria}} {
		if *f.to, err = c.takeFilled(f.keyword); err != nil {
			return nil, err
		}
	}
	if q.Label, err = c.takeLabel("WITHLABEL"); err != nil {
		return nil, err
	}
	q.Status, err = c.takeFilterStatus()
	return m, err
}

// takeFilled is takeText for a value that cannot be empty: without one a filter would match
// more than was meant.
func (c *racdcert) takeFilled(keyword string) (string, error) {
	s, err := c.takeText(keyword)
	if err == nil && s == "" && c.has(keyword) {
		return "", fail(c.operand(keyword).Pos, "leave it out if any name will do", "%s %s is empty", idInvalid, keyword)
	}
	return s, err
}

// takeFilterStatus reads the status of a filter. HIGHTRUST belongs to certificates.
func (c *racdcert) takeFilterStatus() (ring.Status, error) {
	k, err := c.take("TRUST", "NOTRUST")
	return ring.Status(k), err
}

func (m mapCommand) plan(s *Session) Plan {
	q := m.request
	name := fmt.Sprintf("a name filter of %s under a generated label", q.Owner)
	if q.Label != "" {
		name = "name filter " + ring.FilterRef{Owner: q.Owner, Label: q.Label}.String()
	}
	from := ""
	if m.dsn.given() {
		from = "from "
	}
	return does("makes "+name, when(q.Subject != "", "subject "+from+q.Subject), when(q.Issuer != "", "issuer "+from+q.Issuer),
		when(m.dsn.given() && q.Subject == "" && q.Issuer == "", "for the whole names in the certificate"),
		when(q.Criteria != "", "criteria "+q.Criteria), statusText(q.Status)).reading(m.dsn, s)
}

func (m mapCommand) run(ctx context.Context, s *Session) (*ring.Result, error) {
	if m.dsn.given() {
		m.request.Source = m.dsn.path(s)
		var err error
		if m.request.Model, err = m.dsn.read(s, MaxInput); err != nil {
			return nil, err
		}
	}
	return mapped(s.Manager.Map(ctx, m.request))
}

func mapped(r *ring.Mapped, err error) (*ring.Result, error) {
	if err != nil {
		return nil, err
	}
	return &r.Result, nil
}

// filterRef reads the filter in the parentheses of ALTMAP, DELMAP or LISTMAP.
func (c *racdcert) filterRef(fn tso.Operand) (ring.FilterRef, error) {
	r := ring.FilterRef{Owner: c.owner}
	parts, err := inside(fn, c.function, "LABEL")
	if err != nil {
		return r, err
	}
	r.Label, err = parts.label("LABEL")
	return r, err
}

// filterText names a filter, or what stands for one without a label.
func filterText(r ring.FilterRef, noLabel string) string {
	if r.Label == "" {
		return fmt.Sprintf("%s of %s", noLabel, r.Owner)
	}
	return "name filter " + r.String()
}

// altmap is RACDCERT ALTMAP.
type altmap struct {
	command
	request ring.Altmap
}

func parseAltmap(c *racdcert, fn tso.Operand) (Command, error) {
	a := altmap{command: "RACDCERT ALTMAP"}
	q := &a.request
	var err error
	if q.FilterRef, err = c.filterRef(fn); err != nil {
		return nil, err
	}
	if q.NewCriteria, err = c.takeFilled("NEWCRITERIA"); err != nil {
		return nil, err
	}
	if q.NewLabel, err = c.takeLabel("NEWLABEL"); err != nil {
		return nil, err
	}
	q.Status, err = c.takeFilterStatus()
	return a, err
}

func (a altmap) plan(*Session) Plan {
	q := a.request
	return does("changes "+filterText(q.FilterRef, "the one name filter"), statusText(q.Status),
		when(q.NewLabel != "", fmt.Sprintf("new label %q", q.NewLabel)), when(q.NewCriteria != "", "new criteria "+q.NewCriteria))
}

func (a altmap) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return mapped(s.Manager.Altmap(ctx, a.request))
}

// delmap is RACDCERT DELMAP.
type delmap struct {
	command
	request ring.Delmap
}

func parseDelmap(c *racdcert, fn tso.Operand) (Command, error) {
	r, err := c.filterRef(fn)
	return delmap{"RACDCERT DELMAP", ring.Delmap{FilterRef: r}}, err
}

func (d delmap) plan(*Session) Plan {
	return does("deletes " + filterText(d.request.FilterRef, "the one name filter"))
}

func (d delmap) run(ctx context.Context, s *Session) (*ring.Result, error) {
	return mapped(s.Manager.Delmap(ctx, d.request))
}

// listmap is RACDCERT LISTMAP.
type listmap struct {
	command
	request ring.Listmap
}

func parseListmap(c *racdcert, fn tso.Operand) (Command, error) {
	r, err := c.filterRef(fn)
	return listmap{"RACDCERT LISTMAP", ring.Listmap{FilterRef: r}}, err
}

func (l listmap) plan(*Session) Plan {
	return does("lists " + filterText(l.request.FilterRef, "the name filters"))
}

func (l listmap) run(ctx context.Context, s *Session) (*ring.Result, error) {
	d := display{w: s.Output, zone: s.Manager.Zone()}
	first := true
	err := s.Manager.Listmap(ctx, l.request, func(f *ring.Filter) error {
		if first {
			d.filterOwner(f.Owner)
			first = false
		}
		d.filter(f)
		return d.err
	})
	return nil, err
}

// filterOwner prints the heading of LISTMAP.
func (d *display) filterOwner(o ring.Owner) {
	name := o.Name()
	if o.IsUser() {
		name = "user " + name
	}
	d.line("Mapping information for %s:\n", name)
}

// filter prints one filter and a blank line (racdcert-rings.md C4).
func (d *display) filter(f *ring.Filter) {
	d.line("  Label: %s", f.Label)
	d.line("  Status: %s", f.Status)
	d.line("  Issuer's Name Filter:")
	d.pieces(f.Issuer)
	d.line("  Subject's Name Filter:")
	d.pieces(f.Subject)
	if f.Criteria != "" {
		d.line("  Criteria: %s", f.Criteria)
	}
	d.line("")
}
