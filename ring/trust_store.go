package ring

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Anchor is a certificate that is to be trusted, as CERTAUTH's.
type Anchor struct {
	Certificate *x509.Certificate
	Alias       string // wanted; when another certificate has it, a number is added
}

// Anchored is what became of an Anchor, or of what was to go.
type Anchored struct {
	Ref  CertRef // its name in the store
	Done bool    // it was added or removed
	Why  string  // why not; empty also for an Anchor that is there already
}

// AnchorsDone is the answer to Trust and Untrust, in the order of the question.
type AnchorsDone struct {
	Result
	Anchors []Anchored
}

// Trust stores certificates as trusted ones, all in one transaction. What is there already stays
// as it is, and nothing is replaced.
func (m *Manager) Trust(ctx context.Context, anchors []Anchor) (*AnchorsDone, error) {
	return perform(ctx, m, Act{Function: "TRUST", Cert: CertRef{Owner: CertAuth}}, anchors, (*call).trustAll)
}

func (m *call) trustAll(ctx context.Context, anchors []Anchor) (*AnchorsDone, error) {
	return update(ctx, m, func(tx Tx, r *AnchorsDone) error {
		for _, a := range anchors {
			done, err := m.trust(tx, a, &r.Result)
			if err != nil {
				return err
			}
			r.Anchors = append(r.Anchors, done)
		}
		return nil
	})
}

func (m *call) trust(tx Tx, a Anchor, r *Result) (Anchored, error) {
	x := a.Certificate
	if x == nil {
		return Anchored{}, newError(msgNoEndEntity, a.Alias)
	}
	_, isOne := tx.(OneRing)
	there, err := tx.CertificateByIssuerSerial(x.RawIssuer, x.SerialNumber)
	found := err == nil
	switch {
	case !found && !errors.Is(err, ErrNotFound):
		return Anchored{}, err
	case found && !bytes.Equal(there.DER, x.Raw):
		return Anchored{Ref: there.Ref(), Why: fmt.Sprintf("%s has the same issuer and serial number but other content", there.Ref())}, nil
	case found && !isOne && there.Status == NoTrust: // somebody decided so
		return Anchored{Ref: there.Ref(), Why: fmt.Sprintf("it is there as %s, NOTRUST; use alter", there.Ref())}, nil
	}
	alias := a.Alias
	if found {
		alias = there.Label
	} else if alias, err = m.freeAlias(tx, alias, isOne); err != nil {
		return Anchored{}, err
	}
	p, err := m.put(tx, Credential{Owner: CertAuth, Label: alias, Status: Trust, Chain: []*x509.Certificate{x}}, r)
	return Anchored{Ref: p.Ref, Done: p.Place != Unchanged}, err
}

// freeAlias gives an alias that nothing has, made of the wanted one.
func (m *Manager) freeAlias(tx Tx, want string, isOne bool) (string, error) {
	longest := maxLabel
	if isOne {
		longest = maxAlias
	}
	want = shorten(strings.TrimSpace(want), longest)
	for n, alias := 2, want; ; n++ {
		old, err := m.occupant(tx, CertRef{CertAuth, alias}, isOne)
		if err != nil || old == nil {
			return alias, err
		}
		suffix := fmt.Sprintf("-%d", n)
		alias = shorten(want, longest-len(suffix)) + suffix
	}
}

// shorten cuts a text to a number of characters.
func shorten(s string, longest int) string {
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:longest]))
}

// Unwanted names what Untrust removes: a trusted certificate by its alias, or all that hold the
// same certificate.
type Unwanted struct {
	Alias       string // used when Certificate is nil
	Certificate *x509.Certificate
}

// Untrust removes trusted certificates, all in one transaction. Private keys are never removed.
func (m *Manager) Untrust(ctx context.Context, all []Unwanted) (*AnchorsDone, error) {
	return perform(ctx, m, Act{Function: "UNTRUST", Cert: CertRef{Owner: CertAuth}}, all, (*call).untrustAll)
}

func (m *call) untrustAll(ctx context.Context, all []Unwanted) (*AnchorsDone, error) {
	return update(ctx, m, func(tx Tx, r *AnchorsDone) error {
		for _, u := range all {
			found, why, err := m.unwanted(tx, u)
			if err != nil {
				return err
			}
			if len(found) == 0 {
				r.Anchors = append(r.Anchors, Anchored{Ref: CertRef{CertAuth, u.Alias}, Why: why})
			}
			for _, c := range found {
				done := Anchored{Ref: c.Ref(), Done: !c.Requested}
				if c.Requested {
					done.Why = "a request was made from it; use delete --force"
				} else if err := errors.Join(tx.DeleteCertificate(c), releaseLabel(tx, c.Owner, c.Label)); err != nil {
					return err
				}
				r.Anchors = append(r.Anchors, done)
			}
		}
		return nil
	})
}

// unwanted finds what is to go, or says why there is nothing.
func (m *Manager) unwanted(tx Tx, u Unwanted) (found []*Certificate, why string, err error) {
	const none = "it is not there"
	if u.Certificate == nil {
		c, err := tx.Certificate(CertRef{CertAuth, u.Alias})
		if err == nil && c.HasKey() && !c.Requested {
			return nil, fmt.Sprintf("%s has a private key, which trust does not remove", c.Ref()), nil
		}
		if err == nil {
			return []*Certificate{c}, "", nil
		}
		if !errors.Is(err, ErrNotFound) {
			return nil, "", err
		}
		if c, err := tx.Certificate(CertRef{m.issuer, u.Alias}); err == nil {
			return nil, fmt.Sprintf("it is the private key %s, which trust does not remove", c.Ref()), nil
		}
		return nil, none, nil
	}
	for c, err := range tx.Certificates(CertAuth) {
		if err != nil {
			return nil, "", err
		}
		if bytes.Equal(c.DER, u.Certificate.Raw) {
			found = append(found, c)
		}
	}
	return found, none, nil
}
