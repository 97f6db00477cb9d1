package keyfile

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"signet/backend/onering"
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
	secrets secrets
	fresh   bool // it was not there when it was opened

	mu     sync.Mutex
	kept   bool   // the backup is made
	opened []byte // what was read to open it, for the first transaction
}

// fileState is a file as it was read.
type fileState struct {
	data    []byte // nil when it was not there
	profile string // what protects a PKCS #12 file
}

func openFile(path, format string, o Options) (*file, error) {
	f := &file{where: path, kind: format, options: o, secrets: secrets{ask: o.Password, asked: o.Known != nil, password: bytes.Clone(o.Known)}}
	data, err := f.bytes()
	if err != nil || data == nil {
		f.fresh = true
		return f, err
	}
	if f.kind = formatOf(data); f.kind == "" {
		return nil, f.unknown(data)
	}
	f.opened = data
	return f, f.unlock(data)
}

// formatOf gives the format of a file by its content; empty if it is none.
func formatOf(data []byte) string {
	switch {
	case jks.Looks(data) && data[0] == 0xce:
		return keystore.JCEKS
	case jks.Looks(data):
		return keystore.JKS
	case pkcs12.Looks(data):
		return keystore.PKCS12
	}
	return ""
}

func (f *file) unknown(data []byte) error {
	if len(data) == 0 {
		return fmt.Errorf("%s: it is empty: %w; delete it, and the first change makes it", f.Name(), ring.ErrInvalid)
	}
	return fmt.Errorf("%s: neither JKS, JCEKS nor PKCS #12, or cut: %w; a folder of PEM files is pem:FOLDER", f.Name(), ring.ErrInvalid)
}

// unlock finds the password of a file that is there: none at first, if it may have none.
func (f *file) unlock(data []byte) error {
	if f.kind == keystore.PKCS12 && !f.secrets.known() {
		if _, err := f.parse(data); !errors.Is(f.Classify(err), ErrPassword) {
			return nil // readable, or not for lack of a password: the transaction says which
		}
	}
	return f.secrets.need(false)
}

func (f *file) Name() string     { return fmt.Sprintf("keystore %q", f.where) }
func (f *file) RingName() string { return ringName(f.where) }
func (f *file) Format() string   { return f.kind }
func (f *file) Folds() bool      { return true }
func (f *file) Defaults() bool   { return f.kind == keystore.PKCS12 }
func (f *file) Forget()          { f.secrets.forget() }

func (f *file) KeepsChains() bool                { return true }
func (f *file) CheckKey(key crypto.Signer) error { return checkKey(key) }

func (f *file) Distrusts() bool { return f.kind == keystore.PKCS12 }

func (f *file) Missing() bool {
	_, err := os.Stat(f.where)
	return errors.Is(err, fs.ErrNotExist)
}

func (f *file) TrustRule() string {
	if f.kind == keystore.PKCS12 {
		return "a certificate of CERTAUTH is TRUST or NOTRUST in it, and one with a private key always TRUST"
	}
	return "everything in a " + f.kind + " file is trusted"
}

// alias gives a label as it is written. Java looks for the folded alias, and finds it in a JKS
// file only if it is folded there.
func (f *file) Alias(label string) (string, error) {
	if f.kind == keystore.PKCS12 {
		return label, nil
	}
	return keystore.Fold(label), nil
}

// classify turns the password errors of the formats into this package's.
func (f *file) Classify(err error) error {
	if errors.Is(err, jks.ErrPassword) || errors.Is(err, pkcs12.ErrPassword) {
		return fmt.Errorf("%w: %w", ErrPassword, err)
	}
	return err
}

// lock keeps other writers out of the folder that the file lies in, whatever links lead to it.
func (f *file) Lock(ctx context.Context, wait time.Duration) (func(), error) {
	where, err := filepath.EvalSymlinks(f.where)
	if err != nil {
		where = f.where
	}
	unlock, err := lockFolder(ctx, wait, f.Name(), filepath.Dir(where))
	if err == nil {
		sweepTemps(filepath.Dir(where))
	}
	return unlock, err
}

// tempAge is how old a temporary file must be before it counts as left by a process that was
// killed: what other commands write beside the keystore has the same names.
const tempAge = time.Hour

// sweepTemps removes what killed processes left: each may be a whole keystore.
func sweepTemps(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !e.Type().IsRegular() || !atomicfile.IsTemp(e.Name()) {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > tempAge {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// ready asks for the password of a file that is to be made, or that has none and is to get one.
func (f *file) Ready() error {
	profile := f.options.Profile.Name
	switch {
	case f.kind == keystore.PKCS12 && profile == pkcs12.Passwordless.Name:
		return nil
	case f.fresh || f.Missing() || f.kind == keystore.PKCS12 && profile != "":
		return f.secrets.need(true)
	}
	return nil
}

// bytes reads the file; nil when it is not there.
func (f *file) bytes() ([]byte, error) {
	switch info, err := os.Stat(f.where); { // before it is opened: opening a pipe waits for a writer
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fileError(f.Name(), err)
	case info.IsDir():
		return nil, fmt.Errorf("%s: it is a folder: %w; a folder of PEM files is pem:%s", f.Name(), ring.ErrInvalid, f.where)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file: %w", f.Name(), ring.ErrInvalid)
	case info.Size() > maxFile:
		return nil, f.tooLarge()
	}
	in, err := os.Open(f.where)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fileError(f.Name(), err)
	}
	defer in.Close()
	var data bytes.Buffer
	if info, err := in.Stat(); err == nil { // so that it need not grow
		data.Grow(int(min(info.Size(), maxFile)) + bytes.MinRead)
	}
	switch n, err := data.ReadFrom(io.LimitReader(in, maxFile+1)); {
	case err != nil:
		return nil, fileError(f.Name(), err)
	case n > maxFile:
		return nil, f.tooLarge()
	}
	return data.Bytes(), nil
}

// holds reports whether the file is what data says; nil is that it is not there. Nothing of it is
// kept.
func (f *file) holds(data []byte) (bool, error) {
	if info, err := os.Stat(f.where); err == nil && !info.Mode().IsRegular() {
		return false, nil // opening a pipe waits for a writer
	}
	in, err := os.Open(f.where)
	if errors.Is(err, fs.ErrNotExist) {
		return data == nil, nil
	}
	if err != nil {
		return false, fileError(f.Name(), err)
	}
	defer in.Close()
	if data == nil {
		return false, nil
	}
	chunk := make([]byte, 64<<10)
	for {
		n, err := in.Read(chunk)
		if !bytes.HasPrefix(data, chunk[:n]) {
			return false, nil
		}
		data = data[n:]
		switch {
		case errors.Is(err, io.EOF):
			return len(data) == 0, nil
		case err != nil:
			return false, fileError(f.Name(), err)
		}
	}
}

// read gives what the file holds now, once without reading it anew if it is what was opened.
func (f *file) read() ([]byte, error) {
	f.mu.Lock()
	data := f.opened
	f.opened = nil
	f.mu.Unlock()
	if data != nil {
		if same, err := f.holds(data); same && err == nil {
			return data, nil
		}
	}
	return f.bytes()
}

func (f *file) tooLarge() error {
	return fmt.Errorf("%s: larger than %d MB, which no keystore is: %w; is it the right file?", f.Name(), maxFile>>20, ring.ErrInvalid)
}

func (f *file) parse(data []byte) (*keystore.Keystore, error) {
	password, next := f.secrets.both()
	if f.kind != keystore.PKCS12 {
		if password == nil { // without one nobody checks that the file is whole
			password = next
		}
		return jks.Read(data, password)
	}
	ks, err := pkcs12.Read(data, password)
	if err != nil && next != nil && errors.Is(f.Classify(err), ErrPassword) {
		return pkcs12.Read(data, next) // another process has just made it
	}
	return ks, err
}

func (f *file) Load(context.Context) (onering.Content, error) {
	data, err := f.read()
	if err != nil || data == nil {
		return onering.Content{State: fileState{}}, err
	}
	switch is := formatOf(data); {
	case is == "":
		return onering.Content{}, f.unknown(data)
	case is != f.kind:
		return onering.Content{}, fmt.Errorf("%s: another program has made a %s file of it: %w; run the command again", f.Name(), is, ring.ErrRefused)
	}
	ks, err := f.parse(data)
	if errors.Is(f.Classify(err), ErrPassword) {
		return onering.Content{}, fmt.Errorf("%s: %w: %w; give the right one, or bring back a good copy", f.Name(), err, ring.ErrInvalid)
	}
	if err != nil {
		return onering.Content{}, fmt.Errorf("%s: %w: %w; bring back a good copy", f.Name(), err, ring.ErrInvalid)
	}
	return onering.Content{Entries: ks.Entries, State: fileState{data, ks.Profile}}, nil
}

// save writes the file anew, unless it is no longer what was read.
func (f *file) Save(_ context.Context, old onering.Content, es []keystore.Entry) error {
	was := old.State.(fileState)
	password := f.secrets.writing()
	data, err := f.encode(es, was.profile, &password)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", f.Name(), err, ring.ErrUnsupported)
	}
	same, err := f.holds(was.data)
	if err != nil {
		return err
	}
	if !same {
		return errChanged(f.Name())
	}
	if was.data == nil {
		err = atomicfile.Create(f.where, data, 0o600)
	} else if err = f.backup(was.data); err == nil {
		err = atomicfile.Replace(f.where, data)
	}
	if errors.Is(err, syscall.EACCES) {
		return fmt.Errorf("%s: permission denied in folder %q, where the new file is made before it takes the place of the old one: %w", f.Name(), filepath.Dir(f.where), ring.ErrRefused)
	}
	if err != nil {
		return fileError(f.Name(), err)
	}
	f.secrets.wrote(password)
	return nil
}

// errChanged is the error of a keystore that is no longer what was read.
func errChanged(name string) error {
	return fmt.Errorf("%s: another program has changed it since it was read; nothing was written: %w; run the command again", name, ring.ErrRefused)
}

// encode gives the file. The password is taken away where the profile has none.
func (f *file) encode(es []keystore.Entry, profile string, password *[]byte) ([]byte, error) {
	ks := &keystore.Keystore{Format: f.kind, Entries: es}
	if f.kind != keystore.PKCS12 {
		return jks.Write(ks, *password, f.options.KeyPassword)
	}
	p := f.options.Profile
	if p.Name == "" {
		p = pkcs12.Modern
		if had, err := pkcs12.ProfileNamed(profile); err == nil {
			p = had
		}
	}
	if p.Name == pkcs12.Passwordless.Name {
		*password = nil
	}
	return pkcs12.Write(ks, *password, p)
}

// backup keeps the file as it was before the first change of this run.
func (f *file) backup(data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.options.Backup || f.kept {
		return nil
	}
	err := atomicfile.Write(f.where+backupSuffix, data, 0o600)
	f.kept = err == nil
	return err
}

// backupSuffix ends the name of a backup.
const backupSuffix = ".bak"

// fileError names the keystore in a failure of the file system, once.
func fileError(name string, err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		err = p.Err
	case errors.As(err, &l):
		err = l.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: its folder is not there: %w; make the folder first", name, ring.ErrNotFound)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w: %w", name, err, ring.ErrRefused)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// There reports whether there is anything under a path.
func There(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Looks reports whether a file is there and is a keystore by its content. Most files tell by their
// first bytes that they are none, and are not read: a database can be large.
func Looks(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	in, err := os.Open(path)
	if err != nil {
		return false
	}
	head := make([]byte, 16)
	n, _ := io.ReadFull(in, head)
	in.Close()
	if jks.Looks(head[:n]) {
		return true
	}
	if n == 0 || head[0] != 0x30 { // X.690 section 8.9: a SEQUENCE
		return false
	}
	data, err := (&file{where: path}).bytes()
	return err == nil && pkcs12.Looks(data)
}
