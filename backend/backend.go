// Package backend opens a store by its URL. Which stores there are is this explicit switch.
package backend

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"signet/backend/sqldb"
	"signet/ring"
)

// Options say how a store is opened.
type Options struct {
	// Create makes a file database that is not there.
	Create bool
}

// Opened is an open store.
type Opened struct {
	ring.Store
	Name    string // the URL without the scheme of the default, for messages
	Stash   string // the file that opens its private keys; empty when there is none
	Created bool   // it was not there before
}

// schemes are the URL schemes of DESIGN.md section 3. A plain path means sqlite.
var schemes = []string{"sqlite", "postgres", "postgresql", "jks", "pkcs12", "pem", "pkcs11"}

// foreignScheme matches what looks like a URL of a kind that signet does not know. One letter
// before a colon is a drive.
var foreignScheme = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]+:`)

// Open opens the store that a URL names.
func Open(ctx context.Context, url string, o Options) (*Opened, error) {
	scheme, path := "sqlite", url
	if s, rest, ok := strings.Cut(url, ":"); ok {
		for _, known := range schemes {
			if s == known {
				scheme, path = s, rest
			}
		}
	}
	switch {
	case scheme == "sqlite" && strings.HasPrefix(path, "//"):
		return nil, fmt.Errorf("store %q: write sqlite:PATH, without slashes before the path: %w", url, ring.ErrInvalid)
	case path == url && foreignScheme.MatchString(url):
		return nil, fmt.Errorf("store %q: there is no such kind of store; a file of that name is ./%s: %w", url, url, ring.ErrInvalid)
	}
	if scheme != "sqlite" {
		return nil, fmt.Errorf("store %q: %s stores are %w yet; use sqlite:PATH", url, scheme, ring.ErrUnsupported)
	}
	if path == "" {
		return nil, fmt.Errorf("store %q: the path is missing: %w", url, ring.ErrInvalid)
	}
	db, err := sqldb.Open(ctx, path, sqldb.Options{Create: o.Create})
	if err != nil {
		return nil, err
	}
	return &Opened{Store: db, Name: path, Stash: db.Stash(), Created: db.Created()}, nil
}
