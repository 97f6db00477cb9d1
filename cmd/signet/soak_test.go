package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/oracle"
)

// soaking reports whether the tests that go on and on are to do so (make soak).
func soaking() bool { return os.Getenv("SIGNET_SOAK") != "" }

// longOr gives the number of rounds: many when soaking, few otherwise.
func longOr(many, few int) int {
	if soaking() {
		return many
	}
	return few
}

// fleet is a database with the real program working on it.
type fleet struct {
	t       *testing.T
	signet  string
	dir     string
	url     string
	variant []string // of the environment
}

func (f *fleet) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, f.signet, args...)
	c.Dir = f.dir
	c.Env = append([]string{"HOME=" + f.dir, "PATH=" + os.Getenv("PATH"), "SIGNET_DB=" + f.url, "TZ=UTC"}, f.variant...)
	return c
}

// must runs a command that has to succeed and gives what it printed.
func (f *fleet) must(args ...string) string {
	f.t.Helper()
	var stderr bytes.Buffer
	c := f.command(f.t.Context(), args...)
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		f.t.Fatalf("signet %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

// labels lists the certificates of an owner with their serial numbers.
func (f *fleet) labels(owner string) map[string]string {
	f.t.Helper()
	out, _ := f.command(f.t.Context(), "list", owner, "--output", "json").Output() // 4: none
	var ans answer
	if err := json.Unmarshal(out, &ans); err != nil {
		f.t.Fatalf("list %s: %v\n%s", owner, err, out)
	}
	all := map[string]string{}
	for _, c := range ans.Certificates {
		if !c.PrivateKey {
			f.t.Errorf("%s/%s has no private key: a command was half done", owner, c.Label)
		}
		all[c.Label] = c.Serial
	}
	return all
}

// clean checks the whole database.
func (f *fleet) clean() {
	f.t.Helper()
	f.must("db", "check", "--quiet")
}

// script writes a file of n plain commands that make certificates.
func (f *fleet) script(name string, n int) string {
	f.t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "gencert U/%s%d --subject CN=%s%d --key ec:p256 --signwith CERTAUTH/CA\n", name, i, name, i)
	}
	return oracle.Write(f.t, f.dir, name+".txt", []byte(b.String()))
}

// printed reads the labels whose success a run printed, until it ends.
func printed(out *bufio.Scanner) []string {
	var labels []string
	for out.Scan() {
		if rest, ok := strings.CutPrefix(out.Text(), "U/"); ok {
			label, _, _ := strings.Cut(rest, " ")
			labels = append(labels, label)
		}
	}
	return labels
}

// runUntil starts a script and ends it with SIGKILL after a while. It gives what was printed.
func (f *fleet) runUntil(script string, after time.Duration) []string {
	f.t.Helper()
	c := f.command(f.t.Context(), "run", script)
	pipe, err := c.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		f.t.Fatal(err)
	}
	kill := time.AfterFunc(after, func() { c.Process.Kill() })
	labels := printed(bufio.NewScanner(pipe))
	kill.Stop()
	c.Wait()
	return labels
}

// TestKilled kills scripts at random moments. What was printed as done is there, nothing is half
// done, and the serial numbers of the CA are unique.
func TestKilled(t *testing.T) {
	f := &fleet{t: t, signet: program(t), dir: t.TempDir()}
	f.url = filepath.Join(f.dir, "signet.db")
	f.must("gencert", "CERTAUTH/CA", "--subject", "CN=CA", "--key", "ec:p256")
	rng := rand.New(rand.NewPCG(6, uint64(time.Now().UnixNano())))
	var all []string
	rounds := longOr(500, 15)
	for round := range rounds {
		done := f.runUntil(f.script(fmt.Sprintf("k%dx", round), 40), time.Duration(rng.IntN(250))*time.Millisecond)
		all = append(all, done...)
		there := f.labels("U")
		for _, label := range all {
			if there[label] == "" {
				t.Fatalf("round %d: %s was printed as made and is not there", round, label)
			}
		}
		if extra := len(there) - len(all); extra > round+1 { // a kill between commit and print
			t.Fatalf("round %d: %d certificates are there, and %d were printed", round, len(there), len(all))
		}
		if round%10 == 0 || round == rounds-1 {
			f.clean()
		}
	}
	unique(t, f.labels("U"))
	t.Logf("%d kills, %d certificates", rounds, len(all))
}

// unique checks that no serial number is there twice.
func unique(t *testing.T, serials map[string]string) {
	t.Helper()
	seen := map[string]string{}
	for label, serial := range serials {
		if other, ok := seen[serial]; ok {
			t.Errorf("%s and %s have the serial number %s", label, other, serial)
		}
		seen[serial] = label
	}
}

// TestCrowd has many processes add, connect and delete at once, on either engine. The content is
// the sum of what they reported; the serial numbers have no gaps.
func TestCrowd(t *testing.T) {
	for name, f := range fleets(t) {
		t.Run(name, func(t *testing.T) {
			f.t = t
			f.must("gencert", "CERTAUTH/CA", "--subject", "CN=CA", "--key", "ec:p256")
			f.must("addring", "U/R")
			processes, each := longOr(32, 8), longOr(20, 5)
			var wg sync.WaitGroup
			var mu sync.Mutex
			made, kept := 0, map[string]bool{}
			for p := range processes {
				var b strings.Builder
				for i := range each {
					label := fmt.Sprintf("p%dx%d", p, i)
					fmt.Fprintf(&b, "gencert U/%s --subject CN=%s --key ec:p256 --signwith CERTAUTH/CA\nconnect U/%s U/R\n", label, label, label)
					if i%2 == 1 {
						fmt.Fprintf(&b, "delete U/%s\n", label)
					}
				}
				script := oracle.Write(t, f.dir, fmt.Sprintf("crowd%d.txt", p), []byte(b.String()))
				wg.Go(func() {
					var stderr bytes.Buffer
					c := f.command(t.Context(), "run", script)
					c.Stderr = &stderr
					out, err := c.Output()
					if err != nil {
						t.Errorf("process %d: %v\n%s", p, err, stderr.String())
						return
					}
					mu.Lock()
					defer mu.Unlock()
					made += len(printed(bufio.NewScanner(bytes.NewReader(out))))
					for i := range each {
						if i%2 == 0 {
							kept[fmt.Sprintf("p%dx%d", p, i)] = true
						}
					}
				})
			}
			wg.Wait()
			there := f.labels("U")
			if len(there) != len(kept) {
				t.Errorf("%d certificates are there, and %d were kept", len(there), len(kept))
			}
			for label := range kept {
				if there[label] == "" {
					t.Errorf("%s is not there", label)
				}
			}
			if made != processes*each {
				t.Errorf("%d were reported as made, want %d", made, processes*each)
			}
			unique(t, there)
			// The next serial number is one more than all that were issued: none was lost.
			f.must("gencert", "U/last", "--subject", "CN=last", "--key", "ec:p256", "--signwith", "CERTAUTH/CA")
			if want := fmt.Sprintf("%02X", made+1); strings.TrimLeft(f.labels("U")["last"], "0") != strings.TrimLeft(want, "0") {
				t.Errorf("the next serial number is %s, want %s: there are gaps", f.labels("U")["last"], want)
			}
			f.clean()
		})
	}
}

// fleets gives an empty database of each engine.
func fleets(t *testing.T) map[string]*fleet {
	signet := program(t)
	lite := &fleet{t: t, signet: signet, dir: t.TempDir()}
	lite.url = filepath.Join(lite.dir, "signet.db")
	return map[string]*fleet{"SQLite": lite, "PostgreSQL": postgresFleet(t, oracle.NewPostgres(t), signet)}
}

// postgresFleet gives a database on a server.
func postgresFleet(t *testing.T, p *oracle.Postgres, signet string) *fleet {
	f := &fleet{t: t, signet: signet, dir: t.TempDir(), variant: []string{"PGPASSWORD=" + oracle.PostgresPassword}}
	query := p.Schema(t)
	query.Set("stash", filepath.Join(f.dir, "fleet.stash"))
	f.url = p.URL("tests", query)
	return f
}

// TestServerKilled stops a server without warning while scripts run, and starts it again. What
// was printed as done is there.
func TestServerKilled(t *testing.T) {
	p := oracle.NewPostgres(t)
	f := postgresFleet(t, p, program(t))
	f.must("gencert", "CERTAUTH/CA", "--subject", "CN=CA", "--key", "ec:p256")
	rng := rand.New(rand.NewPCG(7, uint64(time.Now().UnixNano())))
	var all []string
	for round := range longOr(50, 3) {
		script := f.script(fmt.Sprintf("s%dx", round), 300)
		stop := time.AfterFunc(time.Duration(100+rng.IntN(500))*time.Millisecond, func() { p.Stop("immediate") })
		all = append(all, f.runUntil(script, 20*time.Second)...)
		stop.Stop()
		p.Stop("immediate") // if the script was faster
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		there := f.labels("U")
		if i := slices.IndexFunc(all, func(l string) bool { return there[l] == "" }); i >= 0 {
			t.Fatalf("round %d: %s was printed as made and is not there", round, all[i])
		}
	}
	unique(t, f.labels("U"))
	f.clean()
	t.Logf("%d certificates", len(all))
}

// TestFailover kills a primary while scripts run against it and its standby, which is promoted.
// Nothing that was printed as done is lost, and the clients carry on with the standby.
func TestFailover(t *testing.T) {
	signet := program(t)
	for round := range longOr(5, 1) {
		primary := oracle.NewPostgres(t)
		f := postgresFleet(t, primary, signet)
		standby := primary.Standby(t)
		primary.Synchronous(t)
		f.url = strings.Replace(f.url, fmt.Sprintf("127.0.0.1:%d", primary.Port),
			fmt.Sprintf("127.0.0.1:%d,127.0.0.1:%d", primary.Port, standby.Port), 1) + "&target_session_attrs=read-write"
		f.must("gencert", "CERTAUTH/CA", "--subject", "CN=CA", "--key", "ec:p256")
		script := f.script(fmt.Sprintf("f%dx", round), 400)
		stop := time.AfterFunc(600*time.Millisecond, func() { primary.Stop("immediate") })
		done := f.runUntil(script, 30*time.Second)
		stop.Stop()
		primary.Stop("immediate")
		if len(done) == 0 {
			t.Fatal("nothing was done before the failover")
		}
		if err := standby.Promote(); err != nil {
			t.Fatal(err)
		}
		there := f.labels("U")
		if i := slices.IndexFunc(done, func(l string) bool { return there[l] == "" }); i >= 0 {
			t.Fatalf("round %d: %s was printed as made and is lost", round, done[i])
		}
		f.must("gencert", "U/after", "--subject", "CN=after", "--key", "ec:p256", "--signwith", "CERTAUTH/CA")
		unique(t, f.labels("U"))
		f.clean()
		t.Logf("round %d: %d certificates before the failover", round, len(done))
	}
}
