package keyfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"signet/cert"
	"signet/export/keystore"
	"signet/export/pem"
	"signet/internal/atomicfile"
	"signet/ring"
)

// A server that loads LABEL.crt and LABEL.key again must never find a new certificate with an old
// key, and two files cannot be replaced at one moment. So what signet has written lies in a
// folder of its own, a generation, and the names in the PEM folder are symbolic links through
// another link, to the current one:
//
//	web.crt -> .signet/current/web.crt
//	.signet/current -> G1
//	.signet/G1/web.crt
//
// Giving that one link another target changes all files at one moment. A file that was there
// before, and that signet has no reason to change, stays as it is.
const (
	generations = ".signet"
	current     = "current"
)

// linkTo is what the link of a name in the PEM folder says.
func linkTo(name string) string { return filepath.Join(generations, current, name) }

// generation gives the name of the current one; empty when there is none.
func (f *folder) generation() string {
	target, err := os.Readlink(filepath.Join(f.dir, generations, current))
	if err != nil {
		return ""
	}
	return target
}

// save makes the folder hold the entries, unless it is no longer what was read.
func (f *folder) save(old content, es []keystore.Entry) error {
	was, _ := old.state.(folderState)
	want, err := f.encode(es)
	if err != nil {
		return err
	}
	now, err := f.snapshot()
	if err != nil {
		return err
	}
	if now.sum() != was.sum() {
		return fmt.Errorf("%s: another program has changed it since it was read; nothing was written: %w; run the command again", f.name(), ring.ErrRefused)
	}
	if !f.exists {
		if err := os.Mkdir(f.dir, 0o700); err != nil {
			return fileError(f.name(), err)
		}
		f.exists = true
	}
	changes := map[string][]byte{} // nil: the file goes
	for _, e := range old.entries {
		p := e.Kept.(*place)
		for _, name := range []string{p.file, p.key} {
			if name != "" && want[name] == nil {
				changes[name] = nil
			}
		}
	}
	for name, data := range want {
		switch file := was[name]; {
		case file == nil:
			changes[name] = data
		case string(file.data) != string(data):
			changes[name] = data
		}
	}
	if err := f.change(was, changes); err != nil {
		return fileError(f.name(), err)
	}
	return nil
}

// encode gives the files that hold the entries.
func (f *folder) encode(es []keystore.Entry) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, e := range es {
		p, ok := e.Kept.(*place)
		name, keyName := e.Alias+certificateFile, ""
		if e.Key != nil {
			keyName = e.Alias + keyFile
		}
		// An entry stays in its file as long as it has its name.
		if ok && (!p.single || strings.TrimSuffix(p.file, filepath.Ext(p.file)) == e.Alias) {
			name = p.file
			if e.Key != nil {
				keyName = p.key
			}
		}
		if _, taken := files[name]; taken && (!ok || p.single) {
			return nil, fmt.Errorf("%s: %q: two entries would be in one file: %w", f.name(), name, ring.ErrUnsupported)
		}
		for _, der := range e.Chain {
			files[name] = append(files[name], pem.Encode(pem.Certificate, der)...)
		}
		if e.Key == nil {
			continue
		}
		text, err := encodeKey(e.Key)
		if err != nil {
			return nil, fmt.Errorf("%s: private key of %q: %w", f.name(), e.Alias, err)
		}
		if keyName == "" { // it was in the file of the certificate
			keyName = name
			files[name] = append(text, files[name]...)
			continue
		}
		files[keyName] = text
	}
	return files, nil
}

// encodeKey writes a private key as it was read, or as PKCS #8.
func encodeKey(key keystore.Key) ([]byte, error) {
	if k, ok := key.(pemKey); ok {
		return pem.Encode(k.block.Type, k.block.Bytes), nil
	}
	signer, err := key.Open(nil)
	if err != nil {
		return nil, err
	}
	pkcs8, err := cert.MarshalPrivateKey(signer)
	if err != nil {
		return nil, err
	}
	defer clear(pkcs8)
	return pem.Encode(pem.PrivateKey, pkcs8), nil
}

// change makes and removes files, all at one moment. Files that are not in a generation yet come
// into one first, as they are.
func (f *folder) change(was folderState, changes map[string][]byte) error {
	home := filepath.Join(f.dir, generations)
	dirInfo, err := os.Stat(f.dir)
	if err != nil {
		return err
	}
	if err := os.Mkdir(home, dirInfo.Mode().Perm()); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	adopted := map[string][]byte{}
	for name := range changes {
		if file := was[name]; file != nil && !file.managed {
			adopted[name] = file.data
		}
	}
	if len(adopted) > 0 {
		if err := f.advance(was, adopted, dirInfo); err != nil {
			return err
		}
	}
	if err := f.advance(was, changes, dirInfo); err != nil {
		return err
	}
	return f.sweep()
}

// advance makes a new generation of the current one and the changes, and makes it current.
func (f *folder) advance(was folderState, changes map[string][]byte, dirInfo os.FileInfo) (err error) {
	home := filepath.Join(f.dir, generations)
	next := "G" + rand.Text()
	dir := filepath.Join(home, next)
	if err := os.Mkdir(dir, dirInfo.Mode().Perm()); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	if before := f.generation(); before != "" {
		names, err := os.ReadDir(filepath.Join(home, before))
		if err != nil {
			return err
		}
		for _, e := range names {
			if _, changed := changes[e.Name()]; changed {
				continue
			}
			if err := carry(filepath.Join(home, before, e.Name()), filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	var links []string
	for name, data := range changes {
		if data == nil {
			continue
		}
		mode := fs.FileMode(0o644)
		if strings.HasSuffix(name, keyFile) || strings.Contains(string(data), "PRIVATE KEY") {
			mode = 0o600
		}
		path := filepath.Join(dir, name)
		if err := atomicfile.Create(path, data, mode); err != nil {
			return err
		}
		if file := was[name]; file != nil {
			if err := atomicfile.Like(path, file.info); err != nil {
				return err
			}
		}
		links = append(links, name)
	}
	// New names lead nowhere until the generation is current; names of adopted files lead to the
	// same content as before only after it is.
	slices.Sort(links)
	for _, name := range links {
		if was[name] == nil {
			if err := atomicfile.Link(linkTo(name), filepath.Join(f.dir, name)); err != nil {
				return err
			}
		}
	}
	if err := atomicfile.Link(next, filepath.Join(home, current)); err != nil {
		return err
	}
	for _, name := range links {
		if was[name] != nil {
			if err := atomicfile.Link(linkTo(name), filepath.Join(f.dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// carry takes a file over into another generation: by another name for it, or, where the file
// system has none, as a copy.
func carry(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := atomicfile.Create(to, data, 0o600); err != nil {
		return err
	}
	return atomicfile.Like(to, info)
}

// sweep removes the links of files that are gone and the generations that are over, also those
// of a process that was killed.
func (f *folder) sweep() error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(f.dir, e.Name())
		if link, err := os.Readlink(path); err != nil || link != linkTo(e.Name()) {
			continue
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	home := filepath.Join(f.dir, generations)
	old, err := os.ReadDir(home)
	if err != nil {
		return err
	}
	now := f.generation()
	for _, e := range old {
		if e.IsDir() && e.Name() != now {
			if err := os.RemoveAll(filepath.Join(home, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
