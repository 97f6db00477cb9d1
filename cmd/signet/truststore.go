package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"signet/backend"
	"signet/export"
	"signet/ring"
)

// openTruststore opens the store of --to.
func (a *app) openTruststore(ctx context.Context, f trustAddFlags, write bool) (*ring.Manager, *backend.Opened, ring.Result, error) {
	var notes ring.Result
	issuer, err := a.actingFor(ctx)
	if err != nil {
		return nil, nil, notes, err
	}
	k := a.flags.keystore
	k.password, k.prefix, k.backup = f.password, "to-", k.backup || f.backup
	if k.password == (passwordFlags{}) {
		k.known, notes = guessPassword(f.to, write)
	}
	m, store, err := a.openManager(ctx, f.to, issuer, k, false)
	switch {
	case errors.Is(err, errNoTerminal):
		return nil, nil, notes, usagef("truststore %s: no well-known password opens it, and there is no terminal to ask for another; give --to-password-file FILE", f.to)
	case err != nil:
		return nil, nil, notes, err
	case store.Missing && !write:
		store.Close()
		return nil, nil, notes, fmt.Errorf("truststore %s: %w", f.to, ring.ErrNotFound)
	}
	return m, store, notes, nil
}

// guessPassword finds out which well-known password opens a keystore, and says so. A JKS file can
// be listed without one.
func guessPassword(url string, write bool) (*[]byte, ring.Result) {
	r, ok := inspectStore(url)
	if !ok {
		return nil, ring.Result{}
	}
	note := func(password []byte, format string, args ...any) (*[]byte, ring.Result) {
		text := fmt.Sprintf("truststore %s ", url) + fmt.Sprintf(format, args...)
		return &password, ring.Result{Messages: []ring.Message{{Code: ring.Done, Text: text}}}
	}
	switch {
	case r.Lock == export.LockWellKnown:
		return note([]byte(r.WellKnown), "opens with the well-known password %q", r.WellKnown)
	case r.Lock == export.LockUnknown && !write && r.Format != "PKCS12":
		return note(nil, "was read without its password: that it was not altered is not known")
	}
	return nil, ring.Result{}
}

// inspectStore tells what opens the file of a keystore's URL; ok is false if there is none.
func inspectStore(url string) (r export.Report, ok bool) {
	path := url
	if scheme, rest, found := strings.Cut(url, ":"); found {
		switch scheme {
		case "jks", "jceks", "pkcs12":
			path = rest
		}
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > export.MaxInspect {
		return r, false
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return r, false
	}
	return export.Inspect(data, export.Inspection{LockOnly: true}), true
}
