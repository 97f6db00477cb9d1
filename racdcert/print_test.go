package racdcert

import (
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"signet/cert"
	"signet/racdcert/tso"
	"signet/ring"
	"signet/saf"
)

// Whatever a request holds, its text is read as the same request, however it is written. Tokens,
// name filters and users have tests of their own.
func TestPrintedIsRead(t *testing.T) {
	s := &scribe{Rand: rand.New(rand.NewPCG(7, 11)), used: map[string]bool{}}
	m := maker{s}
	kinds := m.kinds()
	for i := range 200 * len(kinds) {
		want, text := kinds[i%len(kinds)]()
		lines, err := tso.Lines([]byte(text))
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		commands := tso.Split(lines)
		if len(commands) != 1 {
			t.Fatalf("%s\n%d commands", text, len(commands))
		}
		st, err := commands[0].Parse()
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		got, notes, err := Parse(st, "OPER")
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		for _, n := range notes {
			if n.Code > ring.Done {
				t.Fatalf("%s\n%v", text, n)
			}
		}
		if diff := cmp.Diff(want, got, sameRequest); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", text, diff)
		}
	}
	for _, k := range slices.Concat(operandKeywords, extensions, slices.Collect(maps.Keys(functions))) {
		if !s.used[k] && !slices.Contains(elsewhere, k) {
			t.Errorf("keyword %s was never written", k)
		}
	}
}

// sameRequest compares commands but for their places.
var sameRequest = cmp.Options{
	cmp.Exporter(func(reflect.Type) bool { return true }),
	cmpopts.IgnoreFields(dataSet{}, "pos"),
	cmpopts.EquateComparable(netip.Addr{}),
	cmp.Comparer(func(a, b *big.Int) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 }),
	cmpopts.EquateEmpty(),
}

// A command that lacks closing parentheses, at its end or anywhere, is refused or does what the
// whole one does; never anything else.
func TestLostParentheses(t *testing.T) {
	m := maker{&scribe{Rand: rand.New(rand.NewPCG(5, 3)), used: map[string]bool{}}}
	kinds := m.kinds()
	supplied := 0
	check := func(want Command, text string) {
		t.Helper()
		lines, err := tso.Lines([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range tso.Split(lines) {
			r := new(Session).read(c, "OPER")
			if r.cmd == nil {
				continue
			}
			supplied++
			if diff := cmp.Diff(want, r.cmd, sameRequest); diff != "" || r.Code != ring.Warning {
				t.Errorf("%s: code %d (-want +got):\n%s", text, r.Code, diff)
			}
			if r := (&Session{Strict: true}).read(c, "OPER"); r.cmd != nil {
				t.Errorf("%s: runs in a strict session", text)
			}
		}
	}
	for i := range 40 * len(kinds) {
		want, text := kinds[i%len(kinds)]()
		lines, err := tso.Lines([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		st, err := tso.Split(lines)[0].Parse()
		if err != nil {
			t.Fatal(err)
		}
		whole := st.String()
		for cut := whole; strings.HasSuffix(cut, ")"); {
			cut = strings.TrimSuffix(cut, ")")
			check(want, cut)
		}
		quoted := false
		for i := range len(whole) {
			if whole[i] == '\'' {
				quoted = !quoted
			}
			if whole[i] == ')' && !quoted {
				check(want, whole[:i]+" "+whole[i+1:])
			}
		}
	}
	if supplied < 40*len(kinds)/2 {
		t.Errorf("parentheses were supplied only %d times", supplied)
	}
}

// elsewhere are the keywords that TestPrintedIsRead leaves out: those of tokens and name filters
// have tests of their own, and keys in hardware are refused.
var elsewhere = []string{
	"MULTIID", "MAP", "ALTMAP", "DELMAP", "LISTMAP", "SDNFILTER", "IDNFILTER", "CRITERIA", "NEWCRITERIA",
	"ADDTOKEN", "DELTOKEN", "LISTTOKEN", "BIND", "UNBIND", "IMPORT",
	"PCICC", "ICSF", "FROMICSF", "PKDS", "DSA", "BPECC",
}

// maker makes requests and their texts.
type maker struct{ *scribe }

func (m maker) kinds() []func() (Command, string) {
	return []func() (Command, string){
		m.gencert, m.genreq, m.add, m.alter, m.delete, m.export, m.list, m.checkcert, m.listchain, m.rekey, m.rollover,
		m.addring, m.delring, m.connect, m.remove, m.listring,
		m.setropts, m.rdefine, m.rdelete, m.permit, m.rlist, m.profile,
	}
}

// racdcert writes a RACDCERT command: owner, function and operands in any order, the owner
// perhaps twice.
func (m maker) racdcert(owner ring.Owner, operands ...item) string {
	if owner != "OPER" || m.once(2) {
		operands = append(operands, m.owner(firstLevel(), owner))
		if m.once(8) {
			operands = append(operands, m.owner(firstLevel(), owner))
		}
	}
	m.Shuffle(len(operands), func(i, j int) { operands[i], operands[j] = operands[j], operands[i] })
	return m.command("RACDCERT", operands)
}

func (m maker) owner(among []string, o ring.Owner) item {
	if o.IsUser() {
		return key(among, "ID", val(folded, string(o)))
	}
	return alone(among, o.Name())
}

func first(keyword string, list ...item) item { return key(firstLevel(), keyword, list...) }

func (m maker) anyOwner() ring.Owner {
	return []ring.Owner{"OPER", "U", "WEB_SRV-1.X", "A@B#C$9", ring.CertAuth, ring.Site}[m.IntN(6)]
}

func (m maker) user() ring.Owner { return []ring.Owner{"OPER", "U", "SRVUSR", "X#1"}[m.IntN(4)] }

// text makes a value of at most n characters, any of which may need care.
func (m maker) text(n int) string {
	letters := []rune(`abcXYZ019 ,()'/*+-&;."=éЖ日`)
	var b strings.Builder
	for range 1 + m.IntN(n) {
		b.WriteRune(letters[m.IntN(len(letters))])
	}
	return b.String()
}

func (m maker) label() string {
	for {
		if s, err := ring.CheckLabel(m.text(32)); err == nil {
			return s
		}
	}
}

// word makes a text that is never quoted for its characters.
func (m maker) word(n int) string {
	const letters = "abcXYZ019."
	b := []byte{'W'}
	for range m.IntN(n) {
		b = append(b, letters[m.IntN(len(letters))])
	}
	return string(b)
}

// optional adds an operand in half of the cases.
func (m maker) optional(ops *[]item, make func() item) {
	if m.once(2) {
		*ops = append(*ops, make())
	}
}

// dataSet makes a data set and its value: a name, with or without the prefix, or a path.
func (m maker) dataSet() (dataSet, item) {
	switch m.IntN(3) {
	case 0:
		return dataSet{name: "./sub dir/it's.pem", complete: true}, val(quoted, "./sub dir/it's.pem")
	case 1:
		return dataSet{name: "PROD.@CERT#1.B$4", complete: true}, val(quoted, m.pick("PROD.@CERT#1.B$4", "prod.@cert#1.b$4"))
	}
	name := m.pick("A", "USER1.PKITEST.SERVERS.CRT")
	return dataSet{name: name}, val(bare, m.anyCase(name))
}

func (m maker) status(ops *[]item) ring.Status {
	s := []ring.Status{"", ring.Trust, ring.NoTrust, ring.HighTrust}[m.IntN(4)]
	if s != "" {
		*ops = append(*ops, alone(firstLevel(), string(s)))
	}
	return s
}

func (m maker) password(ops *[]item) []byte {
	if m.once(2) {
		return nil
	}
	p := m.text(20)
	*ops = append(*ops, first("PASSWORD", val(asNeeded, p)))
	return []byte(p)
}

func (m maker) withLabel(ops *[]item, keyword string) string {
	if m.once(3) {
		return ""
	}
	l := m.label()
	*ops = append(*ops, first(keyword, val(asNeeded, l)))
	return l
}

func (m maker) subject(ops *[]item) cert.Name {
	if m.once(4) {
		return cert.Name{}
	}
	among := []string{"CN", "T", "OU", "O", "L", "SP", "C"}
	var list []item
	part := func(keyword string) string {
		if m.once(3) {
			return ""
		}
		v := strings.TrimSpace("x" + m.text(20) + "x")
		list = append(list, key(among, keyword, val(asNeeded, v)))
		return v
	}
	sub := cert.Subject{CN: part("CN"), T: part("T"), O: part("O"), L: part("L"), SP: part("SP")}
	if m.once(2) {
		sub.C = "NL"
		list = append(list, key(among, "C", val(asNeeded, "NL")))
	}
	if sub.CN == "" {
		sub.CN = "always one part"
		list = append(list, key(among, "CN", val(asNeeded, sub.CN)))
	}
	for range m.IntN(4) {
		sub.OU = append(sub.OU, "u"+m.word(10))
	}
	if len(sub.OU) > 0 {
		list = append(list, key(among, "OU", vals(asNeeded, sub.OU)...))
	}
	m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	*ops = append(*ops, first("SUBJECTSDN", list...))
	name, err := sub.Name()
	if err != nil {
		panic(fmt.Sprintf("%+v: %v", sub, err))
	}
	return name
}

func (m maker) keySpec(ops *[]item) cert.KeySpec {
	spec := cert.KeySpec{Algorithm: cert.RSA, Bits: 2048}
	switch m.IntN(4) {
	case 0:
		*ops = append(*ops, alone(nil, "ED25519"))
		return cert.KeySpec{Algorithm: cert.Ed25519}
	case 1:
		*ops = append(*ops, alone(firstLevel(), "NISTECC"))
		spec = cert.KeySpec{Algorithm: cert.EC, Bits: 256}
	case 2:
		*ops = append(*ops, alone(firstLevel(), "RSA"))
	}
	if m.once(2) {
		spec.Bits = 200 + m.IntN(4000)
		*ops = append(*ops, first("SIZE", val(asNeeded, fmt.Sprint(spec.Bits))))
	}
	return spec
}

func (m maker) moment(ops *[]item, keyword string) ring.Moment {
	var w ring.Moment
	var list []item
	among := []string{"DATE", "TIME"}
	if m.once(2) {
		w.Date = fmt.Sprintf("20%02d-%02d-%02d", m.IntN(100), 1+m.IntN(12), 1+m.IntN(28))
		list = append(list, key(among, "DATE", val(asNeeded, strings.ReplaceAll(w.Date, "-", m.pick("-", "/")))))
	}
	if m.once(2) {
		w.Time = fmt.Sprintf("%02d:%02d:%02d", m.IntN(24), m.IntN(60), m.IntN(60))
		list = append(list, key(among, "TIME", val(asNeeded, w.Time)))
	}
	if len(list) > 0 {
		m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		*ops = append(*ops, first(keyword, list...))
	}
	return w
}

// subset picks some of the words, in order, and perhaps none.
func (m maker) subset(words []string) []string {
	var some []string
	for _, w := range words {
		if m.once(2) {
			some = append(some, w)
		}
	}
	return some
}

// choices are values that are words themselves and may be shortened.
func choices(known, words []string) []item {
	var items []item
	for _, w := range words {
		items = append(items, alone(known, w))
	}
	return items
}

func (m maker) pss(ops *[]item) bool {
	if m.once(2) {
		return false
	}
	*ops = append(*ops, first("SIGATTR", alone([]string{"RSAPSS"}, "RSAPSS")))
	return true
}

func (m maker) altNames(ops *[]item) cert.AltNames {
	var a cert.AltNames
	var list []item
	among := []string{"IP", "AIP", "DOMAIN", "ADOMAIN", "EMAIL", "AEMAIL", "URI", "AURI"}
	for _, kind := range []struct {
		keyword string
		values  []string
		to      *[]string
	}{
		{"IP", []string{"192.0.2.1", "2001:db8::1", "10.0.0.1"}, nil},
		{"DOMAIN", []string{"a.example", "b.example", "*.c.example"}, &a.DNS},
		{"EMAIL", []string{"x@example.org", "y@example.org"}, &a.Emails},
		{"URI", []string{"https://example.org/?a=(b),c", "urn:x"}, &a.URIs},
	} {
		values := m.subset(kind.values)
		if len(values) == 0 {
			continue
		}
		if kind.to == nil {
			for _, v := range values {
				a.IPs = append(a.IPs, netip.MustParseAddr(v))
			}
		} else {
			*kind.to = values
		}
		// One in the plain form and the others in the form for several, or all in either.
		n := m.IntN(len(values) + 1)
		if n > 0 {
			list = append(list, key(among, kind.keyword, vals(asNeeded, values[:n])...))
		}
		if n < len(values) {
			list = append(list, key(among, "A"+kind.keyword, vals(asNeeded, values[n:])...))
		}
	}
	if len(list) > 0 {
		m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		*ops = append(*ops, first("ALTNAME", list...))
	}
	return a
}

func (m maker) gencert() (Command, string) {
	g := gencert{command: "RACDCERT GENCERT"}
	q := &g.request
	q.Owner = m.anyOwner()
	fn := alone(firstLevel(), "GENCERT")
	if m.once(3) {
		var v item
		g.dsn, v = m.dataSet()
		fn = first("GENCERT", v)
	}
	ops := []item{fn}
	q.Label = m.withLabel(&ops, "WITHLABEL")
	q.Subject = m.subject(&ops)
	q.Key = m.keySpec(&ops)
	q.NotBefore, q.NotAfter = m.moment(&ops, "NOTBEFORE"), m.moment(&ops, "NOTAFTER")
	if m.once(2) {
		ref := ring.CertRef{Owner: m.anyOwner(), Label: m.label()}
		q.SignWith = &ref
		among := []string{"CERTAUTH", "SITE", "ID", "LABEL"}
		list := []item{key(among, "LABEL", val(trimmed, ref.Label))}
		if ref.Owner != "OPER" || m.once(2) {
			list = append(list, m.owner(among, ref.Owner))
		}
		m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		ops = append(ops, first("SIGNWITH", list...))
	}
	if words := m.subset(usageWords); len(words) > 0 {
		ops = append(ops, first("KEYUSAGE", choices(usageWords, words)...))
		q.Usage, _ = cert.ParseUsage(words)
	}
	q.PSS = m.pss(&ops)
	if q.ExtUsage = m.subset([]string{"serverauth", "clientauth", "1.2.3.4"}); len(q.ExtUsage) > 0 {
		ops = append(ops, key(nil, "EKU", vals(asNeeded, q.ExtUsage)...))
	}
	q.AltNames = m.altNames(&ops)
	return g, m.racdcert(q.Owner, ops...)
}

// labelled is a function whose parentheses hold LABEL, or nothing.
func (m maker) labelled(function string, ref *ring.CertRef) item {
	ref.Owner = m.anyOwner()
	if m.once(8) {
		return alone(firstLevel(), function)
	}
	ref.Label = m.label()
	return first(function, key([]string{"LABEL"}, "LABEL", val(trimmed, ref.Label)))
}

func (m maker) genreq() (Command, string) {
	g := genreq{command: "RACDCERT GENREQ"}
	ops := []item{m.labelled("GENREQ", &g.request.CertRef)}
	m.optional(&ops, func() item {
		var v item
		g.dsn, v = m.dataSet()
		return first("DSN", v)
	})
	return g, m.racdcert(g.request.Owner, ops...)
}

func (m maker) add() (Command, string) {
	a := add{command: "RACDCERT ADD", request: ring.Add{Owner: m.anyOwner()}}
	var v item
	a.dsn, v = m.dataSet()
	ops := []item{first("ADD", v)}
	a.request.Label = m.withLabel(&ops, "WITHLABEL")
	a.request.Status = m.status(&ops)
	a.request.Password = m.password(&ops)
	return a, m.racdcert(a.request.Owner, ops...)
}

// selector is a function whose parentheses say which certificate is meant.
func (m maker) selector(function string) (ring.Selector, item) {
	q := ring.Selector{Owner: m.anyOwner()}
	among := []string{"LABEL", "SERIALNUMBER", "ISSUERSDN"}
	var list []item
	switch m.IntN(3) {
	case 0:
		q.Label = m.label()
		list = append(list, key(among, "LABEL", val(trimmed, q.Label)))
	case 1:
		q.Serial = big.NewInt(m.Int64N(1 << 40))
		list = append(list, key(among, "SERIALNUMBER", val(asNeeded, m.anyCase(fmt.Sprintf("%02X", q.Serial)))))
		if m.once(2) {
			q.Issuer = m.text(40)
			list = append(list, key(among, "ISSUERSDN", val(asNeeded, q.Issuer)))
			m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
	default:
		if m.once(2) {
			return q, alone(firstLevel(), function)
		}
	}
	return q, first(function, list...)
}

func (m maker) alter() (Command, string) {
	a := alter{command: "RACDCERT ALTER"}
	var fn item
	a.request.Selector, fn = m.selector("ALTER")
	ops := []item{fn}
	a.request.Status = m.status(&ops)
	a.request.NewLabel = m.withLabel(&ops, "NEWLABEL")
	return a, m.racdcert(a.request.Owner, ops...)
}

func (m maker) force(ops *[]item) bool {
	if m.once(2) {
		return false
	}
	*ops = append(*ops, alone(firstLevel(), "FORCE"))
	return true
}

func (m maker) delete() (Command, string) {
	d := del{command: "RACDCERT DELETE"}
	var fn item
	d.request.Selector, fn = m.selector("DELETE")
	ops := []item{fn}
	d.request.Force = m.force(&ops)
	return d, m.racdcert(d.request.Owner, ops...)
}

func (m maker) export() (Command, string) {
	e := exportCommand{command: "RACDCERT EXPORT"}
	ops := []item{m.labelled("EXPORT", &e.request.CertRef)}
	m.optional(&ops, func() item {
		var v item
		e.dsn, v = m.dataSet()
		return first("DSN", v)
	})
	m.optional(&ops, func() item {
		var words []string
		for _, f := range cert.Formats() {
			words = append(words, string(f))
		}
		word := m.pick(words...)
		e.request.Format = cert.Format(word)
		return first("FORMAT", alone(words, word))
	})
	e.request.Password = m.password(&ops)
	m.optional(&ops, func() item { return first("PBE", alone([]string{"AES"}, "AES")) })
	return e, m.racdcert(e.request.Owner, ops...)
}

// list is also what a RACDCERT without a function means.
func (m maker) list() (Command, string) {
	q, fn := m.selector("LIST")
	ops := []item{fn}
	if q.All() && m.once(3) {
		ops = nil
	}
	return list{"RACDCERT LIST", q}, m.racdcert(q.Owner, ops...)
}

func (m maker) checkcert() (Command, string) {
	c := checkcert{command: "RACDCERT CHECKCERT"}
	var v item
	c.dsn, v = m.dataSet()
	ops := []item{first("CHECKCERT", v)}
	c.request.Password = m.password(&ops)
	return c, m.racdcert("OPER", ops...)
}

func (m maker) listchain() (Command, string) {
	l := listchain{command: "RACDCERT LISTCHAIN"}
	fn := m.labelled("LISTCHAIN", &l.request)
	return l, m.racdcert(l.request.Owner, fn)
}

func (m maker) rekey() (Command, string) {
	r := rekey{command: "RACDCERT REKEY"}
	ops := []item{m.labelled("REKEY", &r.request.CertRef)}
	r.request.NewLabel = m.withLabel(&ops, "WITHLABEL")
	before := len(ops)
	r.request.Key = m.keySpec(&ops)
	if !slices.ContainsFunc(ops[before:], func(o item) bool { return o.keyword != "SIZE" }) {
		r.request.Key.Algorithm = "" // that of the certificate
		if len(ops) == before {
			r.request.Key.Bits = 0
		}
	}
	r.request.NotBefore, r.request.NotAfter = m.moment(&ops, "NOTBEFORE"), m.moment(&ops, "NOTAFTER")
	r.request.PSS = m.pss(&ops)
	return r, m.racdcert(r.request.Owner, ops...)
}

func (m maker) rollover() (Command, string) {
	r := rollover{command: "RACDCERT ROLLOVER"}
	ops := []item{m.labelled("ROLLOVER", &r.request.CertRef)}
	r.request.NewLabel = m.withLabel(&ops, "NEWLABEL")
	r.request.Force = m.force(&ops)
	return r, m.racdcert(r.request.Owner, ops...)
}

// ringName makes the name of a ring.
func (m maker) ringName() string {
	return m.pick("TLSRING", "Mixed.Ring-1", "a*b", "X", strings.Repeat("long", 59))
}

func (m maker) addring() (Command, string) {
	r := ring.RingRef{Owner: m.user(), Name: m.ringName()}
	return addring{"RACDCERT ADDRING", r}, m.racdcert(r.Owner, first("ADDRING", val(asNeeded, r.Name)))
}

func (m maker) delring() (Command, string) {
	r := ring.RingRef{Owner: m.user(), Name: m.ringName()}
	return delring{"RACDCERT DELRING", r}, m.racdcert(r.Owner, first("DELRING", val(asNeeded, r.Name)))
}

func (m maker) listring() (Command, string) {
	r := ring.RingRef{Owner: m.user()}
	switch m.IntN(3) {
	case 0:
		return listring{"RACDCERT LISTRING", r}, m.racdcert(r.Owner, alone(firstLevel(), "LISTRING"))
	case 1:
		return listring{"RACDCERT LISTRING", r}, m.racdcert(r.Owner, first("LISTRING", val(asNeeded, "*")))
	}
	r.Name = m.ringName()
	return listring{"RACDCERT LISTRING", r}, m.racdcert(r.Owner, first("LISTRING", val(asNeeded, r.Name)))
}

// connection makes what CONNECT and REMOVE have in common. The owner of the certificate may be
// left out when it is that of the ring, and repeated.
func (m maker) connection(among []string) (ring.RingRef, ring.CertRef, []item) {
	r := ring.RingRef{Owner: m.user(), Name: m.ringName()}
	c := ring.CertRef{Owner: m.anyOwner(), Label: m.label()}
	list := []item{key(among, "LABEL", val(trimmed, c.Label)), key(among, "RING", val(asNeeded, r.Name))}
	if c.Owner != r.Owner || m.once(2) {
		list = append(list, m.owner(among, c.Owner))
		if m.once(8) {
			list = append(list, m.owner(among, c.Owner))
		}
	}
	return r, c, list
}

func (m maker) connect() (Command, string) {
	among := []string{"ID", "SITE", "CERTAUTH", "LABEL", "RING", "DEFAULT", "USAGE"}
	c := connect{command: "RACDCERT CONNECT"}
	var list []item
	c.request.Ring, c.request.Cert, list = m.connection(among)
	m.optional(&list, func() item {
		c.request.Default = true
		return alone(among, "DEFAULT")
	})
	m.optional(&list, func() item {
		words := []string{"PERSONAL", "SITE", "CERTAUTH"}
		word := m.pick(words...)
		c.request.Usage = ring.Usage(word)
		return key(among, "USAGE", alone(words, word))
	})
	m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return c, m.racdcert(c.request.Ring.Owner, first("CONNECT", list...))
}

func (m maker) remove() (Command, string) {
	r := remove{command: "RACDCERT REMOVE"}
	var list []item
	r.request.Ring, r.request.Cert, list = m.connection([]string{"ID", "SITE", "CERTAUTH", "LABEL", "RING"})
	m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return r, m.racdcert(r.request.Ring.Owner, first("REMOVE", list...))
}

func (m maker) classes() []string {
	return m.subset([]string{"FACILITY", "RDATALIB", "DIGTCERT", "SERVAUTH"})
}

// anyOrder writes a command whose first operands stay in front.
func (m maker) anyOrder(name string, front, rest []item) string {
	m.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	return m.command(name, append(front, rest...))
}

func (m maker) setropts() (Command, string) {
	r := setropts{command: "SETROPTS"}
	q := &r.request
	q.Refresh = m.once(2)
	var ops []item
	if q.Refresh {
		ops = append(ops, alone(setroptsKeywords, "REFRESH"))
	}
	for i, keyword := range classKeywords {
		q.Switches[i] = map[string]bool{}
		var on, off []string
		for _, c := range m.classes() {
			if q.Switches[i][c] = m.once(2); q.Switches[i][c] {
				on = append(on, c)
			} else {
				off = append(off, c)
			}
		}
		if len(on) > 0 {
			ops = append(ops, key(setroptsKeywords, keyword, vals(folded, on)...))
		}
		if len(off) > 0 {
			ops = append(ops, key(setroptsKeywords, "NO"+keyword, vals(folded, off)...))
		}
	}
	q.AddCreator = m.switched(&ops, setroptsKeywords, "ADDCREATOR", "NOADDCREATOR")
	if q.GroupList = m.switched(&ops, setroptsKeywords, "GRPLIST", "NOGRPLIST"); len(ops) == 0 || m.once(4) {
		ops = append(ops, key(setroptsKeywords, "WHEN", alone([]string{"PROGRAM"}, "PROGRAM")))
	}
	m.optional(&ops, func() item {
		r.list = true
		return alone(setroptsKeywords, "LIST")
	})
	return r, m.anyOrder(m.pick("SETROPTS", "SETR"), nil, ops)
}

// switched adds one of two keywords, or neither.
func (m maker) switched(ops *[]item, among []string, on, off string) *bool {
	switch m.IntN(3) {
	case 0:
		*ops = append(*ops, alone(among, on))
		return new(true)
	case 1:
		*ops = append(*ops, alone(among, off))
		return new(false)
	}
	return nil
}

// profiles makes the class and the profiles of a command, one of them or several.
func (m maker) profiles() (class string, names []string, front []item) {
	class = m.pick("FACILITY", "RDATALIB")
	names = append(m.subset([]string{"IRR.DIGTCERT.*", "U.RING.LST", "IRR.DIGTCERT.LIST"}), "LAST.**")
	if len(names) == 1 && m.once(2) {
		return class, names, []item{val(folded, class), val(folded, names[0])}
	}
	return class, names, []item{{value: class, style: folded, list: vals(folded, names), parens: true}}
}

var rdefineWords = slices.Concat(profileKeywords, formProfile.ignored)

// model adds FROM, perhaps with FCLASS.
func (m maker) model(ops *[]item, among []string, q *ring.Model) {
	m.optional(ops, func() item {
		q.Name = m.pick("OTHER.PROFILE", "A.**")
		return key(among, "FROM", val(folded, q.Name))
	})
	if q.Name != "" {
		m.optional(ops, func() item {
			q.Class = m.pick("FACILITY", "RDATALIB")
			return key(among, "FCLASS", val(folded, q.Class))
		})
	}
}

// setting adds a text setting, its opposite, or neither.
func (m maker) setting(ops *[]item, keyword string, opposite bool) *string {
	switch n := m.IntN(3); {
	case n == 0:
		s := m.text(20)
		*ops = append(*ops, key(rdefineWords, keyword, val(asNeeded, s)))
		return &s
	case n == 1 && opposite:
		*ops = append(*ops, alone(rdefineWords, "NO"+keyword))
		return new(string)
	}
	return nil
}

func (m maker) rdefine() (Command, string) {
	name, alias := "RDEFINE", "RDEF"
	if m.once(2) {
		name, alias = "RALTER", "RALT"
	}
	r := rdefine{command: command(name)}
	q := &r.request
	var front, ops []item
	q.Class, q.Names, front = m.profiles()
	m.model(&ops, rdefineWords, &q.From)
	m.optional(&ops, func() item { // not kept
		return key(rdefineWords, "STDATA", key([]string{"USER"}, "USER", val(folded, "X")))
	})
	m.optional(&ops, func() item {
		level := saf.Access(m.IntN(len(accessWords)))
		q.Settings.UACC = &level
		return key(rdefineWords, "UACC", alone(accessWords, level.String()))
	})
	q.Settings.Owner = m.setting(&ops, "OWNER", false)
	q.Settings.Data = m.setting(&ops, "DATA", true)
	q.Settings.ApplData = m.setting(&ops, "APPLDATA", true)
	q.Settings.Notify = m.setting(&ops, "NOTIFY", true)
	q.Settings.Warning = m.switched(&ops, rdefineWords, "WARNING", "NOWARNING")
	m.optional(&ops, func() item {
		level := m.IntN(100)
		q.Settings.Level = &level
		return key(rdefineWords, "LEVEL", val(asNeeded, fmt.Sprint(level)))
	})
	m.optional(&ops, func() item {
		known := []string{"ALL", "SUCCESS", "FAILURES", "NONE"}
		if m.once(3) {
			q.Settings.Audit = new("NONE")
			return key(rdefineWords, "AUDIT", alone(known, "NONE"))
		}
		var parts []string
		var list []item
		for _, w := range m.subset([]string{"SUCCESS", "FAILURES"}) {
			level := m.pick("READ", "UPDATE", "CONTROL", "ALTER")
			parts = append(parts, w+"("+level+")")
			if level == "READ" && m.once(2) {
				list = append(list, alone(known, w))
			} else {
				list = append(list, key(known, w, val(folded, level)))
			}
		}
		q.Settings.Audit = new(strings.Join(parts, ","))
		return key(rdefineWords, "AUDIT", list...)
	})
	return r, m.anyOrder(m.pick(name, alias), front, ops)
}

func (m maker) rdelete() (Command, string) {
	r := rdelete{command: "RDELETE"}
	var front, ops []item
	r.class, r.names, front = m.profiles()
	m.optional(&ops, func() item { return alone([]string{"GENERIC", "NOGENERIC"}, m.pick("GENERIC", "NOGENERIC")) })
	return r, m.anyOrder(m.pick("RDELETE", "RDEL"), front, ops)
}

func (m maker) rlist() (Command, string) {
	among := rlistKeywords
	r := rlist{command: "RLIST"}
	var front, ops []item
	r.request.Class, r.request.Names, front = m.profiles()
	for _, w := range m.subset(among) {
		if generic := w == "GENERIC"; generic || w == "NOGENERIC" {
			if r.request.Generic != nil { // one of them at most
				continue
			}
			r.request.Generic = &generic
		}
		r.users = r.users || w == "ALL" || w == "AUTHUSER"
		ops = append(ops, alone(among, w))
	}
	return r, m.anyOrder(m.pick("RLIST", "RL"), front, ops)
}

func (m maker) permit() (Command, string) {
	among := permitKeywords
	p := permit{"PERMIT", ring.Permit{Name: m.pick("IRR.DIGTCERT.LIST", "U.RING.LST", "EZB.**"), Class: m.pick("FACILITY", "RDATALIB"), Access: saf.Read}}
	q := &p.request
	ops := []item{key(among, "CLASS", val(folded, q.Class))}
	q.IDs = m.subset([]string{"U1", "GROUP#", "*", "X$"})
	if len(q.IDs) > 0 {
		ops = append(ops, key(among, "ID", vals(folded, q.IDs)...))
	}
	m.optional(&ops, func() item {
		q.Access = saf.Access(m.IntN(len(accessWords)))
		return key(among, "ACCESS", alone(accessWords, q.Access.String()))
	})
	m.optional(&ops, func() item {
		q.Delete = true
		return alone(among, "DELETE")
	})
	m.model(&ops, among, &q.From)
	if len(q.IDs) == 0 && q.From.Name == "" || m.once(3) {
		known := []string{"ALL", "STANDARD", "WHEN"}
		n := m.IntN(4)
		q.Reset = []ring.Reset{ring.ResetAll, ring.ResetAll, ring.ResetStandard, ring.ResetWhen}[n]
		if n == 0 {
			ops = append(ops, alone(among, "RESET"))
		} else {
			ops = append(ops, key(among, "RESET", alone(known, known[n-1])))
		}
	}
	m.optional(&ops, func() item {
		class, names := m.pick(conditions...), append(m.subset([]string{"EZAPAGEN", "PAGENT"}), "PGM")
		q.When = class + "(" + strings.Join(names, ",") + ")"
		m.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		return key(among, "WHEN", key(conditions, class, vals(folded, names)...))
	})
	m.optional(&ops, func() item { return alone(among, "GENERIC") })
	return p, m.anyOrder(m.pick("PERMIT", "PE"), []item{val(folded, q.Name)}, ops)
}

func (m maker) profile() (Command, string) {
	p := profile{command: "PROFILE"}
	var ops []item
	switch m.IntN(3) {
	case 0:
		p.set, p.prefix = true, m.pick("USER1", "X", "@A#B$C12")
		ops = append(ops, key(nil, "PREFIX", val(folded, p.prefix)))
	case 1:
		p.set = true
		ops = append(ops, alone(nil, "NOPREFIX"))
	}
	for _, w := range m.subset([]string{"NOINTERCOM", "MSGID", "WTPMSG", "NOPROMPT"}) {
		ops = append(ops, alone(nil, w))
	}
	return p, m.anyOrder(m.pick("PROFILE", "PROF"), nil, ops)
}
