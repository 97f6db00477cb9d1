package cert

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// AltNames are the subject alternative names that RACDCERT's ALTNAME can give
// (racdcert-certificates.md 3.4). Each kind keeps its order.
type AltNames struct {
	IPs               []netip.Addr
	DNS, Emails, URIs []string
}

// Limits, in characters: RFC 1034 section 3.1 for domains, racdcert-certificates.md 3.4 for
// the rest.
const (
	maxDomain = 253
	maxLabel  = 63
	maxEmail  = 250
	maxURI    = 255
)

// Empty reports whether there are no names.
func (a AltNames) Empty() bool {
	return len(a.IPs)+len(a.DNS)+len(a.Emails)+len(a.URIs) == 0
}

// Check says which name cannot be put in a certificate, and how to mend it.
func (a AltNames) Check() error {
	for _, ip := range a.IPs {
		if !ip.IsValid() || ip.Zone() != "" {
			return fmt.Errorf("IP address %q: not an IPv4 or IPv6 address without a zone", ip)
		}
	}
	for _, d := range a.DNS {
		if why := badDomain(d); why != "" {
			return fmt.Errorf("domain %q: %s", clip(d), why)
		}
	}
	for _, e := range a.Emails {
		if why := badEmail(e); why != "" {
			return fmt.Errorf("email address %q: %s", clip(e), why)
		}
	}
	for _, u := range a.URIs {
		if why := badURI(u); why != "" {
			return fmt.Errorf("URI %q: %s", clip(u), why)
		}
	}
	return nil
}

// badDomain checks a dNSName (RFC 5280 section 4.2.1.6). An asterisk may be the first label;
// underscores are allowed, because names of services and of old hosts have them.
func badDomain(s string) string {
	_, notIP := netip.ParseAddr(s)
	switch {
	case s == "":
		return "it is empty"
	case !isASCII(s):
		return "it is not ASCII; write it as an A-label (xn--...)"
	case len(s) > maxDomain:
		return fmt.Sprintf("longer than %d characters", maxDomain)
	case strings.HasSuffix(s, "."):
		return "leave out the period at the end"
	case notIP == nil:
		return "it is an IP address; give it as one"
	}
	labels := strings.Split(s, ".")
	if labels[0] == "*" && len(labels) > 1 {
		labels = labels[1:]
	}
	for _, l := range labels {
		switch {
		case l == "" || len(l) > maxLabel:
			return fmt.Sprintf("between periods there must be 1 to %d characters", maxLabel)
		case strings.Contains(l, "*"):
			return "an asterisk can only be the whole first label, as in *.example.org"
		case strings.Trim(l, "-") != l:
			return "a label cannot begin or end with a hyphen"
		}
		for _, r := range l {
			if notLetter(r) && (r < '0' || r > '9') && r != '-' && r != '_' {
				return fmt.Sprintf("it holds %q; only letters, digits, hyphens and underscores are allowed", r)
			}
		}
	}
	return ""
}

// badEmail checks an rfc822Name: a mailbox without a display name.
func badEmail(s string) string {
	at := strings.LastIndexByte(s, '@')
	switch {
	case !isGraphic(s):
		return "it holds a blank or a character that is not ASCII; write an international domain as an A-label (xn--...)"
	case len(s) > maxEmail:
		return fmt.Sprintf("longer than %d characters", maxEmail)
	case at < 1 || at == len(s)-1:
		return "it must have the form name@domain"
	case strings.ContainsAny(s, "<>,;"):
		return "give the address alone, without a display name"
	}
	if why := badDomain(s[at+1:]); why != "" {
		return "its domain: " + why
	}
	return ""
}

// badURI checks a uniformResourceIdentifier: absolute, and nothing that crypto/x509 would
// refuse to read back.
func badURI(s string) string {
	u, err := url.Parse(s)
	switch {
	case !isGraphic(s):
		return "it holds a blank or a character that is not ASCII; write it as percent and two digits"
	case len(s) > maxURI:
		return fmt.Sprintf("longer than %d characters", maxURI)
	case err != nil:
		return "not a URI"
	case !u.IsAbs():
		return "it must begin with a scheme, as in https://example.org/"
	case strings.HasPrefix(u.Host, ".") || strings.HasSuffix(u.Host, ".") || strings.Contains(u.Host, ".."):
		return "its host has an empty label"
	}
	return ""
}

// isGraphic reports whether s has only ASCII characters that are seen.
func isGraphic(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
