package ringtest

import (
	"testing"

	"signet/cert"
	"signet/ring"
	"signet/saf"
)

// Data is what the cells need besides the database.
type Data struct {
	Foreign []byte // a certificate that is not in the database
}

// Prepare fills a database: for UA, UB, SITE and CERTAUTH the certificates cert and next with
// private keys, for the users rings with all of cert and empty ones, and name filters.
func Prepare(t *testing.T, w World) Data {
	t.Helper()
	ctx, m := t.Context(), w.As(t, Admin)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := m.AddUser(ctx, ring.AddUser{IDs: []string{string(User), string(Other)}})
	check(err)
	_, err = m.Setropts(ctx, ring.Setropts{Switches: [ring.SwitchGlobal + 1]map[string]bool{ring.SwitchActive: {"FACILITY": true, "RDATALIB": true, "CRYPTOZ": true}}})
	check(err)
	gencert := func(o ring.Owner, label, cn string) {
		t.Helper()
		_, err := m.Gencert(ctx, ring.Gencert{Owner: o, Label: label, Subject: mustName(cn), Key: p256})
		check(err)
	}
	gencert(User, "foreign", "foreign")
	e, err := m.Export(ctx, ring.Export{CertRef: ring.CertRef{Owner: User, Label: "foreign"}})
	check(err)
	_, err = m.Delete(ctx, ring.Delete{Selector: ring.Selector{Owner: User, Label: "foreign"}})
	check(err)
	for _, o := range owners {
		gencert(o.owner, "cert", "cert of "+o.owner.Name())
		gencert(o.owner, "next", "cert of "+o.owner.Name())
	}
	for _, o := range []ring.Owner{User, Other} {
		for _, name := range []string{"RING", "EMPTY"} {
			_, err := m.AddRing(ctx, ring.RingRef{Owner: o, Name: name})
			check(err)
		}
		for _, c := range owners {
			_, err := m.Connect(ctx, ring.Connect{Ring: ring.RingRef{Owner: o, Name: "RING"}, Cert: of(c.owner), Usage: ring.UsagePersonal})
			check(err)
		}
	}
	for i, o := range []ring.Owner{User, Other, ring.MultiID} {
		criteria := ""
		if o == ring.MultiID {
			criteria = "APPLID=&APPLID"
		}
		_, err := m.Map(ctx, ring.Map{Owner: o, Label: "filter", Subject: "OU=" + string(rune('A'+i)), Criteria: criteria})
		check(err)
	}
	return Data{e.Data}
}

func mustName(cn string) cert.Name {
	name, err := cert.Subject{CN: cn}.Name()
	if err != nil {
		panic(err)
	}
	return name
}

// Run defines a profile of class FACILITY, or permits UA a level of it.
func Run(t *testing.T, admin *ring.Manager, command, profile, level string) {
	t.Helper()
	RunIn(t, admin, command, "FACILITY", profile, level)
}

// RunIn is Run for any class.
func RunIn(t *testing.T, admin *ring.Manager, command, class, profile, level string) {
	t.Helper()
	var err error
	switch command {
	case "RDEFINE":
		_, err = admin.Rdefine(t.Context(), ring.Rdefine{Class: class, Names: []string{profile}})
	case "PERMIT":
		access, ok := saf.ParseAccess(level)
		if !ok {
			t.Fatalf("%q is no level", level)
		}
		_, err = admin.Permit(t.Context(), ring.Permit{Class: class, Name: profile, IDs: []string{string(User)}, Access: access})
	}
	if err != nil {
		t.Fatal(err)
	}
}
