package racdcert

import (
	"fmt"
	"slices"
	"strings"

	"signet/cert"
	"signet/ring"
	"signet/saf"
)

// Plan is what a command would do. It never holds a password.
type Plan struct {
	Does   string   // for example: makes CERTAUTH/CA, RSA 2048, CN=CA, self-signed
	Reads  []string // files, by the names that Files takes
	Writes []string
}

// does makes a plan of parts, of which the empty ones are left out.
func does(parts ...string) Plan {
	return Plan{Does: strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")}
}

// reading and writing add a data set to a plan, if it was given.
func (p Plan) reading(d dataSet, s *Session) Plan {
	if d.given() {
		p.Reads = append(p.Reads, d.path(s))
	}
	return p
}

func (p Plan) writing(d dataSet, s *Session) Plan {
	if d.given() {
		p.Writes = append(p.Writes, d.path(s))
	}
	return p
}

// when is a part of a plan that is there only when a condition holds.
func when(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}

// newCert names a certificate that is to be made.
func newCert(owner ring.Owner, label string) string {
	if label == "" {
		return fmt.Sprintf("a certificate of %s under a generated label", owner)
	}
	return ring.CertRef{Owner: owner, Label: label}.String()
}

// selected names the certificate that a selector picks.
func selected(s ring.Selector) string {
	switch {
	case s.All():
		return fmt.Sprintf("the one certificate of %s", s.Owner)
	case s.Label != "" && s.Serial == nil && s.Issuer == "":
		return ring.CertRef{Owner: s.Owner, Label: s.Label}.String()
	}
	var parts []string
	if s.Label != "" {
		parts = append(parts, fmt.Sprintf("label %q", s.Label))
	}
	if s.Serial != nil {
		parts = append(parts, "serial number "+cert.SerialHex(s.Serial))
	}
	if s.Issuer != "" {
		parts = append(parts, "issuer "+s.Issuer)
	}
	return fmt.Sprintf("the certificate of %s with %s", s.Owner, strings.Join(parts, " and "))
}

// keyText is a key specification for people, for example EC P-256.
func keyText(k cert.KeySpec) string {
	k = k.Round()
	switch k.Algorithm {
	case cert.RSA:
		return fmt.Sprintf("RSA %d", k.Bits)
	case cert.EC:
		return fmt.Sprintf("EC P-%d", k.Bits)
	}
	return "Ed25519"
}

func momentText(word string, m ring.Moment) string {
	text := strings.TrimSpace(m.Date + " " + m.Time)
	return when(text != "", word+" "+text)
}

func statusText(s ring.Status) string { return when(s != "", "status "+string(s)) }

func altNamesText(a cert.AltNames) string {
	var all []string
	for _, ip := range a.IPs {
		all = append(all, ip.String())
	}
	all = slices.Concat(all, a.DNS, a.Emails, a.URIs)
	return when(len(all) > 0, "also named "+strings.Join(all, " "))
}

func (g gencert) plan(s *Session) Plan {
	q := g.request
	verb, key := "makes ", keyText(q.Key)
	if g.dsn.given() {
		verb, key = "answers a request with ", "the key of the request"
	}
	signed := "self-signed"
	if q.SignWith != nil {
		signed = "signed by " + q.SignWith.String()
	} else if g.dsn.given() {
		signed = ""
	}
	return does(verb+newCert(q.Owner, q.Label), key, placeText(q.Place), when(!q.Subject.IsZero(), q.Subject.RACF()), altNamesText(q.AltNames),
		when(q.Usage != 0, "for "+strings.Join(q.Usage.Words(), " ")), momentText("from", q.NotBefore), momentText("to", q.NotAfter),
		signed, when(q.PSS, "with RSASSA-PSS")).reading(g.dsn, s)
}

// placeText says where a private key is to be, if that is not the database.
func placeText(p ring.KeyPlace) string {
	switch {
	case p.Token != "":
		return "with the private key in token " + p.Token
	case p.Label != "":
		return "with the private key in hardware as " + p.Label
	case p.PKDS:
		return "with the private key in hardware"
	}
	return ""
}

func (a add) plan(s *Session) Plan {
	target := when(a.request.Label != "", " as "+ring.CertRef{Owner: a.request.Owner, Label: a.request.Label}.String())
	if target == "" {
		target = fmt.Sprintf(" under %s", a.request.Owner)
	}
	return does("stores a certificate"+target, statusText(a.request.Status)).reading(a.dsn, s)
}

func (a alter) plan(*Session) Plan {
	q := a.request
	return does("changes "+selected(q.Selector), statusText(q.Status), when(q.NewLabel != "", fmt.Sprintf("new label %q", q.NewLabel)))
}

func (d del) plan(*Session) Plan {
	return does("deletes "+selected(d.request.Selector)+" with its private key and takes it out of every ring", when(d.request.Force, "even if a request is under way"))
}

func (e exportCommand) plan(s *Session) Plan {
	format := e.request.Format
	if format == "" {
		if format = cert.B64; e.request.Password != nil {
			format = cert.PKCS12DER
		}
	}
	return does("exports "+e.request.CertRef.String()+" as "+string(format), when(format.WithKey(), "with its private key")).writing(e.dsn, s)
}

func (g genreq) plan(s *Session) Plan {
	return does("makes a certificate request from "+g.request.CertRef.String()).writing(g.dsn, s)
}

func (l list) plan(*Session) Plan {
	if l.selector.All() {
		return does(fmt.Sprintf("lists the certificates of %s", l.selector.Owner))
	}
	return does("lists " + selected(l.selector))
}

func (c checkcert) plan(s *Session) Plan {
	return does("shows a certificate or package and its chain").reading(c.dsn, s)
}

func (l listchain) plan(*Session) Plan { return does("shows the chain of " + l.request.String()) }

func (r rekey) plan(*Session) Plan {
	q := r.request
	key := "a new key of the same kind"
	if q.Key != (cert.KeySpec{}) {
		key = "a new key"
		if q.Key.Algorithm != "" {
			key = keyText(q.Key)
		}
	}
	return does("makes "+newCert(q.Owner, q.NewLabel)+" like "+q.CertRef.String(), key, placeText(q.Place),
		momentText("from", q.NotBefore), momentText("to", q.NotAfter), "self-signed")
}

func (r rollover) plan(*Session) Plan {
	q := r.request
	return does(fmt.Sprintf("puts %s in the place of %s, whose private key is destroyed", newCert(q.Owner, q.NewLabel), q.CertRef), when(q.Force, "without checks"))
}

func (a addring) plan(*Session) Plan { return does("makes ring " + a.request.String()) }

func (d delring) plan(*Session) Plan {
	return does("deletes ring " + d.request.String() + "; its certificates stay")
}

func (c connect) plan(*Session) Plan {
	q := c.request
	usage := q.Usage
	if usage == "" {
		usage = q.Cert.Owner.DefaultUsage()
	}
	return does(fmt.Sprintf("connects %s to ring %s as %s", q.Cert, q.Ring, usage), when(q.Default, "the ring's default"))
}

func (r remove) plan(*Session) Plan {
	return does(fmt.Sprintf("takes %s out of ring %s", r.request.Cert, r.request.Ring))
}

func (l listring) plan(*Session) Plan {
	if l.ring.Name == "" {
		return does(fmt.Sprintf("lists the rings of %s", l.ring.Owner))
	}
	return does("lists ring " + l.ring.String())
}

func (r rdefine) plan(*Session) Plan {
	verb := "defines "
	if r.command == "RALTER" {
		verb = "changes "
	}
	return does(verb+profilesText(r.request.Class, r.request.Names), modelText(r.request.From, r.request.Class), settingsText(r.request.Settings))
}

func (r rdelete) plan(*Session) Plan { return does("deletes " + profilesText(r.class, r.names)) }

func (r rlist) plan(*Session) Plan {
	return does("shows " + profilesText(r.request.Class, r.request.Names))
}

// modelText says what FROM copies.
func modelText(m ring.Model, class string) string {
	if m.Class != "" {
		class = m.Class
	}
	return when(m.Name != "", "from "+profilesText(class, []string{m.Name}))
}

func profilesText(class string, names []string) string {
	return fmt.Sprintf("%s %s", class, strings.Join(names, " "))
}

func settingsText(q ring.ProfileSettings) string {
	var parts []string
	if q.UACC != nil {
		parts = append(parts, "universal access "+q.UACC.String())
	}
	for _, f := range []struct {
		word  string
		value *string
	}{{"owner", q.Owner}, {"data", q.Data}, {"application data", q.ApplData}, {"audit", q.Audit}, {"notify", q.Notify}} {
		if f.value != nil {
			parts = append(parts, fmt.Sprintf("%s %q", f.word, *f.value))
		}
	}
	if q.Level != nil {
		parts = append(parts, fmt.Sprintf("level %d", *q.Level))
	}
	if q.Warning != nil {
		parts = append(parts, map[bool]string{true: "warning mode", false: "no warning mode"}[*q.Warning])
	}
	return strings.Join(parts, ", ")
}

func (p permit) plan(*Session) Plan {
	q := p.request
	profile := profilesText(q.Class, []string{q.Name})
	ids := strings.Join(q.IDs, " ")
	condition := when(q.When != "", "when "+q.When)
	var reset string
	switch q.Reset {
	case ring.ResetAll:
		reset = "empties the access lists of " + profile
	case ring.ResetStandard:
		reset = "empties the standard access list of " + profile
	case ring.ResetWhen:
		reset = "empties the conditional access list of " + profile
	}
	var change string
	switch {
	case ids == "":
	case q.Delete:
		change = fmt.Sprintf("takes %s off the access list of %s", ids, profile)
	case q.Access == saf.None:
		change = fmt.Sprintf("gives %s no access to %s", ids, profile)
	default:
		change = fmt.Sprintf("gives %s %s access to %s", ids, q.Access, profile)
	}
	return does(reset, change, condition, when(q.From.Name != "", "adds the access list"), modelText(q.From, q.Class))
}

// classStates names what each ring.ClassSwitch switches.
var classStates = [...]string{"active", "RACLISTed", "with generic profiles", "with generic commands", "with global access checking"}

func (r setropts) plan(*Session) Plan {
	var parts []string
	for _, c := range r.request.Changes() {
		switch {
		case c.Refresh:
			parts = append(parts, "refreshes "+c.Class)
		case c.On:
			parts = append(parts, fmt.Sprintf("makes %s %s", c.Class, classStates[c.Switch]))
		default:
			parts = append(parts, fmt.Sprintf("makes %s not %s", c.Class, classStates[c.Switch]))
		}
	}
	for _, sw := range []struct {
		on   *bool
		what string
	}{
		{r.request.AddCreator, "the creators of profiles on their access lists"},
		{r.request.GroupList, "all groups of users count, not only their default groups"},
	} {
		switch {
		case sw.on == nil:
		case *sw.on:
			parts = append(parts, "puts in effect: "+sw.what)
		default:
			parts = append(parts, "puts out of effect: "+sw.what)
		}
	}
	if r.list {
		parts = append(parts, "shows the state of the classes")
	}
	if len(parts) == 0 {
		parts = append(parts, "changes nothing that signet keeps")
	}
	return does(parts...)
}

// plan also sets the prefix: the data sets of the commands that follow depend on it.
func (p profile) plan(s *Session) Plan {
	if !p.set {
		return does("changes nothing that signet keeps")
	}
	if s.prefix = p.prefix; p.prefix == "" {
		return does("puts nothing before data set names")
	}
	return does("puts " + p.prefix + " before data set names that are not quoted")
}
