package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/internal/oracle"
)

// The public CAs of Debian's package ca-certificates, and the truststore that its Java packages
// make of them.
const (
	publicCAs = "/etc/ssl/certs/ca-certificates.crt"
	cacerts   = "/etc/ssl/certs/java/cacerts"
)

// sumsOf gives the SHA-256 of the certificates of a text.
func sumsOf(t *testing.T, file string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; make tools installs it", err)
	}
	sums := map[string]bool{}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		sum := sha256.Sum256(block.Bytes)
		sums[hex.EncodeToString(sum[:])] = true
	}
	if len(sums) < 100 {
		t.Fatalf("%s: only %d certificates", file, len(sums))
	}
	return sums
}

var fingerprint = regexp.MustCompile(`\(SHA-256\): ([0-9A-F:]+)`)

// keytoolSums gives the SHA-256 of the entries as keytool lists them.
func keytoolSums(t *testing.T, args ...string) []string {
	t.Helper()
	var sums []string
	for _, m := range fingerprint.FindAllStringSubmatch(oracle.Keytool(t, "", append([]string{"-list"}, args...)...), -1) {
		sums = append(sums, strings.ToLower(strings.ReplaceAll(m[1], ":", "")))
	}
	slices.Sort(sums)
	return sums
}

// TestTrustAsJava imports the public CAs into every kind of truststore. keytool and a Java
// program find all of them there, and nothing else.
func TestTrustAsJava(t *testing.T) {
	s, dir := newSession(t), t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	oracle.Write(t, dir, "pw", []byte("secret1\n"))
	public := sumsOf(t, publicCAs)
	before, err := os.ReadFile(cacerts)
	if err != nil {
		t.Fatalf("%v; make tools installs it", err)
	}
	oracle.Write(t, dir, "cacerts", before)
	s.run(0, "trust", "remove", publicCAs, "--to", "jks:"+path("cacerts"))
	var there answer
	if err := json.Unmarshal([]byte(s.run(4, "trust", "list", "--to", "jks:"+path("cacerts"), "--output", "json")), &there); err != nil || len(there.Certificates) > 0 {
		t.Fatalf("%d certificates are left: %v", len(there.Certificates), err)
	}
	s.run(0, "gencert", "CERTAUTH/ca", "--subject", "CN=ca", "--key", "ec:p256")
	s.run(0, "export", "CERTAUTH/ca", "--format", "certder", "-o", path("ca.der"))
	s.run(0, "trust", "add", path("ca.der"), "--to", "jks:"+path("cacerts"))
	old := keytoolSums(t, "-keystore", path("cacerts"), "-storepass", "changeit")
	with := []string{"--to-password-file", path("pw")}
	stores := []struct {
		url      string
		flags    []string
		password string // of Java; - for none
		old      []string
	}{
		{"jks:" + path("new.jks"), with, "secret1", nil},
		{"pkcs12:" + path("new.p12"), with, "secret1", nil},
		{"pkcs12:" + path("open.p12"), []string{"--profile", "passwordless"}, "-", nil},
		{"jks:" + path("cacerts"), nil, "changeit", old},
	}
	var args []string
	var wants [][]string
	for _, store := range stores {
		all := maps.Clone(public)
		for _, sum := range store.old {
			all[sum] = true
		}
		wants = append(wants, slices.Sorted(maps.Keys(all)))
		_, file, _ := strings.Cut(store.url, ":")
		args = append(args, file, store.password)
		add := append([]string{"trust", "add", publicCAs, "--to", store.url}, store.flags...)
		out := s.run(0, add...)
		added := len(all) - len(store.old)
		if want := fmt.Sprintf("%d certificates in: %d added, %d skipped", len(public), added, len(public)-added); !strings.Contains(out, want) {
			t.Errorf("%s: %q is missing in:\n%.300s", store.url, want, out)
		}
		first, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out = s.run(0, add...)
		if want := fmt.Sprintf(": 0 added, %d skipped", len(public)); !strings.Contains(out, want) {
			t.Errorf("%s again: %q is missing", store.url, want)
		}
		if second, err := os.ReadFile(file); err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s: a second run changed it: %v", store.url, err)
		}
	}
	lines := strings.Split(strings.TrimSpace(oracle.Java(t, filepath.Join("testdata", "java", "Anchors.java"), args...)), "\n")
	for i, store := range stores {
		words := strings.Fields(lines[i])
		if words[0] != fmt.Sprint(len(wants[i])) {
			t.Errorf("%s: Java counts %s entries, want %d", store.url, words[0], len(wants[i]))
		}
		if diff := cmp.Diff(wants[i], words[1:]); diff != "" {
			t.Errorf("%s: anchors of Java (-want +got):\n%s", store.url, diff)
		}
		list := []string{"-keystore", args[2*i]}
		if store.password != "-" {
			list = append(list, "-storepass", store.password)
		}
		if diff := cmp.Diff(wants[i], keytoolSums(t, list...)); diff != "" {
			t.Errorf("%s: entries of keytool (-want +got):\n%s", store.url, diff)
		}
	}
}

// TestTrustFind looks for Java on a machine of its own.
func TestTrustFind(t *testing.T) {
	s, dir := newSession(t), t.TempDir()
	data, err := os.ReadFile(cacerts)
	if err != nil {
		t.Fatalf("%v; make tools installs it", err)
	}
	put := func(path string, data []byte) string {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := func(target, path string) string {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s.env.machine = dir
	variables := map[string]string{}
	s.env.getenv = func(name string) string { return variables[name] }
	s.run(4, "trust", "find")
	system := put("etc/ssl/certs/java/cacerts", data)
	first := link(system, "usr/lib/jvm/a/lib/security/cacerts")
	old := put("opt/vendor/jdk8/jre/lib/security/jssecacerts", []byte("nothing"))
	second := filepath.Join(link(filepath.Join(dir, "usr/lib/jvm/a"), "usr/lib/jvm/b"), "lib/security/cacerts")
	s.run(0, "trust", "add", publicCAs, "--to", "pkcs12:"+put("home/lib/security/x", nil)+".p12", "--profile", "passwordless")
	home := filepath.Join(dir, "home/lib/security/cacerts")
	if err := os.Rename(filepath.Join(dir, "home/lib/security/x.p12"), home); err != nil {
		t.Fatal(err)
	}
	put("path/jdk/bin/java", nil)
	link(filepath.Join(dir, "path/jdk/bin/java"), "bin/java")
	onPath := put("path/jdk/lib/security/cacerts", data)
	variables["JAVA_HOME"], variables["PATH"] = filepath.Join(dir, "home"), filepath.Join(dir, "bin")
	var got answer
	if err := json.Unmarshal([]byte(s.run(4, "trust", "find", "--output", "json")), &got); err != nil {
		t.Fatal(err)
	}
	n := len(keytoolSums(t, "-keystore", cacerts, "-storepass", "changeit"))
	want := []truststoreJSON{
		{Path: system, Paths: []string{first, second}, Format: "JKS", Entries: n, Password: "well-known", Known: "changeit", Writable: true},
		{Path: home, Format: "PKCS12", Entries: len(sumsOf(t, publicCAs)), Password: "none", Writable: true},
		{Path: old, Password: "none", Writable: true, Problem: "it is no keystore"},
		{Path: onPath, Format: "JKS", Entries: n, Password: "well-known", Known: "changeit", Writable: true},
	}
	if diff := cmp.Diff(want, got.Truststores); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if out := s.run(4, "trust", "find"); !strings.Contains(out, "  from "+second+"\n") || !strings.Contains(out, "changeit") {
		t.Errorf("%s", out)
	}
}

// Aliases are made to fit every truststore.
func TestCleanAlias(t *testing.T) {
	for name, want := range map[string]string{
		"ISRG Root X1": "isrg-root-x1", " a/b\\c ": "a-b-c", "..hidden": "hidden", "": "", "\x1b[31mred\u202e": "[31mred",
		"ÄÖ": "äö", strings.Repeat("x", 300): strings.Repeat("x", maxAliasBytes), strings.Repeat("é", 200): strings.Repeat("é", maxAliasBytes/2),
	} {
		if got := cleanAlias(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
