package main

import (
	"bytes"
	"context"
	"fmt"
	"unicode"

	"github.com/spf13/pflag"

	"signet/backend"
	"signet/backend/keyfile"
	"signet/export/pkcs12"
	"signet/ring"
	"signet/serve"
)

// passwordFlags say where the password of a keystore comes from, if it is not asked for.
type passwordFlags struct {
	file, env string
	value     string // settled without a flag; empty if it is not
}

// register adds them under names with a prefix.
func (p *passwordFlags) register(f *pflag.FlagSet, prefix, of string) {
	p.registerAs(f, prefix+"password", "file with the password of "+of+", - for standard input", "name of the environment variable with the password of "+of)
}

// registerAs adds them under a name, with what they are.
func (p *passwordFlags) registerAs(f *pflag.FlagSet, name, file, env string) {
	f.StringVar(&p.file, name+"-file", p.file, file)
	f.StringVar(&p.env, name+"-env", p.env, env)
}

// read gives the password from where the flags say; nil when they say nothing.
func (p passwordFlags) read(a *app) ([]byte, error) {
	switch {
	case p.file != "" && p.env != "":
		return nil, usagef("the password comes from file %q or from the variable %s, not from both", p.file, p.env)
	case p.file != "":
		return a.password(p.file)
	case p.env != "":
		value := a.getenv(p.env)
		if value == "" {
			return nil, usagef("variable %s: it is not set, or empty; it is to hold the password", p.env)
		}
		return []byte(value), nil
	case p.value != "":
		return []byte(p.value), nil
	}
	return nil, nil
}

// keystoreFlags say how keystores are read and written.
type keystoreFlags struct {
	password passwordFlags
	key      passwordFlags // of private keys that have a password of their own
	profile  string        // of PKCS #12
	reader   string        // who is to read it
	backup   bool

	prefix string // of the flags of the password, for messages

	known *[]byte // the password, found out otherwise; nil when it is not
}

// registerGlobal adds the flags of the keystore that --db names. Those with --db- in front are for
// the verbs whose own --password-file is that of a package.
func (k *keystoreFlags) registerGlobal(f *pflag.FlagSet) {
	k.password.register(f, "db-", "the keystore that --db names")
	k.password.register(f, "", "the keystore that --db names")
	k.registerWriting(f)
}

// registerWriting adds the flags for how a keystore is written.
func (k *keystoreFlags) registerWriting(f *pflag.FlagSet) {
	k.key.register(f, "key-", "private keys that have another than the keystore")
	f.StringVar(&k.profile, "profile", k.profile, "what protects a PKCS #12 file that is written: modern, pbmac1, legacy, rc2 or passwordless")
	f.StringVar(&k.reader, "for", k.reader, "write PKCS #12 for this reader: java8, java17, java26, openssl1, openssl3, macos, windows2016 or zos")
	f.BoolVar(&k.backup, "backup", k.backup, "keep a keystore as it was as FILE.bak before it is changed")
}

// writtenProfile settles what PKCS #12 is protected with; the zero Profile when the flags do not say.
func (k keystoreFlags) writtenProfile() (p pkcs12.Profile, err error) {
	switch {
	case k.profile != "" && k.reader != "":
		return p, usagef("--profile and --for exclude each other; say one of them")
	case k.profile != "":
		if p, err = pkcs12.ProfileNamed(k.profile); err != nil {
			return p, usagef("--profile: %v", err)
		}
	case k.reader != "":
		if p, err = pkcs12.ProfileFor(k.reader); err != nil {
			return p, usagef("--for: %v", err)
		}
	}
	return p, nil
}

// openStore opens a store for a user and tells what there is to tell about it. stash is the stash
// file of a database, where it is not the one that the URL says.
func (a *app) openStore(ctx context.Context, url string, issuer ring.Owner, stash string, k keystoreFlags, create bool) (*backend.Opened, error) {
	if serve.IsURL(url) {
		return a.openServer(ctx, url)
	}
	o := backend.Options{Create: create, Migrating: a.migrating(url), Stash: stash, Passphrase: a.stashPassphrase(), Keystore: keyfile.Options{User: issuer, Backup: k.backup}, Token: a.tokenOptions()}
	var err error
	foreign := false // the password
	if o.Keystore.Profile, err = k.writtenProfile(); err != nil {
		return nil, err
	}
	if o.Keystore.KeyPassword, err = k.key.read(a); err != nil {
		return nil, err
	}
	switch {
	case k.known != nil:
		o.Keystore.Known = bytes.Clone(*k.known)
	case backend.IsKeystore(url):
		if o.Keystore.Known, err = k.password.read(a); err != nil {
			return nil, err
		}
		foreign = bytes.ContainsFunc(o.Keystore.Known, func(r rune) bool { return r > unicode.MaxASCII })
	}
	o.Keystore.Password = func(isNew bool) (p []byte, err error) {
		instead := "--" + k.prefix + "password-file FILE"
		switch {
		case k.known != nil:
			return nil, nil // it can be read without one
		case isNew:
			p, err = a.askNew(fmt.Sprintf("New password for keystore %s: ", url), instead)
		default:
			p, err = a.askFor(fmt.Sprintf("Password of keystore %s: ", url), instead)
		}
		if err != nil {
			return nil, fmt.Errorf("keystore %s: %w", url, err)
		}
		return p, nil
	}
	store, err := backend.Open(ctx, url, o)
	if err != nil {
		return nil, err
	}
	for path, what := range store.Files {
		a.files.protect(path, what)
	}
	if foreign && store.Format == ring.FormatPKCS12 {
		a.say("the password has characters outside ASCII, which Java up to 17 does not take for PKCS #12")
	}
	switch {
	case store.Created:
		a.say("created database %s; its private keys open with %s: back up both, and keep that one secret", store.Name, store.Stash)
	case store.Missing && create:
		a.say("keystore %s is not there yet; the first change makes it", store.Name)
	}
	return store, nil
}
