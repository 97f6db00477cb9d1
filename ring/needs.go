package ring

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"signet/saf"
)

// The one table of what each function needs (racdcert-rings.md D1 to D5 and A8,
// racdcert-certificates.md 16). Nothing else in signet says who may do what.

// The classes that functions are checked in.
const (
	classFacility  = "FACILITY"
	classRdatalib  = "RDATALIB"
	classCryptoz   = "CRYPTOZ"
	classSurrogate = "SURROGAT"
)

// need is access to a resource that a function cannot do without.
type need struct {
	class, resource string
	level           saf.Access
}

func (n need) String() string {
	return fmt.Sprintf("%s access to %s in class %s", n.level, n.resource, n.class)
}

// whose says to whom something belongs, seen from the issuer.
type whose int

const (
	own    whose = iota
	other        // another user's; filters of MULTIID, too
	shared       // of SITE or CERTAUTH
)

func whoseIs(o, issuer Owner) whose {
	switch o {
	case issuer:
		return own
	case CertAuth, Site:
		return shared
	}
	return other
}

// levels is the access that a function needs, by whose what it is about is.
type levels [shared + 1]saf.Access

// The usual levels (D2). Rings and filters are never SITE's or CERTAUTH's.
var (
	usual    = levels{saf.Read, saf.Update, saf.Control}
	ofUsers  = levels{saf.Read, saf.Update, saf.Update}
	everyone = levels{saf.Control, saf.Control, saf.Control}
)

// facility is what functions need of IRR.DIGTCERT.resource in class FACILITY, all of it.
var facility = map[string][]struct {
	resource string
	levels
}{
	"ADD":      {{"ADD", usual}},
	"ALTER":    {{"ALTER", usual}},
	"DELETE":   {{"DELETE", usual}},
	"EXPORT":   {{"EXPORT", usual}},
	"GENREQ":   {{"GENREQ", usual}},
	"IMPORT":   {{"ADD", usual}},
	"BIND":     {{"BIND", usual}},
	"LIST":     {{"LIST", usual}},
	"REKEY":    {{"REKEY", usual}},
	"ROLLOVER": {{"ROLLOVER", usual}},

	"LISTEXPIRING": {{"LIST", everyone}}, // certificates of all owners
	"LISTCHAIN":    {{"LIST", everyone}},

	"ADDRING": {{"ADDRING", ofUsers}},
	"DELRING": {{"DELRING", ofUsers}},

	"MAP":     {{"MAP", ofUsers}},
	"ALTMAP":  {{"ALTMAP", ofUsers}},
	"DELMAP":  {{"DELMAP", ofUsers}},
	"LISTMAP": {{"LISTMAP", ofUsers}},
	"WHOIS":   {{"LISTMAP", ofUsers}}, // whose a certificate is: of MULTIID, as it may be anybody's

	// Of signet's own, which read and write what these functions do.
	"TAKE":    {{"EXPORT", usual}, {"EXPORTKEY", usual}},
	"TRUST":   {{"ADD", usual}},
	"UNTRUST": {{"DELETE", usual}},
}

// matrix gives the levels of two resources at once.
type matrix struct{ add, level saf.Access }

// gencert is what GENCERT needs of ADD and of GENCERT, by whose the new certificate is and who
// signs it (D2). Another user's certificate as the signer is not in the reference; to use another
// user's key needs no less than to use a CA's.
var gencertNeeds = [shared + 1][4]matrix{
	own:    {{saf.Read, saf.Read}, {saf.Read, saf.Control}, {saf.Read, saf.Control}, selfSigned: {saf.Read, saf.Read}},
	other:  {{saf.Update, saf.Read}, {saf.Update, saf.Control}, {saf.Update, saf.Control}, selfSigned: {saf.Update, saf.Update}},
	shared: {{saf.Control, saf.Read}, {saf.Control, saf.Control}, {saf.Control, saf.Control}, selfSigned: {saf.Control, saf.Control}},
}

// selfSigned stands in gencertNeeds for no signer.
const selfSigned = shared + 1

// connectNeeds is what CONNECT needs of ADD and of CONNECT, by whose the certificate is (D2): of
// one's own rings, with USAGE(PERSONAL) and with another, and of other users' rings likewise.
var connectNeeds = [2][2][shared + 1]matrix{
	{
		{{saf.None, saf.Read}, {saf.None, saf.Update}, {saf.None, saf.Control}},
		{{saf.Control, saf.Read}, {saf.Control, saf.Update}, {saf.None, saf.Update}},
	}, {
		{{saf.None, saf.Control}, {saf.None, saf.Control}, {saf.None, saf.Control}},
		{{saf.Control, saf.Control}, {saf.Control, saf.Control}, {saf.None, saf.Control}},
	},
}

// removeNeeds is what REMOVE needs, from one's own ring, by whose the certificate is; from
// another user's it is CONTROL (D2).
var removeNeeds = levels{saf.Read, saf.Read, saf.Update}

// cryptoz is what functions on tokens need of class CRYPTOZ: of the security officer's resource
// of the token, or of the user's (B2; the levels are unconfirmed).
var cryptoz = map[string]struct {
	role  string
	level saf.Access
}{
	"ADDTOKEN":  {"SO", saf.Update},
	"DELTOKEN":  {"SO", saf.Update},
	"BIND":      {"USER", saf.Update},
	"UNBIND":    {"USER", saf.Update},
	"IMPORT":    {"USER", saf.Read},
	"LISTTOKEN": {"USER", saf.Read},
	"GENCERT":   {"USER", saf.Update}, // of a key pair in a token
	"REKEY":     {"USER", saf.Update},
}

// needs gives what the act needs of class FACILITY, for the issuer.
func (a Act) needs(issuer Owner) []need {
	var all []need
	add := func(resource string, level saf.Access) {
		if level != saf.None {
			all = append(all, need{classFacility, "IRR.DIGTCERT." + resource, level})
		}
	}
	switch a.Function {
	case "GENCERT":
		signer := selfSigned
		if a.SignWith != nil {
			signer = whoseIs(a.SignWith.Owner, issuer)
		}
		m := gencertNeeds[whoseIs(a.Cert.Owner, issuer)][signer]
		add("ADD", m.add)
		add("GENCERT", m.level)
		return all
	case "CONNECT":
		ring, usage := 0, 0
		if a.Ring.Owner != issuer {
			ring = 1
		}
		if a.Usage != UsagePersonal {
			usage = 1
		}
		m := connectNeeds[ring][usage][whoseIs(a.Cert.Owner, issuer)]
		add("ADD", m.add)
		add("CONNECT", m.level)
		return all
	case "REMOVE":
		level := saf.Control
		if a.Ring.Owner == issuer {
			level = removeNeeds[whoseIs(a.Cert.Owner, issuer)]
		}
		add("REMOVE", level)
		return all
	case "LISTRING", "RESOLVE", "CONTENTS", "TAKE":
		if a.Ring != (RingRef{}) {
			add("LISTRING", readRingLevel(a.Ring, issuer))
			return all
		}
		if a.Function == "CONTENTS" {
			a.Function = "LISTEXPIRING" // of everybody
		}
	}
	owner := a.Cert.Owner
	if a.Ring != (RingRef{}) {
		owner = a.Ring.Owner
	}
	for _, n := range facility[a.Function] {
		add(n.resource, n.levels[whoseIs(owner, issuer)])
	}
	if a.Function == "EXPORT" && a.Key {
		add("EXPORTKEY", usual[whoseIs(owner, issuer)])
	}
	return all
}

// readRingLevel is the level of LISTRING that a reader of a ring needs where class RDATALIB has
// nothing to say (D3).
func readRingLevel(ring RingRef, issuer Owner) saf.Access {
	if ring.Owner == issuer || ring.Virtual() && !ring.Owner.IsUser() {
		return saf.Read
	}
	return saf.Update
}

// tokenNeed gives what the act needs of class CRYPTOZ; ok is false when it is not about tokens.
func (a Act) tokenNeed() (n need, ok bool) {
	c, ok := cryptoz[a.Function]
	if a.Token == "" && (a.Function == "GENCERT" || a.Function == "REKEY") {
		return need{}, false
	}
	token := a.Token
	if token == "" {
		token = "*"
	}
	return need{classCryptoz, c.role + "." + strings.ToUpper(token), c.level}, ok
}

// shows are the functions that only look. With granular control the others are checked as
// updates (D5; which are which is unconfirmed).
var shows = []string{"LIST", "LISTCHAIN", "LISTRING", "EXPORT", "TAKE", "LISTEXPIRING"}

// ungranular are the functions on name filters, which granular control does not know.
var ungranular = []string{"MAP", "ALTMAP", "DELMAP", "LISTMAP", "WHOIS"}

// granular gives the resources of class RDATALIB that granular control checks for the act, all at
// READ (D5); none for what it does not cover.
func (a Act) granular() []need {
	kind := ".UPD."
	if slices.Contains(shows, a.Function) {
		kind = ".LST."
	}
	function := a.Function
	if function == "IMPORT" {
		function = "ADD"
	}
	if slices.Contains(ungranular, a.Function) {
		return nil
	}
	var all []need
	add := func(object string) {
		all = append(all, need{classRdatalib, object + kind + function, saf.Read})
	}
	if a.Cert != (CertRef{}) {
		add(certificateResource(a.Cert))
	}
	if a.SignWith != nil {
		add(certificateResource(*a.SignWith))
	}
	if a.Ring != (RingRef{}) {
		add(ringResource(a.Ring, len(kind+function)))
	}
	return all
}

// anyLabel stands in a resource name for the label of a certificate that has none yet, or of one
// that is not named by its label.
const anyLabel = "LABEL00000000"

// certificateResource names a certificate in class RDATALIB. A blank is the character that RACF
// has for it in names of certificates (D4).
func certificateResource(c CertRef) string {
	label := c.Label
	if label == "" {
		label = anyLabel
	}
	return "IRR.DIGTCERT." + ownerQualifier(c.Owner) + "." + strings.ReplaceAll(strings.ToUpper(label), " ", "¢")
}

// ringResource names a ring in class RDATALIB. What the name of the resource still gets must fit:
// the name of the ring is cut at its end (D4).
func ringResource(r RingRef, rest int) string {
	name := strings.ToUpper(r.Name)
	switch {
	case r.Virtual():
		name = "IRR_VIRTUAL_KEYRING"
	case name == "": // all of them
		name = "*"
	}
	owner := ownerQualifier(r.Owner) + "."
	if room := max(maxResource-rest-len(owner), 1); utf8.RuneCountInString(name) > room {
		name = string([]rune(name)[:room])
	}
	return owner + name
}

// ownerQualifier names an owner in resource names (D4, unconfirmed for RDATALIB).
func ownerQualifier(o Owner) string {
	switch o {
	case CertAuth:
		return "CERTIFAUTH"
	case Site:
		return "SITECERTIF"
	}
	return o.Name()
}

// readRing is the resource that alone decides who reads a ring, where a profile covers it (D3).
func readRing(r RingRef, level saf.Access) need {
	return need{classRdatalib, ringResource(r, len(".LST")) + ".LST", level}
}

// standing is a way to be someone who may administer, without access to any resource.
type standing uint

const (
	bySpecial standing = 1 << iota // has the attribute SPECIAL
	byAuditor                      // has the attribute AUDITOR
	byOwner                        // owns every profile that the function is about
	byAccess                       // has READ access to every resource of those names
	bySelf                         // is the user that the function is about
	byConnect                      // has CONNECT authority, or more, in the group
	byJoin                         // has JOIN authority in the group
)

// words says in words what a standing is, in the order of the bits.
var standingWords = [...]string{"the attribute SPECIAL", "the attribute AUDITOR", "to own the profile",
	"READ access to the resource", "to be that user", "CONNECT authority in the group", "JOIN authority in the group"}

func (s standing) String() string {
	var parts []string
	for i, word := range standingWords {
		if s&(1<<i) != 0 {
			parts = append(parts, word)
		}
	}
	return strings.Join(parts, " or ")
}

// administration is what functions on profiles, users, groups and the database itself need
// (D8): one of these standings.
var administration = map[string]standing{
	"RDEFINE":  bySpecial,
	"RALTER":   bySpecial | byOwner,
	"RDELETE":  bySpecial | byOwner,
	"PERMIT":   bySpecial | byOwner,
	"RLIST":    bySpecial | byAuditor | byOwner | byAccess,
	"SETROPTS": bySpecial,
	"OPTIONS":  bySpecial | byAuditor,

	"ADDUSER":      bySpecial | byJoin,
	"ALTUSER":      bySpecial | byOwner,
	"DELUSER":      bySpecial | byOwner,
	"LISTUSER":     bySpecial | byAuditor | byOwner | bySelf,
	"ADDGROUP":     bySpecial | byJoin,
	"DELGROUP":     bySpecial | byOwner,
	"CONNECTGROUP": bySpecial | byOwner | byConnect,
	"REMOVEGROUP":  bySpecial | byOwner | byConnect,
	"LISTGRP":      bySpecial | byAuditor | byOwner | byConnect,

	"SETTINGS":    bySpecial | byAuditor,
	"SET":         bySpecial,
	"CHECKTOKENS": bySpecial | byAuditor,
	"MENDTOKENS":  bySpecial,
	"CAN":         bySpecial | byAuditor | bySelf,

	"LISTEVENTS":   bySpecial | byAuditor,
	"VERIFYEVENTS": bySpecial | byAuditor,
	"CHECKPOINT":   bySpecial | byAuditor,

	// What is done to the database from outside its transactions (Attend).
	"RESEAL":    bySpecial,
	"BACKUP":    bySpecial,
	"CHECKDB":   bySpecial | byAuditor,
	"REPAIRDB":  bySpecial,
	"REPLACEDB": bySpecial,
}

// standings gives the ways to be allowed an act of administration; none when it is not one.
func (a Act) standings() standing {
	s := administration[a.Function]
	if a.System && s != 0 { // attributes that would make the issuer, or a friend, more than they are
		return bySpecial
	}
	return s
}

// readers are the functions that read a ring as programs do (D3).
var readers = []string{"RESOLVE", "CONTENTS", "TAKE"}

// unbarred are the functions that need nothing by themselves: they ask for each thing that they
// come to.
var unbarred = []string{"CHECKCERT", "PUT"}
