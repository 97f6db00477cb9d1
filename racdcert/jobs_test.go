package racdcert

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
)

// fewestJobs is how many jobs there are at least: a folder that was not found must not pass.
const fewestJobs = 30

// TestJobs runs jobs as people write them and compares what they do with golden files: the
// problems of their job control, the code of every command with its messages, what they print,
// and the data sets they make. Jobs whose name begins with "joined" are read with Join.
func TestJobs(t *testing.T) {
	jobs, err := filepath.Glob("testdata/jobs/*.*")
	if err != nil {
		t.Fatal(err)
	}
	jobs = slices.DeleteFunc(jobs, func(name string) bool { return filepath.Ext(name) == ".golden" })
	if len(jobs) < fewestJobs {
		t.Fatalf("%d jobs, want at least %d", len(jobs), fewestJobs)
	}
	cryptotest.SetGlobalRandom(t, 3)
	for _, path := range jobs {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			d := newDesk(t)
			golden(t, filepath.Join("jobs", name+".golden"), d.job(data, strings.HasPrefix(name, "joined")))
		})
	}
}

// job runs a job and describes what it did.
func (d *desk) job(data []byte, join bool) string {
	var b strings.Builder
	describe := func(m Message) {
		fmt.Fprintf(&b, "    %d:%d code %d %s\n", m.Pos.Line, m.Pos.Col, m.Code, m.Message)
		if m.Hint != "" {
			fmt.Fprintf(&b, "        %s\n", m.Hint)
		}
	}
	sc, problems := Read(data, Options{User: "OPER", Join: join})
	for _, p := range problems {
		describe(ProblemMessage(p))
	}
	if len(problems) > 0 {
		return "not run\n" + b.String()
	}
	sum := sc.Run(d.t.Context(), &d.Session, AsTMP)
	fmt.Fprintf(&b, "code %d, commands %d, failed %d\n", sum.Code, sum.Commands, sum.Failed)
	for _, o := range d.outcomes {
		fmt.Fprintf(&b, "%d:%d %s %d\n", o.Pos.Line, o.Pos.Col, o.Command, o.Code)
		for _, m := range o.Messages {
			describe(m)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		fmt.Fprintf(&b, "data set %s\n", name)
	}
	if d.out.Len() > 0 {
		fmt.Fprintf(&b, "\n%s", d.out.String())
	}
	return b.String()
}

// The jobs are what their names say, whatever a version control system does to line ends.
func TestJobsAreAsNamed(t *testing.T) {
	read := func(name string) []byte {
		t.Helper()
		data, err := os.ReadFile(filepath.Join("testdata/jobs", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if data := read("crlf.jcl"); bytes.Count(data, []byte("\r\n")) != bytes.Count(data, []byte("\n")) {
		t.Error("crlf.jcl has lines that do not end in CRLF")
	}
	for line := range strings.Lines(string(read("sequence.jcl"))) {
		if len(line) != 81 || strings.Trim(line[72:80], "0123456789") != "" {
			t.Errorf("sequence.jcl: no number in columns 73 to 80 of %q", line)
		}
	}
	longest := 0
	for line := range strings.Lines(string(read("one-line.txt"))) {
		longest = max(longest, len(line))
	}
	if longest < 300 {
		t.Errorf("one-line.txt: the longest line has %d characters", longest)
	}
	if !bytes.Equal(read("joined.txt"), read("not-joined.txt")) {
		t.Error("joined.txt and not-joined.txt differ; they show one text read in two ways")
	}
}
