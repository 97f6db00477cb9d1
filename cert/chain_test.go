package cert

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/oracle"
)

// line builds a chain, root last, from one template per certificate, leaf first. All keys are
// one key but for names, which keeps it quick.
func line(t *testing.T, templates ...Template) []*x509.Certificate {
	t.Helper()
	k := key(t, "ec:p256")
	chain := make([]*x509.Certificate, len(templates))
	for i := len(templates) - 1; i >= 0; i-- {
		if i == len(templates)-1 {
			chain[i] = selfSign(t, templates[i], k)
		} else {
			chain[i] = issue(t, templates[i], k.Public(), chain[i+1], k)
		}
	}
	return chain
}

func TestCheckChain(t *testing.T) {
	root, middle, leaf := caTemplate(t, "CN=root"), caTemplate(t, "CN=middle"), basic(t, "CN=leaf")
	with := func(p Template, set func(*Template)) Template { set(&p); return p }
	good := line(t, leaf, middle, root)
	limited := func(n int) Template { return with(root, func(p *Template) { p.MaxPathLen = n }) }
	stranger := line(t, with(root, func(p *Template) { p.Subject = name(t, "CN=stranger") }))[0]
	forged := *good[0]
	forged.Signature = good[1].Signature
	critical := *good[1]
	critical.UnhandledCriticalExtensions = append(critical.UnhandledCriticalExtensions, []int{1, 2, 3})
	version1 := *good[2]
	version1.Version, version1.IsCA, version1.BasicConstraintsValid, version1.Extensions, version1.KeyUsage = 1, false, false, nil, 0
	version1middle := *good[1]
	version1middle.Version, version1middle.IsCA, version1middle.Extensions = 1, false, nil
	badRoot := *good[2]
	badRoot.Signature = good[1].Signature

	tests := []struct {
		name  string
		chain []*x509.Certificate
		at    time.Time
		want  []string // "certificate N: part of the text"
	}{
		{"nothing", nil, now, nil},
		{"good", good, now, nil},
		{"root alone", good[2:], now, nil},
		{"first second", good, date(2025), nil},
		{"last second", good, date(2035), nil},
		{"too early", good[2:], date(2025).Add(-time.Second), []string{"certificate 1: not valid before 2025-01-02 03:04:05 UTC"}},
		{"too late", good, date(2035).Add(time.Second), []string{"certificate 1: expired", "certificate 2: expired", "certificate 3: expired at 2035-01-02 03:04:05 UTC"}},
		{"no root", good[:2], now, []string{`certificate 2: its issuer "CN=root" is missing`}},
		{"gap", []*x509.Certificate{good[0], good[2]}, now, []string{`certificate 1: issued by "CN=middle", but "CN=root" follows`}},
		{"wrong root", append(slices.Clone(good[:2]), stranger), now, []string{`certificate 2: issued by "CN=root", but "CN=stranger" follows`}},
		{"forged leaf", []*x509.Certificate{&forged, good[1], good[2]}, now, []string{"certificate 1: its signature does not verify"}},
		{"forged root", []*x509.Certificate{good[0], good[1], &badRoot}, now, []string{"certificate 3: its signature does not verify"}},
		{"critical extension", []*x509.Certificate{good[0], &critical, good[2]}, now, []string{"certificate 2: critical extension 1.2.3 is not understood"}},
		{"root of version 1", []*x509.Certificate{good[0], good[1], &version1}, now, nil},
		{"middle of version 1", []*x509.Certificate{good[0], &version1middle, good[2]}, now, []string{"certificate 2: not a CA certificate"}},
		{"middle is no CA", line(t, leaf, basic(t, "CN=middle"), root), now, []string{"certificate 2: not a CA certificate"}},
		{"middle says that it is no CA", line(t, leaf, with(basic(t, "CN=middle"), func(p *Template) { p.BasicConstraints = true }), root), now, []string{"certificate 2: not a CA certificate"}},
		{"self-signed but no CA", line(t, leaf, basic(t, "CN=root")), now, []string{"certificate 2: not a CA certificate"}},
		{"CA without key usage", line(t, leaf, with(middle, func(p *Template) { p.KeyUsage = 0 }), root), now, nil},
		{"CA for lists only", line(t, leaf, with(middle, func(p *Template) { p.KeyUsage = x509.KeyUsageCRLSign }), root), now, []string{"certificate 2: its key usage does not include signing"}},
		{"path length 0, direct", line(t, leaf, limited(0)), now, nil},
		{"path length 0", line(t, leaf, middle, limited(0)), now, []string{"certificate 3: path length 0 exceeded: 1 intermediate"}},
		{"path length 1", line(t, leaf, middle, limited(1)), now, nil},
		{"path length 1, two", line(t, leaf, middle, with(middle, func(p *Template) { p.Subject = name(t, "CN=upper") }), limited(1)), now, []string{"certificate 4: path length 1 exceeded"}},
		// RFC 5280 section 4.2.1.9: what a CA issues to itself does not count, and the last does not.
		{"path length 0, self-issued", line(t, leaf, middle, with(middle, func(p *Template) { p.MaxPathLen = 0 }), limited(1)), now, nil},
		{"path length 0, leaf is a CA", line(t, middle, limited(0)), now, nil},
		{"two things", line(t, with(leaf, func(p *Template) { p.NotAfter = date(2026).Add(-time.Second) }), basic(t, "CN=middle"), root), now, []string{"certificate 1: expired", "certificate 2: not a CA"}},
	}
	for _, tt := range tests {
		got := CheckChain(tt.chain, tt.at)
		if len(got) != len(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			continue
		}
		for i, p := range got {
			var err error = p
			var back Problem
			if !strings.HasPrefix(err.Error(), tt.want[i]) || !errors.As(err, &back) {
				t.Errorf("%s: %q, want %q", tt.name, err, tt.want[i])
			}
		}
	}
}

func TestCheckChainUncheckable(t *testing.T) {
	root, leaf := opensslChain(t, "rsa:2048", "md5")
	at := root.NotBefore.Add(time.Hour)
	got := CheckChain([]*x509.Certificate{leaf, root}, at)
	if len(got) != 2 || got[0].Text != "its signature cannot be checked: md5RSA by a key RSA of 2048 bits" || got[1].Index != 1 {
		t.Errorf("%v", got)
	}
}

// The NIST path validation suite, as far as a chain can be judged without revocation lists,
// policies and name constraints.
func TestCheckChainPKITS(t *testing.T) {
	sections := []string{"4.1.", "4.2.", "4.3.", "4.5.", "4.6.", "4.7."}
	differ := map[string]string{
		"4.1.4": "DSA", "4.1.5": "DSA", "4.1.6": "DSA",
		"4.3.3": "names are compared byte by byte", "4.3.4": "same", "4.3.5": "same", "4.3.6": "same", "4.3.9": "same", "4.3.10": "same", "4.3.11": "same",
		"4.5.4": "its path includes a signer of revocation lists", "4.5.6": "same",
		"4.5.2": "revoked", "4.5.5": "revoked", "4.5.7": "revoked",
		"4.7.4": "only for revocation lists", "4.7.5": "only for revocation lists",
	}
	dir := pkits(t)
	var cases []struct {
		Name           string
		CertPath       []string
		ShouldValidate bool
	}
	if err := json.Unmarshal(oracle.Read(t, dir, "vectors.json"), &cases); err != nil {
		t.Fatal(err)
	}
	run := 0
	for _, tt := range cases {
		number, _, _ := strings.Cut(tt.Name, " ")
		if !slices.ContainsFunc(sections, func(s string) bool { return strings.HasPrefix(number, s) }) || differ[number] != "" {
			continue
		}
		var chain []*x509.Certificate
		var failed error
		for _, file := range tt.CertPath {
			c, err := Parse(oracle.Read(t, filepath.Join(dir, "certs"), file))
			if err != nil {
				failed = err
				break
			}
			chain = append(chain, c)
		}
		slices.Reverse(chain)
		problems := CheckChain(chain, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
		if good := failed == nil && len(problems) == 0; good != tt.ShouldValidate {
			t.Errorf("%s: want %v, got %v %v", tt.Name, tt.ShouldValidate, failed, problems)
		}
		run++
	}
	if run < 38 {
		t.Errorf("only %d cases were run", run)
	}
}
