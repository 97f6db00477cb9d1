package cert

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"signet/internal/oracle"
)

// The whole way of a request, both ways round: openssl signs what NewRequest made, Issue signs
// what openssl asked for, and each side accepts the other's certificate.
func TestRequestsBothWays(t *testing.T) {
	dir := t.TempDir()
	for _, k := range []string{"rsa:2048", "ec:p384", "ed25519"} {
		ca := selfSign(t, caTemplate(t, "CN=Our CA"), key(t, k))
		writeCert(t, dir, "ours.pem", ca)
		writeKey(t, dir, "k.pem", key(t, k))

		// Theirs asks, ours signs.
		oracle.OpenSSL(t, dir, "req", "-new", "-key", "k.pem", "-subj", "/C=US/CN=asker", "-out", "r.pem",
			"-addext", "subjectAltName=DNS:a.example", "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext", "keyUsage=critical,keyCertSign")
		r, err := ParseRequest(oracle.Read(t, dir, "r.pem"))
		if err != nil {
			t.Fatal(err)
		}
		tmpl := basic(t, "CN=x")
		tmpl.Subject, tmpl.KeyUsage, tmpl.AltNames, tmpl.CA, tmpl.MaxPathLen = r.Subject, r.KeyUsage, r.AltNames, r.CA, r.MaxPathLen
		writeCert(t, dir, "answer.pem", issue(t, tmpl, r.PublicKey, ca, key(t, k)))
		oracle.OpenSSL(t, dir, "verify", "-x509_strict", "-CAfile", "ours.pem", "answer.pem")
		out := oracle.OpenSSL(t, dir, "x509", "-in", "answer.pem", "-noout", "-text")
		for _, want := range []string{"CA:TRUE, pathlen:0", "DNS:a.example", "Certificate Sign"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: missing %q in\n%s", k, want, out)
			}
		}

		// Ours asks, theirs signs.
		oracle.OpenSSL(t, dir, "req", "-x509", "-key", "k.pem", "-subj", "/CN=Their CA", "-out", "theirs.pem")
		asked := full(t, k)
		data, err := NewRequest(asked, key(t, k))
		if err != nil {
			t.Fatal(err)
		}
		oracle.Write(t, dir, "r.pem", EncodeRequest(data))
		oracle.OpenSSL(t, dir, "x509", "-req", "-in", "r.pem", "-CA", "theirs.pem", "-CAkey", "k.pem", "-set_serial", "0", "-copy_extensions", "copy", "-out", "answer.pem")
		theirs, answer := readCert(t, dir, "theirs.pem"), readCert(t, dir, "answer.pem")
		if err := CheckSignature(answer, theirs); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(answer.RawSubject, asked.RawSubject) || answer.SerialNumber.Sign() != 0 || AltNamesOf(answer).DNS[0] != goodNames.DNS[0] || answer.MaxPathLen != 2 {
			t.Errorf("%s: answer for %q, serial %v, path length %d", k, SubjectOf(answer), answer.SerialNumber, answer.MaxPathLen)
		}
	}
}

// CheckChain and crypto/x509 agree on chains of up to four certificates in which anything may
// be wrong that both look at.
func TestCheckChainLikeGo(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	good := 0
	for range 150 {
		var templates []Template
		var story []string
		for i := range 1 + r.IntN(4) {
			tmpl := caTemplate(t, fmt.Sprintf("CN=%d", i))
			tmpl.Serial = big.NewInt(int64(i))
			if r.IntN(4) == 0 {
				tmpl.MaxPathLen = r.IntN(3)
			}
			switch r.IntN(16) {
			case 0:
				tmpl.CA = false
			case 1:
				tmpl.KeyUsage = x509.KeyUsageCRLSign
			case 2:
				tmpl.KeyUsage = 0
			case 3:
				tmpl.NotAfter = now.Add(-time.Hour)
			case 4:
				tmpl.NotBefore = now.Add(time.Hour)
			}
			templates = append(templates, tmpl)
			story = append(story, fmt.Sprintf("CA %v, usage %v, path length %d, %v to %v", tmpl.CA, tmpl.KeyUsage, tmpl.MaxPathLen, tmpl.NotBefore, tmpl.NotAfter))
		}
		chain := line(t, templates...)
		problems := CheckChain(chain, now)

		last := len(chain) - 1
		roots, middle := x509.NewCertPool(), x509.NewCertPool()
		roots.AddCert(chain[last])
		for _, c := range chain[1:max(1, last)] {
			middle.AddCert(c)
		}
		_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: middle, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if (err == nil) != (len(problems) == 0) {
			t.Errorf("%v, but crypto/x509 says %v of\n%s", problems, err, strings.Join(story, "\n"))
		}
		if err == nil {
			good++
		}
	}
	if good < 20 || good > 130 {
		t.Errorf("%d of 150 chains were good", good)
	}
}

// What a template says is what the certificate says, for templates with anything in them.
func TestIssueAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	ca := selfSign(t, caTemplate(t, "CN=CA"), key(t, "ec:p256"))
	for range 300 {
		tmpl := Template{
			Serial:    new(big.Int).Rsh(new(big.Int).SetUint64(r.Uint64()), uint(r.IntN(64))),
			NotBefore: time.Date(1950+r.IntN(4000), time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1e9), time.UTC),
			KeyUsage:  x509.KeyUsage(r.IntN(1 << 9)), MaxPathLen: r.IntN(4) - 1, CA: r.IntN(2) == 0, BasicConstraints: r.IntN(2) == 0,
		}
		tmpl.NotAfter = tmpl.NotBefore.AddDate(r.IntN(4000), 0, 1)
		for u := firstExtUsage; u <= lastExtUsage; u++ {
			if r.IntN(8) == 0 {
				tmpl.ExtKeyUsage = append(tmpl.ExtKeyUsage, u)
			}
		}
		var err error
		if tmpl.Subject, err = randomSubject(r).Name(); err != nil {
			t.Fatal(err)
		}
		c := issue(t, tmpl, key(t, "other").Public(), ca, key(t, "ec:p256"))
		pathLen := tmpl.MaxPathLen
		if !tmpl.CA {
			pathLen = -1
		}
		if c.BasicConstraintsValid && c.MaxPathLen != pathLen || c.BasicConstraintsValid != (tmpl.CA || tmpl.BasicConstraints) || c.IsCA != tmpl.CA {
			t.Errorf("%+v: basic constraints %v, CA %v, path length %d", tmpl, c.BasicConstraintsValid, c.IsCA, c.MaxPathLen)
		}
		if SubjectOf(c) != tmpl.Subject || c.SerialNumber.Cmp(tmpl.Serial) != 0 || c.KeyUsage != tmpl.KeyUsage || fmt.Sprint(c.ExtKeyUsage) != fmt.Sprint(tmpl.ExtKeyUsage) {
			t.Errorf("%+v: %q, %v, %v, %v", tmpl, SubjectOf(c), c.SerialNumber, c.KeyUsage, c.ExtKeyUsage)
		}
		if !c.NotBefore.Equal(tmpl.NotBefore.Truncate(time.Second)) || !c.NotAfter.Equal(tmpl.NotAfter.Truncate(time.Second)) {
			t.Errorf("%+v: %v to %v", tmpl, c.NotBefore, c.NotAfter)
		}
		critical := map[string]bool{oidKeyUsage.String(): true, oidBasicConstraints.String(): true}
		for _, e := range c.Extensions {
			if e.Critical != critical[e.Id.String()] {
				t.Errorf("extension %v: critical %v", e.Id, e.Critical)
			}
		}
	}
}
