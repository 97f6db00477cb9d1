package saf

import "time"

// User is the profile of a user. It holds no password: nobody logs on here.
type User struct {
	ID           string
	Name         string // the person's; empty when it is not known
	Owner        string // the user or group that owns the profile
	DefaultGroup string // the group that counts when none is named; empty for none
	Data         string // installation data
	Attributes
	Restricted bool // only what access lists name counts: no ID(*), no UACC
	Created    time.Time
	Changed    time.Time
	CreatedBy  string
}

// Attributes are what a user has on the whole system, or within one group.
type Attributes struct {
	Special    bool // may change every profile
	Operations bool // may use every resource that does not name the user
	Auditor    bool // may see every profile
	Revoked    bool // the user, or the membership, does not count
}

// Group is the profile of a group.
type Group struct {
	Name      string
	Owner     string // the user or group that owns the profile
	Superior  string // the group above; empty at the top
	Data      string // installation data
	Created   time.Time
	Changed   time.Time
	CreatedBy string
}

// Membership connects a user to a group.
type Membership struct {
	User      string
	Group     string
	Owner     string // the user or group that answers for it
	Authority Authority
	Attributes
	Created   time.Time
	CreatedBy string
}

// Authority is what a user may do in a group. A higher one includes all lower ones.
type Authority int

// The group authorities. The zero value is Use.
const (
	Use     Authority = iota // have the access that the group has
	Create                   // protect the group's data sets
	Connect                  // connect users to the group
	Join                     // define users and groups under it
)

var authorityNames = [...]string{"USE", "CREATE", "CONNECT", "JOIN"}

// AuthorityNames lists the words for the authorities, lowest first.
func AuthorityNames() []string { return authorityNames[:] }

// String gives the authority as RACF writes it.
func (a Authority) String() string { return word(authorityNames[:], int(a)) }

// Valid reports whether there is such an authority.
func (a Authority) Valid() bool { return Use <= a && a <= Join }

// ParseAuthority reads an authority by its full upper-case word.
func ParseAuthority(s string) (Authority, bool) {
	for i, n := range authorityNames {
		if n == s {
			return Authority(i), true
		}
	}
	return Use, false
}
