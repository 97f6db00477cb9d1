package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// servedFleet is a fleet whose database is behind a server, with the database itself beside it.
type servedFleet struct {
	fleet
	local  fleet
	server *exec.Cmd
	log    bytes.Buffer // to be read when the server has ended
	flags  []string
}

func newServedFleet(t *testing.T, flags ...string) *servedFleet {
	t.Helper()
	dir := t.TempDir()
	sockets, err := os.MkdirTemp("", "s") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(sockets) })
	s := &servedFleet{local: fleet{t: t, signet: program(t), dir: dir, url: filepath.Join(dir, "signet.db")}, flags: flags}
	s.fleet = s.local
	s.url = "unix:" + filepath.Join(sockets, "s")
	s.start()
	t.Cleanup(func() {
		s.server.Process.Kill()
		s.server.Wait()
	})
	return s
}

// start starts the server and waits until it listens.
func (s *servedFleet) start() {
	s.t.Helper()
	s.log.Reset()
	s.server = s.local.command(s.t.Context(), append([]string{"serve", "--socket", strings.TrimPrefix(s.url, "unix:")}, s.flags...)...)
	pipe, err := s.server.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.server.Start(); err != nil {
		s.t.Fatal(err)
	}
	in := bufio.NewReader(pipe)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			s.t.Fatalf("the server ends before it listens: %s", line)
		}
		if strings.Contains(line, "serving ") {
			break
		}
	}
	s.server.Stderr = nil
	go in.WriteTo(&s.log)
}

// end waits for the server and gives its return code.
func (s *servedFleet) end() int {
	s.t.Helper()
	ended := make(chan struct{})
	go func() { s.server.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		s.t.Fatal("the server does not end")
	}
	return s.server.ProcessState.ExitCode()
}

// A client that is killed, in a transaction or outside one, leaves nothing half done and holds
// nobody up.
func TestServedClientKilled(t *testing.T) {
	s := newServedFleet(t)
	s.must("gencert", "CERTAUTH/CA", "--subject", "CN=CA", "--key", "ec:p256")
	rng := rand.New(rand.NewPCG(7, uint64(time.Now().UnixNano())))
	const each = 10
	rounds := longOr(300, 4)
	atomic := 0
	for round := range rounds {
		name := fmt.Sprintf("k%dx", round)
		script := s.script(name, each)
		args := []string{"run", script}
		if round%2 == 0 {
			args = []string{"run", "--atomic", script}
		}
		c := s.command(t.Context(), args...)
		pipe, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(time.Duration(rng.IntN(300))*time.Millisecond, func() { c.Process.Kill() })
		done := printed(bufio.NewScanner(pipe))
		kill.Stop()
		whole := c.Wait() == nil
		s.must("gencert", fmt.Sprintf("CERTAUTH/after%d", round), "--subject", "CN=x", "--key", "ec:p256") // waits for nobody
		there := s.labels("U")
		count := 0
		for label := range there {
			if strings.HasPrefix(label, name) {
				count++
			}
		}
		switch {
		case round%2 != 0:
			for _, label := range done {
				if there[label] == "" {
					t.Fatalf("round %d: %s was printed as made and is not there", round, label)
				}
			}
		case count != 0 && count != each:
			t.Fatalf("round %d: %d of %d certificates of an atomic run are there", round, count, each)
		case whole && count != each:
			t.Fatalf("round %d: the run went through, and %d certificates are there", round, count)
		default:
			atomic += count / each
		}
	}
	unique(t, s.labels("U"))
	s.local.clean()
	t.Logf("%d rounds, %d atomic runs kept", rounds, atomic)
}

// longScript is so many commands that no machine is done with them before the server is killed.
const longScript = 3000

// A server that is killed during a script: the client says what happened, and what it printed as
// made is there.
func TestServedServerKilled(t *testing.T) {
	s := newServedFleet(t)
	s.must("gencert", "CERTAUTH/CA", "--subject", "CN=CA", "--key", "ec:p256")
	var all []string
	for round, args := range [][]string{{"run"}, {"run", "--atomic"}, {"run", "--strict"}} {
		script := s.script(fmt.Sprintf("s%dx", round), longScript)
		c := s.command(t.Context(), append(args, script)...)
		var stderr bytes.Buffer
		c.Stderr = &stderr
		pipe, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(300*time.Millisecond, func() { s.server.Process.Kill() })
		done := printed(bufio.NewScanner(pipe))
		c.Wait()
		kill.Stop()
		s.end()
		code, text := c.ProcessState.ExitCode(), stderr.String()
		atomic := len(args) > 1 && args[1] == "--atomic"
		said := strings.Contains(text, "connection broke") || strings.Contains(text, "no server runs") || strings.Contains(text, "without an answer")
		if code != 12 || !said {
			t.Errorf("%v: code %d\n%.2000s", args, code, text)
		}
		s.start()
		there := s.labels("U")
		if !atomic {
			all = append(all, done...)
		}
		for _, label := range all {
			if there[label] == "" {
				t.Fatalf("%v: %s was printed as made and is not there", args, label)
			}
		}
		if extra := len(there) - len(all); extra > round+1 { // a kill between commit and answer
			t.Fatalf("%v: %d certificates are there, and %d were printed", args, len(there), len(all))
		}
		s.local.clean()
	}
}

// SIGTERM under load: the server ends with code 0, and nobody was told of something that is not.
func TestServedShutdownUnderLoad(t *testing.T) {
	s := newServedFleet(t)
	s.must("gencert", "CERTAUTH/CA", "--subject", "CN=CA", "--key", "ec:p256")
	var mu sync.Mutex
	var all []string
	var crowd sync.WaitGroup
	for i := range 6 {
		crowd.Go(func() {
			c := s.command(t.Context(), "run", s.script(fmt.Sprintf("l%dx", i), longScript))
			var stderr bytes.Buffer
			c.Stderr = &stderr
			out, _ := c.Output()
			mu.Lock()
			defer mu.Unlock()
			all = append(all, printed(bufio.NewScanner(bytes.NewReader(out)))...)
			if code := c.ProcessState.ExitCode(); code != 12 || !strings.Contains(stderr.String(), "server ") {
				t.Errorf("client %d ends %d\n%.2000s", i, code, stderr.String())
			}
		})
	}
	time.Sleep(700 * time.Millisecond)
	s.server.Process.Signal(syscall.SIGTERM)
	if code := s.end(); code != 0 {
		t.Errorf("the server ends %d\n%s", code, s.log.String())
	}
	crowd.Wait()
	s.start()
	there := s.labels("U")
	for _, label := range all {
		if there[label] == "" {
			t.Errorf("%s was printed as made and is not there", label)
		}
	}
	if len(all) == 0 || len(there) > len(all) {
		t.Errorf("%d certificates are there, and %d were printed", len(there), len(all))
	}
	s.local.clean()
}

// Many processes of one user at once: none is turned away, though all may not run at the same
// time.
func TestServedCrowd(t *testing.T) {
	s := newServedFleet(t, "--max-user-requests", "2", "--rate", "200", "--burst", "20")
	s.must("gencert", "CERTAUTH/CA", "--subject", "CN=CA", "--key", "ec:p256")
	processes, each := longOr(32, 6), longOr(50, 15)
	var crowd sync.WaitGroup
	for i := range processes {
		crowd.Go(func() { s.must("run", "--strict", s.script(fmt.Sprintf("c%dx", i), each)) })
	}
	crowd.Wait()
	there := s.labels("U")
	if len(there) != processes*each {
		t.Errorf("%d certificates, want %d", len(there), processes*each)
	}
	unique(t, there)
	s.local.clean()
}
