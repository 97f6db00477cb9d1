package keyfile

import (
	"cmp"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"signet/backend/onering"
	"signet/ring"
)

// The names of PEM files: LABEL.crt holds a certificate with its chain, LABEL.key its private
// key. Other programs write .pem and .cer, too, which may hold both.
const (
	certificateFile = ".crt"
	keyFile         = ".key"
)

// certificateFiles are in the order in which they have a right to a label.
var certificateFiles = []string{certificateFile, ".pem", ".cer"}

// Limits of what is read of a folder, so that a wrong one does not fill the memory.
const (
	maxPEM   = 10 << 20 // one file, in bytes
	maxFiles = 100_000  //
	maxTries = 100      // readings of a folder that keeps changing
)

// folder is a folder of PEM files.
type folder struct {
	dir    string
	backed bool // a backup is wanted

	mu   sync.Mutex
	kept bool // the backup is made

	// step is called before each step that changes the disk, and stops there when it fails: so a
	// test sees what a crash leaves. nil outside tests.
	step func(what string) error
}

func openFolder(dir string, o Options) (*folder, error) {
	f := &folder{dir: dir, backed: o.Backup}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fileError(f.Name(), err)
	case !info.IsDir():
		return nil, f.notFolder()
	}
	return f, nil
}

func (f *folder) notFolder() error {
	return fmt.Errorf("%s: it is a file: %w; a keystore file is jks:%s or pkcs12:%s", f.Name(), ring.ErrInvalid, f.dir, f.dir)
}

func (f *folder) Name() string                     { return fmt.Sprintf("PEM folder %q", f.dir) }
func (f *folder) RingName() string                 { return ringName(f.dir) }
func (f *folder) Format() string                   { return ring.FormatPEM }
func (f *folder) Ready() error                     { return nil }
func (f *folder) Forget()                          {}
func (f *folder) Folds() bool                      { return false }
func (f *folder) Defaults() bool                   { return false }
func (f *folder) Distrusts() bool                  { return false }
func (f *folder) TrustRule() string                { return "every certificate in a PEM folder is trusted" }
func (f *folder) Classify(err error) error         { return err }
func (f *folder) KeepsChains() bool                { return true }
func (f *folder) CheckKey(key crypto.Signer) error { return checkKey(key) }

func (f *folder) Missing() bool {
	_, err := os.Stat(f.dir)
	return errors.Is(err, fs.ErrNotExist)
}

// lock keeps other writers out of the folder, which it makes for that if need be. A folder in
// which nothing was written goes again.
func (f *folder) Lock(ctx context.Context, wait time.Duration) (func(), error) {
	for {
		err := os.Mkdir(f.dir, 0o700)
		made := err == nil
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fileError(f.Name(), err)
		}
		unlock, err := lockFolder(ctx, wait, f.Name(), f.dir)
		if err != nil {
			return nil, err
		}
		if f.Missing() { // its maker took it away before the lock was given up
			unlock()
			continue
		}
		return func() {
			if made {
				os.Remove(f.dir) // fails when something is in it
			}
			unlock()
		}, nil
	}
}

// alias gives a label that can be the name of a file.
func (f *folder) Alias(label string) (string, error) {
	why := ""
	switch {
	case strings.ContainsAny(label, "/\\\x00"):
		why = "it holds a slash"
	case strings.HasPrefix(label, "."):
		why = "it begins with a period"
	case !utf8.ValidString(label):
		why = "it is not valid UTF-8"
	case len(label) > 200:
		why = "it is too long"
	}
	if why != "" {
		return "", fmt.Errorf("it cannot be the name of a file: %s: %w; choose another label", why, ring.ErrUnsupported)
	}
	return label, nil
}

// pemFile is a file of the folder as it was read.
type pemFile struct {
	data    []byte
	info    os.FileInfo
	managed bool // it lies in the current generation
}

// folderState is what a folder held when it was read.
type folderState map[string]*pemFile

// sum tells whether two states are the same.
func (s folderState) sum() [sha256.Size]byte {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(h, "%q %d\n", name, len(s[name].data))
		h.Write(s[name].data)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// split takes the name of a file apart; ok says that it is that of a certificate file.
func split(name string) (label, ext string, ok bool) {
	ext = filepath.Ext(name)
	return strings.TrimSuffix(name, ext), ext, slices.Contains(certificateFiles, ext)
}

func (f *folder) Load(context.Context) (onering.Content, error) {
	state, err := f.snapshot()
	if err != nil {
		return onering.Content{}, err
	}
	names := slices.SortedFunc(maps.Keys(state), func(a, b string) int {
		labelA, extA, _ := split(a)
		labelB, extB, _ := split(b)
		return cmp.Or(cmp.Compare(labelA, labelB), cmp.Compare(slices.Index(certificateFiles, extA), slices.Index(certificateFiles, extB)))
	})
	c := onering.Content{State: state}
	taken := map[string]bool{}
	for _, name := range names {
		label, _, ok := split(name)
		if !ok {
			continue
		}
		key := state[label+keyFile]
		if taken[label] { // by a file with another ending, which the key belongs to as well
			label, key = name, nil
		}
		es, err := readFile(label, name, state[name], key)
		if err != nil {
			return onering.Content{}, fmt.Errorf("%s: file %q: %w: %w; mend it, or move it out of the folder", f.Name(), name, err, ring.ErrInvalid)
		}
		taken[label] = taken[label] || len(es) > 0
		c.Entries = append(c.Entries, es...)
	}
	return c, nil
}

// snapshot reads the files of the folder at one moment: it reads again when the generation has
// changed while it was at it.
func (f *folder) snapshot() (folderState, error) {
	for range maxTries {
		before := f.generation()
		state, err := f.files()
		if f.generation() != before || errors.Is(err, errVanished) {
			continue
		}
		return state, err
	}
	return nil, fmt.Errorf("%s: it changes all the time: %w; run the command again", f.Name(), ring.ErrRefused)
}

var errVanished = errors.New("a file vanished while the folder was read")

// files reads the files of certificates and private keys. What is not a regular file is none.
func (f *folder) files() (folderState, error) {
	state := folderState{}
	entries, err := os.ReadDir(f.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return state, nil
	case err != nil:
		if info, statErr := os.Stat(f.dir); statErr == nil && !info.IsDir() {
			return nil, f.notFolder()
		}
		return nil, fileError(f.Name(), err)
	case len(entries) > maxFiles:
		return nil, fmt.Errorf("%s: more than %d files: %w; is it the right folder?", f.Name(), maxFiles, ring.ErrInvalid)
	}
	for _, e := range entries {
		name := e.Name()
		if _, ext, ok := split(name); strings.HasPrefix(name, ".") || !ok && ext != keyFile {
			continue
		}
		file, err := f.file(e)
		if err != nil {
			return nil, err
		}
		if file != nil {
			state[name] = file
		}
	}
	return state, nil
}

// file reads one file; nil when it is none.
func (f *folder) file(e fs.DirEntry) (*pemFile, error) {
	path, isLink := filepath.Join(f.dir, e.Name()), e.Type() == fs.ModeSymlink
	name := fmt.Sprintf("%s: file %q", f.Name(), e.Name())
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && isLink:
		return nil, nil // it leads to a file that was deleted
	case errors.Is(err, fs.ErrNotExist):
		return nil, errVanished
	case err != nil:
		return nil, fileError(name, err)
	case !info.Mode().IsRegular():
		return nil, nil
	case info.Size() > maxPEM:
		return nil, fmt.Errorf("%s: larger than %d MB: %w; move it out of the folder", name, maxPEM>>20, ring.ErrInvalid)
	}
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errVanished
	case err != nil:
		return nil, fileError(name, err)
	}
	managed := false
	if isLink {
		link, _ := os.Readlink(path)
		managed = link == linkTo(e.Name())
	}
	return &pemFile{data, info, managed}, nil
}
