package export

import (
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"signet/cert"
	signetpem "signet/export/pem"

	"signet/internal/oracle"
)

// What openssl writes is read, in each of the formats, as DER and as text.
func TestFromOpenssl(t *testing.T) {
	dir, b := identity(t, "RSA")
	oracle.Write(t, dir, "both.pem", append(oracle.Read(t, dir, "leaf.pem"), oracle.Read(t, dir, "ca.pem")...))
	leaf, public := leafOnly(b), publicOnly(b)
	const p12 = "pkcs12 -export -inkey key.pem -in leaf.pem -certfile ca.pem -passout pass:swordfish -out "
	for _, tt := range []struct {
		command, file, password string
		want                    cert.Bundle
	}{
		{"x509 -in leaf.pem -out x.pem", "x.pem", "", leaf},
		{"x509 -in leaf.pem -text -out text.pem", "text.pem", "", leaf},
		{"x509 -in leaf.pem -outform DER -out x.der", "x.der", "", leaf},
		{"base64 -in x.der -out bare", "bare", "", leaf},
		{"base64 -A -in x.der -out bare", "bare", "", leaf},
		{"crl2pkcs7 -nocrl -certfile both.pem -out p7.pem", "p7.pem", "", public},
		{"crl2pkcs7 -nocrl -certfile both.pem -outform DER -out p7.der", "p7.der", "", public},
		{"pkcs7 -in p7.pem -print_certs -out printed", "printed", "", public},
		{p12 + "p.p12", "p.p12", "swordfish", b},
		{p12 + "p.p12 -legacy", "p.p12", "swordfish", b},
		{"base64 -in p.p12 -out bare", "bare", "swordfish", b},
		{"pkcs12 -in p.p12 -legacy -passin pass:swordfish -nodes -out all.pem", "all.pem", "", b},
	} {
		oracle.OpenSSL(t, dir, strings.Fields(tt.command)...)
		var password []byte
		if tt.password != "" {
			password = []byte(tt.password)
		}
		got, err := Decode(oracle.Read(t, dir, tt.file), password)
		if err != nil {
			t.Errorf("%s: %v", tt.command, err)
			continue
		}
		same(t, tt.command, got, tt.want)
	}
}

// What Encode writes is read by openssl: the same certificates in the same order, and the key.
func TestToOpenssl(t *testing.T) {
	for _, algorithm := range []string{"RSA", "EC -pkeyopt ec_paramgen_curve:P-256", "ED25519"} {
		dir, b := identity(t, strings.Fields(algorithm)...)
		for _, f := range formats {
			oracle.Write(t, dir, "file", encode(t, f.format, b))
			command := map[cert.Format]string{
				cert.DER:       "x509 -inform DER -in file",
				cert.B64:       "x509 -in file",
				cert.PKCS7DER:  "pkcs7 -inform DER -in file -print_certs",
				cert.PKCS7B64:  "pkcs7 -in file -print_certs",
				cert.PKCS12DER: "pkcs12 -in file -passin pass:swordfish -nodes",
				cert.PKCS12B64: "pkcs12 -in der -passin pass:swordfish -nodes",
			}[f.format]
			if f.format == cert.PKCS12B64 { // openssl knows no text form: the lines go away
				block, _ := pem.Decode(oracle.Read(t, dir, "file"))
				oracle.Write(t, dir, "der", block.Bytes)
			}
			got, err := Decode([]byte(oracle.OpenSSL(t, dir, strings.Fields(command)...)), nil)
			if err != nil {
				t.Fatalf("%s: %v", f.format, err)
			}
			same(t, string(f.format), got, f.part(b))
		}
		if out := oracle.OpenSSL(t, dir, "verify", "-CAfile", "ca.pem", "leaf.pem"); !strings.Contains(out, "OK") {
			t.Error(out)
		}
	}
}

// BER is read as DER is: PKCS #7 and PKCS #12, also in text, and a certificate, whose signature
// still fits.
func TestBER(t *testing.T) {
	_, b := ecIdentity(t)
	p7 := indefinite(t, encode(t, cert.PKCS7DER, b))
	for _, data := range [][]byte{p7, signetpem.Encode(signetpem.PKCS7, p7)} {
		got, err := Decode(data, nil)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "PKCS #7", got, publicOnly(b))
	}
	p12 := encode(t, cert.PKCS12DER, b)
	got, err := Decode(slices.Concat([]byte{0x30, 0x80}, p12[4:], []byte{0, 0}), []byte("swordfish"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "PKCS #12", got, b)
	leaf := b.Certificates[0].Raw
	if got, err = Decode(slices.Concat([]byte{0x30, 0x80}, leaf[4:], []byte{0, 0}), nil); err != nil {
		t.Fatal(err)
	}
	same(t, "certificate", got, leafOnly(b))
	if err := got.Certificates[0].CheckSignatureFrom(b.Certificates[1]); err != nil {
		t.Error(err)
	}
}

// indefinite gives the outer three layers of a PKCS #7 package indefinite lengths, as some
// programs write them.
func indefinite(t *testing.T, data []byte) []byte {
	t.Helper()
	// SEQUENCE, OBJECT IDENTIFIER of 11 bytes, [0], SEQUENCE; each length in two octets.
	if data[1] != 0x82 || data[15] != 0xa0 || data[16] != 0x82 || data[19] != 0x30 || data[20] != 0x82 {
		t.Fatal("the package has another form")
	}
	return slices.Concat([]byte{0x30, 0x80}, data[4:15], []byte{0xa0, 0x80}, []byte{0x30, 0x80}, data[23:], make([]byte, 6))
}
