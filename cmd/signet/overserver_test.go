package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// served starts a server with a database of its own in this process. It gives the server's URL and
// what ends it.
func served(e *testscript.Env) (url string, stop func() int) {
	dir, err := os.MkdirTemp("", "s") // the path of a socket is short
	if err != nil {
		e.T().Fatal(err)
	}
	url = "unix:" + filepath.Join(dir, "s")
	env := systemEnvironment()
	env.zone = time.UTC
	ready := make(chan struct{})
	env.stderr = &readyWriter{ready: ready}
	env.getenv = func(string) string { return "" }
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, env, []string{"--db", filepath.Join(dir, "signet.db"), "serve", "--socket", filepath.Join(dir, "s"), "--quiet"})
	}()
	select {
	case <-ready:
	case code := <-ended:
		e.T().Fatal("the server ends ", code, ": ", env.stderr.(*readyWriter).text.String())
	}
	return url, func() int {
		cancel()
		defer os.RemoveAll(dir)
		return <-ended
	}
}

// readyWriter is the standard error of a server, which says when it listens.
type readyWriter struct {
	ready chan struct{}
	text  strings.Builder
	said  bool
}

func (w *readyWriter) Write(p []byte) (int, error) {
	w.text.Write(p)
	if !w.said && strings.Contains(w.text.String(), " on unix:") {
		w.said = true
		close(w.ready)
	}
	return len(p), nil
}

// localOnly gives why a script is about a database that is here.
func localOnly(script string) string {
	switch name := strings.TrimSuffix(filepath.Base(script), ".txtar"); {
	case strings.HasPrefix(name, "hsm"):
		return "tokens are where the database is"
	case name == "db-verbs", name == "custody":
		return "db and keys look after the database itself"
	case name == "audit-files":
		return "checkpoints lie beside the database"
	case name == "serve":
		return "it starts servers of its own"
	}
	return ""
}

// TestScriptsOverServer runs the sessions again with the database behind a server. What differs
// there has the condition [served].
func TestScriptsOverServer(t *testing.T) {
	all, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	p := sessions(t, func(e *testscript.Env) error {
		url, stop := served(e)
		e.Defer(func() {
			if code := stop(); code != 0 {
				t.Errorf("the server ended %d", code)
			}
		})
		e.Setenv("SIGNET_DB", url)
		return nil
	})
	p.Dir, p.Files = "", slices.DeleteFunc(all, func(script string) bool { return localOnly(script) != "" })
	if len(p.Files) < 20 {
		t.Fatalf("only %d scripts", len(p.Files))
	}
	known := p.Condition
	p.Condition = func(name string) (bool, error) {
		if name == "served" {
			return true, nil
		}
		return known(name)
	}
	testscript.Run(t, p)
}
