package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/securego/gosec/v2/goanalysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// The check finds what it is for, is silent where it was answered, and reads no test files.
func TestFindings(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "leaky.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	src := map[string]string{}
	for _, f := range archive.Files {
		src[f.Name] = string(f.Data)
	}
	dir, done, err := analysistest.WriteFiles(src)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	analysistest.Run(t, dir, narrowed(goanalysis.Analyzer), "leaky")
}

// answer is the form of an answer in place: the rules, and why it is no weakness.
var answer = regexp.MustCompile(`^// #nosec G\d{3}( G\d{3})* -- \S.{14,}`)

// An answer names its rules and gives a reason: gosec would also take one that silences all.
func TestAnswers(t *testing.T) {
	found := 0
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || file != root && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go"):
			return nil
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, file, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, group := range f.Comments {
			for _, c := range group.List {
				if !speaks(c) {
					continue
				}
				found++
				if !answer.MatchString(c.Text) {
					t.Errorf("%v: %q: write // #nosec Gnnn -- and the reason", files.Position(c.Pos()), c.Text)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no answer was found: this test looks in the wrong place")
	}
}

// speaks reports whether gosec takes a comment for an answer.
func speaks(c *ast.Comment) bool {
	return strings.Contains(c.Text, "#nosec") || strings.Contains(c.Text, "gosec:disable")
}
