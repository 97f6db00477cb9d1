package cert

import (
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"
	"time"

	"signet/internal/oracle"
)

func TestIssueSerials(t *testing.T) {
	dir := t.TempDir()
	random, err := RandomSerial()
	if err != nil {
		t.Fatal(err)
	}
	longest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 159), big.NewInt(1))
	for _, serial := range []*big.Int{big.NewInt(0), big.NewInt(1), big.NewInt(128), random, longest} {
		tmpl := basic(t, "CN=serial")
		tmpl.Serial = serial
		c := selfSign(t, tmpl, key(t, "ec:p256"))
		writeCert(t, dir, "c.pem", c)
		out := strings.TrimSpace(oracle.OpenSSL(t, dir, "x509", "-in", "c.pem", "-noout", "-serial"))
		if c.SerialNumber.Cmp(serial) != 0 || out != "serial="+SerialHex(serial) {
			t.Errorf("serial %v: openssl says %s", serial, out)
		}
	}
}

func TestIssueDates(t *testing.T) {
	dir := t.TempDir()
	zone := time.FixedZone("east", 5*3600)
	tests := []struct {
		from, to time.Time
		want     string
		tags     string // the types of the two times: UTCTime 17, GeneralizedTime 18
	}{
		{time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC), "Jan  1 00:00:00 1950 GMT to Dec 31 23:59:59 2049 GMT", "\x17\x17"},
		{time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), "Dec 31 00:00:00 1999 GMT to Jan  1 00:00:00 2050 GMT", "\x17\x18"},
		{time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9997, 12, 31, 23, 59, 59, 0, time.UTC), "Jan  1 00:00:00 2050 GMT to Dec 31 23:59:59 9997 GMT", "\x18\x18"},
		{time.Date(2025, 1, 2, 3, 4, 5, 999999999, zone), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), "Jan  1 22:04:05 2025 GMT to Dec 31 23:59:59 9999 GMT", "\x17\x18"},
	}
	for _, tt := range tests {
		tmpl := basic(t, "CN=dates")
		tmpl.NotBefore, tmpl.NotAfter = tt.from, tt.to
		c := selfSign(t, tmpl, key(t, "ec:p256"))
		writeCert(t, dir, "c.pem", c)
		out := oracle.OpenSSL(t, dir, "x509", "-in", "c.pem", "-noout", "-dates")
		from, to, _ := strings.Cut(strings.TrimSpace(out), "\n")
		if got := strings.TrimPrefix(from, "notBefore=") + " to " + strings.TrimPrefix(to, "notAfter="); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
		if !c.NotBefore.Equal(tt.from.Truncate(time.Second)) || !c.NotAfter.Equal(tt.to) || c.NotBefore.Location() != time.UTC {
			t.Errorf("%v to %v", c.NotBefore, c.NotAfter)
		}
		var tbs struct {
			Version       int `asn1:"explicit,tag:0"`
			Serial        *big.Int
			Alg, Issuer   asn1.RawValue
			From          asn1.RawValue // the SEQUENCE of both
			Subject, Spki asn1.RawValue
			Extensions    asn1.RawValue `asn1:"explicit,tag:3"`
		}
		if _, err := asn1.Unmarshal(c.RawTBSCertificate, &tbs); err != nil {
			t.Fatal(err)
		}
		v := tbs.From.Bytes
		if got := string([]byte{v[0], v[2+v[1]]}); got != tt.tags {
			t.Errorf("times encoded as %x, want %x", got, tt.tags)
		}
	}
}
