package sqldb

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1" // #nosec G505 -- names a key (RFC 5280 4.2.1.2); no signature rests on it
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"

	"signet/backend/backup"
	"signet/backend/seal"
	"signet/ring"
)

// crowdMaker makes the certificates of a crowd. Those of the users are put together by hand:
// x509.CreateCertificate takes four times as long, most of it to check its own signature.
type crowdMaker struct {
	crowd Crowd
	cas   []crowdCA // the root first
	keys  []crowdKey
	key   *seal.DataKey
	uuid  string
}

type crowdKey struct {
	pkcs8, spki []byte
}

type crowdCA struct {
	crowdKey
	signer   *ecdsa.PrivateKey
	cert     *x509.Certificate
	label    string
	ski      []byte
	fixed    []byte // the extensions that all its certificates have
	issued   int
	firstOne int // index of the first certificate that it issued
}

func newCrowdMaker(c Crowd) (*crowdMaker, error) {
	m := &crowdMaker{crowd: c}
	if c.Certificates < 1 || c.Rings < 1 || c.Rings > c.Certificates {
		return nil, fmt.Errorf("populate: %d certificates in %d rings: there must be at least one of each, and no more rings than certificates", c.Certificates, c.Rings)
	}
	if err := m.addCA("Example Root CA", "ROOT"); err != nil {
		return nil, err
	}
	for i := range crowdCAs {
		if err := m.addCA(fmt.Sprintf("Example Issuing CA %d", i+1), fmt.Sprintf("ISSUING%02d", i+1)); err != nil {
			return nil, err
		}
	}
	m.cas[0].issued = crowdCAs
	for i := range crowdCAs {
		from, to := (i*c.Certificates+crowdCAs-1)/crowdCAs, ((i+1)*c.Certificates+crowdCAs-1)/crowdCAs
		m.cas[1+i].firstOne, m.cas[1+i].issued = from, to-from
	}
	m.keys = make([]crowdKey, min(c.Certificates, crowdKeys))
	for i := range m.keys {
		var err error
		if _, m.keys[i], err = newCrowdKey(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func newCrowdKey() (*ecdsa.PrivateKey, crowdKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, crowdKey{}, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, crowdKey{}, err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	return key, crowdKey{pkcs8, spki}, err
}

// addCA makes the root, which comes first, or a CA under it.
func (m *crowdMaker) addCA(name, label string) error {
	ca := crowdCA{label: label}
	var err error
	if ca.signer, ca.crowdKey, err = newCrowdKey(); err != nil {
		return err
	}
	serial := int64(len(m.cas))
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name, Organization: []string{"Example"}, Country: []string{"NL"}},
		NotBefore: m.crowd.Now.AddDate(-1, 0, 0), NotAfter: m.crowd.Now.AddDate(20, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	parent, signer := template, crypto.Signer(ca.signer)
	if serial > 0 {
		parent, signer = m.cas[0].cert, m.cas[0].signer
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, ca.signer.Public(), signer)
	if err != nil {
		return err
	}
	if ca.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	ca.ski = ca.cert.SubjectKeyId
	if ca.fixed, err = fixedExtensions(ca.ski); err != nil {
		return err
	}
	m.cas = append(m.cas, ca)
	return nil
}

// The object identifiers of certificates (RFC 5280, RFC 5758).
var (
	oidECDSAWithSHA256  = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidCountry          = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidOrganization     = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidUnit             = asn1.ObjectIdentifier{2, 5, 4, 11}
	oidCommonName       = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSubjectKeyID     = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidAltName          = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidAuthorityKeyID   = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidExtKeyUsage      = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidServerAuth       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
)

func extension(b *cryptobyte.Builder, id asn1.ObjectIdentifier, critical bool, value func(*cryptobyte.Builder)) {
	b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(id)
		if critical {
			b.AddASN1Boolean(true)
		}
		b.AddASN1(tags.OCTET_STRING, value)
	})
}

func fixedExtensions(ski []byte) ([]byte, error) {
	var b cryptobyte.Builder
	extension(&b, oidKeyUsage, true, func(b *cryptobyte.Builder) {
		b.AddASN1(tags.BIT_STRING, func(b *cryptobyte.Builder) { b.AddBytes([]byte{5, 0xa0}) })
	})
	extension(&b, oidExtKeyUsage, false, func(b *cryptobyte.Builder) {
		b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidServerAuth) })
	})
	extension(&b, oidBasicConstraints, true, func(b *cryptobyte.Builder) { b.AddASN1(tags.SEQUENCE, func(*cryptobyte.Builder) {}) })
	extension(&b, oidAuthorityKeyID, false, func(b *cryptobyte.Builder) {
		b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(tags.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(ski) })
		})
	})
	return b.Bytes()
}

// subject gives the DER name of a certificate of the crowd.
func (m *crowdMaker) subject(i int, host string) ([]byte, error) {
	var b cryptobyte.Builder
	part := func(b *cryptobyte.Builder, id asn1.ObjectIdentifier, text string) {
		b.AddASN1(tags.SET, func(b *cryptobyte.Builder) {
			b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(id)
				b.AddASN1(tags.PrintableString, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
			})
		})
	}
	b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
		part(b, oidCountry, "NL")
		part(b, oidOrganization, "Example")
		part(b, oidUnit, fmt.Sprintf("Unit %d", i%40))
		part(b, oidCommonName, host)
	})
	return b.Bytes()
}

// der makes a certificate of the crowd.
func (m *crowdMaker) der(i int, ca *crowdCA, subject []byte, host string, notBefore, notAfter time.Time) ([]byte, error) {
	key := m.keyOf(i)
	ski := sha1.Sum(key.spki[len(key.spki)-65:]) // of the bits of the key (RFC 5280 4.2.1.2)
	algorithm := func(b *cryptobyte.Builder) {
		b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidECDSAWithSHA256) })
	}
	var tbs cryptobyte.Builder
	tbs.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tags.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
		b.AddASN1Int64(int64(i - ca.firstOne + 1))
		algorithm(b)
		b.AddBytes(ca.cert.RawSubject)
		b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1UTCTime(notBefore)
			b.AddASN1UTCTime(notAfter)
		})
		b.AddBytes(subject)
		b.AddBytes(key.spki)
		b.AddASN1(tags.Tag(3).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddBytes(ca.fixed)
				extension(b, oidSubjectKeyID, false, func(b *cryptobyte.Builder) { b.AddASN1OctetString(ski[:]) })
				extension(b, oidAltName, false, func(b *cryptobyte.Builder) {
					b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1(tags.Tag(2).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte(host)) })
					})
				})
			})
		})
	})
	body, err := tbs.Bytes()
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(body)
	signature, err := ecdsa.SignASN1(rand.Reader, ca.signer, digest[:])
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(body)
		algorithm(b)
		b.AddASN1BitString(signature)
	})
	return b.Bytes()
}

func (m *crowdMaker) keyOf(i int) *crowdKey { return &m.keys[i%len(m.keys)] }

// caOf gives the place of the issuer of a certificate among the CAs under the root.
func (m *crowdMaker) caOf(i int) int { return i * crowdCAs / m.crowd.Certificates }

// idOf gives the handle of a certificate of the crowd.
func (m *crowdMaker) idOf(i int) int { return len(m.cas) + i + 1 }

// certificates gives the rows of the table of certificates with the indexes from up to to, which
// count the CAs too.
func (m *crowdMaker) certificates(from, to int) (all [][]backup.Value, err error) {
	arena := make([]backup.Value, (to-from)*len(contents[certificatesTable].Columns))
	for n := from; n < to; n++ {
		var values []backup.Value
		if n < len(m.cas) {
			ca := &m.cas[n]
			serial := ca.cert.SerialNumber.Bytes()
			if len(serial) == 0 {
				serial = []byte{0}
			}
			values = m.row(arena[:0], n+1, string(ring.CertAuth), ca.label, ca.cert.Raw, ca.cert.RawIssuer, serial, ca.cert.RawSubject, ca.spki, ca.cert.NotBefore, ca.cert.NotAfter, ca.issued)
		} else {
			i := n - len(m.cas)
			ca := &m.cas[1+m.caOf(i)]
			host := fmt.Sprintf("host%07d.example.com", i)
			subject, err := m.subject(i, host)
			if err != nil {
				return nil, err
			}
			notBefore := m.crowd.Now.Truncate(time.Second).Add(-time.Duration(i%300) * 24 * time.Hour)
			notAfter := notBefore.Add(time.Duration(330+i%700) * 24 * time.Hour)
			der, err := m.der(i, ca, subject, host, notBefore, notAfter)
			if err != nil {
				return nil, err
			}
			serial, err := serialOctets(big.NewInt(int64(i - ca.firstOne + 1)))
			if err != nil {
				return nil, err
			}
			values = m.row(arena[:0], n+1, crowdUser(i), fmt.Sprintf("HOST%07d", i), der, ca.cert.RawSubject, serial, subject, m.keyOf(i).spki, notBefore, notAfter, 0)
		}
		arena = arena[len(values):]
		all = append(all, values)
	}
	return all, nil
}

func (m *crowdMaker) row(values []backup.Value, id int, owner, label string, der, issuer, serial, subject, spki []byte, notBefore, notAfter time.Time, issued int) []backup.Value {
	number := func(n int64) backup.Value { return backup.Value{Number: n} }
	data := func(b []byte) backup.Value { return backup.Value{Bytes: b} }
	return append(values, number(int64(id)), data([]byte(owner)), data([]byte(label)), data([]byte("TRUST")), data(der), data(digest(issuer)), data(serial),
		data(digest(subject)), data(digest(spki)), number(notBefore.Unix()), number(notAfter.Unix()), data([]byte("store")), number(int64(issued)),
		number(0), number(m.crowd.Now.Unix()), data([]byte("POPULATE")))
}

// privateKeys gives the rows of the table of private keys.
func (m *crowdMaker) privateKeys(from, to int) (all [][]backup.Value, err error) {
	for n := from; n < to; n++ {
		key := &m.cas[min(n, len(m.cas)-1)].crowdKey
		if n >= len(m.cas) {
			key = m.keyOf(n - len(m.cas))
		}
		sealed, err := m.key.Seal(key.pkcs8, seal.Bind(m.uuid, int64(n+1), key.spki))
		if err != nil {
			return nil, err
		}
		all = append(all, []backup.Value{{Number: int64(n + 1)}, {Bytes: sealed}})
	}
	return all, nil
}
