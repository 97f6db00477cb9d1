package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"signet/pkcs11"
	"signet/ring"
)

// opening is a token that is open or about to be. It is opened with no lock held, because the
// user may be asked for the PIN.
type opening struct {
	done  chan struct{} // closed when the rest is settled
	token *pkcs11.Token
	err   error
}

// Close closes the tokens.
func (h *Hardware) Close() error {
	h.mu.Lock()
	var open []*opening
	for _, o := range h.tokens {
		if !slices.Contains(open, o) {
			open = append(open, o)
		}
	}
	clear(h.tokens)
	clear(h.keys)
	h.mu.Unlock()
	var errs []error
	for _, o := range open {
		<-o.done
		if o.token != nil {
			errs = append(errs, o.token.Close())
		}
	}
	return errors.Join(errs...)
}

// token gives the open token of a name; empty is the default.
func (h *Hardware) token(ctx context.Context, name string) (*pkcs11.Token, error) {
	if name == "" {
		name = h.options.Default
	}
	if name != "" && !h.isOpen(pkcs11.URI{Token: name}) {
		label, err := h.label(name)
		if err != nil {
			return nil, err
		}
		name = label
	}
	return h.open(ctx, pkcs11.URI{Token: name})
}

func (h *Hardware) isOpen(u pkcs11.URI) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tokens[u.String()] != nil
}

// open gives the one open token that a URI names.
func (h *Hardware) open(ctx context.Context, u pkcs11.URI) (*pkcs11.Token, error) {
	u = u.TokenOnly()
	h.mu.Lock()
	o := h.tokens[u.String()]
	mine := o == nil
	if mine {
		o = &opening{done: make(chan struct{})}
		h.tokens[u.String()] = o
	}
	h.mu.Unlock()
	if mine {
		o.token, o.err = pkcs11.OpenToken(ctx, u, h.options.pkcs11())
		if o.err != nil { // the next one tries again
			h.mu.Lock()
			if h.tokens[u.String()] == o {
				delete(h.tokens, u.String())
			}
			h.mu.Unlock()
		}
		close(o.done)
	}
	select {
	case <-o.done:
		return o.token, classify(o.err)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// publicEntries lists what a token shows without a PIN.
func (h *Hardware) publicEntries(ctx context.Context, label string) ([]*pkcs11.Entry, error) {
	o := h.options.pkcs11()
	o.PIN, o.ReadOnly = nil, true
	t, err := pkcs11.OpenToken(ctx, pkcs11.URI{Token: label}, o)
	if err != nil {
		return nil, classify(err)
	}
	defer t.Close()
	all, err := t.Entries(ctx)
	return all, classify(err)
}

// also has a token that is open found under another URI.
func (h *Hardware) also(u pkcs11.URI, t *pkcs11.Token) {
	o := &opening{done: make(chan struct{}), token: t}
	close(o.done)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, is := range h.tokens {
		if is.token == t {
			o = is
		}
	}
	h.tokens[u.String()] = o
}

// Slots lists the tokens of the module, without logging in to any.
func (h *Hardware) Slots() ([]pkcs11.TokenInfo, error) {
	m, err := pkcs11.Open(h.options.Module, "")
	if err != nil {
		return nil, classify(err)
	}
	defer m.Close()
	all, err := m.Slots()
	return all, classify(err)
}

// initialized lists the tokens that can hold something.
func (h *Hardware) initialized() ([]pkcs11.TokenInfo, error) {
	all, err := h.Slots()
	return slices.DeleteFunc(all, func(i pkcs11.TokenInfo) bool { return !i.Initialized }), err
}

// label gives the label of the token that a name means: the one with just this label, or else,
// because RACF folds the names of tokens, the one whose label differs in case.
func (h *Hardware) label(name string) (string, error) {
	all, err := h.initialized()
	if err != nil {
		return "", err
	}
	var same, others []string
	for _, i := range all {
		switch {
		case i.Label == name:
			return name, nil // whether there are several is for the opening to say
		case strings.EqualFold(i.Label, name):
			same = append(same, fmt.Sprintf("%q", i.Label))
		default:
			others = append(others, fmt.Sprintf("%q", i.Label))
		}
	}
	switch {
	case len(same) == 1:
		for _, i := range all {
			if strings.EqualFold(i.Label, name) {
				return i.Label, nil
			}
		}
	case len(same) > 1:
		return "", fmt.Errorf("token %q: the module has %s: %w; write it as the label has it", name, strings.Join(same, " and "), ring.ErrInvalid)
	case len(others) > 0:
		return "", fmt.Errorf("token %q: %w; the module has %s", name, ring.ErrNotFound, strings.Join(others, ", "))
	}
	return "", fmt.Errorf("token %q: %w; the module has no initialised token", name, ring.ErrNotFound)
}

// Default implements ring.Hardware.
func (h *Hardware) Default(ctx context.Context) (string, error) {
	if h.options.Default != "" {
		return h.options.Default, nil
	}
	all, err := h.initialized()
	if err != nil {
		return "", err
	}
	if len(all) != 1 {
		return "", fmt.Errorf("token: the module has %d initialised tokens: %w; name one (--token, or SIGNET_PKCS11_TOKEN)", len(all), ring.ErrInvalid)
	}
	return all[0].Label, nil
}

// nameable refuses a token whose label another token of the module has, or that has none: keys
// are referred to by the label.
func (h *Hardware) nameable(t *pkcs11.Token) error {
	label := t.Info().Label
	if label == "" {
		return fmt.Errorf("%s: it has no label, which its keys would be found by: %w; give it one", t.Name(), ring.ErrInvalid)
	}
	all, err := h.initialized()
	if err != nil {
		return err
	}
	n := 0
	for _, i := range all {
		if i.Label == label {
			n++
		}
	}
	if n > 1 {
		return fmt.Errorf("%s: %d tokens of the module have this label, which its keys would be found by: %w; give them different ones", t.Name(), n, ring.ErrInvalid)
	}
	return nil
}
