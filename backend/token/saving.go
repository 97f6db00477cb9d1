package token

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"signet/cert"
	"signet/export/keystore"
	"signet/pkcs11"
	"signet/ring"
)

// saving is one Save on its way.
type saving struct {
	medium *medium
	ctx    context.Context
	was    map[*pkcs11.Entry]keystore.Entry // what the token held; in the end, what is to go
	gone   []*pkcs11.Object                 // certificates that others took the place of
	done   []string                         // for the error of what comes next
}

func (s *saving) did(format string, args ...any) {
	s.done = append(s.done, fmt.Sprintf(format, args...))
}

// settle refuses what a token cannot hold, before anything is written, and finds entries again
// that were deleted and added in one transaction.
func (s *saving) settle(es []keystore.Entry) ([]keystore.Entry, error) {
	es = slices.Clone(es)
	kept := map[*pkcs11.Entry]bool{}
	private := map[string]string{} // labels of private keys, by public key
	for _, e := range es {
		if l, ok := e.Kept.(lain); ok {
			kept[l.entry] = true
		}
		if e.Key != nil {
			if x, err := cert.Parse(e.Chain[0]); err == nil {
				private[string(x.RawSubjectPublicKeyInfo)] = e.Alias
			}
		}
	}
	for i, e := range es {
		if e.Key == nil {
			x, err := cert.Parse(e.Chain[0])
			if err != nil {
				continue // it lies there and stays as it is
			}
			if owner, ok := private[string(x.RawSubjectPublicKeyInfo)]; ok {
				return nil, fmt.Errorf("%s: certificate %q: its private key is in the token, as that of %q: %w; add it under the same user", s.medium.Name(), e.Alias, owner, ring.ErrUnsupported)
			}
		}
		if e.Kept != nil {
			continue
		}
		for entry, old := range s.was {
			if kept[entry] || !bytes.Equal(old.Chain[0], e.Chain[0]) {
				continue
			}
			if (old.Key == nil) != (e.Key == nil) {
				return nil, fmt.Errorf("%s: certificate %q: it cannot get or lose its private key in one step: %w; delete it first, in a command of its own", s.medium.Name(), e.Alias, ring.ErrUnsupported)
			}
			es[i].Kept, kept[entry] = lain{entry}, true
		}
	}
	return es, nil
}

// make brings in what is new, under new names where those changed.
func (s *saving) make(es []keystore.Entry) error {
	m := s.medium
	for _, e := range es {
		l, ok := e.Kept.(lain)
		if !ok {
			if err := m.add(s.ctx, e); err != nil {
				return err
			}
			s.did("added %q", e.Alias)
			continue
		}
		before := s.was[l.entry]
		delete(s.was, l.entry)
		if !bytes.Equal(before.Chain[0], e.Chain[0]) {
			if err := m.add(s.ctx, e); err != nil {
				return err
			}
			s.did("added the new certificate of %q", e.Alias)
			if l.entry.Private != nil && e.Key != nil && !cert.SameKey(l.entry.PublicKey(), publicOf(e)) {
				s.was[l.entry] = before // it had another private key, which goes with it
				continue
			}
			s.gone = append(s.gone, l.entry.Certificate)
			continue
		}
		if before.Alias != e.Alias {
			if err := m.token.Rename(s.ctx, l.entry, e.Alias, nil); err != nil {
				return err
			}
			s.did("renamed %q to %q", before.Alias, e.Alias)
		}
	}
	return nil
}

// publicOf gives the public key of an entry's certificate, nil if that cannot be parsed.
func publicOf(e keystore.Entry) any {
	x, err := cert.Parse(e.Chain[0])
	if err != nil {
		return nil
	}
	return x.PublicKey
}

// delete takes out what is to go.
func (s *saving) delete([]keystore.Entry) error {
	for _, o := range s.gone {
		if err := s.medium.token.DeleteObject(s.ctx, o); err != nil {
			return err
		}
		s.did("deleted the old certificate of %q", o.Label)
	}
	for entry, e := range s.was {
		if err := s.medium.token.Delete(s.ctx, entry); err != nil {
			return err
		}
		s.did("deleted %q", e.Alias)
	}
	return nil
}
