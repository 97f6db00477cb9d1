package ring

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"signet/cert"
)

// Filter is a certificate name filter: it maps the certificates whose names end as it says to a
// user (racdcert-rings.md C). At least one of Subject and Issuer is set, and no other filter has
// the same two.
type Filter struct {
	ID        int64  // the store's handle; zero until it is stored
	Owner     Owner  // the user, or MultiID
	Label     string // unique among the owner's filters
	Status    Status // Trust, or NoTrust: what it matches maps to nobody
	Subject   string // the subject's name or an end of it, as RACF prints names; empty for any
	Issuer    string // the issuer's
	Criteria  string // of a MultiID filter: the template of the profile that names the user
	Created   time.Time
	CreatedBy string // the user ID that made it
}

// Ref names the filter.
func (f *Filter) Ref() FilterRef { return FilterRef{f.Owner, f.Label} }

// FilterRef names a filter. An empty label stands for the owner's only one.
type FilterRef struct {
	Owner Owner
	Label string
}

func (r FilterRef) String() string { return r.Owner.Name() + "/" + r.Label }

// ParseFilterRef reads OWNER or OWNER/LABEL, where OWNER is a user ID or MULTIID.
func ParseFilterRef(s string) (FilterRef, error) {
	o, label, named := strings.Cut(s, "/")
	r := FilterRef{Owner: MultiID}
	var err error
	if !strings.EqualFold(o, r.Owner.Name()) {
		if r.Owner, err = ParseOwner(o); err == nil {
			err = checkFilterOwner(r.Owner)
		}
	}
	if err == nil && named {
		r.Label, err = CheckLabel(label)
	}
	return r, err
}

// checkFilterOwner refuses the owners that have certificates but no filters.
func checkFilterOwner(o Owner) error {
	if !o.IsUser() && o != MultiID {
		return newError(msgFilterOwner, o)
	}
	return nil
}

// maxFilter is the longest filter, in characters (racdcert-rings.md C2).
const maxFilter = 255

// The two names that filters are on, for messages.
const (
	subjectFilter = "subject"
	issuerFilter  = "issuer"
)

// checkFilter refuses a filter that was typed and can match nothing.
func checkFilter(which, text string) error {
	if err := cert.CheckTail(text); err != nil {
		return newError(msgBadFilter, which, text, err)
	}
	return checkLength(which, text, text)
}

// checkLength refuses a filter that is too long; given is what the user wrote.
func checkLength(which, given, text string) error {
	if n := utf8.RuneCountInString(text); n > maxFilter {
		return newError(msgFilterLong, which, given, n, maxFilter)
	}
	return nil
}

// filterFrom makes a filter from a name in a model certificate: from the part that begins with
// start to the end, or, when start is empty, of the whole name. whole tells which it is.
func filterFrom(which, start string, name cert.Name) (filter string, whole bool, err error) {
	if start != "" {
		if err := cert.CheckTail(start); err != nil {
			return "", false, newError(msgBadFilter, which, start, err)
		}
	}
	for i, tail := range name.Tails() {
		if !strings.HasPrefix(tail.Text, start) {
			continue
		}
		if err := checkLength(which, start, tail.Text); err != nil {
			return "", false, err
		}
		if !tail.Plain {
			return "", false, newError(msgMistakable, which, tail.Text)
		}
		return tail.Text, i == 0, nil
	}
	if start == "" {
		return "", false, newError(msgKeyword, "MAP", "SDNFILTER or IDNFILTER: the certificate has no name of its "+which+" to make both filters from")
	}
	return "", false, newError(msgNoStart, which, start, name.RACF())
}

// filtersFrom makes the filters on the two names of a model certificate. Without starting points
// both are the whole names (racdcert-rings.md C2).
func filtersFrom(x *x509.Certificate, subject, issuer string) (string, string, error) {
	both := subject == "" && issuer == ""
	var s, i string
	var err error
	whole := true
	if both || subject != "" {
		if s, _, err = filterFrom(subjectFilter, subject, cert.SubjectOf(x)); err != nil {
			return "", "", err
		}
	}
	if both || issuer != "" {
		if i, whole, err = filterFrom(issuerFilter, issuer, cert.IssuerOf(x)); err != nil {
			return "", "", err
		}
	}
	if s != "" && !whole {
		return "", "", newError(msgPartialIssuer, issuer, cert.IssuerOf(x).RACF())
	}
	return s, i, nil
}

// criteriaVariables are the names that a template can hold (racdcert-rings.md C3).
var criteriaVariables = [...]string{"APPLID", "SYSID"}

// checkCriteria reads a template: NAME=&NAME parts joined by periods. It gives it in upper case.
func checkCriteria(template string) (string, error) {
	up := strings.ToUpper(template)
	seen := map[string]bool{}
	for _, part := range strings.Split(up, ".") {
		name, variable, ok := strings.Cut(part, "=&")
		switch {
		case !ok || name != variable || !isVariable(name):
			return "", newError(msgBadCriteria, template, fmt.Sprintf("%q is not a variable", part))
		case seen[name]:
			return "", newError(msgBadCriteria, template, name+" is in it twice")
		}
		seen[name] = true
	}
	return up, nil
}

func isVariable(name string) bool {
	for _, v := range criteriaVariables {
		if v == name {
			return true
		}
	}
	return false
}

// findFilter gives the filter that r names, or the only one of its owner.
func findFilter(tx Tx, r FilterRef) (*Filter, error) {
	if r.Label != "" {
		f, err := tx.Filter(r)
		if errors.Is(err, ErrNotFound) {
			return nil, newError(msgNoFilter, r.Owner, r.Label)
		}
		return f, err
	}
	var found *Filter
	for f, err := range tx.Filters(r.Owner) {
		switch {
		case err != nil:
			return nil, err
		case found != nil:
			return nil, newError(msgManyFilters, r.Owner, found.Label, f.Label)
		}
		found = f
	}
	if found == nil {
		return nil, newError(msgNoFilters, r.Owner)
	}
	return found, nil
}

// Listmap asks for one filter, or, without a label, for all of an owner's.
type Listmap struct{ FilterRef }

// Listmap gives filters to yield, in the order they were made. An error of yield stops it.
func (m *Manager) Listmap(ctx context.Context, q Listmap, yield func(*Filter) error) error {
	return performEach(ctx, m, Act{Function: "LISTMAP", Cert: CertRef(q.FilterRef)}, q, yield, (*call).listmap)
}

func (m *call) listmap(ctx context.Context, q Listmap, yield func(*Filter) error) error {
	if err := checkFilterOwner(q.Owner); err != nil {
		return err
	}
	return m.view(ctx, func(tx Tx) error {
		if q.Label != "" {
			f, err := tx.Filter(q.FilterRef)
			if errors.Is(err, ErrNotFound) {
				return newError(msgNoFilterListed, q.Owner, q.Label)
			}
			if err != nil {
				return err
			}
			return yield(f)
		}
		none := true
		for f, err := range tx.Filters(q.Owner) {
			if err != nil {
				return err
			}
			none = false
			if err := yield(f); err != nil {
				return err
			}
		}
		if none {
			return newError(msgNoFiltersListed, q.Owner)
		}
		return nil
	})
}
