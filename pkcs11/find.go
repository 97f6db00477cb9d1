package pkcs11

import (
	"context"
	"fmt"
	"strings"
)

// Find gives the one entry that the URI names by object, id and type.
func (t *Token) Find(ctx context.Context, u URI) (*Entry, error) {
	found, err := t.matching(ctx, u)
	if err != nil {
		return nil, err
	}
	return t.only(u, found)
}

// Key gives the signer for the one private key that the URI names. A key with two certificates
// is one key.
func (t *Token) Key(ctx context.Context, u URI) (*Signer, error) {
	found, err := t.matching(ctx, u)
	if err != nil {
		return nil, err
	}
	var keys []*Entry
	seen := map[*Object]bool{}
	for _, e := range found {
		if e.Conflict != nil {
			return nil, e.Conflict
		}
		if e.Private != nil && !seen[e.Private] {
			seen[e.Private] = true
			keys = append(keys, e)
		}
	}
	if len(keys) == 0 && len(found) > 0 {
		return nil, &Error{Object: t.Name(), Op: found[0].describe(), Kind: ErrNotFound, Cause: "the token has no private key for it",
			Fix: t.loginHint()}
	}
	e, err := t.only(u, keys)
	if err != nil {
		return nil, err
	}
	return t.Signer(ctx, e)
}

// loginHint says why private objects may be out of sight.
func (t *Token) loginHint() string {
	if t.options.PIN == nil && t.Info().LoginRequired {
		return "it may be out of sight without the PIN"
	}
	return ""
}

// matching lists the entries that a URI names: by their certificate, or their key if they have
// none, and only if there is no such entry by any key in them. A key that two certificates share
// has the name of one of them at most.
func (t *Token) matching(ctx context.Context, u URI) ([]*Entry, error) {
	all, err := t.Entries(ctx)
	if err != nil {
		return nil, err
	}
	var first, any []*Entry
	for _, e := range all {
		if u.matchesObject(e.main()) {
			first = append(first, e)
		}
		for _, o := range e.Objects() {
			if u.matchesObject(o) {
				any = append(any, e)
				break
			}
		}
	}
	if len(first) > 0 {
		return first, nil
	}
	return any, nil
}

// only gives the one entry, or says that there is none or more.
func (t *Token) only(u URI, found []*Entry) (*Entry, error) {
	if len(found) == 1 {
		return found[0], nil
	}
	e := &Error{Object: t.Name(), Op: fmt.Sprintf("find %q", clip(u.objectPart())), Kind: ErrNotFound, Fix: t.loginHint()}
	if len(found) > 1 {
		var names []string
		for _, f := range found {
			names = append(names, f.describe())
		}
		const most = 5
		if n := len(names) - most; n > 0 {
			names = append(names[:most], fmt.Sprintf("and %d more", n))
		}
		e.Kind, e.Cause, e.Fix = ErrAmbiguous, "these match: "+strings.Join(names, ", "), "add id or object to the URI"
	}
	return nil, e
}

// objectPart is the URI reduced to what names objects.
func (u URI) objectPart() string { return URI{Object: u.Object, ID: u.ID, Type: u.Type}.String() }

// EntryURI gives a URI that names an entry of this token by label and CKA_ID, with its module.
func (t *Token) EntryURI(e *Entry) URI {
	u := t.URI()
	u.Object, u.ID = e.Label(), e.ID()
	return u
}

// KeyURI gives a URI that names the private key of an entry, by CKA_ID and, where it has none,
// by label: labels change.
func (t *Token) KeyURI(e *Entry) (URI, error) {
	if e.Private == nil {
		return URI{}, &Error{Object: t.Name(), Op: e.describe(), Kind: ErrNotFound, Cause: "it has no private key"}
	}
	u := t.URI()
	u.Type, u.ID = PrivateKey.String(), e.Private.ID
	if len(u.ID) == 0 {
		u.Object = e.Private.Label
	}
	return u, nil
}
