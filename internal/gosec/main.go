// Gosec runs gosec's rules over the packages of this module, as a tool of go vet, which keeps the
// answers for packages that did not change (docs/gosec.md). It is gosec's own analyzer without
// gosec's command, whose module graph holds clients of web services that nothing here needs.
package main

import (
	"strings"

	"github.com/securego/gosec/v2/goanalysis"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	unitchecker.Main(narrowed(goanalysis.Analyzer))
}

// narrowed returns the analyzer bound to what it is asked about. Test files are left out: they
// build the weak keys and broken files that tests need. Which functions never return is taken as
// unknown, which can only add findings: to know it, go vet would first have to read every package
// that the module depends on, SQLite's among them, for minutes.
func narrowed(rules *analysis.Analyzer) *analysis.Analyzer {
	narrow := *rules
	narrow.Requires = nil
	narrow.Run = func(pass *analysis.Pass) (any, error) {
		inner := *pass
		inner.ResultOf = map[*analysis.Analyzer]any{ctrlflow.Analyzer: new(ctrlflow.CFGs)}
		form, err := buildssa.Analyzer.Run(&inner)
		if err != nil {
			return nil, err
		}
		inner.ResultOf[buildssa.Analyzer] = form
		inner.Report = func(d analysis.Diagnostic) {
			switch file := pass.Fset.File(d.Pos); {
			case file != nil && strings.HasSuffix(file.Name(), "_test.go"):
			case d.Category == uncheckedRule && cleansUp(pass.Files, d.Pos):
			default:
				pass.Report(d)
			}
		}
		return rules.Run(&inner)
	}
	return &narrow
}
