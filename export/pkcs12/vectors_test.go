package pkcs12

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signet/export/keystore"
)

// vectors is where Debian's python3-cryptography-vectors puts its files.
const vectors = "/usr/lib/python3/dist-packages/cryptography_vectors"

// files gives the files of a folder of the vectors with an ending, of which there must be some.
func files(t testing.TB, folder, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(vectors, folder, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s in %s; install python3-cryptography-vectors (make tools), %v", pattern, folder, err)
	}
	return found
}

func readFile(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Each package of the vectors opens with the names and the keys that its file name tells: what
// carries a key is marked with a plus.
func TestVectors(t *testing.T) {
	want := map[string]string{ // of names, in file order
		"cert-aes256cbc-no-key":       "",
		"cert-key-aes256cbc":          "+",
		"cert-none-key-none":          "+",
		"cert-rc2-key-3des":           "+",
		"no-cert-key-aes256cbc":       "+",
		"no-password":                 "+6BC162DA\x00", // the name of the key; its certificate has another
		"name-1-no-pwd":               "+name, , ",
		"name-2-no-pwd":               "+, name2, ",
		"name-3-no-pwd":               "+, , name3",
		"name-2-3-no-pwd":             "+, name2, name3",
		"name-all-no-pwd":             "+name, name2, name3",
		"name-unicode-no-pwd":         "+☺, ä, ç",
		"no-name-no-pwd":              "+, , ",
		"no-cert-name-2-no-pwd":       "name2, ",
		"no-cert-name-3-no-pwd":       ", name3",
		"no-cert-name-all-no-pwd":     "name2, name3",
		"no-cert-name-unicode-no-pwd": "☹, ï",
		"no-cert-no-name-no-pwd":      ", ",
	}
	seen := 0
	for _, file := range files(t, "pkcs12", "*.p12") {
		name := strings.TrimSuffix(filepath.Base(file), ".p12")
		password := "cryptography"
		switch {
		case strings.HasSuffix(name, "no-pwd"), name == "no-password":
			password = ""
		case strings.HasSuffix(name, "-pwd"):
			password, name = "password", strings.TrimSuffix(name, "pwd")+"no-pwd"
		}
		expect, known := want[name]
		if !known {
			t.Errorf("%s: a file that this test does not know", file)
			continue
		}
		seen++
		data := readFile(t, file)
		ks, err := Read(data, []byte(password))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		var got []string
		var key string
		for _, e := range ks.Entries {
			if got = append(got, e.Alias); e.Key == nil {
				continue
			}
			key = "+"
			if opened, err := e.Key.Open(nil); err != nil || checkKey(opened.Public(), e.Chain) != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		// The key comes last in these files, and first in the list above.
		if n := len(got) - 1; key != "" {
			got = append(got[n:], got[:n]...)
		}
		if text := key + strings.Join(got, ", "); text != expect {
			t.Errorf("%s: %q, want %q", file, text, expect)
		}
		if _, err := Read(data, []byte("other")); !errors.Is(err, ErrPassword) && !(password == "" && err == nil) {
			t.Errorf("%s: error %v is not ErrPassword", file, err)
		}
		for _, n := range []int{0, 1, 100, len(data) / 2, len(data) - 1} {
			if _, err := Read(data[:n], []byte(password)); err == nil || errors.Is(err, ErrPassword) || errors.Is(err, ErrUnsupported) {
				t.Errorf("%s: %d bytes of it: error %v", file, n, err)
			}
		}
		stable(t, file, ks, password)
	}
	if seen != 30 {
		t.Errorf("%d files, want 30", seen)
	}
}

// stable checks that a keystore is the same after it was written and read.
func stable(t *testing.T, name string, ks *keystore.Keystore, password string) {
	t.Helper()
	if password == "" {
		password = "new"
	}
	data, err := Write(ks, []byte(password), Modern)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	again, err := Read(data, []byte(password))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	want := sketches(ks)
	for i := range want {
		if want[i].Key && want[i].ID == "" {
			want[i].ID, want[i].Created = sketches(again)[i].ID, sketches(again)[i].Created
		}
	}
	if d := cmp.Diff(want, sketches(again)); d != "" {
		t.Errorf("%s, written and read: %s", name, d)
	}
}

// Each package of NIST's PKITS is read: its private key has the certificate that lies beside it.
// Those with DSA keys are listed, and say so when the key is opened.
func TestPKITS(t *testing.T) {
	const folder = "x509/PKITS_data/pkcs12"
	count, dsa := 0, 0
	for _, file := range files(t, folder, "*.p12") {
		name := strings.TrimSuffix(filepath.Base(file), ".p12")
		ks, err := Read(readFile(t, file), []byte("password"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		own := readFile(t, filepath.Join(vectors, "x509/PKITS_data/certs", name+".crt"))
		count++
		found := false
		for _, e := range ks.Entries {
			if e.Key == nil {
				continue
			}
			found = len(e.Chain) > 0 && bytes.Equal(e.Chain[0], own)
			key, err := e.Key.Open(nil)
			switch {
			case err == nil:
				if err := checkKey(key.Public(), e.Chain); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			case strings.Contains(err.Error(), "DSA key") && errors.Is(err, ErrUnsupported):
				dsa++
			default:
				t.Errorf("%s: %v", name, err)
			}
		}
		if !found {
			t.Errorf("%s: no private key with the certificate of its name", name)
		}
		if count%20 == 0 || dsa == 1 {
			stable(t, name, ks, "password")
		}
	}
	if count != 405 || dsa == 0 {
		t.Errorf("%d files, %d DSA keys; want 405 and some", count, dsa)
	}
}
