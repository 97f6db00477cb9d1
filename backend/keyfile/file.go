package keyfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"signet/export/jks"
	"signet/export/keystore"
	"signet/export/pkcs12"
	"signet/internal/atomicfile"
	"signet/ring"
)

// maxFile caps a keystore file, in bytes: room for tens of thousands of entries.
const maxFile = 64 << 20

// file is a keystore file.
type file struct {
	where   string
	kind    string // its format, or that of a new one
	options Options

	password []byte
	asked    bool   // for the password
	profile  string // what a PKCS #12 file had when it was read last
	exists   bool
	kept     bool // the backup is made
}

func openFile(path, format string, o Options) (*file, error) {
	f := &file{where: path, kind: format, options: o, password: o.Known, asked: o.Known != nil}
	data, err := f.bytes()
	if err != nil {
		return nil, err
	}
	if !f.exists {
		return f, nil
	}
	switch {
	case jks.Looks(data):
		f.kind = keystore.JKS // or JCEKS, which reading tells
	case pkcs12.Looks(data):
		f.kind = keystore.PKCS12
	default:
		return nil, fmt.Errorf("%s: neither JKS, JCEKS nor PKCS #12, or cut: %w; a folder of PEM files is pem:FOLDER", f.name(), ring.ErrInvalid)
	}
	return f, f.unlock(data)
}

// unlock finds the password of a file that is there: none at first, if it may have none.
func (f *file) unlock(data []byte) error {
	if f.kind == keystore.PKCS12 && !f.asked {
		if _, err := f.parse(data); !errors.Is(f.classify(err), ErrPassword) {
			return nil // readable, or not for lack of a password: the transaction says which
		}
	}
	return f.ask(false)
}

func (f *file) ask(isNew bool) (err error) {
	if f.asked || f.options.Password == nil {
		return nil
	}
	f.asked = true
	f.password, err = f.options.Password(isNew)
	return err
}

func (f *file) name() string   { return fmt.Sprintf("keystore %q", f.where) }
func (f *file) path() string   { return f.where }
func (f *file) format() string { return f.kind }
func (f *file) missing() bool  { return !f.exists }
func (f *file) folds() bool    { return true }
func (f *file) defaults() bool { return f.kind == keystore.PKCS12 }

func (f *file) distrusts() bool { return f.kind == keystore.PKCS12 }

func (f *file) trustRule() string {
	if f.kind == keystore.PKCS12 {
		return "a certificate of CERTAUTH is TRUST or NOTRUST in it, and one with a private key always TRUST"
	}
	return "everything in a " + f.kind + " file is trusted"
}

// alias gives a label as it is written. Java looks for the folded alias, and finds it in a JKS
// file only if it is folded there.
func (f *file) alias(label string) (string, error) {
	if f.kind == keystore.PKCS12 {
		return label, nil
	}
	return keystore.Fold(label), nil
}

// classify turns the password errors of the formats into this package's.
func (f *file) classify(err error) error {
	if errors.Is(err, jks.ErrPassword) || errors.Is(err, pkcs12.ErrPassword) {
		return fmt.Errorf("%w: %w", ErrPassword, err)
	}
	return err
}

func (f *file) lock(ctx context.Context) (func(), error) {
	return lockFolder(ctx, f.name(), filepath.Dir(f.where))
}

// ready asks for the password of a file that is to be made.
func (f *file) ready() error {
	if f.exists || f.kind == keystore.PKCS12 && f.options.Profile.Name == pkcs12.Passwordless.Name {
		return nil
	}
	return f.ask(true)
}

// bytes reads the file; nil when it is not there.
func (f *file) bytes() ([]byte, error) {
	in, err := os.Open(f.where)
	if errors.Is(err, fs.ErrNotExist) {
		f.exists = false
		return nil, nil
	}
	if err != nil {
		return nil, fileError(f.name(), err)
	}
	defer in.Close()
	switch info, err := in.Stat(); {
	case err != nil:
		return nil, fileError(f.name(), err)
	case info.IsDir():
		return nil, fmt.Errorf("%s: it is a folder: %w; a folder of PEM files is pem:%s", f.name(), ring.ErrInvalid, f.where)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file: %w", f.name(), ring.ErrInvalid)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s: larger than %d bytes: %w", f.name(), maxFile, ring.ErrInvalid)
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, fileError(f.name(), err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes: %w", f.name(), maxFile, ring.ErrInvalid)
	}
	f.exists = true
	return data, nil
}

func (f *file) parse(data []byte) (*keystore.Keystore, error) {
	if f.kind == keystore.PKCS12 {
		return pkcs12.Read(data, f.password)
	}
	return jks.Read(data, f.password)
}

func (f *file) load() (content, error) {
	data, err := f.bytes()
	if err != nil || data == nil {
		return content{}, err
	}
	ks, err := f.parse(data)
	if err != nil {
		return content{}, fmt.Errorf("%s: %w: %w", f.name(), err, ring.ErrInvalid)
	}
	f.kind, f.profile = ks.Format, ks.Profile
	return content{ks.Entries, data}, nil
}

// save writes the file anew, unless it is no longer what was read.
func (f *file) save(old content, es []keystore.Entry) error {
	data, err := f.encode(es)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", f.name(), err, ring.ErrUnsupported)
	}
	before, _ := old.state.([]byte)
	now, err := f.bytes()
	if err != nil {
		return err
	}
	if !bytes.Equal(before, now) {
		return fmt.Errorf("%s: another program has changed it since it was read; nothing was written: %w; run the command again", f.name(), ring.ErrRefused)
	}
	if now == nil {
		err = atomicfile.Create(f.where, data, 0o600)
	} else if err = f.backup(now); err == nil {
		err = atomicfile.Replace(f.where, data)
	}
	if err != nil {
		return fileError(f.name(), err)
	}
	f.exists = true
	return nil
}

func (f *file) encode(es []keystore.Entry) ([]byte, error) {
	ks := &keystore.Keystore{Format: f.kind, Entries: es}
	if f.kind != keystore.PKCS12 {
		return jks.Write(ks, f.password, f.options.KeyPassword)
	}
	p := f.options.Profile
	if p.Name == "" {
		p = pkcs12.Modern
		if had, err := pkcs12.ProfileNamed(f.profile); err == nil {
			p = had
		}
	}
	return pkcs12.Write(ks, f.password, p)
}

// backup keeps the file as it was before the first change of this run.
func (f *file) backup(data []byte) error {
	if !f.options.Backup || f.kept {
		return nil
	}
	f.kept = true
	return atomicfile.Write(f.where+".bak", data, 0o600)
}

// fileError names the keystore in a failure of the file system, once.
func fileError(name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: its folder is not there: %w", name, ring.ErrNotFound)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: permission denied: %w", name, ring.ErrRefused)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// Looks reports whether a file is there and is a keystore by its content.
func Looks(path string) bool {
	f := &file{where: path}
	data, err := f.bytes()
	return err == nil && (jks.Looks(data) || pkcs12.Looks(data))
}
