package export

import (
	"bytes"
	"testing"

	"signet/cert"
	"signet/export/pem"

	"signet/internal/oracle"
)

// FuzzDecode checks that nothing panics, and that what is read without a password is written
// and read as the same certificates. Package pkcs12 has its own fuzzing.
func FuzzDecode(f *testing.F) {
	dir, b := ecIdentity(f)
	for _, format := range formats {
		f.Add(encode(f, format.format, b))
	}
	f.Add(pem.Encode(pem.Certificate, encode(f, cert.PKCS7DER, b)))
	f.Add(bytes.Join([][]byte{oracle.Read(f, dir, "key.pem"), oracle.Read(f, dir, "leaf.pem")}, nil))
	f.Add(oracle.Read(f, dir, "request.pem"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data, nil)
		if err != nil {
			if got.Key != nil || got.Certificates != nil {
				t.Error("something was read beside the error")
			}
			return
		}
		for _, format := range []cert.Format{cert.PKCS7DER, cert.PKCS7B64} {
			again, err := Decode(encode(t, format, got), nil)
			if err != nil {
				t.Fatal(err)
			}
			same(t, string(format), again, publicOnly(got))
		}
	})
}
