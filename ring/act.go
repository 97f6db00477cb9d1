package ring

import (
	"strings"

	"signet/saf"
)

// Act is a function that somebody asks for, as far as authority and the trail need to know it:
// what it does, and to what. Which parts are set depends on the function.
type Act struct {
	Function  string   // RACF's word, for example GENCERT; CONNECTGROUP and REMOVEGROUP for those of groups
	Cert      CertRef  // the certificate; no label when that is not known before
	SignWith  *CertRef // GENCERT: the signer, nil for a self-signed certificate
	Key       bool     // EXPORT: the private key leaves, too
	Ring      RingRef
	Usage     Usage         // CONNECT
	Token     string        // BIND and its like; empty for all
	Class     string        // of general-resource profiles
	Names     []string      // of profiles, users or groups
	Group     string        // that users are connected to
	Authority saf.Authority // that they are to have there
	System    bool          // ADDUSER and its like: attributes that count for the whole system, such as SPECIAL
	Detail    string        // for people: what else the function is about
}

// what says the function and what it is about.
func (a Act) what() string { return strings.TrimSpace(a.Function + " " + a.Object()) }

// Object names what the act is about.
func (a Act) Object() string {
	var parts []string
	if a.Cert != (CertRef{}) {
		name := a.Cert.String()
		if a.Cert.Label == "" {
			name = a.Cert.Owner.Name()
		}
		parts = append(parts, name)
	}
	if a.SignWith != nil {
		parts = append(parts, "signed by "+a.SignWith.String())
	}
	if a.Ring != (RingRef{}) {
		parts = append(parts, "ring "+strings.TrimSuffix(a.Ring.String(), "/"))
	}
	if a.Usage != "" {
		parts = append(parts, "as "+string(a.Usage))
	}
	if a.Token != "" {
		parts = append(parts, "token "+a.Token)
	}
	if a.Class != "" {
		parts = append(parts, "class "+a.Class)
	}
	if len(a.Names) > 0 {
		parts = append(parts, strings.Join(a.Names, " "))
	}
	if a.Group != "" {
		parts = append(parts, "group "+a.Group)
	}
	if a.Key {
		parts = append(parts, "with its private key")
	}
	if a.Detail != "" {
		parts = append(parts, a.Detail)
	}
	return strings.Join(parts, ", ")
}
