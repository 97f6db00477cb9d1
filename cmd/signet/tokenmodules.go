package main

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Where p11-kit looks: files that name modules, and the folders of modules that are named without
// one (pkcs11.conf(5)). The folders differ between distributions.
var (
	p11kitFiles   = []string{"/etc/pkcs11/modules/*.module", "/usr/share/p11-kit/modules/*.module"}
	p11kitFolders = []string{"/usr/lib/*/pkcs11", "/usr/lib64/pkcs11", "/usr/lib/pkcs11"}
)

// maxModuleFile caps a file that names a module, in bytes.
const maxModuleFile = 64 << 10

// systemModules gives the PKCS #11 modules that the p11-kit files of the machine name. A file that
// cannot be read, or names none, is passed over, as p11-kit does.
func (a *app) systemModules() ([]string, error) {
	var all []string
	for _, pattern := range p11kitFiles {
		files, err := filepath.Glob(a.machine + pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() || info.Size() > maxModuleFile {
				continue
			}
			data, err := os.ReadFile(file)
			if err != nil {
				continue
			}
			if path := a.modulePath(moduleIn(data)); path != "" {
				all = appendNew(all, []string{path})
			}
		}
	}
	return all, nil
}

// moduleIn gives the module that a p11-kit file names.
func moduleIn(data []byte) string {
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		if value, ok := strings.CutPrefix(strings.TrimSpace(s.Text()), "module:"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// modulePath finds the file of a module; empty if there is none.
func (a *app) modulePath(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	for _, folder := range p11kitFolders {
		if found, err := filepath.Glob(a.machine + folder + "/" + filepath.Base(name)); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// appendNew adds those that are not in the list yet.
func appendNew(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}
