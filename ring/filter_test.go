package ring_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"signet/ring"
	"signet/saf"
)

// mapFilter makes a filter or fails the test.
func (d *db) mapFilter(q ring.Map) *ring.Filter {
	d.t.Helper()
	r, err := d.Map(d.t.Context(), q)
	if err != nil {
		d.t.Fatal(err)
	}
	return r.Filter
}

// filterList shows an owner's filters.
func (d *db) filterList(o ring.Owner) string {
	d.t.Helper()
	var all []string
	err := d.Listmap(d.t.Context(), ring.Listmap{FilterRef: ring.FilterRef{Owner: o}}, func(f *ring.Filter) error {
		all = append(all, strings.Join([]string{f.Label, string(f.Status), f.Subject, f.Issuer, f.Criteria}, "|"))
		return nil
	})
	if err != nil && !errors.Is(err, ring.ErrNotFound) {
		d.t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

func TestMap(t *testing.T) {
	d := newDB(t)
	d.mapFilter(ring.Map{Owner: "U", Subject: "OU=Loans.O=Bank"})
	d.mapFilter(ring.Map{Owner: "U", Issuer: "O=CA, Inc..C=NL", Label: " Any of the CA ", Status: ring.NoTrust})
	d.mapFilter(ring.Map{Owner: "U", Subject: "OU=Loans.O=Bank", Issuer: "O=CA, Inc..C=NL"})
	d.mapFilter(ring.Map{Owner: "V", Subject: "CN=x"})
	f := d.mapFilter(ring.Map{Owner: ring.MultiID, Subject: "CN=y", Criteria: "applid=&Applid.sysid=&SYSID"})
	if f.Created != testNow || f.CreatedBy != "OPER" || f.Ref().String() != "MULTIID/LABEL00000001" {
		t.Errorf("record: %+v", f)
	}
	for o, want := range map[ring.Owner]string{
		"U":          "LABEL00000001|TRUST|OU=Loans.O=Bank||\nAny of the CA|NOTRUST||O=CA, Inc..C=NL|\nLABEL00000002|TRUST|OU=Loans.O=Bank|O=CA, Inc..C=NL|",
		"V":          "LABEL00000001|TRUST|CN=x||",
		ring.MultiID: "LABEL00000001|TRUST|CN=y||APPLID=&APPLID.SYSID=&SYSID",
	} {
		if got := d.filterList(o); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", o, got, want)
		}
	}
	// A filter's label may be that of a certificate.
	d.gencert("U/LABEL00000001", "")
	d.mapFilter(ring.Map{Owner: "U", Subject: "CN=z", Label: "x"})
	d.gencert("U/x", "")
}

func TestMapRefused(t *testing.T) {
	d := newDB(t)
	d.mapFilter(ring.Map{Owner: "U", Subject: "CN=x", Issuer: "O=y", Label: "one"})
	long := "CN=" + strings.Repeat("é", 252)
	d.mapFilter(ring.Map{Owner: "U", Subject: long, Label: "long"})
	before := d.filterList("U") + d.filterList("V")
	for _, tc := range []struct {
		id    string
		class error
		q     ring.Map
	}{
		{"SGN070I", ring.ErrInvalid, ring.Map{Owner: ring.CertAuth, Subject: "CN=a"}},
		{"SGN070I", ring.ErrInvalid, ring.Map{Owner: ring.Site, Subject: "CN=a"}},
		{"IRRD130I", ring.ErrInvalid, ring.Map{Owner: "U"}},
		{"IRRD130I", ring.ErrInvalid, ring.Map{Owner: "U", Subject: "CN=a", Status: ring.HighTrust}},
		{"IRRD130I", ring.ErrInvalid, ring.Map{Owner: ring.MultiID, Subject: "CN=a"}},
		{"IRRD140I", ring.ErrInvalid, ring.Map{Owner: "U", Subject: "Loans"}},
		{"IRRD140I", ring.ErrInvalid, ring.Map{Owner: "U", Issuer: "CN=a,O=b"}},
		{"IRRD142I", ring.ErrInvalid, ring.Map{Owner: "U", Subject: long + "x"}},
		{"SGN071I", ring.ErrExists, ring.Map{Owner: "V", Subject: "CN=x", Issuer: "O=y"}},
		{"SGN071I", ring.ErrExists, ring.Map{Owner: ring.MultiID, Subject: "CN=x", Issuer: "O=y", Criteria: "SYSID=&SYSID"}},
		{"SGN072I", ring.ErrExists, ring.Map{Owner: "U", Subject: "CN=a", Label: "one"}},
		{"SGN002I", ring.ErrInvalid, ring.Map{Owner: "U", Subject: "CN=a", Label: strings.Repeat("x", 33)}},
		{"SGN076I", ring.ErrInvalid, ring.Map{Owner: "U", Subject: "CN=a", Criteria: "SYSID=&SYSID"}},
		{"SGN076I", ring.ErrInvalid, ring.Map{Owner: ring.MultiID, Subject: "CN=a", Criteria: "USERID=&USERID"}},
		{"SGN076I", ring.ErrInvalid, ring.Map{Owner: ring.MultiID, Subject: "CN=a", Criteria: "SYSID=&APPLID"}},
		{"SGN076I", ring.ErrInvalid, ring.Map{Owner: ring.MultiID, Subject: "CN=a", Criteria: "SYSID=SYS1"}},
		{"SGN076I", ring.ErrInvalid, ring.Map{Owner: ring.MultiID, Subject: "CN=a", Criteria: "SYSID=&SYSID.SYSID=&SYSID"}},
		{"SGN076I", ring.ErrInvalid, ring.Map{Owner: ring.MultiID, Subject: "CN=a", Criteria: "SYSID=&SYSID."}},
		{"SGN016I", ring.ErrInvalid, ring.Map{Owner: "U", Model: []byte("text"), Source: "model"}},
	} {
		_, err := d.Map(t.Context(), tc.q)
		wantError(t, err, tc.id, tc.class)
		if ring.CodeOf(err) != ring.Refused {
			t.Errorf("%+v: code %d", tc.q, ring.CodeOf(err))
		}
	}
	if got := d.filterList("U") + d.filterList("V"); got != before {
		t.Errorf("after refusals:\n%s\nbefore:\n%s", got, before)
	}
}

func TestMapFromModel(t *testing.T) {
	const subject, issuer = "CN=Ann.OU=Loans.OU=NL.O=Bank.C=NL", "CN=CA.O=Trust, Inc..C=US"
	for _, tc := range []struct{ s, i, wantSubject, wantIssuer string }{
		{"", "", subject, issuer},
		{"OU=Lo", "", "OU=Loans.OU=NL.O=Bank.C=NL", ""},
		{"OU=", "", "OU=Loans.OU=NL.O=Bank.C=NL", ""},
		{"OU=NL", "", "OU=NL.O=Bank.C=NL", ""},
		{"CN=", "CN=", subject, issuer},
		{"O=Bank", "CN=CA.O=", "O=Bank.C=NL", issuer},
		{"", "O=", "", "O=Trust, Inc..C=US"},
		{"", "C=US", "", "C=US"},
	} {
		d := newDB(t)
		model := signed(t, subject, issuer)
		f := d.mapFilter(ring.Map{Owner: "U", Model: model.Raw, Subject: tc.s, Issuer: tc.i})
		if f.Subject != tc.wantSubject || f.Issuer != tc.wantIssuer {
			t.Errorf("%q %q: %q and %q", tc.s, tc.i, f.Subject, f.Issuer)
		}
		id := d.whois(ring.Whois{Data: model.Raw})
		if id.User != "U" {
			t.Errorf("%q %q: the model itself maps to %q", tc.s, tc.i, id.User)
		}
	}
}

func TestMapFromModelRefused(t *testing.T) {
	d := newDB(t)
	model := signed(t, "CN=Ann.OU=Loans.C=NL", "CN=CA.O=Trust.C=US").Raw
	ou := strings.Repeat("OU="+strings.Repeat("x", 58)+".", 4)
	long := signed(t, "CN=Ann."+ou+"C=NL", "CN=CA").Raw
	tricky := signed(t, "CN=Ann.C=NL", "CN=CA", "bob.OU=Admins").Raw
	for _, tc := range []struct {
		id    string
		class error
		q     ring.Map
	}{
		{"IRRD141I", ring.ErrNotFound, ring.Map{Subject: "OU=Sales", Model: model}},
		{"IRRD141I", ring.ErrNotFound, ring.Map{Subject: "O=", Model: model}}, // inside OU= does not count
		{"IRRD141I", ring.ErrNotFound, ring.Map{Issuer: "OU=", Model: model}},
		{"IRRD140I", ring.ErrInvalid, ring.Map{Subject: "Loans", Model: model}},
		{"IRRD146I", ring.ErrRefused, ring.Map{Subject: "CN=", Issuer: "O=Trust", Model: model}},
		{"IRRD142I", ring.ErrInvalid, ring.Map{Subject: "CN=", Model: long}},
		{"IRRD142I", ring.ErrInvalid, ring.Map{Model: long}},
		{"SGN077I", ring.ErrRefused, ring.Map{Model: tricky}},
		{"SGN077I", ring.ErrRefused, ring.Map{Subject: "CN=bob", Model: tricky}},
		{"IRRD130I", ring.ErrInvalid, ring.Map{Model: signed(t, "", "CN=CA").Raw}},
	} {
		tc.q.Owner, tc.q.Source = "U", "model"
		_, err := d.Map(t.Context(), tc.q)
		wantError(t, err, tc.id, tc.class)
	}
	if got := d.filterList("U"); got != "" {
		t.Errorf("after refusals: %s", got)
	}
	// What the refusals leave room for.
	if f := d.mapFilter(ring.Map{Owner: "U", Subject: "OU=", Model: long}); f.Subject != ou+"C=NL" {
		t.Errorf("filter %q", f.Subject)
	}
	if f := d.mapFilter(ring.Map{Owner: "U", Subject: "C=", Model: tricky}); f.Subject != "C=NL" {
		t.Errorf("filter %q", f.Subject)
	}
}

func TestAltmap(t *testing.T) {
	d := newDB(t)
	d.mapFilter(ring.Map{Owner: "U", Subject: "CN=x"})
	alt := func(q ring.Altmap) error { _, err := d.Altmap(t.Context(), q); return err }
	only := ring.FilterRef{Owner: "U"}
	if err := alt(ring.Altmap{FilterRef: only, Status: ring.NoTrust, NewLabel: "new"}); err != nil {
		t.Fatal(err)
	}
	if got := d.filterList("U"); got != "new|NOTRUST|CN=x||" {
		t.Error(got)
	}
	// The generated label is free again.
	if f := d.mapFilter(ring.Map{Owner: "U", Subject: "CN=y"}); f.Label != "LABEL00000001" {
		t.Errorf("label %q", f.Label)
	}
	d.mapFilter(ring.Map{Owner: ring.MultiID, Subject: "CN=z", Criteria: "SYSID=&SYSID"})
	if err := alt(ring.Altmap{FilterRef: ring.FilterRef{Owner: ring.MultiID}, NewCriteria: "applid=&applid"}); err != nil {
		t.Fatal(err)
	}
	if got := d.filterList(ring.MultiID); got != "LABEL00000001|TRUST|CN=z||APPLID=&APPLID" {
		t.Error(got)
	}
	newRef := ring.FilterRef{Owner: "U", Label: "new"}
	if err := alt(ring.Altmap{FilterRef: newRef, NewLabel: "new", Status: ring.Trust}); err != nil {
		t.Errorf("its own label: %v", err)
	}
	before := d.filterList("U") + d.filterList(ring.MultiID)
	wantError(t, alt(ring.Altmap{FilterRef: newRef}), "IRRD130I", ring.ErrInvalid)
	wantError(t, alt(ring.Altmap{FilterRef: newRef, Status: ring.HighTrust}), "IRRD130I", ring.ErrInvalid)
	wantError(t, alt(ring.Altmap{FilterRef: newRef, NewCriteria: "SYSID=&SYSID"}), "SGN076I", ring.ErrInvalid)
	wantError(t, alt(ring.Altmap{FilterRef: newRef, NewLabel: "LABEL00000001"}), "SGN072I", ring.ErrExists)
	wantError(t, alt(ring.Altmap{FilterRef: newRef, NewLabel: " "}), "SGN002I", ring.ErrInvalid)
	wantError(t, alt(ring.Altmap{FilterRef: only, Status: ring.Trust}), "SGN075I", ring.ErrRefused)
	wantError(t, alt(ring.Altmap{FilterRef: ring.FilterRef{Owner: "U", Label: "none"}, Status: ring.Trust}), "SGN073I", ring.ErrNotFound)
	wantError(t, alt(ring.Altmap{FilterRef: ring.FilterRef{Owner: "GONE"}, Status: ring.Trust}), "SGN074I", ring.ErrNotFound)
	wantError(t, alt(ring.Altmap{FilterRef: ring.FilterRef{Owner: ring.Site}, Status: ring.Trust}), "SGN070I", ring.ErrInvalid)
	wantError(t, alt(ring.Altmap{FilterRef: ring.FilterRef{Owner: ring.MultiID}, NewCriteria: "X=&X"}), "SGN076I", ring.ErrInvalid)
	if got := d.filterList("U") + d.filterList(ring.MultiID); got != before {
		t.Errorf("after refusals:\n%s", got)
	}
}

func TestDelmap(t *testing.T) {
	d := newDB(t)
	del := func(r ring.FilterRef) error {
		_, err := d.Delmap(t.Context(), ring.Delmap{FilterRef: r})
		return err
	}
	for i := range 3 {
		d.mapFilter(ring.Map{Owner: "U", Subject: fmt.Sprintf("CN=%d", i)})
	}
	wantError(t, del(ring.FilterRef{Owner: "U"}), "SGN075I", ring.ErrRefused)
	wantError(t, del(ring.FilterRef{Owner: "U", Label: "label00000001"}), "SGN073I", ring.ErrNotFound)
	wantError(t, del(ring.FilterRef{Owner: ring.CertAuth}), "SGN070I", ring.ErrInvalid)
	for _, label := range []string{"LABEL00000001", "LABEL00000003"} {
		if err := del(ring.FilterRef{Owner: "U", Label: label}); err != nil {
			t.Fatal(err)
		}
	}
	if f := d.mapFilter(ring.Map{Owner: "U", Subject: "CN=again"}); f.Label != "LABEL00000001" {
		t.Errorf("label %q", f.Label)
	}
	if err := del(ring.FilterRef{Owner: "U", Label: "LABEL00000001"}); err != nil {
		t.Fatal(err)
	}
	if err := del(ring.FilterRef{Owner: "U"}); err != nil {
		t.Fatal(err)
	}
	wantError(t, del(ring.FilterRef{Owner: "U"}), "SGN074I", ring.ErrNotFound)
}

func TestListmap(t *testing.T) {
	d := newDB(t)
	d.mapFilter(ring.Map{Owner: "U", Subject: "CN=x"})
	list := func(r ring.FilterRef) (n int, err error) {
		err = d.Listmap(t.Context(), ring.Listmap{FilterRef: r}, func(*ring.Filter) error { n++; return nil })
		return n, err
	}
	for _, r := range []ring.FilterRef{{Owner: "U"}, {Owner: "U", Label: "LABEL00000001"}} {
		if n, err := list(r); n != 1 || err != nil {
			t.Errorf("%v: %d %v", r, n, err)
		}
	}
	for r, id := range map[ring.FilterRef]string{{Owner: "U", Label: "x"}: "SGN073I", {Owner: "V"}: "SGN074I", {Owner: ring.MultiID}: "SGN074I"} {
		_, err := list(r)
		wantError(t, err, id, ring.ErrNotFound)
		if ring.CodeOf(err) != ring.Warning {
			t.Errorf("%v: code %d", r, ring.CodeOf(err))
		}
	}
	_, err := list(ring.FilterRef{Owner: ring.CertAuth})
	wantError(t, err, "SGN070I", ring.ErrInvalid)
	stop := errors.New("stop")
	for _, r := range []ring.FilterRef{{Owner: "U"}, {Owner: "U", Label: "LABEL00000001"}} {
		if err := d.Listmap(t.Context(), ring.Listmap{FilterRef: r}, func(*ring.Filter) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("an error of yield: %v", err)
		}
	}
}

// The reminder that z/OS would wait for a refresh of the class.
func TestMapRefresh(t *testing.T) {
	d := newDB(t)
	r, err := d.Map(t.Context(), ring.Map{Owner: "U", Subject: "CN=x"})
	if err != nil || len(r.Messages) != 0 {
		t.Fatalf("%v %v", r, err)
	}
	err = d.store.Update(t.Context(), func(tx ring.Tx) error { return tx.PutClass(saf.Class{Name: "DIGTNMAP", RacList: true}) })
	if err != nil {
		t.Fatal(err)
	}
	alt, err := d.Altmap(t.Context(), ring.Altmap{FilterRef: r.Filter.Ref(), NewLabel: "y"})
	if err != nil || !hasMessage(alt.Result, "IRRD175I") {
		t.Errorf("altmap: %v %v", alt, err)
	}
	del, err := d.Delmap(t.Context(), ring.Delmap{FilterRef: alt.Filter.Ref()})
	if err != nil || !hasMessage(del.Result, "IRRD175I") || del.Code() != ring.Done {
		t.Errorf("delmap: %v %v", del, err)
	}
}

// MULTIID owns filters and nothing else.
func TestMultiID(t *testing.T) {
	d := newDB(t)
	_, err := ring.UserOwner("multiid")
	wantError(t, err, "IRRD136I", ring.ErrInvalid)
	_, err = ring.ParseOwner("MULTIID")
	wantError(t, err, "IRRD136I", ring.ErrInvalid)
	_, err = ring.ParseCertRef("MULTIID/x", "OPER")
	wantError(t, err, "IRRD136I", ring.ErrInvalid)
	_, err = d.Gencert(t.Context(), ring.Gencert{Owner: ring.MultiID, Subject: name(t, "CN=x"), Key: ec})
	wantError(t, err, "IRRD136I", ring.ErrInvalid)
	_, err = d.AddRing(t.Context(), ring.RingRef{Owner: ring.MultiID, Name: "R"})
	wantError(t, err, "IRRD120I", ring.ErrInvalid)
	if ring.MultiID.IsUser() || ring.MultiID.String() != "MULTIID" || ring.MultiID.Name() != "MULTIID" {
		t.Error("MULTIID is taken for a user")
	}
}

func TestParseFilterRef(t *testing.T) {
	for s, want := range map[string]ring.FilterRef{
		"u":           {Owner: "U"},
		"U/a b":       {Owner: "U", Label: "a b"},
		"U/a/b":       {Owner: "U", Label: "a/b"},
		"MultiId":     {Owner: ring.MultiID},
		"MULTIID/one": {Owner: ring.MultiID, Label: "one"},
	} {
		if got, err := ring.ParseFilterRef(s); err != nil || got != want {
			t.Errorf("%q: %+v %v", s, got, err)
		}
	}
	for s, id := range map[string]string{"": "SGN001I", "CERTAUTH": "SGN070I", "site/x": "SGN070I", "U/": "SGN002I", "A B": "SGN001I"} {
		_, err := ring.ParseFilterRef(s)
		wantError(t, err, id, ring.ErrInvalid)
	}
}

// What is read is written so that it reads the same.
func FuzzParseFilterRef(f *testing.F) {
	f.Add("MULTIID/a label")
	f.Add("u/LABEL00000001")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ring.ParseFilterRef(s)
		if err != nil || r.Label == "" {
			return
		}
		if again, err := ring.ParseFilterRef(r.String()); err != nil || again != r {
			t.Errorf("%q: %+v is written %q and reads as %+v, %v", s, r, r, again, err)
		}
	})
}
