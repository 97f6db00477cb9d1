package signet_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows lists, for each package of the module, the packages of the module that it may import.
// They point downwards only: rules know no syntax and no storage, formats know no rules
// (docs/architecture.md).
var arrows = map[string][]string{
	"cert":                {},
	"saf":                 {},
	"audit":               {},
	"internal/atomicfile": {},
	"internal/bench":      {"backend/seal"}, // a tool
	"internal/gosec":      {},               // a check of the tree
	"internal/oracle":     {},               // for tests
	"ring":                {"audit", "cert", "saf"},
	"ring/ringtest":       {"ring", "audit", "cert", "saf"}, // for tests
	"racdcert":            {"racdcert/tso", "racdcert/jcl", "ring", "cert", "saf"},
	"racdcert/tso":        {},
	"racdcert/jcl":        {"racdcert/tso"},
	"export":              {"cert", "export/pem", "export/pkcs7", "export/pkcs12", "export/ber", "export/jks", "export/keystore"},
	"export/ber":          {},
	"export/jks":          {"cert", "export/keystore"},
	"export/keystore":     {},
	"export/pem":          {"cert"},
	"export/pkcs7":        {"cert", "export/ber"},
	"export/pkcs12":       {"cert", "export/ber", "export/keystore"},
	"pkcs11":              {"cert"},
	"backend":             {"backend/seal", "backend/sqldb", "backend/keyfile", "backend/token", "ring", "export/keystore"},
	"backend/token":       {"backend/onering", "pkcs11", "ring", "cert", "export/keystore"},
	"backend/keyfile":     {"backend/onering", "internal/atomicfile", "ring", "cert", "export/keystore", "export/jks", "export/pkcs12", "export/pem"},
	"backend/onering":     {"ring", "audit", "cert", "saf", "export/keystore"},
	"backend/seal":        {"internal/atomicfile"},
	"backend/backup":      {"internal/atomicfile"},
	"backend/sqldb":       {"backend/backup", "backend/seal", "internal/atomicfile", "ring", "audit", "cert", "saf"},
	"backend/backendtest": {"ring", "audit", "cert", "saf"},
	"serve":               {"ring", "cert", "saf", "audit"},
	"cmd/signet":          {"serve", "backend", "backend/backup", "backend/seal", "backend/sqldb", "backend/keyfile", "backend/token", "pkcs11", "racdcert", "racdcert/tso", "export", "export/pkcs12", "ring", "audit", "cert", "saf", "internal/atomicfile"},
}

// outsideOnly lists what only some packages may import from the standard library: nothing but
// the program prints, exits or reads the environment, and only the stores touch files.
var outsideOnly = map[string][]string{
	"os":           {"cmd/signet", "serve", "backend/backup", "backend/sqldb", "backend/keyfile", "backend/seal", "internal/atomicfile", "internal/bench", "internal/oracle"},
	"os/user":      {"cmd/signet"},
	"os/exec":      {"internal/bench", "internal/oracle"},
	"database/sql": {"backend/sqldb"},
	"log":          {},
	"flag":         {"internal/bench"},
}

func TestArchitecture(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(file))
		allowed, known := arrows[pkg]
		if !known {
			t.Errorf("%s: package %s is not in the picture; add it to arrows", file, pkg)
			return nil
		}
		seen[pkg] = true
		checkImports(t, file, pkg, allowed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range arrows {
		if !seen[pkg] {
			t.Errorf("package %s is in arrows but not in the tree", pkg)
		}
	}
}

func checkImports(t *testing.T, file, pkg string, allowed []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if own, ok := strings.CutPrefix(name, "signet/"); ok && !slices.Contains(allowed, own) {
			t.Errorf("%s: package %s may not import %s", file, pkg, own)
		}
		if only, limited := outsideOnly[name]; limited && !slices.Contains(only, pkg) {
			t.Errorf("%s: package %s may not import %q", file, pkg, name)
		}
	}
}
