package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The lines of a script use a verb again and again (lineVerbs). What one run of it leaves in the
// variables that its flags are read into would be there for the next.
func TestVerbsKeepNothing(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source: %v", err)
	}
	set, built := token.NewFileSet(), 0
	for _, name := range files {
		f, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasSuffix(fn.Name.Name, "Command") {
				continue
			}
			built++
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if run, ok := n.(*ast.FuncLit); ok {
					for _, at := range changesOutside(run) {
						t.Errorf("%s: what a verb runs changes a variable that the verb keeps", set.Position(at))
					}
					return false
				}
				return true
			})
		}
	}
	if built < 40 {
		t.Errorf("only %d functions build verbs", built)
	}
}

// changesOutside finds where a function assigns to variables, or their fields, that are declared
// around it.
func changesOutside(run *ast.FuncLit) []token.Pos {
	var found []token.Pos
	check := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.SelectorExpr:
				e = x.X
				continue
			case *ast.IndexExpr:
				e = x.X
				continue
			case *ast.StarExpr:
				e = x.X
				continue
			case *ast.Ident:
				if x.Obj != nil && (x.Obj.Pos() < run.Pos() || x.Obj.Pos() > run.End()) {
					found = append(found, x.Pos())
				}
			}
			return
		}
	}
	ast.Inspect(run, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				check(e)
			}
		case *ast.IncDecStmt:
			check(n.X)
		case *ast.RangeStmt:
			check(n.Key)
			check(n.Value)
		}
		return true
	})
	return found
}

// A line of a script does of cobra's way to run a verb what verbs need, and its flags go back to
// their defaults: there is nothing else to do.
func TestVerbsAreForLines(t *testing.T) {
	a := &app{environment: newSession(t).env}
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		if c.RunE == nil || c.Run != nil || c.PreRun != nil || c.PreRunE != nil || c.PostRun != nil || c.PostRunE != nil ||
			c.PersistentPreRun != nil || c.PersistentPreRunE != nil || c.PersistentPostRun != nil || c.PersistentPostRunE != nil ||
			c.DisableFlagParsing || c.Deprecated != "" {
			t.Errorf("%s does more than RunE", c.CommandPath())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if len(f.Annotations) > 0 || f.Deprecated != "" {
				t.Errorf("%s --%s is more than a value", c.CommandPath(), f.Name)
			}
			if list, ok := f.Value.(pflag.SliceValue); ok && len(list.GetSlice()) > 0 {
				t.Errorf("%s --%s is a list with a default", c.CommandPath(), f.Name)
			}
			if err := f.Value.Set(f.DefValue); err != nil {
				t.Errorf("%s --%s: its default %q cannot be set: %v", c.CommandPath(), f.Name, f.DefValue, err)
			}
		})
		for _, sub := range c.Commands() {
			look(sub)
		}
	}
	for _, v := range a.verbs() {
		c := v.build()
		if c.Name() != v.name {
			t.Errorf("the verb %s is listed as %s", c.Name(), v.name)
		}
		look(c)
	}
}
