package racdcert

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/racdcert/tso"
	"signet/ring"
)

const tokenSession = `RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Local CA')) WITHLABEL('Local PKI CA') NISTECC
RACDCERT ID(FTPSRV) GENCERT SUBJECTSDN(CN('ftp')) WITHLABEL('FTP key') NISTECC
RACDCERT SITE GENCERT SUBJECTSDN(CN('shared')) WITHLABEL('12345678901234567890123456789012') NISTECC
RACDCERT ADDTOKEN(ftpsrv.Ftp.Server.Pkcs11.Token)
RACDCERT ADDTOKEN('EMPTY')
RACDCERT BIND(ID(FTPSRV) LABEL('FTP key') TOKEN(FTPSRV.FTP.SERVER.PKCS11.TOKEN) DEFAULT)
RACDCERT BIND(CERTAUTH LABEL('Local PKI CA') TOKEN(FTPSRV.FTP.SERVER.PKCS11.TOKEN))
racdcert bi(site la('12345678901234567890123456789012') to('ftpsrv.ftp.server.pkcs11.token') u(personal))
`

// The layout of LISTTOKEN (racdcert-rings.md B3).
func TestTokenDisplays(t *testing.T) {
	d := newDesk(t)
	d.must(tokenSession)
	d.must("RACDCERT LISTTOKEN(ftpsrv.ftp.server.pkcs11.token)")
	golden(t, "listtoken.golden", d.out.String())
	lines := strings.Split(d.out.String(), "\n")
	for line, columns := range map[int]map[int]string{
		0: {1: "Token:", 12: "FTPSRV.FTP"},
		2: {2: "Seq Num", 12: "Attributes", 48: "Labels"},
		3: {2: "--------  -", 12: strings.Repeat("-", 33) + "   -", 48: strings.Repeat("-", 32)},
		4: {2: "00000001", 12: "Default: YES", 32: "Priv Key: YES", 48: "TKDS: FTP key"},
		5: {12: "Usage:   PERSONAL", 32: "Pub Key:  YES", 48: "RACF: FTP key"},
		6: {12: "Owner:   ID(FTPSRV)"},
	} {
		for column, text := range columns {
			if !strings.HasPrefix(lines[line][min(column-1, len(lines[line])):], text) {
				t.Errorf("line %d has no %q in column %d: %q", line+1, text, column, lines[line])
			}
		}
	}

	// Renamed, gone, and come back for somebody else: the token's label stays, RACF's follows.
	d.must(`RACDCERT CERTAUTH EXPORT(LABEL('Local PKI CA')) DSN(CA.PEM)
RACDCERT CERTAUTH DELETE(LABEL('Local PKI CA'))
RACDCERT ID(OTHER) ADD(CA.PEM) WITHLABEL('somebody''s') TRUST
RACDCERT ID(FTPSRV) ALTER(LABEL('FTP key')) NEWLABEL('New name')
RACDCERT SITE DELETE(LABEL('12345678901234567890123456789012'))`)
	d.must("RACDCERT LISTTOKEN(*)")
	golden(t, "listtoken-all.golden", d.out.String())
	all := d.out.String()
	if d.must("RACDCERT LISTTOKEN"); d.out.String() != all {
		t.Errorf("LISTTOKEN without a name:\n%s", d.out.String())
	}
}

// The owner in front of a token function does not matter, except for IMPORT.
func TestTokenOwner(t *testing.T) {
	d := newDesk(t)
	d.must("RACDCERT GENCERT SUBJECTSDN(CN('mine')) WITHLABEL('mine') NISTECC\nRACDCERT CERTAUTH ADDTOKEN(T)")
	if got := d.messages(); !strings.Contains(got, "operand CERTAUTH does not belong to ADDTOKEN and is ignored") {
		t.Errorf("messages: %s", got)
	}
	d.must("RACDCERT ID(U) BIND(LABEL('mine') TOKEN(T))")
	if got := d.messages(); !strings.Contains(got, "operand ID does not belong to BIND and is ignored") {
		t.Errorf("messages: %s", got)
	}
	d.must("RACDCERT DELETE(LABEL('mine'))\nRACDCERT SITE IMPORT(TOKEN(T) SEQNUM(1)) TRUST WITHLABEL('shared')\nRACDCERT SITE LIST(LABEL('shared'))")
	if !strings.Contains(d.out.String(), "Private Key: YES") {
		t.Errorf("imported:\n%s", d.out.String())
	}
	d.must("RACDCERT ID(U) UNBIND(LABEL('mine') TOKEN(T)) FORCE\nRACDCERT DELTOKEN(T) FORCE")
	if got := d.messages(); strings.Contains(got, "FORCE") {
		t.Errorf("messages: %s", got)
	}
}

// Messages of the token functions point at the place in the script.
func TestTokenPositions(t *testing.T) {
	for _, tc := range []struct{ script, want string }{
		{"RACDCERT ADDTOKEN", "1:10 IKJ56701I ADDTOKEN has no value"},
		{"RACDCERT ADDTOKEN(A B)", `1:21 IKJ56702I ADDTOKEN takes one value, and "B" is a second one`},
		{"RACDCERT ADDTOKEN(1A)", `1:1 SGN080I token name "1A": it begins with '1'`},
		{"RACDCERT DELTOKEN FORCE", "1:10 IKJ56701I DELTOKEN has no value"},
		{"RACDCERT DELTOKEN(T)", `1:1 SGN082I token "T" does not exist`},
		{"RACDCERT DELTOKEN(T) FORCE(1)", "1:28 IKJ56702I FORCE takes no value"},
		{"RACDCERT LISTTOKEN(T)", `1:1 SGN082I token "T" does not exist`},
		{"RACDCERT LISTTOKEN(*)", "1:1 SGN083I there are no tokens"},
		{"RACDCERT BIND", "1:1 IRRD179I BIND needs both a token and a label"},
		{"RACDCERT BIND(TOKEN(T))", "1:1 IRRD179I BIND needs both a token and a label"},
		{"RACDCERT BIND(LABEL('x'))", "1:1 IRRD179I BIND needs both a token and a label"},
		{"RACDCERT BIND(LABEL('x') TOKEN(T) RING(R))", `1:35 IKJ56712I operand "RING" is not known to BIND`},
		{"RACDCERT BIND(LABEL('x') TOKEN(T) USAGE(NONE))", `1:41 IKJ56712I operand "NONE" is not known to USAGE`},
		{"RACDCERT BIND(LABEL('x') TOKEN(T) DEFAULT(YES))", "1:43 IKJ56702I DEFAULT takes no value"},
		{"RACDCERT BIND(ID(U) SITE LABEL('x') TOKEN(T))", "1:21 IKJ56702I ID and SITE exclude each other"},
		{"RACDCERT UNBIND", "1:1 IRRD169I UNBIND needs a token and either a label or a sequence number"},
		{"RACDCERT UNBIND(TOKEN(T))", "1:1 IRRD169I UNBIND needs a token and either a label or a sequence number"},
		{"RACDCERT UNBIND(SEQNUM(1))", "1:1 IRRD169I UNBIND needs a token and either a label or a sequence number"},
		{"RACDCERT UNBIND(LABEL('x') SEQNUM(1) TOKEN(T))", "1:28 IKJ56702I LABEL and SEQNUM exclude each other"},
		{"RACDCERT UNBIND(SEQNUM(XYZ) TOKEN(T))", `1:17 IKJ56702I SEQNUM "XYZ" is not 1 to 8 hexadecimal digits that make at least 1`},
		{"RACDCERT IMPORT", "1:1 IRRD130I IMPORT needs TOKEN and SEQNUM"},
		{"RACDCERT IMPORT(TOKEN(T))", "1:1 IRRD130I IMPORT needs TOKEN and SEQNUM"},
		{"RACDCERT IMPORT(SEQNUM(1))", "1:1 IRRD130I IMPORT needs TOKEN and SEQNUM"},
		{"RACDCERT IMPORT(TOKEN(T) SEQNUM(0))", `1:26 IKJ56702I SEQNUM "0" is not 1 to 8 hexadecimal digits that make at least 1`},
		{"RACDCERT IMPORT(TOKEN(T) SEQNUM(1)) PKDS(*)", "1:37 IKJ56702I PKDS is not supported"},
		{"RACDCERT IMPORT(TOKEN(T) SEQNUM(1)) TRUST NOTRUST", "1:43 IKJ56702I TRUST and NOTRUST exclude each other"},
	} {
		d := newDesk(t)
		d.run(tc.script)
		if got := d.messages(); got != tc.want {
			t.Errorf("%q:\n got %s\nwant %s", tc.script, got, tc.want)
		}
	}
}

func TestTokenPlans(t *testing.T) {
	d := newDesk(t)
	for text, want := range map[string]string{
		"ADDTOKEN(t.1)":               "makes token T.1",
		"DELTOKEN(t)":                 "deletes token T with its certificates and private keys",
		"DELTOKEN(t) FORCE":           "deletes token T with its certificates and private keys, and what other programs put there",
		"LISTTOKEN(*)":                "lists all tokens",
		"LISTTOKEN(t)":                "lists token T",
		"UNBIND(SEQ(1) TO(t))":        "removes the certificate with sequence number 00000001 from token T",
		"BIND(LABEL('a b') TOKEN(t))": "copies OPER/a b to token T as PERSONAL, with its private key if it has one",
		"BIND(CERTAUTH LABEL('a') TOKEN(t) DEFAULT)":              "copies CERTAUTH/a to token T as CERTAUTH, the token's default",
		"UNBIND(SITE LABEL('a') TOKEN(t))":                        "removes SITE/a from token T",
		"ID(U) IMPORT(TOKEN(t) SEQNUM(1)) WITHLABEL('a') NOTRUST": "stores certificate 00000001 of token T as U/a, status NOTRUST",
		"CERTAUTH IMPORT(TOKEN(t) SEQNUM(1))":                     "stores certificate 00000001 of token T as a certificate of CERTAUTH under a generated label",
	} {
		if got := readOne(t, "RACDCERT "+text).plan(&d.Session).Does; got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// readOne parses one command.
func readOne(t *testing.T, text string) Command {
	t.Helper()
	lines, err := tso.Lines([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	commands := tso.Split(lines)
	if len(commands) != 1 {
		t.Fatalf("%q is %d commands", text, len(commands))
	}
	st, err := commands[0].Parse()
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	c, notes, err := Parse(st, "OPER")
	if err != nil || len(notes) > 0 {
		t.Fatalf("%q: %v %v", text, err, notes)
	}
	return c
}

// tokenText writes a token command in the command language.
func tokenText(c Command) string {
	certificate := func(r ring.CertRef) string {
		if r.Label == "" {
			return ""
		}
		return ownerText(r.Owner) + " LABEL(" + tso.Quote(r.Label) + ") "
	}
	word := func(keyword, s string) string {
		if s == "" {
			return ""
		}
		return keyword + "(" + tso.Quote(s) + ") "
	}
	flag := func(keyword string, given bool) string {
		if !given {
			return ""
		}
		return keyword + " "
	}
	number := func(n ring.SeqNum) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf("SEQNUM(%v) ", n)
	}
	switch c := c.(type) {
	case addtoken:
		return "RACDCERT ADDTOKEN(" + tso.Quote(c.name) + ")"
	case deltoken:
		return "RACDCERT DELTOKEN(" + tso.Quote(c.request.Name) + ") " + flag("FORCE", c.request.Force)
	case listtoken:
		if c.name == "" {
			return "RACDCERT LISTTOKEN(*)"
		}
		return "RACDCERT LISTTOKEN(" + tso.Quote(c.name) + ")"
	case bind:
		q := c.request
		usage := ""
		if q.Usage != "" {
			usage = "USAGE(" + string(q.Usage) + ") "
		}
		return "RACDCERT BIND(" + certificate(q.Cert) + word("TOKEN", q.Token) + flag("DEFAULT", q.Default) + usage + ")"
	case unbind:
		q := c.request
		return "RACDCERT UNBIND(" + certificate(q.Cert) + number(q.Seq) + word("TOKEN", q.Token) + ")"
	case importCommand:
		q := c.request
		return "RACDCERT " + ownerText(q.Owner) + " IMPORT(" + word("TOKEN", q.Token) + number(q.Seq) + ") " + word("WITHLABEL", q.Label) + string(q.Status)
	}
	panic(fmt.Sprintf("%T is not a token command", c))
}

func ownerText(o ring.Owner) string {
	if o.IsUser() {
		return "ID(" + string(o) + ")"
	}
	return o.Name()
}

// Every request of a token function, written as text, is read as the same request.
func TestTokenRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(n int) int { return random.IntN(n) }
	text := func(alphabet string, most int) string {
		runes := []rune(alphabet)
		var b strings.Builder
		for range 1 + pick(most) {
			b.WriteRune(runes[pick(len(runes))])
		}
		return b.String()
	}
	label := func() string {
		for {
			if s, err := ring.CheckLabel(text("abcXYZ019 '()*/,;&%+-.é", 32)); err == nil {
				return s
			}
		}
	}
	name := func() string { return text("ABCabc@#$", 1) + text("ABCabc019@#$.", 31) }
	owner := func() ring.Owner { return []ring.Owner{ring.CertAuth, ring.Site, "U", "WEB_SRV-1.X", "OPER"}[pick(5)] }
	sequence := func() ring.SeqNum { return ring.SeqNum(1 + random.Uint32N(0xFFFFFFFF)) }
	makers := []func() Command{
		func() Command { return addtoken{"RACDCERT ADDTOKEN", name()} },
		func() Command { return deltoken{"RACDCERT DELTOKEN", ring.DelToken{Name: name(), Force: pick(2) == 1}} },
		func() Command { return listtoken{"RACDCERT LISTTOKEN", []string{"", name()}[pick(2)]} },
		func() Command {
			return bind{"RACDCERT BIND", ring.Bind{Token: name(), Cert: ring.CertRef{Owner: owner(), Label: label()},
				Usage: []ring.Usage{"", ring.UsagePersonal, ring.UsageCertAuth, ring.UsageSite}[pick(4)], Default: pick(2) == 1}}
		},
		func() Command {
			u := ring.Unbind{Token: name(), Seq: sequence()}
			if pick(2) == 1 {
				u.Seq, u.Cert = 0, ring.CertRef{Owner: owner(), Label: label()}
			}
			return unbind{"RACDCERT UNBIND", u}
		},
		func() Command {
			return importCommand{"RACDCERT IMPORT", ring.Import{Token: name(), Seq: sequence(), Owner: owner(), Label: []string{"", label()}[pick(2)],
				Status: []ring.Status{"", ring.Trust, ring.NoTrust, ring.HighTrust}[pick(4)]}}
		},
	}
	everything := cmp.AllowUnexported(addtoken{}, deltoken{}, listtoken{}, bind{}, unbind{}, importCommand{})
	for range 300 {
		for _, make := range makers {
			want := make()
			text := tokenText(want)
			if diff := cmp.Diff(want, readOne(t, text), everything); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", text, diff)
			}
		}
	}
}
