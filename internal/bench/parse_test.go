package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	p, err := parse("rows.txt", `# a comment
fixture password
  make printf secret >password

fixture stores
  needs password
  make
    mkdir base   # a folder
    keytool -genkeypair \
      -alias first

row start: From the command to its answer
  needs stores password
  setup mkdir out
  prepare rm -f out/*; cp base/* out
  runs 50
  runs 5 keytool
  warmup 0 keytool limit
  signet: signet --help
  signet-quiet: signet --quiet --help
  keytool:
    for i in 1 2; do
      keytool -help
    done
  limit: bench limit 1
  check keytool: test -s out/one
  goal signet <= 0.05 keytool
  goal signet-quiet <= 2 limit

row other: Another
  signet: signet --version
`)
	if err != nil {
		t.Fatal(err)
	}
	want := plan{
		fixtures: []fixture{
			{name: "password", script: "printf secret >password"},
			{name: "stores", needs: []string{"password"}, script: "mkdir base   # a folder\nkeytool -genkeypair -alias first"},
		},
		rows: []row{{
			name: "start", title: "From the command to its answer", needs: []string{"stores", "password"},
			setup: "mkdir out", prepare: "rm -f out/*; cp base/* out",
			contestants: []contestant{
				{name: "signet", command: "signet --help", runs: 50, warmup: 2},
				{name: "signet-quiet", command: "signet --quiet --help", runs: 50, warmup: 2},
				{name: "keytool", command: "for i in 1 2; do\nkeytool -help\ndone", check: "test -s out/one", runs: 5},
				{name: "limit", command: "bench limit 1", runs: 50},
			},
			goals: []goal{{"signet", 0.05, "keytool"}, {"signet-quiet", 2, "limit"}},
		}, {
			name: "other", title: "Another",
			contestants: []contestant{{name: "signet", command: "signet --version", runs: 20, warmup: 2}},
		}},
	}
	if d := cmp.Diff(want, p, cmp.AllowUnexported(plan{}, fixture{}, row{}, contestant{}, goal{})); d != "" {
		t.Error(d)
	}
	if got, want := p.recipe(p.fixtures[1]), "printf secret >password\nmkdir base   # a folder\nkeytool -genkeypair -alias first"; got != want {
		t.Errorf("recipe %q, want %q", got, want)
	}
}

func TestParseErrors(t *testing.T) {
	const row = "row r: A row\n  signet: signet\n  openssl: openssl version\n"
	for _, test := range []struct{ text, want string }{
		{"", "rows.txt: no row in it"},
		{"# nothing\n", "rows.txt: no row in it"},
		{"  signet: signet\n", `rows.txt:1: "signet: signet" belongs to no row`},
		{"rows r: A row\n", `rows.txt:1: "rows" begins neither a row nor a fixture`},
		{"row r\n", `rows.txt:1: row "r" has no title`},
		{"row r:\n", `rows.txt:1: row "r:" has no title`},
		{"row R: A row\n  signet: signet\n", `rows.txt:1: row "R": there already, or no name`},
		{row + row, `rows.txt:4: row "r": there already`},
		{"row r: A row\n  openssl: openssl\n", `rows.txt:1: row "r" has no contestant "signet"`},
		{row + "\tsetup x\n", `rows.txt:4: a tab`},
		{row + " setup x\n", `rows.txt:4: "setup x" is indented by 1`},
		{"row r: A row\n    signet: signet\n", `rows.txt:2: "signet: signet" is indented by 4`},
		{row + "  setpu x\n", `rows.txt:4: row "r": "setpu" is nothing that a row has`},
		{row + "  Signet: x\n", `rows.txt:4: row "r": "Signet" is no name`},
		{row + "  cfssl:\n", `rows.txt:4: row "r": contestant "cfssl" has no command`},
		{row + "  signet: x\n", `rows.txt:4: row "r": contestant "signet" is there already`},
		{row + "  setup x\n  setup y\n", `rows.txt:5: row "r": the second of its kind`},
		{row + "  setup\n", `rows.txt:4: row "r": an empty script`},
		{row + "  needs f\n", `rows.txt:4: row "r": no fixture "f" above it`},
		{row + "  runs\n", `rows.txt:4: row "r": runs has no number`},
		{row + "  runs 0\n", `rows.txt:4: row "r": runs "0" is no number`},
		{row + "  warmup -1\n", `rows.txt:4: row "r": warmup "-1" is no number`},
		{row + "  runs 3 cfssl\n", `rows.txt:4: row "r": no contestant "cfssl"`},
		{row + "  check cfssl: x\n", `rows.txt:4: row "r": check of "cfssl:"`},
		{row + "  check signet x\n", `rows.txt:4: row "r": check of "signet"`},
		{row + "  check signet: x\n  check signet: y\n", `rows.txt:5: row "r": the second of its kind`},
		{row + "  goal signet 3 openssl\n", `rows.txt:4: row "r": goal "signet 3 openssl"`},
		{row + "  goal signet <= 0 openssl\n", `rows.txt:4: row "r": goal: "0" is no factor`},
		{row + "  goal signet <= NaN openssl\n", `rows.txt:4: row "r": goal: "NaN" is no factor`},
		{row + "  goal signet <= 3 cfssl\n", `rows.txt:4: row "r": no contestant "cfssl"`},
		{row + "  goal openssl <= 3 signet\n", `rows.txt:4: row "r": goal of openssl against signet`},
		{"fixture f\n", `rows.txt:1: fixture "f" has no "make"`},
		{"fixture f g\n  make x\n", `rows.txt:1: fixture "f g": there already, or no name`},
		{"fixture f\n  make x\nfixture f\n  make x\n", `rows.txt:3: fixture "f": there already`},
		{"fixture f\n  needs f\n  make x\n", `rows.txt:2: fixture "f": no fixture "f" above it`},
		{"fixture f\n  setup x\n", `rows.txt:2: fixture "f": "setup" is nothing that a fixture has`},
	} {
		if _, err := parse("rows.txt", test.text); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("parse %q: %v, want %s ...", test.text, err, test.want)
		}
	}
}

// TestRows holds the rows themselves to what the document promises of them.
func TestRows(t *testing.T) {
	p, err := parse(rowsFile, rowsText)
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string]bool{}
	need := func(names []string) {
		for _, n := range names {
			needed[n] = true
		}
	}
	for _, f := range p.fixtures {
		need(f.needs)
	}
	for _, r := range p.rows {
		need(r.needs)
		if len(r.contestants) < 2 {
			t.Errorf("row %q: nothing to compare signet with", r.name)
		}
		for _, c := range r.contestants {
			if program, _, _ := strings.Cut(c.name, "-"); program != limitName && !strings.Contains(c.command, program) {
				t.Errorf("row %q: %q does not run %s", r.name, c.command, program)
			}
		}
	}
	for _, f := range p.fixtures {
		if !needed[f.name] {
			t.Errorf("fixture %q: no row needs it", f.name)
		}
	}
}

func TestOneProcess(t *testing.T) {
	for command, want := range map[string]bool{
		"openssl version":                          true,
		"signet gencert WEBSRV/web --subject CN=x": true,
		"openssl req -subj '/CN=a b'":              true,
		"openssl version | cat":                    false,
		"openssl version\nopenssl version":         false,
		"cat *.pem":                                false,
		"openssl version >out":                     false,
		"echo $HOME":                               false,
	} {
		if got := oneProcess(command); got != want {
			t.Errorf("oneProcess(%q) is %v", command, got)
		}
	}
}
