package export

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"signet/cert"
	"signet/export/pem"
	"signet/export/pkcs12"

	"signet/internal/oracle"
)

// formats are all that Encode writes, with what Decode makes of it.
var formats = []struct {
	format cert.Format
	block  string // the type between BEGIN and END; empty for DER
	part   func(cert.Bundle) cert.Bundle
}{
	{cert.DER, "", leafOnly},
	{cert.B64, pem.Certificate, leafOnly},
	{cert.PKCS7DER, "", publicOnly},
	{cert.PKCS7B64, pem.PKCS7, publicOnly},
	{cert.PKCS12DER, "", func(b cert.Bundle) cert.Bundle { return b }},
	{cert.PKCS12B64, pem.PKCS12, func(b cert.Bundle) cert.Bundle { return b }},
}

func passwordFor(f cert.Format) []byte {
	if f == cert.PKCS12DER || f == cert.PKCS12B64 {
		return []byte("swordfish")
	}
	return nil
}

func encode(t testing.TB, f cert.Format, b cert.Bundle) []byte {
	t.Helper()
	data, err := Encode(f, b, passwordFor(f), pkcs12.Profile{})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	_, b := ecIdentity(t)
	for _, f := range formats {
		data := encode(t, f.format, b)
		got, err := Decode(data, passwordFor(f.format))
		if err != nil {
			t.Fatalf("%s: %v", f.format, err)
		}
		same(t, string(f.format), got, f.part(b))
		if text := "-----BEGIN " + f.block + "-----\n"; f.block != "" && !bytes.HasPrefix(data, []byte(text)) {
			t.Errorf("%s begins with %.40q", f.format, data)
		}
	}
}

// What is inside decides, not what the BEGIN line says, if there is one: RACF puts packages
// between certificate lines.
func TestDecodeByContent(t *testing.T) {
	_, b := ecIdentity(t)
	for _, f := range formats {
		if f.block != "" {
			continue
		}
		data := encode(t, f.format, b)
		texts := map[string][]byte{"bare": []byte(base64.StdEncoding.EncodeToString(data) + "\n")}
		for _, kind := range []string{pem.Certificate, pem.X509Certificate, pem.PKCS7, pem.PKCS7Signed, pem.CMS, pem.PKCS12} {
			texts[kind] = pem.Encode(kind, data)
		}
		texts["text around"] = slices.Concat([]byte("Bag Attributes\n    friendlyName: -----BEGIN\n"), texts[pem.Certificate], []byte("the end\n"))
		texts["CRLF"] = bytes.ReplaceAll(texts[pem.Certificate], []byte("\n"), []byte("\r\n"))
		for name, text := range texts {
			name = string(f.format) + " as " + name
			got, err := Decode(text, passwordFor(f.format))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			same(t, name, got, f.part(b))
		}
	}
}

// A certificate with another one in a text field is itself.
func TestDecodeNoSmuggling(t *testing.T) {
	dir, b := ecIdentity(t)
	comment := append([]byte("\n"), encode(t, cert.B64, b)...)
	value := append([]byte{0x16, 0x82, byte(len(comment) >> 8), byte(len(comment))}, comment...) // IA5String
	oracle.Write(t, dir, "x.cnf", fmt.Appendf(nil, "nsComment=DER:%x\n", value))
	oracle.OpenSSL(t, dir, "x509", "-req", "-in", "request.pem", "-signkey", "key.pem", "-extfile", "x.cnf", "-outform", "DER", "-out", "outer.der")
	outer := oracle.Read(t, dir, "outer.der")
	if blocks, err := pem.Decode(outer); err != nil || len(blocks) != 1 {
		t.Fatalf("the inner certificate cannot be seen: %d blocks, %v", len(blocks), err)
	}
	got, err := Decode(outer, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Certificates) != 1 || !bytes.Equal(got.Certificates[0].Raw, outer) {
		t.Errorf("read %q from inside another certificate", cert.SubjectOf(got.Certificates[0]))
	}
}

func TestDecodeKeyAndCertificate(t *testing.T) {
	dir, b := identity(t, "RSA")
	oracle.OpenSSL(t, dir, "rsa", "-in", "key.pem", "-traditional", "-out", "pkcs1.pem")
	leaf, ca := oracle.Read(t, dir, "leaf.pem"), oracle.Read(t, dir, "ca.pem")
	for _, file := range []string{"key.pem", "pkcs1.pem"} {
		key := oracle.Read(t, dir, file)
		for _, text := range [][]byte{slices.Concat(key, leaf, ca), slices.Concat(leaf, key, ca), slices.Concat(leaf, ca, key)} {
			got, err := Decode(text, nil)
			if err != nil {
				t.Fatal(err)
			}
			same(t, file, got, b)
		}
	}
	if !bytes.Contains(oracle.Read(t, dir, "pkcs1.pem"), []byte("BEGIN RSA PRIVATE KEY")) {
		t.Error("openssl did not write PKCS #1")
	}
	key := oracle.Read(t, dir, "key.pem")
	got, err := Decode(slices.Concat(key, leaf, key), nil)
	wantError(t, "two keys", got, err, "two private keys")
	got, err = Decode(key, nil)
	wantError(t, "key alone", got, err, "a private key and no certificate")
	got, err = Decode(oracle.Read(t, dir, "key.der"), nil)
	wantError(t, "key alone in DER", got, err, "a private key without its certificate")
	got, err = Decode(slices.Concat(key, leaf), []byte("x"))
	wantError(t, "key with password", got, err, "a password was given")

	// SEC 1, with the parameters that openssl writes before it.
	oracle.OpenSSL(t, dir, "ecparam", "-name", "prime256v1", "-genkey", "-out", "sec1.pem")
	oracle.OpenSSL(t, dir, "req", "-x509", "-key", "sec1.pem", "-subj", "/CN=ec", "-out", "ec.pem")
	sec1 := oracle.Read(t, dir, "sec1.pem")
	if !bytes.Contains(sec1, []byte("BEGIN EC PARAMETERS")) || !bytes.Contains(sec1, []byte("BEGIN EC PRIVATE KEY")) {
		t.Fatalf("openssl did not write SEC 1")
	}
	if got, err = Decode(slices.Concat(sec1, oracle.Read(t, dir, "ec.pem")), nil); err != nil {
		t.Fatal(err)
	}
	if got.Key == nil || len(got.Certificates) != 1 || !cert.SameKey(got.Certificates[0].PublicKey, got.Key.Public()) {
		t.Error("SEC 1: another private key")
	}
}

func TestDecodeRefused(t *testing.T) {
	dir, b := ecIdentity(t)
	oracle.OpenSSL(t, dir, "pkcs8", "-topk8", "-in", "key.pem", "-out", "locked.pem", "-passout", "pass:x")
	oracle.OpenSSL(t, dir, "ec", "-in", "key.pem", "-aes256", "-out", "oldlocked.pem", "-passout", "pass:x")
	oracle.OpenSSL(t, dir, "x509", "-in", "leaf.pem", "-trustout", "-addtrust", "serverAuth", "-out", "trusted.pem")
	oracle.OpenSSL(t, dir, "req", "-in", "request.pem", "-outform", "DER", "-out", "request.der")
	oracle.OpenSSL(t, dir, "pkey", "-in", "key.pem", "-pubout", "-out", "public.pem")
	leaf, p12 := oracle.Read(t, dir, "leaf.pem"), encode(t, cert.PKCS12DER, b)
	newRequest := bytes.ReplaceAll(oracle.Read(t, dir, "request.pem"), []byte("CERTIFICATE REQUEST"), []byte("NEW CERTIFICATE REQUEST"))
	for name, tt := range map[string]struct {
		in       []byte
		password string
		want     string
	}{
		"nothing":                  {nil, "", "the file is empty"},
		"blanks":                   {[]byte(" \r\n"), "", "the file is empty"},
		"text":                     {[]byte("just some text"), "", "neither text with BEGIN and END lines nor a whole DER file"},
		"zeros":                    {make([]byte, 500), "", "does not begin as DER does"},
		"large":                    {make([]byte, MaxSize+1), "", "larger than 10485760 bytes"},
		"empty SEQUENCE":           {[]byte{0x30, 0}, "", "neither a certificate nor a PKCS #7 or PKCS #12 package"},
		"one byte":                 {[]byte{0x30}, "", "does not begin as DER does"},
		"cut certificate":          {b.Certificates[0].Raw[:200], "", "it was cut: 200 of "},
		"cut length":               {[]byte{0x30, 0x82, 1}, "", "its length is damaged"},
		"huge length":              {[]byte{0x30, 0x88, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "", "its length is damaged"},
		"trailing data":            {append(bytes.Clone(b.Certificates[0].Raw), 0, 0), "", "followed by 2 bytes"},
		"BER of nothing":           {[]byte{0x30, 0x80, 0, 0}, "", "neither a certificate nor a PKCS #7 or PKCS #12 package"},
		"BER cut":                  {[]byte{0x30, 0x80, 0x30, 0x80, 0, 0}, "", "not BER: cut"},
		"cut text":                 {leaf[:300], "", `line 1: "BEGIN CERTIFICATE" has no END line`},
		"cut in the text":          {pem.Encode(pem.Certificate, b.Certificates[0].Raw[:200]), "", "CERTIFICATE: it was cut: 200 of "},
		"second block bad":         {slices.Concat(leaf, pem.Encode(pem.PKCS7, []byte("no"))), "", "block 2 of 2: PKCS7: it does not begin as DER"},
		"encrypted key":            {slices.Concat(leaf, oracle.Read(t, dir, "locked.pem")), "", "encrypted; make a PKCS #12"},
		"encrypted key, old form":  {oracle.Read(t, dir, "oldlocked.pem"), "", "encrypted; make a PKCS #12"},
		"request":                  {oracle.Read(t, dir, "request.pem"), "", "certificate request, not a certificate; sign it with GENCERT"},
		"request, other line":      {newRequest, "", "certificate request, not a certificate; sign it with GENCERT"},
		"request, DER":             {oracle.Read(t, dir, "request.der"), "", "certificate request, not a certificate; sign it with GENCERT"},
		"trusted certificate":      {oracle.Read(t, dir, "trusted.pem"), "", "leave them off with: openssl x509 -in FILE -out NEW"},
		"public key":               {oracle.Read(t, dir, "public.pem"), "", `the file holds "PUBLIC KEY"`},
		"damaged key":              {pem.Encode(pem.PrivateKey, []byte{0x30, 0}), "", "not a usable private key"},
		"certificate and password": {leaf, "x", "a password was given, but the file is not PKCS #12"},
		"DER and password":         {b.Certificates[0].Raw, "x", "a password was given, but the file is not PKCS #12"},
		"PKCS #7 and password":     {encode(t, cert.PKCS7DER, b), "x", "a password was given, but the file is not PKCS #12"},
		"PKCS #12 cut":             {p12[:len(p12)-1], "swordfish", "it was cut: "},
	} {
		var password []byte
		if tt.password != "" {
			password = []byte(tt.password)
		}
		got, err := Decode(tt.in, password)
		wantError(t, name, got, err, tt.want)
		if errors.Is(err, ErrPassword) {
			t.Errorf("%s: error %q blames the password", name, err)
		}
	}

	// What the errors advise helps.
	oracle.OpenSSL(t, dir, "x509", "-in", "trusted.pem", "-out", "new.pem")
	got, err := Decode(oracle.Read(t, dir, "new.pem"), nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "without trust settings", got, leafOnly(b))
}

func TestDecodePassword(t *testing.T) {
	_, b := ecIdentity(t)
	for _, f := range []cert.Format{cert.PKCS12DER, cert.PKCS12B64} {
		data := encode(t, f, b)
		got, err := Decode(data, nil)
		wantError(t, "no password", got, err, "the file is PKCS #12 and needs its password: give PASSWORD('...')")
		if !errors.Is(err, ErrPassword) {
			t.Errorf("%s: error %q is not ErrPassword", f, err)
		}
		for _, password := range []string{"", "Swordfish", "swordfish ", "\xff"} {
			got, err = Decode(data, []byte(password))
			wantError(t, "wrong password", got, err, "password")
			if !errors.Is(err, ErrPassword) || strings.Contains(err.Error(), "wordfish") {
				t.Errorf("%s: error %q is not ErrPassword", f, err)
			}
		}
	}
}

// A certificate, a package and a text cut anywhere are errors, without a panic.
func TestTruncated(t *testing.T) {
	_, b := ecIdentity(t)
	for _, f := range formats {
		data := encode(t, f.format, b)
		for n := range data {
			if f.block != "" && n == len(data)-1 {
				break // the last line end may be missing
			}
			if _, err := Decode(data[:n], passwordFor(f.format)); err == nil {
				t.Errorf("%s: %d of %d bytes were read", f.format, n, len(data))
			}
		}
	}
}

// The certificates of all blocks together are limited.
func TestDecodeLimits(t *testing.T) {
	_, b := ecIdentity(t)
	b.Certificates = append(b.Certificates, b.Certificates...)
	pkcs7 := encode(t, cert.PKCS7B64, b)
	text := bytes.Repeat(pkcs7, maxCertificates/4)
	if _, err := Decode(text, nil); err != nil {
		t.Error(err)
	}
	got, err := Decode(append(text, pkcs7...), nil)
	wantError(t, "one more", got, err, "more than 4096 certificates")
	got, err = Decode(bytes.Repeat([]byte("-----BEGIN X-----\n-----END X-----\n"), 5000), nil)
	wantError(t, "blocks", got, err, "more than 4096 blocks")
}

func TestEncodeRefused(t *testing.T) {
	_, b := ecIdentity(t)
	for name, tt := range map[string]struct {
		format   cert.Format
		in       cert.Bundle
		password string
		want     string
	}{
		"no certificate":       {cert.DER, cert.Bundle{Key: b.Key}, "", "no certificate"},
		"no key":               {cert.PKCS12DER, publicOnly(b), "x", "no private key"},
		"no password":          {cert.PKCS12B64, b, "", "without a password"},
		"password for nothing": {cert.PKCS7B64, b, "x", "format PKCS7B64 takes no password"},
		"format":               {"PEM", b, "", `format "PEM" is not known`},
	} {
		var password []byte
		if tt.password != "" {
			password = []byte(tt.password)
		}
		data, err := Encode(tt.format, tt.in, password, pkcs12.Profile{})
		wantError(t, name, cert.Bundle{}, err, tt.want)
		if data != nil {
			t.Errorf("%s: something was written", name)
		}
	}
}
