package ring_test

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"strings"
	"testing"

	"signet/cert"
	"signet/ring"
)

func (d *db) addToken(name string) {
	d.t.Helper()
	if _, err := d.AddToken(d.t.Context(), name); err != nil {
		d.t.Fatal(err)
	}
}

// bind binds a certificate, with the default and usage that the words after it name.
func (d *db) bind(c, token string, how ...string) *ring.Bound {
	d.t.Helper()
	q := ring.Bind{Cert: ref(c), Token: token}
	for _, word := range how {
		if word == "DEFAULT" {
			q.Default = true
		} else {
			q.Usage = ring.Usage(word)
		}
	}
	r, err := d.Bind(d.t.Context(), q)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// tokens gives tokens as text: each name, then number, owner/label, usage, default and key of
// its objects, and what they are in the database.
func (d *db) tokens(name string) string {
	d.t.Helper()
	var b strings.Builder
	err := d.ListToken(d.t.Context(), name, func(l ring.TokenListing) error {
		fmt.Fprintln(&b, l.Token.Name)
		for _, o := range l.Objects {
			now := "gone"
			if o.Certificate != nil {
				now = o.Certificate.Ref().String()
			}
			fmt.Fprintf(&b, "%x %s %s %v %v %s\n", uint32(o.Seq), o.Ref(), o.Usage, o.Default, o.HasKey, now)
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return b.String()
}

func (d *db) sameTokens(name, want string) {
	d.t.Helper()
	if got := d.tokens(name); got != want {
		d.t.Errorf("tokens:\n%swant:\n%s", got, want)
	}
}

// tokenKey gives the private key of an object.
func (d *db) tokenKey(token string, seq ring.SeqNum) crypto.Signer {
	d.t.Helper()
	var key crypto.Signer
	err := d.store.View(d.t.Context(), func(tx ring.Tx) error {
		t, err := tx.Token(token)
		if err != nil {
			return err
		}
		o, err := tx.TokenObject(t, seq)
		if err != nil {
			return err
		}
		key, err = tx.TokenKey(o)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return key
}

func TestTokens(t *testing.T) {
	d := newDB(t)
	for _, c := range []string{"CERTAUTH/CA", "SITE/shared", "U/a", "V/b"} {
		d.gencert(c, "")
	}
	d.addToken("web.token")
	d.addToken("$EMPTY")
	for _, c := range []string{"V/b", "CERTAUTH/CA", "U/a", "SITE/shared"} {
		d.bind(c, "Web.Token")
	}
	// The usage of the owner, a key for PERSONAL alone, numbers in the order of binding.
	want := "WEB.TOKEN\n1 V/b PERSONAL false true V/b\n2 CERTAUTH/CA CERTAUTH false false CERTAUTH/CA\n" +
		"3 U/a PERSONAL false true U/a\n4 SITE/shared SITE false false SITE/shared\n"
	d.sameTokens("", "$EMPTY\n"+want)
	d.sameTokens("web.token", want)
	if o := d.object("WEB.TOKEN", 3); !o.Bound.Equal(testNow) || o.BoundBy != "OPER" || !o.Token.Created.Equal(testNow) || o.Token.CreatedBy != "OPER" {
		t.Errorf("bound %v by %s, token made %v by %s", o.Bound, o.BoundBy, o.Token.Created, o.Token.CreatedBy)
	}
	if !cert.SameKey(d.tokenKey("WEB.TOKEN", 3).Public(), d.x509("U/a").PublicKey) {
		t.Error("the token has another key")
	}

	// DEFAULT moves silently; binding again keeps the number, and without DEFAULT clears it.
	d.bind("U/a", "WEB.TOKEN", "DEFAULT")
	r := d.bind("SITE/shared", "WEB.TOKEN", "DEFAULT", "PERSONAL")
	if !hasMessage(r.Result, "SGN086I") || r.Code() != ring.Done || r.Object.Seq != 4 {
		t.Errorf("bound again: %v as %v", r.Messages, r.Object.Seq)
	}
	d.sameTokens("WEB.TOKEN", strings.Replace(want, "4 SITE/shared SITE false false", "4 SITE/shared PERSONAL true true", 1))
	d.bind("SITE/shared", "WEB.TOKEN", "SITE")
	d.sameTokens("WEB.TOKEN", want) // and the private key is gone from the token, as if never bound
	if !d.get("SITE/shared").HasKey() {
		t.Error("the certificate has lost its key")
	}
	if r := d.bind("U/a", "$EMPTY"); hasMessage(r.Result, "SGN086I") {
		t.Error("another token's object was found")
	}

	// UNBIND by either name. Numbers are not used again.
	for _, u := range []ring.Unbind{{Token: "web.token", Seq: 4}, {Token: "web.token", Cert: ref("V/b")}} {
		if _, err := d.Unbind(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	d.bind("V/b", "WEB.TOKEN")
	d.sameTokens("WEB.TOKEN", "WEB.TOKEN\n2 CERTAUTH/CA CERTAUTH false false CERTAUTH/CA\n3 U/a PERSONAL false true U/a\n5 V/b PERSONAL false true V/b\n")

	// DELTOKEN leaves the certificates.
	if _, err := d.DelToken(t.Context(), ring.DelToken{Name: "web.token"}); err != nil {
		t.Fatal(err)
	}
	d.sameTokens("", "$EMPTY\n1 U/a PERSONAL false true U/a\n")
	if !d.get("V/b").HasKey() {
		t.Error("DELTOKEN touched a certificate")
	}
}

// A token holds copies: what becomes of the certificate does not reach it.
func TestTokenCopies(t *testing.T) {
	d := newDB(t)
	d.gencert("U/a", "")
	d.addToken("T")
	d.bind("U/a", "T", "DEFAULT")
	before := d.tokenKey("T", 1)
	if _, err := d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: "U", Label: "a"}, NewLabel: "renamed", Status: ring.NoTrust}); err != nil {
		t.Fatal(err)
	}
	d.sameTokens("T", "T\n1 U/a PERSONAL true true U/renamed\n")
	// Either label names it now, until another certificate in the token goes by one of them.
	d.gencert("U/a", "")
	d.bind("U/a", "T")
	d.sameTokens("T", "T\n1 U/a PERSONAL true true U/renamed\n2 U/a PERSONAL false true U/a\n")
	_, err := d.Unbind(t.Context(), ring.Unbind{Token: "T", Cert: ref("U/a")})
	wantError(t, err, "SGN085I", ring.ErrRefused)
	if !strings.Contains(err.Error(), "00000001 and 00000002") {
		t.Errorf("%v does not name both", err)
	}
	if _, err := d.Unbind(t.Context(), ring.Unbind{Token: "T", Seq: 2}); err != nil {
		t.Fatal(err)
	}
	unbind := func(label string) {
		t.Helper()
		if _, err := d.Unbind(t.Context(), ring.Unbind{Token: "T", Cert: ref("U/" + label)}); err != nil {
			t.Error(err)
		}
	}
	unbind("renamed") // its label in the database
	d.bind("U/renamed", "T")
	if _, err := d.Alter(t.Context(), ring.Alter{Selector: ring.Selector{Owner: "U", Label: "renamed"}, NewLabel: "last"}); err != nil {
		t.Fatal(err)
	}
	unbind("renamed") // the label it was bound under
	d.bind("U/last", "T", "DEFAULT")
	d.sameTokens("T", "T\n4 U/last PERSONAL true true U/last\n")

	if _, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: "U", Label: "last"}}); err != nil {
		t.Fatal(err)
	}
	d.sameTokens("T", "T\n4 U/last PERSONAL true true gone\n")
	if !cert.SameKey(d.tokenKey("T", 4).Public(), before.Public()) {
		t.Error("the token has another key than before")
	}
	// A certificate with the issuer and serial number of the copy is not its original.
	d.gencert("V/other", "", func(g *ring.Gencert) { g.Subject = name(t, "CN=a") })
	x, err := d.object("T", 4).X509()
	if err != nil {
		t.Fatal(err)
	}
	if y := d.x509("V/other"); x.SerialNumber.Cmp(y.SerialNumber) != 0 || !bytes.Equal(x.RawIssuer, y.RawIssuer) {
		t.Fatalf("serial numbers %v and %v", x.SerialNumber, y.SerialNumber)
	}
	d.sameTokens("T", "T\n4 U/last PERSONAL true true gone\n")
}

// Only the last copy of a private key is kept from a BIND that would drop it.
func TestTokenLastKey(t *testing.T) {
	d := newDB(t)
	d.gencert("U/a", "")
	d.addToken("T")
	d.bind("U/a", "T")
	pem := d.export("U/a", cert.B64, "")
	if _, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: "U", Label: "a"}}); err != nil {
		t.Fatal(err)
	}
	d.add(ring.Add{Owner: "V", Label: "b", Data: pem, Status: ring.Trust})
	d.sameTokens("T", "T\n1 U/a PERSONAL false true V/b\n")
	_, err := d.Bind(t.Context(), ring.Bind{Cert: ref("V/b"), Token: "T", Usage: ring.UsageSite})
	wantError(t, err, "SGN088I", ring.ErrRefused)
	d.sameTokens("T", "T\n1 U/a PERSONAL false true V/b\n")
	// As PERSONAL it stays, under its new name.
	d.bind("V/b", "T")
	d.sameTokens("T", "T\n1 V/b PERSONAL false true V/b\n")
	// A certificate without a key is bound without one.
	d.addToken("T2")
	d.bind("V/b", "T2")
	d.sameTokens("T2", "T2\n1 V/b PERSONAL false false V/b\n")
	// With the key back in the database the token's copy may go.
	if _, err := d.Import(t.Context(), ring.Import{Token: "T", Seq: 1, Owner: "V"}); err != nil {
		t.Fatal(err)
	}
	d.bind("V/b", "T", "SITE")
	d.sameTokens("T", "T\n1 V/b SITE false false V/b\n")
	// And comes when it was not there before.
	d.bind("V/b", "T2")
	d.sameTokens("T2", "T2\n1 V/b PERSONAL false true V/b\n")
}

// IMPORT is ADD with a token in the place of a file (racdcert-certificates.md 4, 10).
func TestImport(t *testing.T) {
	d, ca := newDB(t), newDB(t)
	ca.gencert("CERTAUTH/CA", "")
	d.add(ring.Add{Owner: ring.CertAuth, Label: "CA", Data: ca.get("CERTAUTH/CA").DER})
	d.gencert("U/a", "")
	d.gencert("U/keyless", "")
	d.addToken("T")
	d.bind("U/a", "T")
	d.bind("U/keyless", "T", "SITE")
	token := d.tokens("T")
	imp := func(q ring.Import) *ring.Added {
		t.Helper()
		q.Token = "t"
		r, err := d.Import(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}

	// Already there: label ignored, status only when asked for.
	r := imp(ring.Import{Seq: 1, Owner: "U", Label: "other"})
	if !hasMessage(r.Result, "SGN011I") || !hasMessage(r.Result, "SGN021I") || r.Certificate.Status != ring.Trust || r.Certificate.Label != "a" {
		t.Errorf("again: %+v %v", r.Certificate.Ref(), r.Messages)
	}
	if r = imp(ring.Import{Seq: 1, Owner: "U", Status: ring.NoTrust}); r.Certificate.Status != ring.NoTrust {
		t.Error("the trust keyword is ignored")
	}
	_, err := d.Import(t.Context(), ring.Import{Token: "T", Seq: 1, Owner: "V"})
	wantError(t, err, "IRRD109I", ring.ErrExists)

	// Gone from the database: it comes back with its key, by the rules of ADD.
	for _, label := range []string{"a", "keyless"} {
		if _, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: "U", Label: label}}); err != nil {
			t.Fatal(err)
		}
	}
	r = imp(ring.Import{Seq: 1, Owner: "V"})
	if r.Certificate.Ref() != ref("V/LABEL00000001") || r.Certificate.Status != ring.NoTrust || !hasMessage(r.Result, "SGN036I") || r.Code() != ring.Warning {
		t.Errorf("imported %v %v: %v", r.Certificate.Ref(), r.Certificate.Status, r.Messages)
	}
	if !d.get("V/LABEL00000001").HasKey() {
		t.Error("the private key was not imported")
	}
	d.genreq(ref("V/LABEL00000001")) // it signs
	if r = imp(ring.Import{Seq: 2, Owner: ring.CertAuth, Label: "k", Status: ring.HighTrust}); r.Certificate.Status != ring.HighTrust || d.get("CERTAUTH/k").HasKey() {
		t.Errorf("imported %v with key %v", r.Certificate.Status, d.get("CERTAUTH/k").HasKey())
	}
	if got := strings.NewReplacer("gone", "U/a", "V/LABEL00000001", "U/a", "CERTAUTH/k", "U/keyless").Replace(d.tokens("T")); got != token {
		t.Errorf("IMPORT changed the token:\n%s", got)
	}
	d.gencert("W/taken", "")
	if _, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: "V", Label: "LABEL00000001"}, Force: true}); err != nil {
		t.Fatal(err)
	}
	before := d.dump("W")
	_, err = d.Import(t.Context(), ring.Import{Token: "T", Seq: 1, Owner: "W", Label: "taken"})
	wantError(t, err, "SGN010I", ring.ErrExists)
	if d.dump("W") != before {
		t.Error("a refused IMPORT left something")
	}
}

// A renewal that another token brings takes the place of the certificate with the same key.
func TestImportRenewal(t *testing.T) {
	d, ca := newDB(t), newDB(t)
	ca.gencert("CERTAUTH/CA", "")
	d.add(ring.Add{Owner: ring.CertAuth, Label: "CA", Data: ca.get("CERTAUTH/CA").DER})
	d.gencert("U/srv", "")
	must(t, d.AddRing, ringRef("U/R"))
	d.connect("U/srv", "U/R", true)
	answer := ca.gencert("PEER/answer", "CERTAUTH/CA", func(q *ring.Gencert) { q.Request = d.genreq(ref("U/srv")) })
	d.addToken("T")
	err := d.store.Update(t.Context(), func(tx ring.Tx) error {
		k, err := tx.Token("T")
		if err != nil {
			return err
		}
		return tx.AddTokenObject(&ring.TokenObject{Token: k, Owner: "U", Label: "x", Usage: ring.UsagePersonal, DER: answer.Certificate.DER})
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Import(t.Context(), ring.Import{Token: "T", Seq: 1, Owner: "U", Label: "new"})
	if err != nil {
		t.Fatal(err)
	}
	after := d.get("U/srv")
	if !hasMessage(r.Result, "SGN020I") || !bytes.Equal(after.DER, answer.Certificate.DER) || !after.HasKey() || after.Requested {
		t.Errorf("not replaced: %v", r.Messages)
	}
	if got := d.show("U/R"); got != "U/srv PERSONAL true\n" {
		t.Errorf("ring:\n%s", got)
	}
}

// object gives a stored object.
func (d *db) object(token string, seq ring.SeqNum) (o *ring.TokenObject) {
	d.t.Helper()
	err := d.store.View(d.t.Context(), func(tx ring.Tx) error {
		k, err := tx.Token(token)
		if err == nil {
			o, err = tx.TokenObject(k, seq)
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return o
}

func TestTokenRefusals(t *testing.T) {
	d := newDB(t)
	d.gencert("U/a", "")
	noTokens := listError(d, "")
	d.addToken("T")
	d.bind("U/a", "T")
	before := d.tokens("T") + d.dump("U")
	add := func(name string) error {
		_, err := d.AddToken(t.Context(), name)
		return err
	}
	del := func(name string) error {
		_, err := d.DelToken(t.Context(), ring.DelToken{Name: name, Force: true})
		return err
	}
	bind := func(c, token string) error {
		_, err := d.Bind(t.Context(), ring.Bind{Cert: ref(c), Token: token})
		return err
	}
	unbind := func(u ring.Unbind) error {
		_, err := d.Unbind(t.Context(), u)
		return err
	}
	imp := func(i ring.Import) error {
		_, err := d.Import(t.Context(), i)
		return err
	}
	_, noLabel := d.Bind(t.Context(), ring.Bind{Token: "T"})
	listMissing := listError(d, "NONE")
	listBad := listError(d, "A B")
	for _, tc := range []struct {
		what  string
		err   error
		id    string
		class error
		code  ring.Code
	}{
		{"existing token", add("t"), "IRRD170I", ring.ErrExists, 8},
		{"empty name", add(""), "SGN080I", ring.ErrInvalid, 8},
		{"long name", add(strings.Repeat("A", 33)), "SGN080I", ring.ErrInvalid, 8},
		{"name with a blank", add("A B"), "SGN080I", ring.ErrInvalid, 8},
		{"name with a hyphen", add("A-B"), "SGN080I", ring.ErrInvalid, 8},
		{"name of another alphabet", add("Ä"), "SGN080I", ring.ErrInvalid, 8},
		{"name that folds to a letter", add("\u017f"), "SGN080I", ring.ErrInvalid, 8},
		{"name with a digit first", add("1A"), "SGN080I", ring.ErrInvalid, 8},
		{"name with a period first", add(".A"), "SGN080I", ring.ErrInvalid, 8},
		{"delete a missing token", del("NONE"), "SGN082I", ring.ErrNotFound, 8},
		{"delete a bad name", del("*"), "SGN080I", ring.ErrInvalid, 8},
		{"list no tokens", noTokens, "SGN083I", ring.ErrNotFound, 4},
		{"list a missing token", listMissing, "SGN082I", ring.ErrNotFound, 4},
		{"list a bad name", listBad, "SGN080I", ring.ErrInvalid, 8},
		{"bind without a label", noLabel, "IRRD179I", ring.ErrInvalid, 8},
		{"bind without a token", bind("U/a", ""), "IRRD179I", ring.ErrInvalid, 8},
		{"bind to a missing token", bind("U/a", "NONE"), "SGN082I", ring.ErrNotFound, 8},
		{"bind a missing certificate", bind("U/A", "T"), "IRRD107I", ring.ErrNotFound, 8},
		{"unbind nothing", unbind(ring.Unbind{Token: "T"}), "IRRD169I", ring.ErrInvalid, 8},
		{"unbind by both", unbind(ring.Unbind{Token: "T", Cert: ref("U/a"), Seq: 1}), "IRRD169I", ring.ErrInvalid, 8},
		{"unbind without a token", unbind(ring.Unbind{Seq: 1}), "IRRD169I", ring.ErrInvalid, 8},
		{"unbind from a missing token", unbind(ring.Unbind{Token: "NONE", Seq: 1}), "SGN082I", ring.ErrNotFound, 8},
		{"unbind a missing number", unbind(ring.Unbind{Token: "T", Seq: 2}), "SGN084I", ring.ErrNotFound, 8},
		{"unbind a missing label", unbind(ring.Unbind{Token: "T", Cert: ref("U/A")}), "SGN084I", ring.ErrNotFound, 8},
		{"import without a number", imp(ring.Import{Token: "T", Owner: "U"}), "IRRD130I", ring.ErrInvalid, 8},
		{"import without a token", imp(ring.Import{Seq: 1, Owner: "U"}), "IRRD130I", ring.ErrInvalid, 8},
		{"import from a missing token", imp(ring.Import{Token: "NONE", Seq: 1, Owner: "U"}), "SGN082I", ring.ErrNotFound, 8},
		{"import a missing number", imp(ring.Import{Token: "T", Seq: 2, Owner: "U"}), "SGN084I", ring.ErrNotFound, 8},
		{"import with a bad label", imp(ring.Import{Token: "T", Seq: 1, Owner: "U", Label: strings.Repeat("x", 33)}), "SGN002I", ring.ErrInvalid, 8},
	} {
		t.Run(tc.what, func(t *testing.T) {
			wantError(t, tc.err, tc.id, tc.class)
			if got := ring.CodeOf(tc.err); got != tc.code {
				t.Errorf("code %d, want %d", got, tc.code)
			}
		})
	}
	if after := d.tokens("T") + d.dump("U"); after != before {
		t.Errorf("a refused function left something:\n%s", after)
	}
}

// listError lists a token, or all, for the error.
func listError(d *db, name string) error {
	return d.ListToken(d.t.Context(), name, func(ring.TokenListing) error { return nil })
}

// A certificate whose key is in hardware is bound without it or not at all.
func TestBindKeyInHardware(t *testing.T) {
	d := newDB(t)
	d.gencert("V/a", "")
	der := d.get("V/a").DER
	if _, err := d.Delete(t.Context(), ring.Delete{Selector: ring.Selector{Owner: "V", Label: "a"}}); err != nil {
		t.Fatal(err)
	}
	err := d.store.Update(t.Context(), func(tx ring.Tx) error {
		return tx.AddCertificate(&ring.Certificate{Owner: "U", Label: "hard", Status: ring.Trust, DER: der, Key: "pkcs11:object=hard"})
	})
	if err != nil {
		t.Fatal(err)
	}
	d.addToken("T")
	_, err = d.Bind(t.Context(), ring.Bind{Cert: ref("U/hard"), Token: "T"})
	wantError(t, err, "SGN087I", ring.ErrUnsupported)
	d.sameTokens("T", "T\n")
	d.bind("U/hard", "T", "CERTAUTH")
	d.sameTokens("T", "T\n1 U/hard CERTAUTH false false U/hard\n")
}

// crowded is a store whose tokens hold objects of other programs, as those of a module may.
type crowded struct{ ring.Store }

type crowdedTx struct{ ring.Tx }

func (s crowded) Update(ctx context.Context, fn func(ring.Tx) error) error {
	return s.Store.Update(ctx, func(tx ring.Tx) error { return fn(crowdedTx{tx}) })
}

func (t crowdedTx) Token(name string) (*ring.Token, error) {
	k, err := t.Tx.Token(name)
	if err == nil {
		k.Foreign = 2
	}
	return k, err
}

func TestDelTokenForeignObjects(t *testing.T) {
	d := newDB(t)
	d.addToken("T")
	m := ring.NewManager(ring.Config{Store: crowded{d.store}, Issuer: "OPER"})
	_, err := m.DelToken(t.Context(), ring.DelToken{Name: "T"})
	wantError(t, err, "IRRD174I", ring.ErrRefused)
	d.sameTokens("", "T\n")
	if _, err := m.DelToken(t.Context(), ring.DelToken{Name: "T", Force: true}); err != nil {
		t.Fatal(err)
	}
	err = listError(d, "")
	wantError(t, err, "SGN083I", ring.ErrNotFound)
}

// The token functions join a rehearsal and an atomic run.
func TestTokensTogether(t *testing.T) {
	d := newDB(t)
	work := func(m *ring.Manager) error {
		ctx := t.Context()
		_, err := m.Gencert(ctx, ring.Gencert{Owner: "U", Label: "a", Subject: name(t, "CN=a"), Key: ec})
		if err == nil {
			_, err = m.AddToken(ctx, "T")
		}
		if err == nil {
			_, err = m.Bind(ctx, ring.Bind{Token: "T", Cert: ref("U/a")})
		}
		if err == nil {
			_, err = m.Import(ctx, ring.Import{Token: "T", Seq: 1, Owner: "U"})
		}
		return err
	}
	var rehearsed error
	if err := d.Rehearse(t.Context(), func(m *ring.Manager) { rehearsed = work(m) }); err != nil || rehearsed != nil {
		t.Fatal(err, rehearsed)
	}
	err := listError(d, "")
	wantError(t, err, "SGN083I", ring.ErrNotFound)
	if err := d.Atomic(t.Context(), work); err != nil {
		t.Fatal(err)
	}
	d.sameTokens("", "T\n1 U/a PERSONAL false true U/a\n")
}

func TestParseSeqNum(t *testing.T) {
	for text, want := range map[string]ring.SeqNum{"1": 1, "00000001": 1, "1f": 31, "1F": 31, "FFFFFFFF": 0xFFFFFFFF} {
		if got, err := ring.ParseSeqNum(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "00000000", "100000000", "000000001", "-1", "+1", "0x1", "1_0", "g", " 1"} {
		_, err := ring.ParseSeqNum(text)
		wantError(t, err, "SGN081I", ring.ErrInvalid)
	}
	if got := ring.SeqNum(31).String(); got != "0000001F" {
		t.Errorf("31 is shown as %s", got)
	}
}

// What is a sequence number stays the same one when it is shown and read again, and a token name
// is folded once for all.
func FuzzTokenWords(f *testing.F) {
	f.Add("0000001f")
	f.Add("web.Token$1")
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := ring.ParseSeqNum(s); err == nil {
			if again, err := ring.ParseSeqNum(n.String()); err != nil || again != n {
				t.Errorf("%q: %v, shown and read %v %v", s, n, again, err)
			}
		}
		if name, err := ring.CheckTokenName(s); err == nil {
			if again, err := ring.CheckTokenName(name); err != nil || again != name || len(name) > 32 {
				t.Errorf("%q: %q, again %q %v", s, name, again, err)
			}
		}
	})
}
