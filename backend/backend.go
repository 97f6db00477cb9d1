// Package backend opens a store by its URL. Which stores there are is this explicit switch.
package backend

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"signet/backend/keyfile"
	"signet/backend/seal"
	"signet/backend/sqldb"
	"signet/backend/token"
	"signet/export/keystore"
	"signet/ring"
)

// Options say how a store is opened.
type Options struct {
	// Create makes a database that is not there. A keystore is made by its first change.
	Create bool
	// Migrating, if set, is told the schema versions before an older database is changed.
	Migrating func(from, to int)
	// Stash is the stash file of a database, where the URL does not say or says another.
	Stash string
	// Passphrase, if set, asks for the passphrase of a stash file that has one.
	Passphrase seal.Passphrase
	// Keystore is for the stores that are a keystore file or folder.
	Keystore keyfile.Options
	// Token is for the stores that are a PKCS #11 token.
	Token token.Options
}

// Opened is an open store.
type Opened struct {
	ring.Store
	Name    string            // the URL without the scheme of the default, for messages
	Files   map[string]string // what no command may overwrite: what each is, by path
	Stash   string            // the file that opens its private keys; empty when there is none
	Created bool              // it was not there before
	Missing bool              // it is not there yet: the first change makes it
	Format  string            // of a store of one ring: JKS, JCEKS, PKCS12, PEM or PKCS11; empty for a database

	Database *sqldb.DB // the database; nil for a store of one ring

	// Hardware makes the keys of a store that is a token; nil for other stores.
	Hardware ring.Hardware
}

// The URL schemes of DESIGN.md section 3. A plain path means sqlite, unless a keystore lies there.
const (
	sqlite = "sqlite"
	pem    = "pem"
	pkcs11 = "pkcs11"
)

// postgres are the two spellings of libpq.
var postgres = []string{"postgres", "postgresql"}

// keystores gives the format of a new keystore file by its scheme.
var keystores = map[string]string{"jks": keystore.JKS, "jceks": keystore.JCEKS, "pkcs12": keystore.PKCS12}

// isScheme reports whether a word is the scheme of a store.
func isScheme(s string) bool {
	return s == sqlite || s == pem || s == pkcs11 || keystores[s] != "" || slices.Contains(postgres, s)
}

// foreignScheme matches what looks like a URL of a kind that signet does not know. One letter
// before a colon is a drive.
var foreignScheme = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]+:`) })

// Open opens the store that a URL names.
func Open(ctx context.Context, url string, o Options) (*Opened, error) {
	if scheme, _, ok := strings.Cut(url, "://"); ok && slices.Contains(postgres, scheme) {
		return openPostgres(ctx, url, o)
	}
	scheme, path, err := split(url)
	if err != nil {
		return nil, err
	}
	switch {
	case scheme == pkcs11:
		s, h, err := token.Open(ctx, url, o.Keystore.User, o.Token)
		if err != nil {
			return nil, err
		}
		return &Opened{Store: tokenStore{s, h}, Name: url, Format: s.Format(), Hardware: h}, nil
	case scheme == pem:
		return openKeystore(url, path)(keyfile.OpenFolder(path, o.Keystore))
	case keystores[scheme] != "":
		return openKeystore(url, path)(keyfile.OpenFile(path, keystores[scheme], o.Keystore))
	case keyfile.Looks(path): // a keystore whatever its name
		return openKeystore(url, path)(keyfile.OpenFile(path, "", o.Keystore))
	}
	if kind := namedLike(path); path == url && kind != "" && !keyfile.There(path) {
		return nil, fmt.Errorf("store %q: not found, and a new one of that name would be a database: %w; a keystore is %s:%s, a database sqlite:%s", url, ring.ErrNotFound, kind, path, path)
	}
	db, err := sqldb.Open(ctx, path, o.database())
	if err != nil {
		return nil, err
	}
	return &Opened{Store: db, Name: path, Files: db.Files(), Stash: db.Stash(), Created: db.Created(), Database: db}, nil
}

// database gives the options of a database.
func (o Options) database() sqldb.Options {
	return sqldb.Options{Create: o.Create, Migrating: o.Migrating, Stash: o.Stash, Passphrase: o.Passphrase}
}

// Target gives the database that a URL names, whether it is there or not. What is a store of one
// ring is refused.
func Target(url string) (sqldb.Target, error) {
	if scheme, _, ok := strings.Cut(url, "://"); ok && slices.Contains(postgres, scheme) {
		return sqldb.Target{Postgres: true, Path: url}, nil
	}
	scheme, path, err := split(url)
	if err != nil {
		return sqldb.Target{}, err
	}
	if scheme != sqlite || keyfile.Looks(path) {
		return sqldb.Target{}, fmt.Errorf("store %q: it is not a database; the verbs of db are for SQLite and PostgreSQL: %w", url, ring.ErrUnsupported)
	}
	return sqldb.Target{Path: path}, nil
}

// namedLike gives the scheme of the keystores that are called so; empty if none are.
func namedLike(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".p12", ".pfx":
		return "pkcs12"
	case ".jks", ".ks", ".keystore", ".truststore":
		return "jks"
	case ".jceks":
		return "jceks"
	}
	return ""
}

// tokenStore closes the token with the store.
type tokenStore struct {
	ring.Store
	hardware *token.Hardware
}

func (s tokenStore) Close() error { return errors.Join(s.Store.Close(), s.hardware.Close()) }

// openPostgres opens a database on a server. Its name does not show the password.
func openPostgres(ctx context.Context, url string, o Options) (*Opened, error) {
	db, err := sqldb.OpenPostgres(ctx, url, o.database())
	if err != nil {
		return nil, err
	}
	return &Opened{Store: db, Name: db.Path(), Files: db.Files(), Stash: db.Stash(), Created: db.Created(), Database: db}, nil
}

// openKeystore gives the end of Open for a keystore.
func openKeystore(url, path string) func(*keyfile.Store, error) (*Opened, error) {
	return func(s *keyfile.Store, err error) (*Opened, error) {
		if err != nil {
			return nil, err
		}
		return &Opened{Store: s, Name: url, Files: map[string]string{path: "the keystore"}, Missing: s.Missing(), Format: s.Format()}, nil
	}
}

// IsKeystore reports whether a URL names a keystore file.
func IsKeystore(url string) bool {
	scheme, path, err := split(url)
	return err == nil && (keystores[scheme] != "" || scheme == sqlite && keyfile.Looks(path))
}

// split takes a URL apart and refuses what is none of a store's.
func split(url string) (scheme, path string, err error) {
	scheme, path = sqlite, url
	if s, rest, ok := strings.Cut(url, ":"); ok {
		if isScheme(s) {
			scheme, path = s, rest
		}
	}
	switch {
	case slices.Contains(postgres, scheme): // and no slashes
		return "", "", fmt.Errorf("store URL: write %s://USER@HOST/DATABASE: %w", scheme, ring.ErrInvalid)
	case path != url && strings.HasPrefix(path, "//"):
		return "", "", fmt.Errorf("store %q: write %s:PATH, without slashes before the path: %w", url, scheme, ring.ErrInvalid)
	case path == url && foreignScheme().MatchString(url):
		return "", "", fmt.Errorf("store %q: there is no such kind of store; a file of that name is ./%s: %w", url, url, ring.ErrInvalid)
	case path == "":
		return "", "", fmt.Errorf("store %q: the path is missing: %w", url, ring.ErrInvalid)
	}
	return scheme, path, nil
}

// IsURL reports whether a text names a store by a scheme, as opposed to a path or a ring.
func IsURL(s string) bool {
	scheme, _, ok := strings.Cut(s, ":")
	return ok && isScheme(scheme)
}
