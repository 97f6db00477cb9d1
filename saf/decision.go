package saf

import "fmt"

// Decision is the answer to a request, with everything that led to it.
type Decision struct {
	Request   Request
	Granted   bool
	Warning   bool   // granted only because the profile is in warning mode
	Held      Access // the level that the user has
	Why       Why
	State     Class    // of the class
	Undefined bool     // the user is not defined
	Profile   *Profile // the one that decided; nil: none
	Entry     *Entry   // of its access lists; nil: none decided
	Group     string   // the group that the user has the level through; empty: none
}

// Why says what a decision came from.
type Why int

// The reasons. The last three mean that the resource is not protected.
const (
	ByUser         Why = iota + 1 // an entry for the user
	ByGroup                       // an entry for one of the user's groups
	ByEveryone                    // the entry for all defined users
	ByUACC                        // the universal access
	RestrictedUser                // no entry, and the user is RESTRICTED
	UserRevoked
	ClassInactive
	ClassNotListed // the class must be RACLISTed and is not
	NoProfile
)

var whyWords = [...]string{"", "user", "group", "everyone", "uacc", "restricted", "revoked", "class-inactive", "class-not-raclisted", "no-profile"}

// String gives the reason in one word.
func (w Why) String() string { return word(whyWords[:], int(w)) }

// Protected reports whether the resource is protected at all. One that is not is refused by
// RACDCERT, and may be looked for in another class by R_datalib (racdcert-rings.md D3).
func (d Decision) Protected() bool { return d.Why < ClassInactive }

// String gives the decision in one line, such as
// FACILITY IRR.DIGTCERT.ADD: ID(WEBADM) has UPDATE, CONTROL is needed.
func (d Decision) String() string {
	q := d.Request
	who := "ID(" + q.User + ")"
	var text string
	switch d.Why {
	case UserRevoked:
		text = who + " is revoked"
	case ClassInactive:
		text = "class " + q.Class + " is not active"
	case ClassNotListed:
		text = "class " + q.Class + " is not RACLISTed, as it must be"
	case NoProfile:
		text = "no profile protects it"
	default:
		text = who + d.through()
	}
	text += fmt.Sprintf(", %v is needed", q.Level)
	if d.Profile != nil && d.Profile.Name != q.Resource {
		text += ", by profile " + d.Profile.Name
	}
	if d.Warning {
		text += "; granted, as the profile is in WARNING mode"
	}
	return q.Class + " " + q.Resource + ": " + text
}

// through says what level the user has and where from.
func (d Decision) through() string {
	text := fmt.Sprintf(" has %v", d.Held)
	switch {
	case d.Undefined:
		text = fmt.Sprintf(" is not defined and has %v as UACC", d.Held)
	case d.Why == ByGroup:
		text += " through group " + d.Group
	case d.Why == ByEveryone:
		text += " through ID(*)"
	case d.Why == ByUACC:
		text += " as UACC"
	case d.Why == RestrictedUser:
		text += ", being RESTRICTED and not in the access list"
	}
	if d.Entry != nil && d.Entry.When != "" {
		text += " when " + d.Entry.When
	}
	return text
}
