package ringtest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"signet/audit"
	"signet/cert"
	"signet/ring"
	"signet/saf"
)

// attempt is a test of one way round authority, or of one rule of it.
type attempt struct {
	*testing.T
	admin, user, other *ring.Manager
	world              World
}

// Attempts tests what is not a cell of a matrix: the ways round, and the rules of class RDATALIB,
// of groups, of administration and of surrogates. Each starts from a database of its own, which
// open gives.
func Attempts(t *testing.T, open func(t *testing.T) World) {
	for name, run := range map[string]func(*attempt){
		"KeyThroughOwnRing":   keyThroughOwnRing,
		"RefusalsTellNothing": refusalsTellNothing,
		"RingByName":          ringByName,
		"KeyRelease":          keyRelease,
		"Granular":            granular,
		"Refresh":             refresh,
		"Warning":             warning,
		"Administration":      administration,
		"ProfileOwner":        profileOwner,
		"AccessLists":         accessLists,
		"LastSpecial":         lastSpecial,
		"OtherNames":          otherNames,
		"ReplacedByCopy":      replacedByCopy,
		"GroupAuthority":      groupAuthority,
		"CanTellsNoLists":     canTellsNoLists,
		"BrokenRequests":      brokenRequests,
		"Groups":              groups,
		"Revoked":             revoked,
		"Tokens":              tokens,
		"Issuers":             issuers,
		"Checkcert":           checkcert,
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			Prepare(t, w)
			run(&attempt{t, w.As(t, Admin), w.As(t, User), w.As(t, Other), w})
		})
	}
}

func (a *attempt) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

func (a *attempt) refused(what string, err error) {
	a.Helper()
	if !errors.Is(err, ring.ErrDenied) {
		a.Errorf("%s was not refused: %v", what, err)
	}
}

// permit defines a profile of a class if it must, and permits UA a level of it.
func (a *attempt) permit(class, profile, level string) {
	a.Helper()
	if _, err := a.admin.Rdefine(a.Context(), ring.Rdefine{Class: class, Names: []string{profile}}); err != nil && !errors.Is(err, ring.ErrExists) {
		a.Fatal(err)
	}
	RunIn(a.T, a.admin, "PERMIT", class, profile, level)
}

func (a *attempt) setropts(sw ring.ClassSwitch, class string, refresh bool) {
	a.Helper()
	q := ring.Setropts{Refresh: refresh}
	q.Switches[sw] = map[string]bool{class: true}
	_, err := a.admin.Setropts(a.Context(), q)
	a.must(err)
}

var (
	ownRing   = ring.RingRef{Owner: User, Name: "RING"}
	emptyRing = ring.RingRef{Owner: User, Name: "EMPTY"}
	otherRing = ring.RingRef{Owner: Other, Name: "RING"}
)

func takeRing(m *ring.Manager, ctx context.Context, r ring.RingRef) error {
	_, err := m.Take(ctx, ring.Take{Ring: r})
	return err
}

// Whoever may connect another user's certificate to a ring of their own has not got its key.
func keyThroughOwnRing(a *attempt) {
	a.permit("FACILITY", "IRR.DIGTCERT.CONNECT", "UPDATE")
	a.permit("FACILITY", "IRR.DIGTCERT.LISTRING", "READ")
	_, err := a.user.Connect(a.Context(), ring.Connect{Ring: emptyRing, Cert: of(Other), Usage: ring.UsagePersonal, Default: true})
	a.must(err)
	a.refused("the key of UB through a ring of UA", takeRing(a.user, a.Context(), emptyRing))
	a.permit("FACILITY", "IRR.DIGTCERT.CONNECT", "CONTROL")
	_, err = a.user.Remove(a.Context(), ring.Remove{Ring: emptyRing, Cert: of(Other)})
	a.refused("REMOVE without access", err)
	_, err = a.user.Connect(a.Context(), ring.Connect{Ring: emptyRing, Cert: of(ring.CertAuth), Usage: ring.UsagePersonal})
	a.must(err)
	a.refused("the key of a CA through a ring of UA", takeRing(a.user, a.Context(), emptyRing))
}

// A refusal is the same whether the object is there or not.
func refusalsTellNothing(a *attempt) {
	there, absent := of(Other), ring.CertRef{Owner: Other, Label: "none"}
	for name, do := range map[string]func(ring.CertRef) error{
		"LIST": func(c ring.CertRef) error {
			return a.user.List(a.Context(), ring.Selector{Owner: c.Owner, Label: c.Label}, func(ring.Listing) error { return nil })
		},
		"EXPORT": func(c ring.CertRef) error {
			_, err := a.user.Export(a.Context(), ring.Export{CertRef: c})
			return err
		},
		"DELETE": func(c ring.CertRef) error {
			_, err := a.user.Delete(a.Context(), ring.Delete{Selector: ring.Selector{Owner: c.Owner, Label: c.Label}})
			return err
		},
		"GENREQ": func(c ring.CertRef) error {
			_, err := a.user.Genreq(a.Context(), ring.Genreq{CertRef: c}, func([]byte) error { return nil })
			return err
		},
		"REKEY": func(c ring.CertRef) error {
			_, err := a.user.Rekey(a.Context(), ring.Rekey{CertRef: c})
			return err
		},
		"CONNECT": func(c ring.CertRef) error {
			_, err := a.user.Connect(a.Context(), ring.Connect{Ring: ownRing, Cert: c})
			return err
		},
		"ADD": func(c ring.CertRef) error {
			_, err := a.user.Gencert(a.Context(), ring.Gencert{Owner: c.Owner, Label: c.Label, Key: p256})
			return err
		},
		"PERMIT": func(c ring.CertRef) error {
			name := "IRR.DIGTCERT.NONE"
			if c == there {
				name = "IRR.DIGTCERT.LIST"
			}
			_, err := a.user.Permit(a.Context(), ring.Permit{Class: "FACILITY", Name: name, IDs: []string{string(User)}, Access: saf.Alter})
			if err != nil {
				return &sameName{err, name}
			}
			return nil
		},
	} {
		one, two := do(there), do(absent)
		a.refused(name, one)
		a.refused(name, two)
		if one != nil && two != nil && strings.ReplaceAll(one.Error(), there.Label, "X") != strings.ReplaceAll(two.Error(), absent.Label, "X") {
			a.Errorf("%s tells them apart:\n%v\n%v", name, one, two)
		}
	}
}

// sameName is an error without the name that was asked for.
type sameName struct {
	error
	name string
}

func (e *sameName) Error() string { return strings.ReplaceAll(e.error.Error(), e.name, "X") }
func (e *sameName) Unwrap() error { return e.error }

// A profile of RDATALIB that covers a ring decides alone who reads it (racdcert-rings.md D3).
func ringByName(a *attempt) {
	resolve := func(r ring.RingRef) error {
		_, err := a.user.Resolve(a.Context(), ring.Resolve{Ring: r, As: ring.ConsumerJava})
		return err
	}
	a.permit("FACILITY", "IRR.DIGTCERT.LISTRING", "UPDATE")
	a.must(resolve(otherRing))
	a.permit("RDATALIB", "UB.RING.LST", "NONE")
	a.must(resolve(otherRing)) // not RACLISTed yet
	a.setropts(ring.SwitchRacList, "RDATALIB", false)
	a.refused("a ring that RDATALIB covers", resolve(otherRing))
	a.permit("FACILITY", "IRR.DIGTCERT.LISTRING", "NONE")
	a.permit("RDATALIB", "UB.RING.LST", "READ")
	a.refused("before REFRESH", resolve(otherRing))
	a.setropts(ring.SwitchRacList, "RDATALIB", true)
	a.must(resolve(otherRing))
	a.refused("another ring", resolve(ring.RingRef{Owner: Other, Name: "EMPTY"}))
	_, err := a.user.ListRing(a.Context(), otherRing)
	a.refused("LISTRING, which FACILITY decides", err)
}

// keyRelease goes through the levels of the rules of R_datalib (racdcert-rings.md A8).
func keyRelease(a *attempt) {
	ctx := a.Context()
	ringOf := func(o ring.Owner) ring.RingRef { // a ring of UA with one certificate
		r := ring.RingRef{Owner: User, Name: "ONE." + o.Name()}
		_, err := a.admin.AddRing(ctx, r)
		a.must(err)
		_, err = a.admin.Connect(ctx, ring.Connect{Ring: r, Cert: of(o), Usage: ring.UsagePersonal})
		a.must(err)
		return r
	}
	own, other, site, ca := ringOf(User), ringOf(Other), ringOf(ring.Site), ringOf(ring.CertAuth)
	a.permit("FACILITY", "IRR.DIGTCERT.LISTRING", "READ")
	a.must(takeRing(a.user, ctx, own))
	a.refused("UB's key by FACILITY", takeRing(a.user, ctx, other))
	a.refused("SITE's key", takeRing(a.user, ctx, site))
	a.permit("FACILITY", "IRR.DIGTCERT.GENCERT", "UPDATE")
	a.refused("SITE's key with UPDATE of GENCERT", takeRing(a.user, ctx, site))
	a.permit("FACILITY", "IRR.DIGTCERT.GENCERT", "CONTROL")
	a.must(takeRing(a.user, ctx, site))
	a.must(takeRing(a.user, ctx, ca))
	a.refused("UB's key by CONTROL of GENCERT", takeRing(a.user, ctx, other))

	a.setropts(ring.SwitchRacList, "RDATALIB", false)
	for _, level := range []string{"NONE", "READ", "UPDATE", "CONTROL"} {
		for _, r := range []ring.RingRef{own, other, site, ca} {
			a.permit("RDATALIB", "UA."+r.Name+".LST", level)
		}
		a.setropts(ring.SwitchRacList, "RDATALIB", true)
		for _, row := range []struct {
			ring ring.RingRef
			from string // the lowest level that gives the key
		}{{own, "READ CONTROL UPDATE"}, {other, "UPDATE CONTROL"}, {site, "CONTROL"}, {ca, "CONTROL"}} {
			err := takeRing(a.user, ctx, row.ring)
			if strings.Contains(row.from, level) {
				a.must(err)
			} else {
				a.refused(row.ring.Name+" at "+level, err)
			}
		}
	}
	_, err := a.admin.Connect(ctx, ring.Connect{Ring: other, Cert: of(Other), Usage: ring.UsageSite})
	a.must(err)
	t, err := a.user.Take(ctx, ring.Take{Ring: other})
	a.must(err)
	if len(t.Credentials) != 1 || t.Credentials[0].Key != nil {
		a.Errorf("a connection as SITE gave %+v", t.Credentials)
	}
}

// Granular control names owner, label and function (racdcert-rings.md D5).
func granular(a *attempt) {
	ctx := a.Context()
	export := func(c ring.CertRef) error {
		_, err := a.user.Export(ctx, ring.Export{CertRef: c})
		return err
	}
	addring := func(name string) error {
		_, err := a.user.AddRing(ctx, ring.RingRef{Owner: Other, Name: name})
		return err
	}
	a.setropts(ring.SwitchGeneric, "RDATALIB", false)
	a.permit("RDATALIB", "IRR.DIGTCERT.UB.CERT.LST.EXPORT", "READ")
	a.permit("RDATALIB", "UB.SERVER*.UPD.ADDRING", "READ")
	a.permit("RDATALIB", "UA.RING.UPD.CONNECT", "READ")
	a.setropts(ring.SwitchRacList, "RDATALIB", false)
	a.refused("without granular control", export(of(Other)))
	a.permit("RDATALIB", "IRR.RACDCERT.GRANULAR", "NONE")
	a.setropts(ring.SwitchRacList, "RDATALIB", true)
	a.must(export(of(Other)))
	a.refused("a label that is not covered", export(ring.CertRef{Owner: Other, Label: "next"}))
	a.must(addring("server1"))
	a.refused("a ring of another name", addring("client"))
	connect := func(o ring.Owner) error {
		_, err := a.user.Connect(ctx, ring.Connect{Ring: ownRing, Cert: of(o), Usage: ring.UsagePersonal})
		return err
	}
	a.refused("CONNECT with the ring alone", connect(Other))
	a.permit("RDATALIB", "IRR.DIGTCERT.UB.CERT.UPD.CONNECT", "READ")
	a.setropts(ring.SwitchRacList, "RDATALIB", true)
	a.must(connect(Other))
	a.permit("FACILITY", "IRR.DIGTCERT.EXPORT", "UPDATE")
	a.must(export(ring.CertRef{Owner: Other, Label: "next"})) // FACILITY where nothing covers it
	a.permit("RDATALIB", "IRR.DIGTCERT.UB.**", "NONE")
	a.setropts(ring.SwitchRacList, "RDATALIB", true)
	a.refused("a generic profile in the way of FACILITY", export(ring.CertRef{Owner: Other, Label: "next"}))
	a.must(export(of(Other)))
}

// What PERMIT does to a RACLISTed class counts from REFRESH on (racdcert-rings.md D8).
func refresh(a *attempt) {
	list := func() error {
		return a.user.List(a.Context(), ring.Selector{Owner: User}, func(ring.Listing) error { return nil })
	}
	a.setropts(ring.SwitchRacList, "FACILITY", false)
	a.permit("FACILITY", "IRR.DIGTCERT.LIST", "READ")
	a.refused("before REFRESH", list())
	a.setropts(ring.SwitchRacList, "FACILITY", true)
	a.must(list())
	a.permit("FACILITY", "IRR.DIGTCERT.LIST", "NONE")
	a.must(list())
	a.setropts(ring.SwitchRacList, "FACILITY", true)
	a.refused("after REFRESH", list())
}

// A profile in warning mode lets everybody pass, and the answer says so.
func warning(a *attempt) {
	on := true
	_, err := a.admin.Rdefine(a.Context(), ring.Rdefine{Class: "FACILITY", Names: []string{"IRR.DIGTCERT.ADDRING"}, Settings: ring.ProfileSettings{Warning: &on}})
	a.must(err)
	r, err := a.user.AddRing(a.Context(), ring.RingRef{Owner: User, Name: "W"})
	a.must(err)
	if len(r.Messages) == 0 || r.Messages[0].ID != "ICH408I" {
		a.Errorf("messages %v", r.Messages)
	}
}

// A user who is nobody administers nothing, least of all for themselves.
func administration(a *attempt) {
	ctx := a.Context()
	on := true
	ids := []string{string(User)}
	self := ring.UserSettings{Attributes: ring.AttributeSettings{Special: &on}}
	owner := string(User)
	for name, do := range map[string]func() error{
		"ALTUSER SPECIAL": func() error { _, err := a.user.AltUser(ctx, ring.AltUser{IDs: ids, Settings: self}); return err },
		"ALTUSER OWNER": func() error {
			_, err := a.user.AltUser(ctx, ring.AltUser{IDs: ids, Settings: ring.UserSettings{Owner: &owner}})
			return err
		},
		"ADDUSER": func() error {
			_, err := a.user.AddUser(ctx, ring.AddUser{IDs: []string{"NEW"}, Settings: self})
			return err
		},
		"DELUSER":   func() error { _, err := a.user.DelUser(ctx, ring.DelUser{IDs: []string{string(Admin)}}); return err },
		"LISTUSER":  func() error { _, err := a.user.ListUser(ctx, []string{string(Admin)}); return err },
		"LISTUSER*": func() error { _, err := a.user.ListUser(ctx, []string{"*"}); return err },
		"ADDGROUP":  func() error { _, err := a.user.AddGroup(ctx, ring.AddGroup{Names: []string{"G"}}); return err },
		"DELGROUP":  func() error { _, err := a.user.DelGroup(ctx, ring.DelGroup{Names: []string{"G"}}); return err },
		"LISTGRP":   func() error { _, err := a.user.ListGroup(ctx, []string{"*"}); return err },
		"CONNECT":   func() error { _, err := a.user.ConnectGroup(ctx, ring.ConnectGroup{IDs: ids, Group: "G"}); return err },
		"REMOVE":    func() error { _, err := a.user.RemoveGroup(ctx, ring.RemoveGroup{IDs: ids, Group: "G"}); return err },
		"RDEFINE": func() error {
			_, err := a.user.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"**"}, Settings: ring.ProfileSettings{Owner: &owner}})
			return err
		},
		"RALTER": func() error {
			_, err := a.user.Ralter(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"P"}, Settings: ring.ProfileSettings{Owner: &owner}})
			return err
		},
		"RDELETE": func() error {
			_, err := a.user.Rdelete(ctx, ring.ProfileNames{Class: "FACILITY", Names: []string{"P"}})
			return err
		},
		"RLIST": func() error {
			_, err := a.user.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: []string{"P"}})
			return err
		},
		"SETROPTS": func() error { _, err := a.user.Setropts(ctx, ring.Setropts{AddCreator: &on}); return err },
		"OPTIONS":  func() error { _, err := a.user.Options(ctx); return err },
		"SET":      func() error { _, err := a.user.Set(ctx, ring.Setting{Name: "serials", Value: "random"}); return err },
		"SETTINGS": func() error { _, err := a.user.Settings(ctx); return err },
		"CAN": func() error {
			_, err := a.user.Can(ctx, ring.Can{User: Admin, Act: ring.Act{Function: "SETROPTS"}})
			return err
		},
		"LISTEVENTS": func() error {
			return a.user.ListEvents(ctx, ring.EventQuery{}, func(audit.Record) error { return nil })
		},
		"VERIFYEVENTS": func() error { _, err := a.user.VerifyEvents(ctx, ring.TrailKnown{}); return err },
		"CHECKPOINT":   func() error { _, err := a.user.Checkpoint(ctx); return err },
	} {
		a.refused(name, do())
	}
	if _, err := a.user.ListUser(ctx, nil); err != nil {
		a.Errorf("a user's own profile: %v", err)
	}
	v, err := a.user.Can(ctx, ring.Can{User: User, Act: ring.Act{Function: "LIST", Cert: ring.CertRef{Owner: User}}})
	a.must(err)
	if v.Granted || len(v.Needs) != 1 || len(v.Needs[0].Remedy) == 0 {
		a.Errorf("can: %+v", v)
	}
	_, err = a.admin.AltUser(ctx, ring.AltUser{IDs: ids, Settings: ring.UserSettings{Attributes: ring.AttributeSettings{Auditor: &on}}})
	a.must(err)
	if _, err := a.user.ListUser(ctx, []string{"*"}); err != nil {
		a.Errorf("AUDITOR lists: %v", err)
	}
	a.refused("AUDITOR changes", func() error { _, err := a.user.AltUser(ctx, ring.AltUser{IDs: ids, Settings: self}); return err }())
}

// The owner of a profile changes it, and no other.
func profileOwner(a *attempt) {
	ctx := a.Context()
	owner := string(User)
	for _, name := range []string{"MINE", "YOURS"} {
		_, err := a.admin.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{name}})
		a.must(err)
	}
	_, err := a.admin.Ralter(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"MINE"}, Settings: ring.ProfileSettings{Owner: &owner}})
	a.must(err)
	permit := func(name string) error {
		_, err := a.user.Permit(ctx, ring.Permit{Class: "FACILITY", Name: name, IDs: []string{string(Other)}, Access: saf.Read})
		return err
	}
	a.must(permit("MINE"))
	a.refused("PERMIT of another's", permit("YOURS"))
	_, err = a.user.Rdelete(ctx, ring.ProfileNames{Class: "FACILITY", Names: []string{"MINE", "YOURS"}})
	a.refused("RDELETE of both", err)
	_, err = a.user.Rdelete(ctx, ring.ProfileNames{Class: "FACILITY", Names: []string{"MINE"}})
	a.must(err)
}

// Who may look at a profile does not see who else has access to it, and does not copy that either.
func accessLists(a *attempt) {
	ctx := a.Context()
	read := saf.Read
	a.setropts(ring.SwitchGeneric, "FACILITY", false)
	for _, name := range []string{"**", "SECRET"} {
		_, err := a.admin.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{name}, Settings: ring.ProfileSettings{UACC: &read}})
		a.must(err)
	}
	rlist := func(name string) ([]ring.ProfileListing, error) {
		return a.user.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: []string{name}})
	}
	l, err := rlist("SECRET")
	a.must(err)
	if len(l[0].Profile.Access) != 0 {
		a.Errorf("UA sees %v", l[0].Profile.Access)
	}
	_, err = rlist("*")
	a.refused("RLIST of all profiles with READ to **", err)
	l, err = a.admin.Rlist(ctx, ring.Rlist{Class: "FACILITY", Names: []string{"SECRET"}})
	a.must(err)
	if len(l[0].Profile.Access) != 1 {
		a.Errorf("ADMIN sees %v", l[0].Profile.Access)
	}

	owner := string(User)
	_, err = a.admin.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"MINE"}, Settings: ring.ProfileSettings{Owner: &owner}})
	a.must(err)
	_, err = a.user.Permit(ctx, ring.Permit{Class: "FACILITY", Name: "MINE", From: ring.Model{Name: "SECRET"}})
	a.refused("copying the list of another's profile", err)
	_, err = a.admin.DelUser(ctx, ring.DelUser{IDs: []string{owner}})
	a.must(err)
	_, err = a.user.Permit(ctx, ring.Permit{Class: "FACILITY", Name: "MINE", IDs: []string{owner}, Access: saf.Read})
	if !errors.Is(err, ring.ErrDenied) && !errors.Is(err, ring.ErrRefused) { // a server does not even know who asks
		a.Errorf("an owner who is deleted: %v", err)
	}
}

// Granular control goes by the label, however a certificate is named, and by the new label.
func otherNames(a *attempt) {
	ctx := a.Context()
	a.setropts(ring.SwitchGeneric, "RDATALIB", false)
	a.permit("RDATALIB", "IRR.RACDCERT.GRANULAR", "NONE")
	a.permit("RDATALIB", "IRR.DIGTCERT.UA.CERT.**", "NONE")
	a.permit("RDATALIB", "IRR.DIGTCERT.UA.SECRET*.**", "NONE")
	a.setropts(ring.SwitchRacList, "RDATALIB", false)
	for _, f := range []string{"LIST", "ALTER", "DELETE", "ADD", "GENCERT", "REKEY", "ROLLOVER"} {
		a.permit("FACILITY", "IRR.DIGTCERT."+f, "READ")
	}
	var found ring.Listing
	a.must(a.admin.List(ctx, ring.Selector{Owner: User, Label: "cert"}, func(l ring.Listing) error { found = l; return nil }))
	x, err := found.Certificate.X509()
	a.must(err)
	by := ring.Selector{Owner: User, Serial: x.SerialNumber, Issuer: cert.IssuerOf(x).RACF()}
	a.refused("LIST by serial number", a.user.List(ctx, by, func(ring.Listing) error { return nil }))
	_, err = a.user.Alter(ctx, ring.Alter{Selector: by, Status: ring.NoTrust})
	a.refused("ALTER by serial number", err)
	_, err = a.user.Delete(ctx, ring.Delete{Selector: by})
	a.refused("DELETE by serial number", err)
	var labels []string
	a.must(a.user.List(ctx, ring.Selector{Owner: User}, func(l ring.Listing) error { labels = append(labels, l.Certificate.Label); return nil }))
	if slices.Contains(labels, "cert") || !slices.Contains(labels, "next") {
		a.Errorf("LIST of all shows %q", labels)
	}
	for _, label := range []string{"SECRET", " secret"} {
		_, err = a.user.Gencert(ctx, ring.Gencert{Owner: User, Label: label, Subject: mustName("x"), Key: p256})
		a.refused("GENCERT of "+label, err)
	}
	next := ring.CertRef{Owner: User, Label: "next"}
	_, err = a.user.Alter(ctx, ring.Alter{Selector: ring.Selector{Owner: User, Label: "next"}, NewLabel: "SECRET"})
	a.refused("ALTER to a label that is not UA's", err)
	_, err = a.user.Rekey(ctx, ring.Rekey{CertRef: next, NewLabel: "SECRET"})
	a.refused("REKEY to a label that is not UA's", err)
	_, err = a.user.Rollover(ctx, ring.Rollover{CertRef: next, NewLabel: "cert", Force: true})
	a.refused("ROLLOVER to a label that is not UA's", err)
}

// A copy that would replace another certificate needs what DELETE needs.
func replacedByCopy(a *attempt) {
	ctx := a.Context()
	t, err := a.admin.Take(ctx, ring.Take{Certs: []ring.CertRef{of(User)}})
	a.must(err)
	_, err = a.admin.Delete(ctx, ring.Delete{Selector: ring.Selector{Owner: User, Label: "cert"}})
	a.must(err)
	id := t.Credentials[0]
	id.Owner, id.Label = Other, "next"
	a.permit("FACILITY", "IRR.DIGTCERT.ADD", "UPDATE")
	_, err = a.user.Put(ctx, []ring.Credential{id})
	a.refused("PUT over another certificate", err)
	a.permit("FACILITY", "IRR.DIGTCERT.DELETE", "UPDATE")
	_, err = a.user.Put(ctx, []ring.Credential{id})
	a.must(err)
}

// Nobody gives more authority in a group than they have.
func groupAuthority(a *attempt) {
	ctx := a.Context()
	_, err := a.admin.AddGroup(ctx, ring.AddGroup{Names: []string{"WEB"}})
	a.must(err)
	connect := func(m *ring.Manager, authority saf.Authority) error {
		_, err := m.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{string(User)}, Group: "WEB", Settings: ring.MembershipSettings{Authority: &authority}})
		return err
	}
	a.must(connect(a.admin, saf.Connect))
	a.must(connect(a.user, saf.Connect))
	a.refused("giving oneself JOIN", connect(a.user, saf.Join))
	owner := string(User)
	_, err = a.admin.AltUser(ctx, ring.AltUser{IDs: []string{string(Other)}, Settings: ring.UserSettings{Owner: &owner}})
	a.must(err)
	_, err = a.admin.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{string(Other)}, Group: "WEB"})
	a.must(err)
	join := saf.Join
	_, err = a.user.AltUser(ctx, ring.AltUser{IDs: []string{string(Other)}, Group: "WEB", Authority: &join})
	a.refused("giving JOIN by ALTUSER", err)
}

// CAN does not show access lists to those who may not see them.
func canTellsNoLists(a *attempt) {
	a.permit("FACILITY", "IRR.DIGTCERT.LIST", "READ")
	v, err := a.user.Can(a.Context(), ring.Can{User: User, Act: ring.Act{Function: "LIST", Cert: of(ring.CertAuth)}})
	a.must(err)
	if p := v.Needs[0].Decision.Profile; p == nil || len(p.Access) != 0 || p.Name != "IRR.DIGTCERT.LIST" {
		a.Errorf("CAN shows %+v", p)
	}
}

// A request that no front end makes is refused, and nothing of it is kept.
func brokenRequests(a *attempt) {
	ctx := a.Context()
	a.permit("FACILITY", "IRR.DIGTCERT.ADD", "CONTROL")
	t, err := a.admin.Take(ctx, ring.Take{Certs: []ring.CertRef{of(User)}})
	a.must(err)
	ghost := t.Credentials[0]
	ghost.Label = "ghost"
	if _, err := a.user.Put(ctx, []ring.Credential{ghost, {Owner: User, Label: "x", Status: ring.Trust}}); err == nil {
		a.Error("a credential without a certificate was taken")
	}
	if _, err := a.user.Trust(ctx, []ring.Anchor{{Alias: "x"}}); err == nil {
		a.Error("an anchor without a certificate was taken")
	}
	if err := a.admin.List(ctx, ring.Selector{Owner: User, Label: "ghost"}, func(ring.Listing) error { return nil }); err == nil {
		a.Error("half of a request was kept")
	}
}

// The last SPECIAL user stays.
func lastSpecial(a *attempt) {
	off, on := false, true
	last := []string{string(Admin)}
	for name, s := range map[string]ring.AttributeSettings{"NOSPECIAL": {Special: &off}, "REVOKE": {Revoked: &on}} {
		if _, err := a.admin.AltUser(a.Context(), ring.AltUser{IDs: last, Settings: ring.UserSettings{Attributes: s}}); !errors.Is(err, ring.ErrRefused) {
			a.Errorf("%s: %v", name, err)
		}
	}
	if _, err := a.admin.DelUser(a.Context(), ring.DelUser{IDs: last}); !errors.Is(err, ring.ErrRefused) {
		a.Errorf("DELUSER: %v", err)
	}
	_, err := a.admin.AltUser(a.Context(), ring.AltUser{IDs: []string{string(Other)}, Settings: ring.UserSettings{Attributes: ring.AttributeSettings{Special: &on}}})
	a.must(err)
	_, err = a.other.DelUser(a.Context(), ring.DelUser{IDs: last})
	a.must(err)
}

// Access and authority through groups.
func groups(a *attempt) {
	ctx := a.Context()
	_, err := a.admin.AddGroup(ctx, ring.AddGroup{Names: []string{"WEB"}})
	a.must(err)
	_, err = a.admin.Rdefine(ctx, ring.Rdefine{Class: "FACILITY", Names: []string{"IRR.DIGTCERT.LIST"}})
	a.must(err)
	_, err = a.admin.Permit(ctx, ring.Permit{Class: "FACILITY", Name: "IRR.DIGTCERT.LIST", IDs: []string{"WEB"}, Access: saf.Read})
	a.must(err)
	list := func() error {
		return a.user.List(ctx, ring.Selector{Owner: User}, func(ring.Listing) error { return nil })
	}
	connect := func(m *ring.Manager, authority saf.Authority) error {
		_, err := m.ConnectGroup(ctx, ring.ConnectGroup{IDs: []string{string(User)}, Group: "WEB", Settings: ring.MembershipSettings{Authority: &authority}})
		return err
	}
	a.refused("without the group", list())
	a.refused("joining by oneself", connect(a.user, saf.Use))
	a.must(connect(a.admin, saf.Use))
	a.must(list())
	remove := func() error {
		_, err := a.user.RemoveGroup(ctx, ring.RemoveGroup{IDs: []string{string(User)}, Group: "WEB"})
		return err
	}
	a.refused("REMOVE with USE authority", remove())
	a.must(connect(a.admin, saf.Connect))
	a.must(remove())
	a.refused("after REMOVE", list())
}

// A user who is revoked does nothing, whatever the profiles say.
func revoked(a *attempt) {
	on := true
	a.permit("FACILITY", "IRR.DIGTCERT.LIST", "ALTER")
	for _, id := range []ring.Owner{User, Admin} {
		_, err := a.admin.AddUser(a.Context(), ring.AddUser{IDs: []string{"SECOND"}, Settings: ring.UserSettings{Attributes: ring.AttributeSettings{Special: &on}}})
		if err != nil && !errors.Is(err, ring.ErrExists) && !errors.Is(err, ring.ErrDenied) {
			a.Fatal(err)
		}
		second := a.world.As(a.T, "SECOND")
		_, err = second.AltUser(a.Context(), ring.AltUser{IDs: []string{string(id)}, Settings: ring.UserSettings{Attributes: ring.AttributeSettings{Revoked: &on}}})
		a.must(err)
		m := a.world.As(a.T, id)
		a.refused("a revoked user", m.List(a.Context(), ring.Selector{Owner: id}, func(ring.Listing) error { return nil }))
	}
}

// Functions on tokens ask class CRYPTOZ, also of a SPECIAL user.
func tokens(a *attempt) {
	ctx := a.Context()
	_, err := a.admin.AddToken(ctx, "TOK")
	a.refused("ADDTOKEN of a SPECIAL user without CRYPTOZ", err)
	_, err = a.user.AddToken(ctx, "TOK")
	a.refused("ADDTOKEN", err)
	a.permit("CRYPTOZ", "SO.TOK", "READ")
	_, err = a.user.AddToken(ctx, "TOK")
	a.refused("ADDTOKEN with READ", err)
	a.permit("CRYPTOZ", "SO.TOK", "UPDATE")
	_, err = a.user.AddToken(ctx, "TOK")
	a.must(err)
	bind := func() error {
		_, err := a.user.Bind(ctx, ring.Bind{Token: "TOK", Cert: of(Other)})
		return err
	}
	a.permit("CRYPTOZ", "USER.TOK", "UPDATE")
	a.refused("BIND of another user's without FACILITY", bind())
	a.permit("FACILITY", "IRR.DIGTCERT.BIND", "UPDATE")
	a.must(bind())
	importIt := func() error {
		_, err := a.user.Import(ctx, ring.Import{Token: "TOK", Seq: 1, Owner: User, Label: "stolen"})
		return err
	}
	a.refused("IMPORT without ADD", importIt())
	a.permit("CRYPTOZ", "USER.TOK", "NONE")
	a.permit("FACILITY", "IRR.DIGTCERT.ADD", "READ")
	a.refused("IMPORT without CRYPTOZ", importIt())
	list := func() (known bool) {
		a.must(a.user.ListToken(ctx, "TOK", func(l ring.TokenListing) error {
			known = l.Objects[0].Certificate != nil
			return nil
		}))
		return known
	}
	a.permit("CRYPTOZ", "USER.TOK", "READ")
	if list() {
		a.Error("LISTTOKEN tells of a certificate that UA may not list")
	}
	a.permit("FACILITY", "IRR.DIGTCERT.LIST", "UPDATE")
	if !list() {
		a.Error("LISTTOKEN does not tell of a certificate that UA may list")
	}
}

// Issuers that come along are stored for those who may add under CERTAUTH.
func issuers(a *attempt) {
	ctx := a.Context()
	ca := of(ring.CertAuth)
	_, err := a.admin.Gencert(ctx, ring.Gencert{Owner: User, Label: "leaf", Key: p256, SignWith: &ca, Subject: mustName("leaf")})
	a.must(err)
	e, err := a.admin.Export(ctx, ring.Export{CertRef: ring.CertRef{Owner: User, Label: "leaf"}, Format: "PKCS7DER"})
	a.must(err)
	for _, ref := range []ring.CertRef{{Owner: User, Label: "leaf"}, ca} {
		_, err = a.admin.Delete(ctx, ring.Delete{Selector: ring.Selector{Owner: ref.Owner, Label: ref.Label}})
		a.must(err)
	}
	a.permit("FACILITY", "IRR.DIGTCERT.ADD", "READ")
	r, err := a.user.Add(ctx, ring.Add{Owner: User, Label: "leaf", Data: e.Data, Status: ring.Trust})
	a.must(err)
	skipped := false
	for _, m := range r.Messages {
		skipped = skipped || m.ID == "SGN133I"
	}
	if !skipped || len(r.Issuers) != 0 {
		a.Errorf("issuers %v, messages %v", r.Issuers, r.Messages)
	}
}

// CHECKCERT is for everybody, and tells what the database knows to those who may list it.
func checkcert(a *attempt) {
	e, err := a.admin.Export(a.Context(), ring.Export{CertRef: of(Other)})
	a.must(err)
	known := func() bool {
		ch, err := a.user.Checkcert(a.Context(), ring.Checkcert{Data: e.Data})
		a.must(err)
		return ch.Links[0].Certificate != nil
	}
	if known() {
		a.Error("CHECKCERT tells of a certificate that UA may not list")
	}
	a.permit("FACILITY", "IRR.DIGTCERT.LIST", "UPDATE")
	if !known() {
		a.Error("CHECKCERT does not tell of a certificate that UA may list")
	}
}
