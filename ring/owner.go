package ring

import (
	"fmt"
	"strings"
)

// Owner says whose a certificate, a ring or a filter is: a user ID, or one of the
// three owners that are not users. User IDs are upper case; the special owners are the lower-case
// IDs that RACF reserves for them, so the two can never meet (racdcert-certificates.md 1.1).
type Owner string

// The owners that are not users.
const (
	CertAuth Owner = "irrcerta" // certificate authorities
	Site     Owner = "irrsitec" // certificates shared by the whole site
	MultiID  Owner = "irrmulti" // name filters that leave the choice of the user to profiles; nothing else
)

// maxUserID is the longest user ID. RACF stops at 8; operating systems do not, and the
// account that runs a command must be able to own what it makes.
const maxUserID = 32

// ParseOwner reads CERTAUTH, SITE or a user ID in any case.
func ParseOwner(s string) (Owner, error) {
	switch strings.ToUpper(s) {
	case "CERTAUTH":
		return CertAuth, nil
	case "SITE":
		return Site, nil
	}
	return UserOwner(s)
}

// UserOwner reads a user ID: 1 to 32 letters, digits, # @ $ and, for the accounts of other
// systems, _ - and period. It is folded to upper case.
func UserOwner(id string) (Owner, error) {
	up := strings.ToUpper(id)
	switch up {
	case "CERTAUTH", "SITE":
		return "", newError(msgBadUser, id, "the word names the "+up+" owner, not a user")
	case "MULTIID":
		return "", newError(msgMultiID)
	}
	if why := checkID(up); why != "" {
		return "", newError(msgBadUser, id, why)
	}
	return Owner(up), nil
}

// checkID says what is wrong with the name of a user or a group in upper case; empty for
// nothing.
func checkID(up string) string {
	switch {
	case up == "":
		return "it is empty"
	case len(up) > maxUserID:
		return fmt.Sprintf("it is longer than %d characters", maxUserID)
	}
	for _, r := range up {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("#@$_-.", r) {
			return fmt.Sprintf("it holds %q", r)
		}
	}
	if strings.Trim(up, ".") == "" {
		return "it is made of periods only"
	}
	return ""
}

// IsUser reports whether o is a user ID.
func (o Owner) IsUser() bool { return o != CertAuth && o != Site && o != MultiID }

// String gives the owner as RACF shows it: CERTAUTH, SITE, MULTIID or ID(user).
func (o Owner) String() string {
	if o.IsUser() {
		return "ID(" + string(o) + ")"
	}
	return o.Name()
}

// Name gives the owner as a reference spells it: CERTAUTH, SITE, MULTIID or the user ID.
func (o Owner) Name() string {
	switch o {
	case CertAuth:
		return "CERTAUTH"
	case Site:
		return "SITE"
	case MultiID:
		return "MULTIID"
	}
	return string(o)
}

// CertRef names one certificate.
type CertRef struct {
	Owner Owner
	Label string
}

// ParseCertRef reads OWNER/LABEL. The owner ends at the first slash; a label alone is one of
// issuer's own (DESIGN.md 2).
func ParseCertRef(s string, issuer Owner) (CertRef, error) {
	owner, label := issuer, s
	if o, l, ok := strings.Cut(s, "/"); ok {
		var err error
		if owner, err = ParseOwner(o); err != nil {
			return CertRef{}, err
		}
		label = l
	} else if o, err := ParseOwner(s); err == nil && !o.IsUser() {
		return CertRef{}, newError(msgBadLabel, s, "the word names an owner; write "+o.Name()+"/LABEL")
	}
	label, err := checkLabel(label, maxAlias)
	return CertRef{owner, label}, err
}

func (r CertRef) String() string { return r.Owner.Name() + "/" + r.Label }

// RingRef names one ring.
type RingRef struct {
	Owner Owner
	Name  string
}

// ParseRingRef reads USER/RING; a ring name alone is one of issuer's own. Virtual rings are
// USER/*, *AUTH*/* and *SITE*/* (racdcert-rings.md A7).
func ParseRingRef(s string, issuer Owner) (RingRef, error) {
	owner, name := issuer, s
	if o, n, ok := strings.Cut(s, "/"); ok {
		name = n
		switch strings.ToUpper(o) {
		case "*AUTH*":
			owner = CertAuth
		case "*SITE*":
			owner = Site
		default:
			var err error
			if owner, err = ParseOwner(o); err != nil {
				return RingRef{}, err
			}
		}
	}
	if name == VirtualRing {
		return RingRef{owner, name}, nil
	}
	return RingRef{owner, name}, CheckRingName(name)
}

// Virtual reports whether r is a virtual ring: all certificates of its owner, kept by no one.
func (r RingRef) Virtual() bool { return r.Name == VirtualRing }

func (r RingRef) String() string {
	owner := r.Owner.Name()
	if r.Virtual() {
		switch r.Owner {
		case CertAuth:
			owner = "*AUTH*"
		case Site:
			owner = "*SITE*"
		}
	}
	return owner + "/" + r.Name
}
