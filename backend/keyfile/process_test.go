package keyfile

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"signet/backend/backendtest"
	"signet/ring"
)

// childRole makes this test program play one of the roles instead of testing.
const childRole = "SIGNET_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(childRole)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := roles[role](os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// roles are what a child process can do with a keystore.
var roles = map[string]func(args []string) error{
	"add":   addMany,
	"churn": churn,
	"serve": serve,
}

// child prepares a child process.
func child(t testing.TB, role string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), childRole+"="+role)
	return cmd
}

// fatal lets a child use what fails a test.
type fatal struct{ testing.TB }

func (fatal) Helper()           {}
func (fatal) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

const owner ring.Owner = "WEBSRV"

// kindNamed gives a kind by its name.
func kindNamed(name string) (kind, error) {
	for _, k := range kinds() {
		if k.name == name {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("no kind %q", name)
}

// put makes a certificate with its key the one of a label, as ring.Put does.
func put(tx ring.Tx, label string, serial int64, key crypto.Signer) error {
	x, _ := backendtest.Make(fatal{}, backendtest.Spec{Subject: label, Serial: big.NewInt(serial), Key: key})
	ref := ring.CertRef{Owner: owner, Label: label}
	c := ring.NewCertificate(ref, x)
	old, err := tx.Certificate(ref)
	switch {
	case errors.Is(err, ring.ErrNotFound):
		err = tx.AddCertificate(c)
	case err == nil:
		c.ID = old.ID
		if err = tx.DeletePrivateKey(old); err == nil {
			err = tx.UpdateCertificate(c)
		}
	}
	if err != nil {
		return err
	}
	return tx.PutPrivateKey(c, key)
}

// serialOf reads the certificate of a label with its key, and gives the serial number.
func serialOf(tx ring.Tx, label string) (int64, error) {
	c, err := tx.Certificate(ring.CertRef{Owner: owner, Label: label})
	if err != nil {
		return 0, err
	}
	x, err := c.X509()
	if err != nil {
		return 0, err
	}
	if _, err := tx.PrivateKey(c); err != nil { // which checks that it is that of the certificate
		return 0, err
	}
	return x.SerialNumber.Int64(), nil
}

// addMany adds certificates: KIND PATH PREFIX COUNT.
func addMany(args []string) error {
	k, err := kindNamed(args[0])
	if err != nil {
		return err
	}
	s, err := k.tryOpen(args[1], options())
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	io.Copy(io.Discard, os.Stdin) // all processes begin when the parent closes their input
	_, key := backendtest.Make(fatal{}, backendtest.Spec{})
	for i := range count {
		err := s.Update(context.Background(), func(tx ring.Tx) error {
			return put(tx, fmt.Sprintf("%s-%d", args[2], i), int64(i+1), key)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// TestProcesses has two processes add to one keystore, which neither finds there: nothing is lost.
func TestProcesses(t *testing.T) {
	const each = 15
	for _, name := range []string{"JKS", "PKCS12 modern", "PEM"} {
		k, err := kindNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "keystore")
		var children []*exec.Cmd
		var starts []io.Closer
		for _, prefix := range []string{"a", "b"} {
			cmd := child(t, "add", name, path, prefix, strconv.Itoa(each))
			cmd.Stderr = os.Stderr
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			children, starts = append(children, cmd), append(starts, in)
		}
		for _, in := range starts {
			in.Close()
		}
		for _, cmd := range children {
			if err := cmd.Wait(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		err = k.open(t, path, options()).View(t.Context(), func(tx ring.Tx) error {
			n := 0
			for c, err := range tx.Certificates(owner) {
				if err != nil {
					return err
				}
				if _, err := tx.PrivateKey(c); err != nil {
					return err
				}
				n++
			}
			if n != 2*each {
				t.Errorf("%s: %d certificates, want %d", name, n, 2*each)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// churn replaces two certificates with their keys in each transaction, until it is killed, and
// prints the number of each transaction when it is done: KIND PATH.
func churn(args []string) error {
	k, err := kindNamed(args[0])
	if err != nil {
		return err
	}
	s, err := k.tryOpen(args[1], options())
	if err != nil {
		return err
	}
	var keys []crypto.Signer
	for range 3 {
		_, key := backendtest.Make(fatal{}, backendtest.Spec{})
		keys = append(keys, key)
	}
	for {
		var n int64
		err := s.Update(context.Background(), func(tx ring.Tx) error {
			last, err := serialOf(tx, "a")
			if err != nil && !errors.Is(err, ring.ErrNotFound) {
				return err
			}
			n = last + 1
			if err := put(tx, "a", n, keys[n%3]); err != nil {
				return err
			}
			return put(tx, "b", n, keys[(n+1)%3])
		})
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestKill kills writers 200 times: each time the keystore is as some transaction left it, the
// last one that was reported or the one after it.
func TestKill(t *testing.T) {
	for name, kills := range map[string]int{"JKS": 70, "PKCS12 modern": 60, "PEM": 70} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, err := kindNamed(name)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "keystore")
			var last int64
			for range kills {
				last = killOnce(t, k, path, last)
			}
			if last < int64(kills) {
				t.Errorf("only %d transactions", last)
			}
			tidy(t, k, path)
		})
	}
}

// killOnce lets a writer run, kills it, and gives the number of the transaction that the keystore
// holds then.
func killOnce(t *testing.T, k kind, path string, last int64) int64 {
	t.Helper()
	cmd := child(t, "churn", k.name, path)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	done := make(chan int64)
	go func() {
		reported := last
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				done <- reported
				return
			}
			if reported == last { // the first one is done: kill it during one of the next
				time.AfterFunc(time.Duration(rand.Int64N(int64(25*time.Millisecond))), func() { cmd.Process.Kill() })
			}
			fmt.Sscan(line, &reported)
		}
	}()
	reported := <-done
	cmd.Wait()
	if reported == last {
		t.Fatalf("the writer stopped by itself: %s", &complaint)
	}
	var a, b int64
	err = k.open(t, path, options()).View(t.Context(), func(tx ring.Tx) (err error) {
		if a, err = serialOf(tx, "a"); err == nil {
			b, err = serialOf(tx, "b")
		}
		return err
	})
	if err != nil || a != b || a != reported && a != reported+1 {
		t.Fatalf("holds transactions %d and %d after %d was reported: %v", a, b, reported, err)
	}
	secret := path
	if k.format == ring.FormatPEM {
		secret = filepath.Join(path, "a.key")
	}
	if info, err := os.Stat(secret); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%s: %v, %v", secret, info.Mode(), err)
	}
	return a
}

// tidy checks that one more change leaves nothing of those that were killed.
func tidy(t *testing.T, k kind, path string) {
	t.Helper()
	old := time.Now().Add(-2 * tempAge)
	temps, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".signet-*.tmp"))
	for _, temp := range temps {
		if err := os.Chtimes(temp, old, old); err != nil {
			t.Fatal(err)
		}
	}
	_, key := backendtest.Make(t, backendtest.Spec{})
	err := k.open(t, path, options()).Update(t.Context(), func(tx ring.Tx) error { return put(tx, "c", 1, key) })
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	err = filepath.WalkDir(filepath.Dir(path), func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() || strings.HasPrefix(d.Name(), "G") {
			have = append(have, d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := 1
	if k.format == ring.FormatPEM {
		want = 6 + 6 + 2 // names, files, the generation and the link to it
	}
	if len(have) != want {
		t.Errorf("%d files are there, want %d: %q", len(have), want, have)
	}
}

// serve loads a certificate and its key again and again, as a server does, until its input ends:
// DIR LABEL. When both readings of the certificate agree the key between them must be its key.
func serve(args []string) error {
	crt, key := filepath.Join(args[0], args[1]+certificateFile), filepath.Join(args[0], args[1]+keyFile)
	ended := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	good, torn, absent := 0, 0, 0
	for {
		select {
		case <-ended:
			fmt.Println(good, torn)
			return nil
		default:
		}
		first, err := os.ReadFile(crt)
		if errors.Is(err, fs.ErrNotExist) && absent < 2 {
			absent++ // this process was stopped longer than settleTime between two looks at one path
			continue
		}
		if err != nil {
			return err
		}
		secret, err := os.ReadFile(key)
		if err != nil {
			return err
		}
		second, err := os.ReadFile(crt)
		if err != nil {
			return err
		}
		if !bytes.Equal(first, second) {
			torn++
			continue
		}
		if _, err := tls.X509KeyPair(first, secret); err != nil {
			return err
		}
		good++
	}
}

// TestServe replaces a certificate and its key under one label while a server loads both.
func TestServe(t *testing.T) {
	const rounds = 120
	dir := filepath.Join(t.TempDir(), "pem")
	s, err := OpenFolder(dir, options())
	if err != nil {
		t.Fatal(err)
	}
	var keys []crypto.Signer
	for range 3 {
		_, key := backendtest.Make(t, backendtest.Spec{})
		keys = append(keys, key)
	}
	replace := func(i int) {
		t.Helper()
		if err := s.Update(t.Context(), func(tx ring.Tx) error { return put(tx, "web", int64(i+1), keys[i%3]) }); err != nil {
			t.Fatal(err)
		}
	}
	replace(0)
	// As another program wrote it: plain files, which the first change takes over.
	for _, name := range []string{"web.crt", "web.key"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := child(t, "serve", dir, "web")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for i := range rounds {
		replace(i + 1)
	}
	in.Close()
	text, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the server failed: %v: %s", err, &complaint)
	}
	var good, torn int
	if _, err := fmt.Sscan(string(text), &good, &torn); err != nil || good < rounds {
		t.Errorf("the server loaded %q times: %v", text, err)
	}
	t.Logf("loaded %d times, and %d times saw a change between two readings", good, torn)
}
