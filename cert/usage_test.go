package cert

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseUsage(t *testing.T) {
	u, err := ParseUsage([]string{"handshake", "DATAENCRYPT", " DocSign ", "certsign", "KEYAGREE", "handshake"})
	if err != nil || u != Handshake|DataEncrypt|DocSign|CertSign|KeyAgree {
		t.Errorf("%v, %v", u, err)
	}
	if got := u.Words(); !cmp.Equal(got, []string{"HANDSHAKE", "DATAENCRYPT", "DOCSIGN", "CERTSIGN", "KEYAGREE"}) {
		t.Errorf("words %v", got)
	}
	if u, err := ParseUsage(nil); u != 0 || err != nil || u.Words() != nil {
		t.Errorf("no words: %v, %v", u, err)
	}
	for _, bad := range []string{"", "SIGN", "HANDSHAKE,DOCSIGN"} {
		_, err := ParseUsage([]string{"HANDSHAKE", bad})
		wantError(t, err, "DATAENCRYPT")
	}
}

// The table of racdcert-certificates.md 3.3.
func TestUsageBits(t *testing.T) {
	const (
		sign  = x509.KeyUsageDigitalSignature
		enc   = x509.KeyUsageKeyEncipherment
		data  = x509.KeyUsageDataEncipherment
		doc   = x509.KeyUsageContentCommitment
		ca    = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		agree = x509.KeyUsageKeyAgreement
	)
	tests := []struct {
		usage       Usage
		rsa, ec, ed x509.KeyUsage // 0: refused
	}{
		{Handshake, sign | enc, sign, sign},
		{DataEncrypt, data, 0, 0},
		{DocSign, doc, doc, doc},
		{CertSign, ca, ca, ca},
		{KeyAgree, 0, agree, 0},
		{Handshake | DocSign | CertSign, sign | enc | doc | ca, sign | doc | ca, sign | doc | ca},
		{Handshake | KeyAgree, 0, sign | agree, 0},
		{Handshake | DataEncrypt, sign | enc | data, 0, 0},
	}
	for _, tt := range tests {
		for alg, want := range map[KeyAlgorithm]x509.KeyUsage{RSA: tt.rsa, EC: tt.ec, Ed25519: tt.ed} {
			got, err := tt.usage.Bits(alg)
			if got != want {
				t.Errorf("%v with %s: %v, want %v", tt.usage.Words(), alg, got, want)
			}
			var refused *UsageError
			if want == 0 && (!errors.As(err, &refused) || refused.Algorithm != alg || refused.Word == "") {
				t.Errorf("%v with %s: error %v", tt.usage.Words(), alg, err)
			}
			if want != 0 && (err != nil || !cmp.Equal(UsageWords(got, alg), tt.usage.Words())) {
				t.Errorf("%v with %s: back to %v, %v", tt.usage.Words(), alg, UsageWords(got, alg), err)
			}
		}
	}
	if bits, err := Usage(0).Bits(RSA); bits != 0 || err != nil {
		t.Errorf("no words: %v, %v", bits, err)
	}
	_, err := KeyAgree.Bits(RSA)
	wantError(t, err, `key usage "KEYAGREE": not possible with an RSA key`)
}

// Bits that RACDCERT would not have made.
func TestUsageWords(t *testing.T) {
	tests := []struct {
		bits x509.KeyUsage
		alg  KeyAlgorithm
		want []string
	}{
		{0, RSA, nil},
		{x509.KeyUsageDigitalSignature, RSA, []string{"HANDSHAKE"}},
		{x509.KeyUsageKeyEncipherment, RSA, []string{"HANDSHAKE"}},
		{x509.KeyUsageKeyEncipherment, EC, nil},
		{x509.KeyUsageCRLSign, RSA, nil},
		{x509.KeyUsageCertSign, EC, []string{"CERTSIGN"}},
		{x509.KeyUsageEncipherOnly | x509.KeyUsageDecipherOnly, EC, nil},
		{x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement, "", []string{"HANDSHAKE", "KEYAGREE"}},
	}
	for _, tt := range tests {
		if got := UsageWords(tt.bits, tt.alg); !cmp.Equal(got, tt.want) {
			t.Errorf("%v with %q: %v, want %v", tt.bits, tt.alg, got, tt.want)
		}
	}
}

func TestParseExtUsage(t *testing.T) {
	all := []string{"serverauth", "clientauth", "codesigning", "emailprotection", "timestamping", "ocspsigning"}
	known, unknown, err := ParseExtUsage(append(all, "SERVERAUTH", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.8.2.2", "1.3.6.1.5.5.8.2.2", "2.5.29.37.0"))
	if err != nil {
		t.Fatal(err)
	}
	wantKnown := []x509.ExtKeyUsage{
		x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageCodeSigning,
		x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageTimeStamping, x509.ExtKeyUsageOCSPSigning, x509.ExtKeyUsageAny,
	}
	wantUnknown := []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 8, 2, 2}}
	if !cmp.Equal(known, wantKnown) || !cmp.Equal(unknown, wantUnknown) {
		t.Errorf("%v and %v", known, unknown)
	}
	if got := ExtUsageWords(known, unknown); !cmp.Equal(got, append(all, "2.5.29.37.0", "1.3.6.1.5.5.8.2.2")) {
		t.Errorf("back to %v", got)
	}
	if got := ExtUsageWords([]x509.ExtKeyUsage{99, -1}, nil); got != nil {
		t.Errorf("usages that do not exist: %v", got)
	}
	for _, bad := range []string{"", "server", "1", "1.2.", "1.2.x"} {
		_, _, err := ParseExtUsage([]string{bad})
		wantError(t, err, "serverauth")
	}
}

// Every usage of crypto/x509 is found by its own object identifier.
func TestExtUsageOf(t *testing.T) {
	for u := firstExtUsage; u <= lastExtUsage; u++ {
		id, err := parseOID(u.OID().String())
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := extUsageOf(id); !ok || got != u {
			t.Errorf("%v: %v, %v", id, got, ok)
		}
	}
}
