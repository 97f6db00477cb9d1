package ring

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Usage is the role of a certificate in one ring. It belongs to the connection, not to the
// certificate (racdcert-rings.md A4).
type Usage string

// The usages of a connection.
const (
	UsagePersonal Usage = "PERSONAL" // the reader may identify itself with it
	UsageCertAuth Usage = "CERTAUTH" // a trust anchor or intermediate
	UsageSite     Usage = "SITE"     // a peer trusted as it is
)

// DefaultUsage is the usage of a certificate of this owner when none is asked for.
func (o Owner) DefaultUsage() Usage {
	switch o {
	case CertAuth:
		return UsageCertAuth
	case Site:
		return UsageSite
	}
	return UsagePersonal
}

// Ring is a key ring: a named, ordered list of connections, owned by one user.
type Ring struct {
	ID        int64 // the store's handle; zero until it is stored, and in a virtual ring
	Owner     Owner
	Name      string
	Created   time.Time
	CreatedBy string
}

// Ref names the ring.
func (r *Ring) Ref() RingRef { return RingRef{r.Owner, r.Name} }

// Connection is a certificate in a ring.
type Connection struct {
	Ring    *Ring
	Cert    *Certificate
	Usage   Usage
	Default bool // the ring's one default certificate
}

// VirtualRing is the name that stands for all certificates of an owner.
const VirtualRing = "*"

// maxRingName is the longest ring name, in characters (racdcert-rings.md A3).
const maxRingName = 237

// CheckRingName says why a name cannot be a ring's (racdcert-rings.md A3 and G13).
func CheckRingName(name string) error {
	switch {
	case name == "":
		return newError(msgBadRingName, name, "it is empty")
	case name == VirtualRing:
		return newError(msgBadRingName, name, "the asterisk alone stands for a virtual ring, which nobody keeps")
	case utf8.RuneCountInString(name) > maxRingName:
		return newError(msgBadRingName, string([]rune(name)[:40])+"...", fmt.Sprintf("it is longer than %d characters", maxRingName))
	}
	for _, r := range name {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(",;()'&/", r) {
			return newError(msgBadRingName, name, fmt.Sprintf("it holds %q", r))
		}
	}
	return nil
}
