package export

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/internal/oracle"
)

// vectors is the folder of Debian's package python3-cryptography-vectors.
const vectors = "/usr/lib/python3/dist-packages/cryptography_vectors"

// TestInspectVectors looks into thousands of files made by many programs, odd ones among them.
func TestInspectVectors(t *testing.T) {
	formats := map[string]int{}
	kinds := map[Kind]int{}
	err := filepath.WalkDir(vectors, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		r := Inspect(data, Inspection{Now: now, Passwords: [][]byte{[]byte("cryptography")}})
		checkSniff(t, data, r)
		formats[r.Format]++
		for _, it := range r.Items {
			kinds[it.Kind]++
		}
		// What is named as a certificate is found, but for the few that are broken on purpose.
		dir, ext := filepath.Base(filepath.Dir(path)), filepath.Ext(path)
		if dir == "certs" && ext == ".crt" && (r.Format != FormatDER || len(r.Items) != 1 || r.Items[0].Kind != KindCertificate) {
			t.Errorf("%s: %q, %d entries", path, r.Format, len(r.Items))
		}
		if ext == ".p12" && (r.Format != "PKCS12" || len(r.Items) == 0) {
			t.Errorf("%s: %q, %d entries: %v", path, r.Format, len(r.Items), r.Findings)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v; make tools installs it", err)
	}
	if formats[FormatDER] < 500 || formats[FormatPEM] < 150 || formats["PKCS12"] < 200 || kinds[KindCRL] < 150 || kinds[KindRequest] < 20 {
		t.Errorf("the corpus has shrunk: %v %v", formats, kinds)
	}
}

// TestInspectOthers looks into files that keytool and openssl make.
func TestInspectOthers(t *testing.T) {
	dir := t.TempDir()
	for _, store := range []string{"JKS", "JCEKS", "PKCS12"} {
		oracle.Keytool(t, dir, "-genkeypair", "-alias", "Web", "-dname", "CN=web", "-keyalg", "RSA", "-keysize", "2048", "-validity", "30",
			"-keystore", store, "-storetype", store, "-storepass", "changeit", "-keypass", "changeit")
	}
	oracle.Keytool(t, dir, "-genseckey", "-alias", "secret", "-keyalg", "AES", "-keysize", "128", "-keystore", "JCEKS", "-storetype", "JCEKS", "-storepass", "changeit", "-keypass", "changeit")
	openssl := func(args ...string) { t.Helper(); oracle.OpenSSL(t, dir, args...) }
	openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=ca", "-days", "3000")
	openssl("req", "-new", "-key", "key.pem", "-out", "req.pem", "-subj", "/CN=asked")
	openssl("pkey", "-in", "key.pem", "-out", "enc.pem", "-aes256", "-passout", "pass:x")
	openssl("rsa", "-in", "key.pem", "-out", "old.pem", "-traditional", "-aes256", "-passout", "pass:x")
	openssl("pkey", "-in", "key.pem", "-out", "key.der", "-outform", "DER")
	openssl("pkcs8", "-topk8", "-in", "key.pem", "-out", "enc.der", "-outform", "DER", "-passout", "pass:x")
	openssl("x509", "-in", "cert.pem", "-trustout", "-addreject", "serverAuth", "-out", "trusted.pem")
	openssl("x509", "-in", "cert.pem", "-text", "-out", "text.pem")
	openssl("crl2pkcs7", "-nocrl", "-certfile", "cert.pem", "-out", "p7.pem")
	openssl("crl2pkcs7", "-nocrl", "-certfile", "cert.pem", "-outform", "DER", "-out", "p7.der")
	openssl("pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-name", "x", "-out", "empty.p12", "-passout", "pass:")
	openssl("pkcs12", "-export", "-nokeys", "-in", "cert.pem", "-out", "nokeys.p12", "-passout", "pass:password")
	const changeit = `well-known-password`
	for _, test := range []struct {
		file, form, words string
		items             []string
	}{
		{"JKS", "JKS", changeit, []string{"private-key: expiring"}},
		{"JCEKS", "JCEKS", changeit, []string{"private-key: expiring", "secret-key: "}},
		{"PKCS12", "PKCS12", changeit, []string{"private-key: expiring"}},
		{"key.pem", "PEM", "", []string{"private-key: "}},
		{"key.der", "DER", "", []string{"private-key: "}},
		{"enc.pem", "PEM", "", []string{"private-key: "}},
		{"enc.der", "DER", "", []string{"private-key: "}},
		{"old.pem", "PEM", "", []string{"private-key: "}},
		{"cert.pem", "PEM", "", []string{"certificate: "}},
		{"req.pem", "PEM", "", []string{"request: "}},
		{"trusted.pem", "PEM", "", []string{"certificate: trust-settings"}},
		{"text.pem", "PEM", "", []string{"certificate: "}},
		{"p7.pem", "PEM", "", []string{"certificate: "}},
		{"p7.der", "PKCS7", "", []string{"certificate: "}},
		{"empty.p12", "PKCS12", changeit, []string{"private-key: "}},
		{"nokeys.p12", "PKCS12", "", []string{"certificate: java-hidden"}},
	} {
		data := oracle.Read(t, dir, test.file)
		info, err := os.Stat(filepath.Join(dir, test.file))
		if err != nil {
			t.Fatal(err)
		}
		// These certificates begin when they were made.
		r := Inspect(data, Inspection{Now: info.ModTime(), Within: 40 * 24 * 3600 * 1e9})
		file, items := wordsOf(r)
		if r.Format != test.form || file != test.words {
			t.Errorf("%s: %q %q, want %q %q", test.file, r.Format, file, test.form, test.words)
		}
		slices.Sort(items)
		if diff := cmp.Diff(test.items, items); diff != "" {
			t.Errorf("%s:\n%s", test.file, diff)
		}
		for _, it := range r.Items {
			encrypted := it.Kind == KindPrivateKey && !strings.HasPrefix(test.file, "key")
			if it.Encrypted != encrypted {
				t.Errorf("%s: encrypted %v", test.file, it.Encrypted)
			}
		}
		checkSniff(t, data, r)
	}
}
