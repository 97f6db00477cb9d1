package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"signet/backend/seal"
)

// limit makes n certificates as fast as this machine can with Go's cryptography: for each a P-256
// key, a certificate signed by one CA, and the private key sealed as a database seals it. It works
// on all processors, and nothing is stored. No signet that makes the same can be faster.
func limit(n int) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	ca := template(0)
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	m := maker{ca: ca, caKey: key, seal: seal.NewDataKey(1)}
	defer m.seal.Clear()
	var next atomic.Int64
	errs := make([]error, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for worker := range errs {
		all.Go(func() {
			for i := next.Add(1); i <= int64(n) && errs[worker] == nil; i = next.Add(1) {
				errs[worker] = m.one(i)
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// maker is what the certificates of a limit share.
type maker struct {
	ca    *x509.Certificate
	caKey *ecdsa.PrivateKey
	seal  *seal.DataKey
}

// one makes a certificate and seals its key.
func (m maker) one(number int64) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	t := template(number)
	if _, err := x509.CreateCertificate(rand.Reader, t, m.ca, key.Public(), m.caKey); err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	defer clear(private)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	_, err = m.seal.Seal(private, seal.Bind("limit", number, public))
	return err
}

// template is a certificate as the rows ask for it.
func template(number int64) *x509.Certificate {
	host := fmt.Sprintf("host%d.example.org", number)
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(number),
		Subject:      pkix.Name{CommonName: host},
		DNSNames:     []string{host},
		NotBefore:    now,
		NotAfter:     now.AddDate(1, 0, 0),
		SubjectKeyId: []byte(host),
	}
}
