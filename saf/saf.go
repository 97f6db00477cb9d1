// Package saf holds what a RACF database has besides certificates: classes and profiles with
// their access lists, users and groups, and the decision who may do what: Decide. It knows
// nothing of certificates, nor where profiles are kept. Reference: racdcert-rings.md, section D.
package saf

import (
	"strconv"
	"time"
)

// Access is a level of access to a resource. The levels are ordered: a higher one includes
// all lower ones (racdcert-rings.md D6).
type Access int

// The access levels. The zero value is None.
const (
	None Access = iota
	Execute
	Read
	Update
	Control
	Alter
)

var accessNames = [...]string{"NONE", "EXECUTE", "READ", "UPDATE", "CONTROL", "ALTER"}

// AccessNames lists the words for the levels, lowest first.
func AccessNames() []string { return accessNames[:] }

// String gives the level as RACF writes it.
func (a Access) String() string { return word(accessNames[:], int(a)) }

// Valid reports whether there is such a level.
func (a Access) Valid() bool { return None <= a && a <= Alter }

// word gives one of some words, and something to read for a number that a program on the other
// end of a connection made up.
func word(words []string, i int) string {
	if i < 0 || i >= len(words) {
		return "unknown-" + strconv.Itoa(i)
	}
	return words[i]
}

// ParseAccess reads a level by its full upper-case word.
func ParseAccess(s string) (Access, bool) {
	for i, n := range accessNames {
		if n == s {
			return Access(i), true
		}
	}
	return None, false
}

// Profile is one general-resource profile.
type Profile struct {
	Class     string
	Name      string
	Generic   bool // the name is a pattern; false for a discrete profile
	UACC      Access
	Owner     string
	Data      string // installation data
	ApplData  string // application data
	Level     int    // 0 to 99, for the installation's own use
	Audit     string // as RACF shows it, FAILURES(READ) when empty
	Notify    string // user to be told of refusals; empty for nobody
	Warning   bool   // refusals are reported but not enforced
	Access    []Entry
	Created   time.Time
	Changed   time.Time
	CreatedBy string
}

// Entry is one line of an access list.
type Entry struct {
	ID     string // user, group, or * for every defined user
	Access Access
	When   string // condition such as PROGRAM(PAGENT); empty on the standard list
}

// Class is the state of a resource class, as SETROPTS sets it.
type Class struct {
	Name    string
	Active  bool
	RacList bool
	Generic bool // names with % and * are patterns
	GenCmd  bool // commands take generic names although checks do not
	Global  bool // global access checking
}

// MustBeListed reports whether the class protects nothing until it is RACLISTed
// (racdcert-rings.md D3).
func (c Class) MustBeListed() bool { return c.Name == "RDATALIB" }
