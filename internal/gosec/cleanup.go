package main

import (
	"go/ast"
	"go/token"
)

// uncheckedRule is gosec's rule that no call's error is dropped.
const uncheckedRule = "G104"

// cleanUps are calls whose error may go unread without a word: they take back what a failed step
// left, or end what was only read. What was written is closed where its error is returned.
var cleanUps = map[string]bool{"Close": true, "Remove": true, "RemoveAll": true, "Rollback": true}

// cleansUp reports whether the statement at pos is a call of one of them.
func cleansUp(files []*ast.File, pos token.Pos) bool {
	found := false
	for _, f := range files {
		if pos < f.FileStart || pos > f.FileEnd {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			statement, ok := n.(*ast.ExprStmt)
			if !ok || statement.Pos() != pos {
				return !found
			}
			if call, ok := statement.X.(*ast.CallExpr); ok {
				if method, ok := call.Fun.(*ast.SelectorExpr); ok {
					found = cleanUps[method.Sel.Name]
				}
			}
			return false
		})
	}
	return found
}
