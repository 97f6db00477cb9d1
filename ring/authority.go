package ring

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"signet/saf"
)

// Verdict is what authority says to an act, and why.
type Verdict struct {
	Granted bool
	Why     string   // what decided, in one line
	Needs   []Needed // one for each thing that was asked for; none where an attribute decided

	asked  bool
	denial string // what is needed, for the message
	warned bool   // granted because the profile only warns
}

// Needed is one access that a function needs, with what was decided on it.
type Needed struct {
	Decision saf.Decision
	Remedy   []string // commands that together would change a refusal
}

// authority asks for one user.
type authority struct {
	tx     Tx
	source *source
	user   Owner

	explaining bool // what would change a refusal is asked, too
	states     struct {
		asked, defined bool
		saf.Attributes
	}
}

func newAuthority(tx Tx, user Owner) *authority {
	return &authority{tx: tx, source: newSource(tx), user: user}
}

// authorize asks authority whether the issuer may perform the function of the call.
func (c *call) authorize(tx Tx) error {
	if !c.recorded() {
		return nil
	}
	v, err := c.surrogate(tx)
	if err != nil {
		return err
	}
	if !v.Granted {
		return c.settle(v, c.account)
	}
	return c.require(tx, c.act)
}

// settle remembers a verdict for the trail, and gives the error of a refusal.
func (c *call) settle(v Verdict, user Owner) error {
	v.asked = true
	c.verdict = v
	if v.Granted {
		return nil
	}
	return c.denied(v, user)
}

// surrogate asks whether the account may act for the issuer: it is the issuer, it is SPECIAL, or
// it has READ access to issuer.SUBMIT in class SURROGAT.
func (c *call) surrogate(tx Tx) (Verdict, error) {
	if c.account == c.issuer {
		return Verdict{Granted: true}, nil
	}
	a := newAuthority(tx, c.account)
	attributes, err := a.attributes()
	if err != nil || attributes.Special {
		return Verdict{Granted: true}, err
	}
	n := need{classSurrogate, c.issuer.Name() + ".SUBMIT", saf.Read}
	d, err := a.decide(n)
	if err != nil {
		return Verdict{}, err
	}
	return Verdict{Granted: d.Granted, Why: d.String(), denial: fmt.Sprintf("to act for %s, %s needs the attribute SPECIAL or %s", c.issuer.Name(), c.account.Name(), n)}, nil
}

// denied is the error of a refusal. It says what is needed, and nothing of what is there.
func (c *call) denied(v Verdict, user Owner) error {
	id, known := denials[c.act.Function]
	if !known {
		id = msgDenied
		if c.act.standings() != 0 {
			id = msgDeniedAdministration
		}
	}
	return newError(id, user.Name(), c.act.what(), v.denial)
}

// denials are the messages of functions that have one of their own.
var denials = map[string]messageID{"PERMIT": msgDeniedPermit, "RDELETE": msgDeniedRdelete}

// may asks for one more act in the course of a function: for what it comes to.
func (c *call) may(tx Tx, a Act) (bool, error) {
	if !c.recorded() {
		return true, nil
	}
	v, err := newAuthority(tx, c.issuer).judge(a)
	return v.Granted, err
}

// require asks for one more act in the course of a function, which goes on only if it is granted.
func (c *call) require(tx Tx, a Act) error {
	if !c.recorded() {
		return nil
	}
	v, err := newAuthority(tx, c.issuer).judge(a)
	if err != nil {
		return err
	}
	return c.settle(v, c.issuer)
}

// requireFound asks once more for a certificate that was named otherwise than by its label: granular
// control goes by the label (racdcert-rings.md D5).
func (c *call) requireFound(tx Tx, asked Selector, found *Certificate) error {
	if strings.TrimSpace(asked.Label) == found.Label {
		return nil
	}
	return c.require(tx, Act{Function: c.act.Function, Cert: found.Ref()})
}

// requireNew asks for the label that a certificate gets.
func (c *call) requireNew(tx Tx, owner Owner, label string) error {
	if label == "" {
		return nil
	}
	return c.require(tx, Act{Function: c.act.Function, Cert: CertRef{owner, label}})
}

// byName reports whether certificates of one owner may differ in who may list them.
func (c *call) byName(tx Tx) (bool, error) {
	if !c.recorded() {
		return false, nil
	}
	a := newAuthority(tx, c.issuer)
	if attributes, err := a.attributes(); err != nil || attributes.Special {
		return false, err
	}
	return a.granular()
}

// seesAll reports whether the issuer may look at everything.
func (c *call) seesAll(tx Tx) (bool, error) {
	if !c.recorded() {
		return true, nil
	}
	a, err := newAuthority(tx, c.issuer).attributes()
	return a.Special || a.Auditor, err
}

// release asks whether the private key of a connection is given to the issuer with the ring.
func (c *call) release(tx Tx, ring RingRef, conn *Connection) error {
	if !c.recorded() {
		return nil
	}
	ok, lacking, err := newAuthority(tx, c.issuer).releases(ring, conn)
	if err == nil && !ok {
		err = newError(msgNotReleased, conn.Cert.Ref(), c.issuer.Name(), ring, lacking)
	}
	return err
}

// attributes gives what the user is on the whole system; nothing for a user who is revoked.
func (a *authority) attributes() (saf.Attributes, error) {
	if a.states.asked {
		return a.states.Attributes, nil
	}
	u, err := a.tx.User(a.user.Name())
	if err != nil && !errors.Is(err, ErrNotFound) {
		return saf.Attributes{}, err
	}
	if a.states.defined = err == nil; a.states.defined {
		a.states.Attributes = u.Attributes
		if u.Revoked {
			a.states.Attributes = saf.Attributes{Revoked: true}
		}
	}
	a.states.asked = true
	return a.states.Attributes, nil
}

func (a *authority) decide(n need) (saf.Decision, error) {
	return saf.Decide(a.source, saf.Request{User: a.user.Name(), Class: n.class, Resource: n.resource, Level: n.level})
}

// judge decides on an act: the one decision that every function waits for (racdcert-rings.md D1).
func (a *authority) judge(act Act) (Verdict, error) {
	act.Cert.Label = strings.TrimSpace(act.Cert.Label) // as it will be kept
	attributes, err := a.attributes()
	switch {
	case err != nil:
		return Verdict{}, err
	case attributes.Revoked:
		return Verdict{Why: a.user.Name() + " is revoked", denial: "a user who is not revoked"}, nil
	}
	if s := act.standings(); s != 0 {
		return a.administer(act, s, attributes)
	}
	if n, ok := act.tokenNeed(); ok {
		if v, done, err := a.token(n, attributes); done || err != nil {
			return v, err
		}
	}
	switch {
	case attributes.Special:
		return Verdict{Granted: true, Why: "SPECIAL"}, nil
	case slices.Contains(unbarred, act.Function), act.Function == "TAKE" && act.Cert == (CertRef{}) && act.Ring == (RingRef{}):
		return Verdict{Granted: true, Why: "asked for each part"}, nil
	case slices.Contains(readers, act.Function) && act.Ring != (RingRef{}):
		if v, covered, err := a.cover([]need{readRing(act.Ring, saf.Read)}); covered || err != nil {
			return v, err
		}
	default:
		if on, err := a.granular(); err != nil {
			return Verdict{}, err
		} else if on {
			if v, covered, err := a.cover(act.granular()); covered || err != nil {
				return v, err
			}
		}
	}
	return a.all(act.needs(a.user))
}

// token asks class CRYPTOZ, which SPECIAL does not stand in for (D1). Where the class is not
// active only SPECIAL is left to decide.
func (a *authority) token(n need, attributes saf.Attributes) (v Verdict, done bool, err error) {
	class, err := a.source.Class(classCryptoz)
	if err != nil {
		return v, true, err
	}
	if !class.Active && attributes.Special {
		return Verdict{Granted: true, Why: "SPECIAL, and class CRYPTOZ is not active"}, true, nil
	}
	v, err = a.all([]need{n})
	return v, !v.Granted, err
}

// granular reports whether RACDCERT is under granular control: a profile of that very name, in a
// class that is active and RACLISTed (D5).
func (a *authority) granular() (bool, error) {
	const name = "IRR.RACDCERT.GRANULAR"
	class, err := a.source.Class(classRdatalib)
	if err != nil || !class.Active || !class.RacList {
		return false, err
	}
	for p, err := range a.source.Protecting(classRdatalib, name) {
		if err != nil {
			return false, err
		}
		if p.Name == name {
			return true, nil
		}
	}
	return false, nil
}

// cover asks for resources of class RDATALIB, which decide alone where profiles cover all of
// them. What is covered and refused is refused in any case.
func (a *authority) cover(needs []need) (v Verdict, covered bool, err error) {
	if len(needs) == 0 {
		return v, false, nil
	}
	covered = true
	var some []need
	for _, n := range needs {
		d, err := a.decide(n)
		if err != nil {
			return v, false, err
		}
		if d.Protected() {
			some = append(some, n)
		} else {
			covered = false
		}
	}
	if v, err = a.all(some); err != nil {
		return v, false, err
	}
	return v, covered || len(some) > 0 && !v.Granted, nil
}

// all asks for several accesses, which are all needed. No need at all is an act that is open to
// everybody.
func (a *authority) all(needs []need) (Verdict, error) {
	v := Verdict{Granted: true, Why: "open to everybody"}
	var why, lacking []string
	for _, n := range needs {
		d, err := a.decide(n)
		if err != nil {
			return v, err
		}
		needed := Needed{Decision: d}
		why = append(why, d.String())
		v.warned = v.warned || d.Warning
		if !d.Granted {
			v.Granted = false
			lacking = append(lacking, n.String())
			if a.explaining {
				if needed.Remedy, err = saf.Remedy(a.source, newLiveSource(a.tx), d.Request); err != nil {
					return v, err
				}
			}
		}
		v.Needs = append(v.Needs, needed)
	}
	if why != nil {
		v.Why = strings.Join(why, "; ")
	}
	v.denial = "that needs " + strings.Join(lacking, " and ")
	return v, nil
}

// administer decides on an act of administration.
func (a *authority) administer(act Act, s standing, attributes saf.Attributes) (Verdict, error) {
	for i, word := range standingWords {
		way := standing(1) << i
		if s&way == 0 {
			continue
		}
		if ok, err := a.stands(act, way, attributes); err != nil {
			return Verdict{}, err
		} else if ok {
			return Verdict{Granted: true, Why: a.user.Name() + " has " + word}, nil
		}
	}
	return Verdict{Why: a.user.Name() + " has not " + s.String(), denial: "that needs " + s.String()}, nil
}

// stands reports whether the user has one standing for an act.
func (a *authority) stands(act Act, way standing, attributes saf.Attributes) (bool, error) {
	switch {
	case way == bySpecial:
		return attributes.Special, nil
	case way == byAuditor:
		return attributes.Auditor, nil
	case way == bySelf:
		return len(act.Names) == 0 || len(act.Names) == 1 && act.Names[0] == a.user.Name(), nil
	case !a.states.defined: // what DELUSER left behind does not count
		return false, nil
	case way == byConnect:
		return a.inGroup(act, max(saf.Connect, act.Authority)) // nobody gives more than they have
	case way == byJoin:
		return a.inGroup(act, saf.Join)
	}
	for _, name := range act.Names {
		ok, err := a.onProfile(act, way, name)
		if !ok || err != nil {
			return false, err
		}
	}
	return len(act.Names) > 0, nil
}

// onProfile reports whether the user owns one profile, or has access to its resource.
func (a *authority) onProfile(act Act, way standing, name string) (bool, error) {
	if way == byAccess {
		if name == "*" { // all profiles, and no resource
			return false, nil
		}
		d, err := a.decide(need{act.Class, name, saf.Read})
		return d.Granted, err
	}
	owner, err := a.ownerOf(act, name)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return owner == a.user.Name(), err
}

func (a *authority) ownerOf(act Act, name string) (string, error) {
	switch {
	case act.Class != "":
		p, err := a.tx.Profile(act.Class, name)
		if err != nil {
			return "", err
		}
		return p.Owner, nil
	case strings.HasSuffix(act.Function, "USER"):
		u, err := a.tx.User(name)
		if err != nil {
			return "", err
		}
		return u.Owner, nil
	case act.Group != "":
		name = act.Group
	}
	g, err := a.tx.Group(name)
	if err != nil {
		return "", err
	}
	return g.Owner, nil
}

// inGroup reports whether the user has authority in the group of an act, or in all that it names.
func (a *authority) inGroup(act Act, least saf.Authority) (bool, error) {
	groups := act.Names
	if act.Group != "" || act.Function == "ADDUSER" || act.Function == "ADDGROUP" { // whose names are not there yet
		groups = []string{act.Group}
	}
	for _, g := range groups {
		m, err := a.tx.Membership(a.user.Name(), g)
		if errors.Is(err, ErrNotFound) {
			return false, nil
		}
		if err != nil || m.Revoked || m.Authority < least {
			return false, err
		}
	}
	return len(groups) > 0, nil
}

// releases reports whether the private key of a connection is given to the issuer with the ring
// (racdcert-rings.md A8), and if not, what is needed.
func (a *authority) releases(ring RingRef, c *Connection) (bool, string, error) {
	if c.Usage != UsagePersonal {
		return false, "a connection with usage PERSONAL", nil
	}
	attributes, err := a.attributes()
	switch {
	case err != nil || attributes.Revoked:
		return false, "a user who is not revoked", err
	case attributes.Special: // EXPORT would give it
		return true, "", nil
	}
	level := saf.Read
	switch whoseIs(c.Cert.Owner, a.user) {
	case other:
		level = saf.Update
	case shared:
		level = saf.Control
	}
	n := readRing(ring, level)
	d, err := a.decide(n)
	if err != nil || d.Protected() {
		return d.Granted, n.String(), err
	}
	switch whoseIs(c.Cert.Owner, a.user) {
	case own:
		return true, "", nil
	case other:
		return false, n.String() + ", or to be its owner", nil
	}
	n = need{classFacility, "IRR.DIGTCERT.GENCERT", saf.Control}
	d, err = a.decide(n)
	return d.Granted, n.String(), err
}
