package keyfile

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"signet/backend/onering"
	"signet/export/keystore"
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

func (f *folder) home() string { return filepath.Join(f.dir, generations) }

// generation gives the name of the current one; empty when there is none.
func (f *folder) generation() string {
	target, err := os.Readlink(filepath.Join(f.home(), current))
	if err != nil || target != filepath.Base(target) {
		return ""
	}
	return target
}

// save makes the folder hold the entries, unless it is no longer what was read.
func (f *folder) Save(_ context.Context, old onering.Content, es []keystore.Entry) error {
	was := old.State.(folderState)
	changes, err := f.changes(was, old.Entries, es)
	if err != nil {
		return err
	}
	now, err := f.snapshot()
	if err != nil {
		return err
	}
	if now.sum() != was.sum() {
		return errChanged(f.Name())
	}
	err = f.backup(now)
	if err == nil {
		err = f.change(now, changes)
	}
	if err != nil {
		return fileError(f.Name(), err)
	}
	return nil
}

// changes gives the files to write, and nil for those to remove. A file whose entries stay as
// they are stays as it is, to the last byte.
func (f *folder) changes(was folderState, old, es []keystore.Entry) (map[string][]byte, error) {
	have, err := f.encode(old)
	if err != nil {
		return nil, err
	}
	want, err := f.encode(es)
	if err != nil {
		return nil, err
	}
	changes := map[string][]byte{}
	for name := range have {
		if want[name] == nil {
			changes[name] = nil
		}
	}
	for name, data := range want {
		if string(data) == string(have[name]) {
			continue
		}
		if have[name] == nil {
			if err := f.isFree(was, want, name); err != nil {
				return nil, err
			}
		}
		changes[name] = data
	}
	return changes, nil
}

// isFree refuses a new file where there is something else already, and a new certificate beside
// somebody's private key, which would then count as that of the certificate.
func (f *folder) isFree(was folderState, want map[string][]byte, name string) error {
	taken := was[name] != nil
	if !taken {
		path := filepath.Join(f.dir, name)
		link, _ := os.Readlink(path)
		_, err := os.Lstat(path)
		taken = err == nil && link != linkTo(name)
	}
	if label, _, ok := split(name); ok && !taken && was[label+keyFile] != nil && want[label+keyFile] == nil {
		taken, name = true, label+keyFile
	}
	if taken {
		return fmt.Errorf("%s: file %q: it is there already, and belongs to no certificate: %w; move it out of the folder, or choose another label",
			f.Name(), name, ring.ErrExists)
	}
	return nil
}

// do runs a step that changes the disk.
func (f *folder) do(what string, run func() error) error {
	if f.step != nil {
		if err := f.step(what); err != nil {
			return err
		}
	}
	return run()
}

// change makes and removes files, all at one moment. Files that are not in a generation yet come
// into one first, as they are.
func (f *folder) change(was folderState, changes map[string][]byte) error {
	dirInfo, err := os.Stat(f.dir)
	if err != nil {
		return err
	}
	if err := f.mkdir(f.home(), dirInfo); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(filepath.Join(f.home(), current)); err == nil && f.generation() == "" {
		return fmt.Errorf("its link %q leads elsewhere: %w; give it the name of the folder beside it that holds the files", filepath.Join(generations, current), ring.ErrInvalid)
	}
	f.sweep() // what a process left that was killed
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
		if err := f.adopt(adopted); err != nil {
			return err
		}
		was = was.managing(adopted)
	}
	if err := f.advance(was, changes, dirInfo); err != nil {
		return err
	}
	// The change is made. What is left over bothers nobody, and goes with the next one at the latest.
	time.Sleep(settleTime)
	f.sweep()
	return nil
}

// settleTime is how long a generation stays after it is over, for programs that are about to open
// a file and have read the link to it already.
const settleTime = 20 * time.Millisecond

// managing gives the state after files came into a generation.
func (s folderState) managing(adopted map[string][]byte) folderState {
	next := folderState{}
	for name, file := range s {
		next[name] = file
		if _, ok := adopted[name]; ok {
			next[name] = &pemFile{file.data, file.info, true}
		}
	}
	return next
}

// mkdir makes a folder that those can read who can read the PEM folder.
func (f *folder) mkdir(path string, like os.FileInfo) error {
	return f.do("mkdir", func() error {
		if err := os.Mkdir(path, 0o700); err != nil {
			return err
		}
		err := atomicfile.Like(path, like)
		if err != nil {
			os.Remove(path)
		}
		return err
	})
}

// advance makes a new generation of the current one and the changes, and makes it current.
func (f *folder) advance(was folderState, changes map[string][]byte, dirInfo os.FileInfo) (err error) {
	next := "G" + rand.Text()
	dir := filepath.Join(f.home(), next)
	if err := f.mkdir(dir, dirInfo); err != nil {
		return err
	}
	defer func() {
		if err != nil && f.generation() != next {
			os.RemoveAll(dir)
		}
	}()
	if before := f.generation(); before != "" {
		for name, file := range was {
			// What has no link any more was deleted by somebody, and must not come along.
			if _, changed := changes[name]; changed || !file.managed {
				continue
			}
			if err := f.carry(filepath.Join(f.home(), before, name), filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	var added []string
	for name, data := range changes {
		if data == nil {
			continue
		}
		if err := f.write(filepath.Join(dir, name), data, was[name]); err != nil {
			return err
		}
		if was[name] == nil {
			added = append(added, name)
		}
	}
	if err := f.do("sync", func() error { return atomicfile.SyncFolder(dir) }); err != nil {
		return err
	}
	// New names lead nowhere until the generation is current.
	slices.Sort(added)
	for _, name := range added {
		if err := f.do("link", func() error { return atomicfile.Link(linkTo(name), filepath.Join(f.dir, name)) }); err != nil {
			return err
		}
	}
	if err := f.do("sync", func() error { return atomicfile.SyncFolder(f.dir) }); err != nil {
		return err
	}
	return f.do("switch", func() error {
		link := filepath.Join(f.home(), current)
		if err := atomicfile.Link(next, link); err != nil {
			return err
		}
		return atomicfile.SyncFolder(f.home())
	})
}

// adopt makes links of files that are in the current generation now, with the same content.
func (f *folder) adopt(files map[string][]byte) error {
	for name := range files {
		if err := f.do("adopt", func() error { return atomicfile.Link(linkTo(name), filepath.Join(f.dir, name)) }); err != nil {
			return err
		}
	}
	return f.do("sync", func() error { return atomicfile.SyncFolder(f.dir) })
}

// write makes a file of a generation, with the mode and the owner of the one that it replaces.
func (f *folder) write(path string, data []byte, was *pemFile) error {
	return f.do("write", func() error {
		mode := fs.FileMode(0o644)
		if strings.HasSuffix(path, keyFile) || isSecret(data) {
			mode = 0o600
		}
		out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		_, err = out.Write(data)
		if err == nil {
			err = out.Sync()
		}
		if err = errors.Join(err, out.Close()); err != nil || was == nil {
			return err
		}
		return atomicfile.Like(path, was.info)
	})
}

// carry takes a file over into another generation: by another name for it, or, where the file
// system has none, as a copy.
func (f *folder) carry(from, to string) error {
	return f.do("carry", func() error {
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
	})
}

// sweep removes what no file of the folder needs: links whose file is gone, generations that are
// over, and what a process left that was killed. What cannot be removed stays.
func (f *folder) sweep() {
	now := f.generation()
	lives := map[string]bool{}
	files, err := os.ReadDir(filepath.Join(f.home(), now))
	if now != "" && err != nil {
		return
	}
	for _, e := range files {
		lives[e.Name()] = now != ""
	}
	names, _ := os.ReadDir(f.dir)
	for _, e := range names {
		if e.Type() != fs.ModeSymlink || lives[e.Name()] {
			continue
		}
		path := filepath.Join(f.dir, e.Name())
		link, _ := os.Readlink(path)
		ours, _ := filepath.Match(linkTo("*"), link)
		if link == linkTo(e.Name()) || ours && atomicfile.IsTemp(e.Name()) {
			f.remove(path)
		}
	}
	old, _ := os.ReadDir(f.home())
	for _, e := range old {
		if e.Name() != now && e.Name() != current {
			f.remove(filepath.Join(f.home(), e.Name()))
		}
	}
}

func (f *folder) remove(path string) {
	_ = f.do("remove", func() error { return os.RemoveAll(path) })
}
