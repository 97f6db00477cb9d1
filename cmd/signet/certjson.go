package main

import (
	"encoding/hex"
	"time"

	"signet/cert"
	"signet/ring"
)

// certificateJSON is a certificate as programs see it. Names are in RFC 4514 form, times in
// UTC, the serial number and the fingerprint in hexadecimal.
type certificateJSON struct {
	Owner            string    `json:"owner"`
	Label            string    `json:"label"`
	ID               string    `json:"certificateId"`
	Status           string    `json:"status"`
	Subject          string    `json:"subject"`
	Issuer           string    `json:"issuer"`
	Serial           string    `json:"serial"`
	NotBefore        time.Time `json:"notBefore"`
	NotAfter         time.Time `json:"notAfter"`
	AltNames         *altJSON  `json:"altNames,omitempty"`
	SigningAlgorithm string    `json:"signingAlgorithm"`
	KeyUsage         []string  `json:"keyUsage,omitempty"`
	ExtKeyUsage      []string  `json:"extKeyUsage,omitempty"`
	CA               bool      `json:"ca"`
	KeyType          string    `json:"keyType"`
	KeySize          int       `json:"keySize"`
	PrivateKey       bool      `json:"privateKey"`
	Requested        bool      `json:"requested,omitempty"`
	SHA256           string    `json:"sha256"`
	Added            time.Time `json:"added"`
	AddedBy          string    `json:"addedBy"`
	Rings            []string  `json:"rings,omitempty"`
}

type altJSON struct {
	IPs    []string `json:"ip,omitempty"`
	DNS    []string `json:"dns,omitempty"`
	Emails []string `json:"email,omitempty"`
	URIs   []string `json:"uri,omitempty"`
}

// describe gives the JSON form of a certificate.
func describe(l ring.Listing) (*certificateJSON, error) {
	c := l.Certificate
	x, err := c.X509()
	if err != nil {
		return nil, err
	}
	sum := cert.Fingerprint(c.DER)
	j := &certificateJSON{
		Owner: c.Owner.Name(), Label: c.Label, ID: c.Ref().CertificateID(), Status: string(c.Status),
		Subject: cert.SubjectOf(x).String(), Issuer: cert.IssuerOf(x).String(), Serial: cert.SerialHex(x.SerialNumber),
		NotBefore: x.NotBefore.UTC(), NotAfter: x.NotAfter.UTC(),
		SigningAlgorithm: cert.SignatureName(x),
		KeyUsage:         cert.UsageWords(x.KeyUsage, cert.AlgorithmOf(x.PublicKey)),
		ExtKeyUsage:      cert.ExtUsageWords(x.ExtKeyUsage, x.UnknownExtKeyUsage),
		CA:               x.BasicConstraintsValid && x.IsCA,
		KeyType:          cert.KeyType(x), KeySize: cert.KeySize(x),
		PrivateKey: c.HasKey(), Requested: c.Requested, SHA256: hex.EncodeToString(sum[:]),
		Added: c.Added.UTC(), AddedBy: c.AddedBy,
	}
	if a := cert.AltNamesOf(x); !a.Empty() {
		j.AltNames = &altJSON{DNS: a.DNS, Emails: a.Emails, URIs: a.URIs}
		for _, ip := range a.IPs {
			j.AltNames.IPs = append(j.AltNames.IPs, ip.String())
		}
	}
	for _, r := range l.Rings {
		j.Rings = append(j.Rings, r.String())
	}
	return j, nil
}
