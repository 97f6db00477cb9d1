package sqldb

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/oracle"
	"signet/ring"
)

// TestPostgresCrash crashes the server while several writers are at work and one stands in the
// middle of a transaction, and starts it again: what was acknowledged is there, what was not is
// not, and the open databases go on.
func TestPostgresCrash(t *testing.T) {
	t.Parallel()
	p := oracle.NewPostgres(t)
	at := place{p.URL("tests", p.Schema(t)), filepath.Join(t.TempDir(), "stash")}
	db := openAt(t, at)
	var mu sync.Mutex
	acknowledged, unknown, said := map[string]bool{}, map[string]bool{}, map[string]bool{}
	work := func(db *DB, prefix string, stop chan bool) {
		for n := 0; ; n++ {
			label := fmt.Sprintf("%s-%d", prefix, n)
			err := addOne(t.Context(), db, label)
			mu.Lock()
			if err == nil {
				acknowledged[label] = true
			} else {
				discreet(t, err)
				said[err.Error()] = true
				unknown[label] = strings.Contains(err.Error(), "look before")
				if ring.CodeOf(err) != ring.Failed {
					t.Errorf("return code %d: %v", ring.CodeOf(err), err)
				}
			}
			mu.Unlock()
			select {
			case <-stop:
				return
			default:
			}
		}
	}
	for round := range 3 {
		stop := make(chan bool)
		before := len(acknowledged)
		var writers sync.WaitGroup
		for i := range 3 {
			writer := openAt(t, at)
			writers.Go(func() { work(writer, fmt.Sprintf("W%d-%d", round, i), stop) })
		}
		// The writers are in full swing, however slow the machine is.
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			mu.Lock()
			enough := len(acknowledged) >= before+9
			mu.Unlock()
			if enough {
				break
			}
		}
		if round > 0 { // whatever they are at
			if err := p.Stop("immediate"); err != nil {
				t.Fatal(err)
			}
		} else {
			err := db.Update(t.Context(), func(tx ring.Tx) error {
				if err := tx.PutSetting("half", "done"); err != nil {
					return err
				}
				if err := p.Stop("immediate"); err != nil {
					t.Fatal(err)
				}
				return tx.PutSetting("other half", "done")
			})
			contains(t, err, "nothing was changed", db.Path())
			discreet(t, err)
		}
		close(stop)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		writers.Wait()
	}

	have := soundAt(t, db)
	for label := range acknowledged {
		if !have[label] {
			t.Errorf("%s was acknowledged and is not there", label)
		}
	}
	for label := range have {
		if !acknowledged[label] && !unknown[label] {
			t.Errorf("%s is there, and it was said that it is not", label)
		}
	}
	if len(acknowledged) < 9 || len(said) == 0 {
		t.Errorf("%d acknowledged, the writers heard %v", len(acknowledged), said)
	}
	err := db.View(t.Context(), func(tx ring.Tx) error {
		v, err := tx.Setting("half")
		if v != "" {
			t.Error("half a transaction is there")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := addOne(t.Context(), db, "after"); err != nil {
		t.Error(err)
	}
	t.Logf("%d acknowledged", len(acknowledged))
	for text := range said {
		t.Log(text)
	}
}

// issue makes a certificate, signed by its issuer or by itself, and gives it and its key in PEM.
func issue(t *testing.T, name string, issuer *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, string, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	if issuer == nil {
		template.IsCA, template.BasicConstraintsValid, issuer, signer = true, true, template, key
	} else {
		template.DNSNames, template.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	return cert, key, block("CERTIFICATE", der), block("PRIVATE KEY", pkcs8)
}

// TestPostgresTLS has a server with a certificate from a CA of the test.
func TestPostgresTLS(t *testing.T) {
	t.Parallel()
	p := oracle.NewPostgres(t)
	ca, caKey, caPEM, _ := issue(t, "CA", nil, nil)
	_, _, otherPEM, _ := issue(t, "Other CA", nil, nil)
	_, _, serverPEM, serverKey := issue(t, "server", ca, caKey)
	dir := t.TempDir()
	good, bad := filepath.Join(dir, oracle.Write(t, dir, "ca.pem", []byte(caPEM))), filepath.Join(dir, oracle.Write(t, dir, "other.pem", []byte(otherPEM)))
	for name, text := range map[string]string{"data/server.crt": serverPEM, "data/server.key": serverKey} {
		p.File(t, name, text)
	}
	p.SQL(t, "postgres", "ALTER SYSTEM SET ssl = on")
	p.SQL(t, "postgres", "SELECT pg_reload_conf()")
	schema := p.Schema(t)
	at := func(host, mode, root string) string {
		u, err := url.Parse(p.URL("tests", schema))
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("sslmode", mode)
		if root != "" {
			q.Set("sslrootcert", root)
		}
		u.Host, u.RawQuery = net.JoinHostPort(host, u.Port()), q.Encode()
		return u.String()
	}
	stash := filepath.Join(dir, "stash")
	for _, host := range []string{"127.0.0.1", "localhost"} {
		db := openAt(t, place{at(host, "verify-full", good), stash})
		var version string
		err := db.pool.QueryRow("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl").Scan(&version)
		if err != nil || version != "TLSv1.3" {
			t.Errorf("TLS version %q, %v", version, err)
		}
		if err := addOne(t.Context(), db, host); err != nil {
			t.Error(err)
		}
	}
	o := Options{Stash: stash}
	refusedAt(t, at("127.0.0.1", "verify-full", bad), o, nil, "the server's certificate is not accepted", "unknown authority")
	refusedAt(t, at("127.0.0.2", "verify-full", good), o, nil) // not listening, or not in the certificate
	refusedAt(t, at("127.0.0.1", "verify-full", filepath.Join(dir, "none.pem")), o, ring.ErrInvalid, "none.pem")
	openAt(t, place{at("127.0.0.1", "require", ""), stash})
}

// TestPostgresHosts names several servers: one that is down, one that takes no changes, and the
// one that is meant.
func TestPostgresHosts(t *testing.T) {
	t.Parallel()
	unused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unused.Close()
	primary := oracle.NewPostgres(t)
	query := primary.Schema(t)
	stash := filepath.Join(t.TempDir(), "stash")
	openAt(t, place{primary.URL("tests", query), stash})
	standby := primary.Standby(t)

	hosts := func(first string, more url.Values) string {
		u := primary.URL("tests", url.Values{"search_path": query["search_path"], "connect_timeout": {"2"}})
		host := fmt.Sprintf("127.0.0.1:%d", primary.Port)
		u = strings.Replace(u, host, first+","+host, 1)
		if len(more) > 0 {
			u += "&" + more.Encode()
		}
		return u
	}
	down, copying := unused.Addr().String(), fmt.Sprintf("127.0.0.1:%d", standby.Port)
	writable := url.Values{"target_session_attrs": {"read-write"}}
	for _, u := range []string{hosts(down, nil), hosts(down, writable), hosts(copying, writable), hosts(down+","+copying, writable)} {
		db := openAt(t, place{u, stash})
		if err := db.Update(t.Context(), step); err != nil {
			t.Errorf("%s: %v", db.Path(), err)
		}
		discreet(t, fmt.Errorf("%s", db.Path()))
	}
	// Without the wish for a server that takes changes, the first answer counts.
	db := openAt(t, place{hosts(copying, nil), stash})
	for range 100 { // until the standby has it all
		if hint(t, db) == 5 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if n := hint(t, db); n != 5 {
		t.Errorf("the standby counts %d, want 5", n)
	}
	err = db.Update(t.Context(), step)
	contains(t, err, "standby", "target_session_attrs=read-write")
	if ring.CodeOf(err) != ring.Failed {
		t.Errorf("return code %d", ring.CodeOf(err))
	}
	refusedAt(t, strings.Replace(hosts(down, writable), fmt.Sprintf(":%d/", primary.Port), fmt.Sprintf(":%d/", standby.Port), 1),
		Options{Stash: stash}, nil, down+": nothing listens there", "read only")
}
