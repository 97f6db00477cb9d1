package oracle

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// classes holds the compiled form of each Java source by its path, for the whole test binary.
var classes sync.Map // of func() (map[string][]byte, error)

// Java runs the class of a Java source file, which is named as the class is, and gives what it
// printed to standard output. It fails the test if the program fails. The source is compiled
// once.
func Java(t testing.TB, source string, args ...string) string {
	t.Helper()
	compile, _ := classes.LoadOrStore(source, sync.OnceValues(func() (map[string][]byte, error) {
		return compileJava(source)
	}))
	files, err := compile.(func() (map[string][]byte, error))()
	if err != nil {
		t.Fatalf("javac %s: %v", source, err)
	}
	dir := t.TempDir()
	for name, code := range files {
		Write(t, dir, name, code)
	}
	class := strings.TrimSuffix(filepath.Base(source), ".java")
	return program(t, "", "java", append([]string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", dir, class}, args...)...)
}

// compileJava gives the class files by their names.
func compileJava(source string) (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "oracle")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if out, err := tryProgram("", "javac", "-encoding", "UTF-8", "-d", dir, source); err != nil {
		return nil, &failure{out, err}
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.class"))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, file := range found {
		if files[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// Keytool runs Java's keytool in dir, fails the test if it fails, and gives all that it printed.
func Keytool(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return program(t, dir, "keytool", args...)
}

// failure is an error with what the program said.
type failure struct {
	out string
	err error
}

func (f *failure) Error() string { return f.err.Error() + "\n" + f.out }

// program runs a program of Java and fails the test if it fails.
func program(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	out, err := tryProgram(dir, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// tryProgram runs a program of Java where arguments, output and messages are UTF-8, English and
// in UTC.
func tryProgram(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
