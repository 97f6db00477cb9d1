package main

import (
	"crypto/x509"
	"encoding/hex"
	"time"

	"signet/cert"
	"signet/ring"
)

// certificateJSON is a certificate as programs see it. Names are in RFC 4514 form, times in
// UTC, the serial number and the fingerprint in hexadecimal.
type certificateJSON struct {
	Owner            string     `json:"owner,omitempty"`
	Label            string     `json:"label,omitempty"`
	ID               string     `json:"certificateId,omitempty"`
	Status           string     `json:"status,omitempty"`
	Subject          string     `json:"subject"`
	Issuer           string     `json:"issuer"`
	Serial           string     `json:"serial"`
	NotBefore        time.Time  `json:"notBefore"`
	NotAfter         time.Time  `json:"notAfter"`
	AltNames         *altJSON   `json:"altNames,omitempty"`
	SigningAlgorithm string     `json:"signingAlgorithm"`
	KeyUsage         []string   `json:"keyUsage,omitempty"`
	ExtKeyUsage      []string   `json:"extKeyUsage,omitempty"`
	CA               bool       `json:"ca"`
	KeyType          string     `json:"keyType"`
	KeySize          int        `json:"keySize"`
	PrivateKey       bool       `json:"privateKey"`
	Requested        bool       `json:"requested,omitempty"`
	SHA256           string     `json:"sha256"`
	Added            *time.Time `json:"added,omitempty"`
	AddedBy          string     `json:"addedBy,omitempty"`
	Remark           string     `json:"remark,omitempty"`
	Mapping          string     `json:"mapping,omitempty"`
	Rings            []string   `json:"rings,omitempty"`
}

type altJSON struct {
	IPs    []string `json:"ip,omitempty"`
	DNS    []string `json:"dns,omitempty"`
	Emails []string `json:"email,omitempty"`
	URIs   []string `json:"uri,omitempty"`
}

// describe gives the JSON form of a listed certificate.
func describe(l ring.Listing) (*certificateJSON, error) {
	x, err := l.Certificate.X509()
	if err != nil {
		return nil, err
	}
	return describeStored(l.Certificate, x, l.Rings), nil
}

// describeStored gives the JSON form of a certificate of the database.
func describeStored(c *ring.Certificate, x *x509.Certificate, rings []ring.RingRef) *certificateJSON {
	j := describeX509(x)
	j.Owner, j.Label, j.ID, j.Status = c.Owner.Name(), c.Label, c.Ref().CertificateID(), string(c.Status)
	j.PrivateKey, j.Requested = c.HasKey(), c.Requested
	added := c.Added.UTC()
	j.Added, j.AddedBy = &added, c.AddedBy
	for _, r := range rings {
		j.Rings = append(j.Rings, r.String())
	}
	return j
}

// describeX509 gives the JSON form of what a certificate says of itself.
func describeX509(x *x509.Certificate) *certificateJSON {
	sum := cert.Fingerprint(x.Raw)
	j := &certificateJSON{
		Subject: cert.SubjectOf(x).String(), Issuer: cert.IssuerOf(x).String(), Serial: cert.SerialHex(x.SerialNumber),
		NotBefore: x.NotBefore.UTC(), NotAfter: x.NotAfter.UTC(),
		SigningAlgorithm: cert.SignatureName(x),
		KeyUsage:         cert.UsageWords(x.KeyUsage, cert.AlgorithmOf(x.PublicKey)),
		ExtKeyUsage:      cert.ExtUsageWords(x.ExtKeyUsage, x.UnknownExtKeyUsage),
		CA:               x.BasicConstraintsValid && x.IsCA,
		KeyType:          cert.KeyType(x), KeySize: cert.KeySize(x),
		SHA256: hex.EncodeToString(sum[:]),
		Remark: cert.Remark(x),
	}
	if a := cert.AltNamesOf(x); !a.Empty() {
		j.AltNames = &altJSON{DNS: a.DNS, Emails: a.Emails, URIs: a.URIs}
		for _, ip := range a.IPs {
			j.AltNames.IPs = append(j.AltNames.IPs, ip.String())
		}
	}
	return j
}
