package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"signet/internal/oracle"
)

var update = flag.Bool("update", false, "write the golden parts of the scripts anew")

func TestMain(m *testing.M) {
	testscript.Main(withSoftHSM{m}, map[string]func(){
		"signet": func() { os.Exit(mainCode()) },
	})
}

// withSoftHSM runs the tests with a folder of SoftHSM tokens for this process. The programs of the
// scripts have others.
type withSoftHSM struct{ *testing.M }

func (w withSoftHSM) Run() int {
	remove, err := oracle.SoftHSMHome()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	return w.M.Run()
}

// softHSM gives a script a folder of tokens of its own, and the paths of the module and of a
// library that is none.
func softHSM(e *testscript.Env) error {
	dir := filepath.Join(e.WorkDir, ".softhsm")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	e.Setenv("HSM", oracle.SoftHSMModule)
	e.Setenv("LIBC", "libz.so.1")
	e.Setenv("SOFTHSM2_CONF", filepath.Join(dir, "conf"))
	text := fmt.Sprintf("directories.tokendir = %s\nlog.level = ERROR\n", dir)
	return os.WriteFile(filepath.Join(dir, "conf"), []byte(text), 0o600)
}

// TestScripts runs whole sessions of the program. $JOBS is the folder of the project's jobs.
func TestScripts(t *testing.T) {
	p := sessions(t, func(*testscript.Env) error { return nil })
	p.UpdateScripts = *update
	testscript.Run(t, p)
}

// sessions gives what runs the scripts of sessions, each with a database of its own unless setup
// changes that.
func sessions(t *testing.T, setup func(*testscript.Env) error) testscript.Params {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is missing; make test installs it")
	}
	jobs, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	return testscript.Params{
		Dir: "testdata/script",
		Condition: func(name string) (bool, error) {
			switch name {
			case "cgo":
				return withCGO, nil
			case "root":
				return os.Geteuid() == 0, nil
			case "served":
				return false, nil
			}
			return false, fmt.Errorf("condition %q is not known", name)
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("SIGNET_DB", filepath.Join(e.WorkDir, "db", "signet.db"))
			e.Setenv("JOBS", jobs)
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("TZ", "UTC")
			err := errors.Join(softHSM(e), places(e), setup(e))
			e.Setenv("DB", e.Getenv("SIGNET_DB")) // for scripts that change that one
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "mode": mode, "bigfile": bigfile, "await": await},
	}
}

// places gives the script of servers a folder for sockets, which other accounts reach, and a port.
func places(e *testscript.Env) error {
	if !strings.HasSuffix(e.WorkDir, "script-serve") {
		return nil
	}
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		return err
	}
	e.Defer(func() { os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	e.Setenv("SOCKETS", dir)
	e.Setenv("PORT", port)
	return errors.Join(err, os.Chmod(dir, 0o755))
}

// code runs a program and compares its return code: code 8 signet ...
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program args...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("return code %d, want %s", got, args[0])
	}
}

// await waits until a server listens on a socket: await file
func await(ts *testscript.TestScript, neg bool, args []string) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("unix", ts.MkAbs(args[0])); err == nil {
			c.Close()
			return
		}
	}
	ts.Fatalf("nobody listens on %s within 20 seconds", args[0])
}

// mode compares the permissions of a file: mode 600 file
func mode(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

// bigfile makes a sparse file of so many bytes: bigfile 104857600 file
func bigfile(ts *testscript.TestScript, neg bool, args []string) {
	var size int64
	_, err := fmt.Sscan(args[0], &size)
	ts.Check(err)
	path := ts.MkAbs(args[1])
	ts.Check(os.WriteFile(path, nil, 0o600))
	ts.Check(os.Truncate(path, size))
}
