package ring_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/cert"
	"signet/ring"
	"signet/saf"
)

// whois resolves a certificate or fails the test.
func (d *db) whois(q ring.Whois) *ring.Identity {
	d.t.Helper()
	id, err := d.Whois(d.t.Context(), q)
	if err != nil {
		d.t.Fatal(err)
	}
	if (id.User == "") != hasMessage(id.Result, "SGN079I") || (id.User == "") != (id.Code() == ring.Warning) {
		d.t.Errorf("user %q with %v, code %d", id.User, id.Messages, id.Code())
	}
	return id
}

// rawName encodes a name written as RACF prints it; more values become common names in front,
// whatever they hold.
func rawName(t *testing.T, s string, more ...string) []byte {
	t.Helper()
	oids := map[string]asn1.ObjectIdentifier{"CN": {2, 5, 4, 3}, "OU": {2, 5, 4, 11}, "O": {2, 5, 4, 10}, "C": {2, 5, 4, 6}}
	var seq pkix.RDNSequence
	add := func(keyword, value string) {
		seq = append(pkix.RDNSequence{{{Type: oids[keyword], Value: value}}}, seq...)
	}
	for _, v := range more {
		add("CN", v)
	}
	for s != "" {
		keyword, rest, _ := strings.Cut(s, "=")
		end := len(rest)
		for k := range oids {
			if i := strings.Index(rest, "."+k+"="); i >= 0 {
				end = min(end, i)
			}
		}
		add(keyword, rest[:end])
		s = strings.TrimPrefix(rest[end:], ".")
	}
	der, err := asn1.Marshal(seq)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// testCA signs what is signed with no key of its own.
var testCA = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// signed makes a certificate with these names, as RACF prints them; more common names come
// before the others of the subject.
func signed(t *testing.T, subject, issuer string, more ...string) *x509.Certificate {
	t.Helper()
	return signedBy(t, testCA, subject, issuer, nil, more...)
}

var nextSerial int64

func signedBy(t *testing.T, key crypto.Signer, subject, issuer string, extra []pkix.Extension, more ...string) *x509.Certificate {
	t.Helper()
	nextSerial++
	template := &x509.Certificate{SerialNumber: big.NewInt(nextSerial), RawSubject: rawName(t, subject, more...), ExtraExtensions: extra,
		NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(1, 0, 0)}
	parent := &x509.Certificate{RawSubject: rawName(t, issuer)}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, testCA.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A certificate in the database decides, whatever the filters say.
func TestWhoisStored(t *testing.T) {
	d := newDB(t)
	d.gencert("CERTAUTH/CA", "")
	d.gencert("U/web", "CERTAUTH/CA")
	d.mapFilter(ring.Map{Owner: "V", Subject: "CN=web"})
	id := d.whois(ring.Whois{Data: d.get("U/web").DER})
	if id.User != "U" || id.Rule != ring.RuleCertificate || id.Stored.Ref() != ref("U/web") || len(id.Steps) != 1 {
		t.Errorf("in the database: %+v", id)
	}
	if again := d.whois(ring.Whois{Ref: ref("U/web")}); again.User != "U" || again.Rule != ring.RuleCertificate {
		t.Errorf("by reference: %+v", again)
	}
	if _, err := d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: "U", Label: "web"}, Status: ring.NoTrust}); err != nil {
		t.Fatal(err)
	}
	if id := d.whois(ring.Whois{Ref: ref("U/web")}); id.User != "" || id.Rule != ring.RuleCertificate || id.Filter != nil || len(id.Steps) != 1 {
		t.Errorf("NOTRUST: %+v", id)
	}
	if id := d.whois(ring.Whois{Ref: ref("CERTAUTH/CA")}); id.User != "" || id.Rule != ring.RuleCertificate {
		t.Errorf("of a CA: %+v", id)
	}
	// Another certificate that has the same issuer and serial number is not that one.
	real := signed(t, "CN=real", "CN=other CA")
	d.add(ring.Add{Owner: "U", Data: real.Raw, Source: "f", Status: ring.Trust})
	nextSerial--
	forged := signed(t, "CN=forged", "CN=other CA")
	if id := d.whois(ring.Whois{Data: real.Raw}); id.User != "U" {
		t.Errorf("added: %+v", id)
	}
	if id := d.whois(ring.Whois{Data: forged.Raw}); id.User != "" || id.Rule != ring.RuleCertificate {
		t.Errorf("same issuer and serial: %+v", id)
	}

	_, err := d.Whois(t.Context(), ring.Whois{Ref: ref("U/none")})
	wantError(t, err, "IRRD107I", ring.ErrNotFound)
	_, err = d.Whois(t.Context(), ring.Whois{Data: []byte("text"), Source: "f"})
	wantError(t, err, "SGN016I", ring.ErrInvalid)
}

// The order of the reference's table, key by key: every key that names with three parts each can
// have finds its filter when those before it are gone.
func TestWhoisOrder(t *testing.T) {
	const s1, s2, s3 = "CN=Ann.OU=Loans.C=NL", "OU=Loans.C=NL", "C=NL"
	const i1, i2, i3 = "CN=CA.O=Trust.C=US", "O=Trust.C=US", "C=US"
	order := []struct{ search, subject, issuer string }{
		{"full subject, full issuer", s1, i1},
		{"partial subject, full issuer", s2, i1},
		{"partial subject, full issuer", s3, i1},
		{"full subject", s1, ""},
		{"partial subject", s2, ""},
		{"partial subject", s3, ""},
		{"full issuer", "", i1},
		{"partial issuer", "", i2},
		{"partial issuer", "", i3},
	}
	d := newDB(t)
	data := signed(t, s1, i1).Raw
	for n, k := range order {
		d.mapFilter(ring.Map{Owner: "U", Subject: k.subject, Issuer: k.issuer, Label: fmt.Sprint(n)})
	}
	for _, never := range [][2]string{{s1, i2}, {s2, i2}, {s3, i3}} { // never searched
		d.mapFilter(ring.Map{Owner: "V", Subject: never[0], Issuer: never[1]})
	}
	for n, k := range order {
		id := d.whois(ring.Whois{Data: data})
		want := ring.FilterRef{Owner: "U", Label: fmt.Sprint(n)}
		if id.User != "U" || id.Rule != ring.RuleFilter || id.Filter == nil || id.Filter.Ref() != want {
			t.Fatalf("%d: %+v, want %v", n, id, want)
		}
		steps := []ring.Step{{Search: "certificate", Result: "not in the database"}}
		for _, tried := range order[:n] {
			steps = append(steps, ring.Step{Search: tried.search, Subject: tried.subject, Issuer: tried.issuer, Result: "no filter"})
		}
		steps = append(steps, ring.Step{Search: k.search, Subject: k.subject, Issuer: k.issuer, Result: want.String() + ", status TRUST"})
		if diff := cmp.Diff(steps, id.Steps); diff != "" {
			t.Errorf("%d: steps (-want +got):\n%s", n, diff)
		}
		// The first one found decides: NOTRUST stops the search.
		if _, err := d.Altmap(t.Context(), ring.Altmap{FilterRef: want, Status: ring.NoTrust}); err != nil {
			t.Fatal(err)
		}
		if id := d.whois(ring.Whois{Data: data}); id.User != "" || id.Rule != ring.RuleFilter || id.Filter.Ref() != want {
			t.Errorf("%d with NOTRUST: %+v", n, id)
		}
		if _, err := d.Delmap(t.Context(), ring.Delmap{FilterRef: want}); err != nil {
			t.Fatal(err)
		}
	}
	if id := d.whois(ring.Whois{Data: data}); id.User != "" || id.Rule != ring.RuleNone || id.Filter != nil {
		t.Errorf("without filters: %+v", id)
	}
}

// Filters compare parts, letter by letter.
func TestWhoisMatches(t *testing.T) {
	for _, tc := range []struct {
		subject, filter string
		want            bool
	}{
		{"CN=QM1.O=IBM.C=UK", "O=IBM.C=UK", true},
		{"CN=QM1.O=IBM.OU=Hursley.C=UK", "O=IBM.C=UK", false},
		{"CN=QM1.O=IBM.C=UK", "O=IBM", false},
		{"CN=QM1.O=IBM.C=UK", "O=ibm.C=UK", false},
		{"CN=QM1.O=IBM .C=UK", "O=IBM.C=UK", false},
		{"CN=QM1.O=Big.IBM.C=UK", "O=IBM.C=UK", false}, // a value with a period
		{"CN=QM1.O=Big.IBM.C=UK", "O=Big.IBM.C=UK", true},
		{"CN=QM1.OU=IBM.C=UK", "O=IBM.C=UK", false},
	} {
		d := newDB(t)
		d.mapFilter(ring.Map{Owner: "U", Subject: tc.filter})
		if got := d.whois(ring.Whois{Data: signed(t, tc.subject, "CN=CA").Raw}).User == "U"; got != tc.want {
			t.Errorf("%s by %s: %v", tc.subject, tc.filter, got)
		}
	}
}

// Whoever may choose a common name must not become another user by what it holds.
func TestWhoisForgedParts(t *testing.T) {
	d := newDB(t)
	d.mapFilter(ring.Map{Owner: "ADMIN", Subject: "CN=bob.OU=Admins.O=Corp"})
	d.mapFilter(ring.Map{Owner: "ADMIN", Subject: "OU=Admins.O=Corp", Issuer: "CN=CA"})
	d.mapFilter(ring.Map{Owner: "STAFF", Subject: "O=Corp"})
	if id := d.whois(ring.Whois{Data: signed(t, "CN=bob.OU=Admins.O=Corp", "CN=CA").Raw}); id.User != "ADMIN" {
		t.Errorf("the true one: %+v", id)
	}
	id := d.whois(ring.Whois{Data: signed(t, "O=Corp", "CN=CA", "bob.OU=Admins").Raw})
	if id.User != "STAFF" {
		t.Errorf("the forged one maps to %q: %+v", id.User, id.Steps)
	}
	if got := id.Steps[1].Result; !strings.HasPrefix(got, "not searched") {
		t.Errorf("steps: %+v", id.Steps)
	}
	if id := d.whois(ring.Whois{Data: signed(t, "O=Corp", "CN=CA", "bob\x01OU=Admins").Raw}); id.User != "STAFF" {
		t.Errorf("with a control character: %+v", id)
	}
}

func TestWhoisNoNames(t *testing.T) {
	d := newDB(t)
	d.mapFilter(ring.Map{Owner: "U", Issuer: "CN=CA"})
	if id := d.whois(ring.Whois{Data: signed(t, "", "CN=CA").Raw}); id.User != "U" || len(id.Steps) != 2 {
		t.Errorf("without a subject: %+v", id)
	}
}

// A name with very many parts, and parts that no filter can hold.
func TestWhoisLongName(t *testing.T) {
	d := newDB(t)
	d.mapFilter(ring.Map{Owner: "U", Subject: "C=NL"})
	id := d.whois(ring.Whois{Data: signed(t, strings.Repeat("OU=x.", 2000)+"C=NL", "CN="+strings.Repeat("y", 300)).Raw})
	if id.User != "U" || len(id.Steps) > 60 {
		t.Errorf("user %q after %d steps", id.User, len(id.Steps))
	}
}

// profile defines a profile of class DIGTCRIT.
func (d *db) profile(name, applData string) {
	d.t.Helper()
	_, err := d.Rdefine(d.t.Context(), ring.Rdefine{Class: "DIGTCRIT", Names: []string{name}, Settings: ring.ProfileSettings{ApplData: &applData}})
	if err != nil {
		d.t.Fatal(err)
	}
}

func TestWhoisCriteria(t *testing.T) {
	d := newDB(t)
	d.mapFilter(ring.Map{Owner: ring.MultiID, Subject: "CN=x", Criteria: "APPLID=&APPLID.SYSID=&SYSID", Label: "m"})
	d.mapFilter(ring.Map{Owner: "OTHER", Issuer: "CN=CA"}) // less specific: never reached
	data := signed(t, "CN=x", "CN=CA").Raw
	ask := func(applid, sysid, want, profile string) {
		t.Helper()
		id := d.whois(ring.Whois{Data: data, ApplID: applid, SysID: sysid})
		if string(id.User) != want || id.Profile != profile || id.Rule != ring.RuleFilter || id.Filter.Label != "m" {
			t.Errorf("%s %s: user %q by %q: %v", applid, sysid, id.User, id.Profile, id.Messages)
		}
	}
	d.profile("APPLID=*.SYSID=*", "DISCRETE") // generics are not on: not a pattern
	ask("BANKU", "SYS1", "", "")
	if _, err := d.Setropts(t.Context(), switches(map[string]bool{"DIGTCRIT": true}, ring.SwitchGeneric)); err != nil {
		t.Fatal(err)
	}
	d.profile("APPLID=BANKU.SYSID=SYS1", "bankusr ")
	d.profile("APPLID=BANK%.SYSID=*", "BANKGEN")
	d.profile("APPLID=BANK*", "BANKALL")
	d.profile("APPLID=BAD*", "NOT A USER")
	d.profile("APPLID=NONE*", "")
	ask("BANKU", "SYS1", "BANKUSR", "APPLID=BANKU.SYSID=SYS1")
	ask("banku", "sys1", "BANKUSR", "APPLID=BANKU.SYSID=SYS1")
	ask("BANKU", "SYS2", "BANKGEN", "APPLID=BANK%.SYSID=*")
	ask("BANKING", "SYS2", "BANKALL", "APPLID=BANK*")
	ask("OTHER", "SYS1", "", "")
	ask("BAD1", "SYS1", "", "APPLID=BAD*")
	ask("NONE1", "SYS1", "", "APPLID=NONE*")
	ask("BANKU", "", "", "") // not given
	ask("", "SYS1", "", "")
	for _, bad := range []ring.Whois{{ApplID: "A.SYSID=X"}, {ApplID: "BANK*"}, {SysID: "a b"}, {SysID: "%"}} {
		bad.Data = data
		_, err := d.Whois(t.Context(), bad)
		wantError(t, err, "SGN078I", ring.ErrInvalid)
	}
	// With generics off again only the exact name counts.
	if _, err := d.Setropts(t.Context(), switches(map[string]bool{"DIGTCRIT": false}, ring.SwitchGeneric)); err != nil {
		t.Fatal(err)
	}
	ask("BANKU", "SYS1", "BANKUSR", "APPLID=BANKU.SYSID=SYS1")
	ask("BANKU", "SYS2", "", "")
	if _, err := d.Altmap(t.Context(), ring.Altmap{FilterRef: ring.FilterRef{Owner: ring.MultiID}, Status: ring.NoTrust}); err != nil {
		t.Fatal(err)
	}
	ask("BANKU", "SYS1", "", "")
}

// hostIDs makes a hostIdMappings extension from hosts and users in turn.
func hostIDs(t *testing.T, pairs ...string) []pkix.Extension {
	t.Helper()
	type entry struct {
		Host string `asn1:"tag:1,ia5"`
		User string `asn1:"tag:2,ia5"`
	}
	var all []entry
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, entry{pairs[i], pairs[i+1]})
	}
	value, err := asn1.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 18, 0, 2, 18, 1}, Value: value}}
}

func TestWhoisHost(t *testing.T) {
	d := newDB(t)
	ca := signedBy(t, testCA, "CN=CA", "CN=CA", nil)
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	client := signedBy(t, testCA, "CN=x", "CN=CA", hostIDs(t, "plex1", "netusr", "plex2", "A", "plex2", "B", "plex3", "SITE", "plex4", "C", "PLEX4", "c"))
	forged := signedBy(t, stranger, "CN=x", "CN=CA", hostIDs(t, "plex1", "NETUSR"))
	ask := func(x *x509.Certificate, host, want string, rule ring.Rule) {
		t.Helper()
		if id := d.whois(ring.Whois{Data: x.Raw, Host: host}); string(id.User) != want || id.Rule != rule {
			t.Errorf("%s: user %q, rule %s: %v %+v", host, id.User, id.Rule, id.Messages, id.Steps)
		}
	}
	ask(client, "plex1", "", ring.RuleNone) // the CA is not known
	d.add(ring.Add{Owner: ring.CertAuth, Label: "CA", Data: ca.Raw, Source: "f", Status: ring.Trust})
	ask(client, "plex1", "", ring.RuleNone) // not HIGHTRUST
	if _, err := d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: ring.CertAuth, Label: "CA"}, Status: ring.HighTrust}); err != nil {
		t.Fatal(err)
	}
	ask(client, "plex1", "NETUSR", ring.RuleHost)
	ask(client, "PLEX1", "NETUSR", ring.RuleHost)
	ask(client, "", "", ring.RuleNone)
	ask(client, "plex9", "", ring.RuleNone)
	ask(client, "plex2", "", ring.RuleNone) // two users
	ask(client, "plex3", "", ring.RuleHost) // not a user ID
	ask(client, "plex4", "C", ring.RuleHost)
	ask(forged, "plex1", "", ring.RuleNone) // not signed by the CA of that name
	broken := signedBy(t, testCA, "CN=x", "CN=CA", []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 18, 0, 2, 18, 1}, Value: []byte{5, 0}}})
	ask(broken, "plex1", "", ring.RuleNone)
	// A filter, even one that gives nobody, comes first.
	d.mapFilter(ring.Map{Owner: "V", Issuer: "CN=CA", Status: ring.NoTrust})
	ask(client, "plex1", "", ring.RuleFilter)
}

// The state of the classes does not matter: changes are in effect at once.
func TestWhoisWhateverTheClasses(t *testing.T) {
	d := newDB(t)
	for _, class := range []string{"DIGTNMAP", "DIGTCRIT"} {
		err := d.store.Update(t.Context(), func(tx ring.Tx) error { return tx.PutClass(saf.Class{Name: class, RacList: true}) })
		if err != nil {
			t.Fatal(err)
		}
	}
	d.mapFilter(ring.Map{Owner: "U", Subject: "CN=x"})
	if id := d.whois(ring.Whois{Data: signed(t, "CN=x", "CN=CA").Raw}); id.User != "U" {
		t.Errorf("%+v", id)
	}
}
