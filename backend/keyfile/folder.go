package keyfile

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"signet/cert"
	"signet/export/keystore"
	"signet/export/pem"
	"signet/ring"
)

// The names of PEM files: LABEL.crt holds a certificate with its chain, LABEL.key its private
// key. Other programs write .pem and .cer, too, which may hold both.
const (
	certificateFile = ".crt"
	keyFile         = ".key"
)

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
	exists bool
}

func openFolder(dir string) (*folder, error) {
	f := &folder{dir: dir}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fileError(f.name(), err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s: it is a file: %w; a keystore file is jks:%s or pkcs12:%s", f.name(), ring.ErrInvalid, dir, dir)
	default:
		f.exists = true
	}
	return f, nil
}

func (f *folder) name() string             { return fmt.Sprintf("PEM folder %q", f.dir) }
func (f *folder) path() string             { return f.dir }
func (f *folder) format() string           { return ring.FormatPEM }
func (f *folder) missing() bool            { return !f.exists }
func (f *folder) ready() error             { return nil }
func (f *folder) folds() bool              { return false }
func (f *folder) defaults() bool           { return false }
func (f *folder) distrusts() bool          { return false }
func (f *folder) trustRule() string        { return "every certificate in a PEM folder is trusted" }
func (f *folder) classify(err error) error { return err }

func (f *folder) lock(ctx context.Context) (func(), error) {
	dir := f.dir
	if !f.exists {
		dir = filepath.Dir(dir)
	}
	return lockFolder(ctx, f.name(), dir)
}

// alias gives a label that can be the name of a file.
func (f *folder) alias(label string) (string, error) {
	why := ""
	switch {
	case strings.ContainsAny(label, "/\\\x00"):
		why = "it holds a slash"
	case strings.HasPrefix(label, "."):
		why = "it begins with a period"
	case len(label) > 200 || !utf8.ValidString(label):
		why = "it is too long"
	}
	if why != "" {
		return "", fmt.Errorf("it cannot be the name of a file: %s: %w", why, ring.ErrUnsupported)
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
	for _, name := range slices.Sorted(mapKeys(s)) {
		fmt.Fprintf(h, "%q %d\n", name, len(s[name].data))
		h.Write(s[name].data)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func mapKeys(s folderState) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range s {
			if !yield(name) {
				return
			}
		}
	}
}

func (f *folder) load() (content, error) {
	state, err := f.snapshot()
	if err != nil {
		return content{}, err
	}
	c := content{state: state}
	for _, name := range slices.Sorted(mapKeys(state)) {
		ext := filepath.Ext(name)
		if !slices.Contains(certificateFiles, ext) {
			continue
		}
		label := strings.TrimSuffix(name, ext)
		es, err := readFile(label, name, state[name], state[label+keyFile])
		if err != nil {
			return content{}, fmt.Errorf("%s: file %q: %w: %w", f.name(), name, err, ring.ErrInvalid)
		}
		c.entries = append(c.entries, es...)
	}
	return c, nil
}

// place says which file an entry came from.
type place struct {
	file   string // with the certificates
	key    string // with the private key; empty if there is none or it is in the same file
	single bool   // the entry is all there is in them
}

// readFile gives the entries of a certificate file: a private key with its chain, when there is a
// key, else the certificates, each trusted. Where there are several of those the first has the
// label alone.
func readFile(label, name string, file, key *pemFile) ([]keystore.Entry, error) {
	blocks, err := pem.Decode(file.data)
	if err != nil {
		return nil, err
	}
	p := &place{file: name, single: true}
	e := keystore.Entry{Alias: label, Created: file.info.ModTime().Truncate(time.Second), Kept: p}
	for _, b := range blocks {
		switch b.Type {
		case pem.Certificate, pem.X509Certificate:
			e.Chain = append(e.Chain, b.Bytes)
		case pem.PrivateKey, pem.RSAPrivateKey, pem.ECPrivateKey, pem.EncryptedPrivateKey:
			e.Key = pemKey{b}
		}
	}
	if e.Key == nil && key != nil {
		blocks, err := pem.Decode(key.data)
		if err != nil {
			return nil, fmt.Errorf("its private key: %w", err)
		}
		for _, b := range blocks {
			switch b.Type {
			case pem.PrivateKey, pem.RSAPrivateKey, pem.ECPrivateKey, pem.EncryptedPrivateKey:
				e.Key, p.key = pemKey{b}, label+keyFile
			}
		}
	}
	switch {
	case len(e.Chain) == 0:
		return nil, nil // not a certificate: none of ours
	case e.Key != nil:
		return []keystore.Entry{e}, nil
	}
	var all []keystore.Entry
	p.single = len(e.Chain) == 1
	for i, der := range e.Chain {
		one := e
		one.Chain, one.Trusted = [][]byte{der}, true
		if i > 0 {
			one.Alias = fmt.Sprintf("%s (%d)", label, i+1)
		}
		all = append(all, one)
	}
	return all, nil
}

// pemKey is the private key of a PEM file.
type pemKey struct{ block pem.Block }

// Open implements keystore.Key.
func (k pemKey) Open([]byte) (crypto.Signer, error) {
	if k.block.Type == pem.EncryptedPrivateKey {
		return nil, errors.New("it is encrypted, which a PEM folder has no password for; decrypt it with: openssl pkey -in OLD -out NEW")
	}
	return cert.ParsePrivateKey(k.block.Bytes)
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
	return nil, fmt.Errorf("%s: it changes all the time; run the command again", f.name())
}

var errVanished = errors.New("a file vanished while the folder was read")

// files reads what is in the folder: in it, or in the current generation without a link yet.
func (f *folder) files() (folderState, error) {
	state := folderState{}
	entries, err := os.ReadDir(f.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.exists = false
		return state, nil
	case err != nil:
		return nil, fileError(f.name(), err)
	case len(entries) > maxFiles:
		return nil, fmt.Errorf("%s: more than %d files: %w", f.name(), maxFiles, ring.ErrInvalid)
	}
	f.exists = true
	for _, e := range entries {
		name := e.Name()
		if ext := filepath.Ext(name); strings.HasPrefix(name, ".") || ext != keyFile && !slices.Contains(certificateFiles, ext) {
			continue
		}
		path := filepath.Join(f.dir, name)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			if e.Type() == fs.ModeSymlink {
				continue // of a file that was deleted
			}
			return nil, errVanished
		}
		if err != nil {
			return nil, fileError(f.name()+": file "+name, err)
		}
		if !info.Mode().IsRegular() {
			continue
		}
		if info.Size() > maxPEM {
			return nil, fmt.Errorf("%s: file %q: larger than %d bytes: %w", f.name(), name, maxPEM, ring.ErrInvalid)
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errVanished
		}
		if err != nil {
			return nil, fileError(fmt.Sprintf("%s: file %q", f.name(), name), err)
		}
		link, _ := os.Readlink(path)
		state[name] = &pemFile{data, info, link == linkTo(name)}
	}
	return state, nil
}
