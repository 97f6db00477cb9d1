package token

import (
	"context"
	"fmt"

	"signet/pkcs11"
	"signet/ring"
)

// Keys implements ring.Hardware.
func (h *Hardware) Keys(ctx context.Context, name string) ([]ring.HeldKey, error) {
	t, err := h.token(ctx, name)
	if err != nil {
		return nil, err
	}
	all, err := t.Entries(ctx)
	if err != nil {
		return nil, classify(err)
	}
	var keys []ring.HeldKey
	seen := map[*pkcs11.Object]bool{}
	for _, e := range all {
		if e.Private == nil || seen[e.Private] {
			continue
		}
		seen[e.Private] = true
		ref, err := refOf(t, e)
		if err != nil {
			return nil, err
		}
		keys = append(keys, ring.HeldKey{Ref: ref, Label: e.Private.Label, Public: e.PublicKey(), Certificate: e.Certificate != nil})
	}
	return keys, nil
}

// Destroy implements ring.Hardware. A key whose certificate lies in the token, too, is the
// token's and stays.
func (h *Hardware) Destroy(ctx context.Context, ref ring.KeyRef) error {
	t, _, err := h.tokenOf(ctx, ref)
	if err != nil {
		return err
	}
	all, err := t.Entries(ctx)
	if err != nil {
		return classify(err)
	}
	var found *pkcs11.Entry
	for _, e := range all {
		if e.Private == nil {
			continue
		}
		switch is, err := refOf(t, e); {
		case err != nil:
			return err
		case is != ref:
		case e.Certificate != nil:
			return nil
		case e.Conflict != nil:
			return classify(e.Conflict)
		case found != nil:
			return fmt.Errorf("key %s: two private keys have this name, and neither is destroyed: %w; delete the right one with the program of the token's maker", ref, ring.ErrInvalid)
		default:
			found = e
		}
	}
	if found == nil {
		return fmt.Errorf("key %s: %w", ref, ring.ErrNotFound)
	}
	h.mu.Lock()
	delete(h.keys, ref)
	h.mu.Unlock()
	return classify(t.Delete(ctx, found))
}
