package ring

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestDispatch reads the source: every act of a function that is performed must be one that a
// server knows, or one that works on the database itself, and authority must know it.
func TestDispatch(t *testing.T) {
	local := []string{"CHECKTOKENS", "MENDTOKENS"}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && performs(fn) {
				acts = append(acts, actOf(t, fn))
			}
		}
	}
	if len(acts) < 50 {
		t.Fatalf("only %d acts were found", len(acts))
	}
	for _, a := range acts {
		if _, known := functions[a]; !known && !slices.Contains(local, a) {
			t.Errorf("no server performs %s", a)
		}
		if err := (Act{Function: a}).check(); err != nil {
			t.Errorf("authority does not know %s", a)
		}
	}
	for name := range functions {
		if !slices.Contains(acts, name) {
			t.Errorf("a server performs %s, which no method does", name)
		}
	}
}

// performs reports whether a method hands its work to the gate.
func performs(fn *ast.FuncDecl) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if id, ok := c.Fun.(*ast.Ident); ok && (id.Name == "perform" || id.Name == "performEach") {
				found = true
			}
		}
		return true
	})
	return found && fn.Name.IsExported() && fn.Name.Name != "Attend"
}

// actOf gives the name of the act that a method performs.
func actOf(t *testing.T, fn *ast.FuncDecl) string {
	t.Helper()
	var name string
	ast.Inspect(fn, func(n ast.Node) bool {
		if kv, ok := n.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Function" {
				name, _ = strconv.Unquote(kv.Value.(*ast.BasicLit).Value)
			}
		}
		return true
	})
	if name == "" && fn.Name.Name == "Take" {
		name = Take{}.act().Function
	}
	if name == "" {
		t.Errorf("%s names no act", fn.Name.Name)
	}
	return name
}

// TestGate reads the source: nothing but the gate and what shares one transaction among functions
// goes to the store by itself.
func TestGate(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	free := []string{"gate.go", "atomic.go", "found.go", "hardware.go"}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || slices.Contains(free, name) {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok || s.Sel.Name != "View" && s.Sel.Name != "Update" {
				return true
			}
			if of, ok := s.X.(*ast.SelectorExpr); !ok || of.Sel.Name != "store" {
				return true
			}
			t.Errorf("%s goes round the gate with %s", name, s.Sel.Name)
			return true
		})
	}
}
