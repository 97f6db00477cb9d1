// Package export turns certificate files into bundles and bundles into files. Decode finds the
// format by trying, never by a file's name. The formats themselves are in the packages below:
// pure functions between bytes and bundles, with no files and no database.
package export

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"

	"signet/cert"
	"signet/export/pem"
	"signet/export/pkcs12"
	"signet/export/pkcs7"
)

// Format is a file format, named as RACDCERT EXPORT names it (racdcert-certificates.md 8).
type Format string

// The formats.
const (
	CertB64   Format = "CERTB64"
	CertDER   Format = "CERTDER"
	PKCS7B64  Format = "PKCS7B64"
	PKCS7DER  Format = "PKCS7DER"
	PKCS12B64 Format = "PKCS12B64"
	PKCS12DER Format = "PKCS12DER"
)

// MaxSize is the largest file that Decode reads, in bytes.
const MaxSize = 10 << 20

// ErrPassword is the class of errors that another password can mend.
var ErrPassword = errors.New("password")

// Decode reads a certificate, a PKCS #7 or a PKCS #12 package, as DER or as text with anything
// before it. A password says that the file is PKCS #12, and then nothing else is tried
// (racdcert-certificates.md 4.1); nil means none was given.
func Decode(data, password []byte) (cert.Bundle, error) {
	if len(data) > MaxSize {
		return cert.Bundle{}, fmt.Errorf("the file is larger than %d bytes; a certificate or package is smaller", MaxSize)
	}
	if blocks, err := pem.Decode(data); err != nil {
		return cert.Bundle{}, err
	} else if len(blocks) > 0 {
		return decodeText(blocks, password)
	}
	return decodeDER(data, password)
}

// decodeText reads what was between BEGIN and END lines.
func decodeText(blocks []pem.Block, password []byte) (cert.Bundle, error) {
	var b cert.Bundle
	for _, block := range blocks {
		if password != nil && block.Type != pem.PKCS12 && len(blocks) == 1 {
			return cert.Bundle{}, fmt.Errorf("a password was given, but the file is %s and not PKCS #12; leave the password out", block.Type)
		}
		part, err := decodeBlock(block, password)
		if err != nil {
			return cert.Bundle{}, err
		}
		if b.Key != nil && part.Key != nil {
			return cert.Bundle{}, errors.New("the file holds two private keys; split it")
		}
		if part.Key != nil {
			b.Key = part.Key
		}
		if part.Alias != "" {
			b.Alias = part.Alias
		}
		b.Certificates = append(b.Certificates, part.Certificates...)
	}
	return b, nil
}

func decodeBlock(block pem.Block, password []byte) (cert.Bundle, error) {
	switch block.Type {
	case pem.Certificate, pem.TrustedCertificate:
		x, err := cert.Parse(block.Bytes)
		if err != nil {
			// RACF also puts packages between certificate lines.
			if b, err := decodeDER(block.Bytes, password); err == nil {
				return b, nil
			}
			return cert.Bundle{}, err
		}
		return cert.Bundle{Certificates: []*x509.Certificate{x}}, nil
	case pem.PKCS7:
		return decodePKCS7(block.Bytes)
	case pem.PKCS12:
		return decodePKCS12(block.Bytes, password)
	case pem.PrivateKey, pem.RSAPrivateKey, pem.ECPrivateKey:
		key, err := cert.ParsePrivateKey(block.Bytes)
		return cert.Bundle{Key: key}, err
	case pem.EncryptedPrivateKey:
		return cert.Bundle{}, errors.New("the private key in the file is encrypted; make a PKCS #12 of key and certificate with: openssl pkcs12 -export")
	case pem.Request, pem.NewRequest:
		return cert.Bundle{}, errors.New("the file is a certificate request, not a certificate; sign it with GENCERT")
	}
	return cert.Bundle{}, fmt.Errorf("the file holds %q, which is not a certificate or a package", block.Type)
}

// decodeDER tries the binary formats. The error is that of the format which fits the outer
// structure best.
func decodeDER(data, password []byte) (cert.Bundle, error) {
	switch {
	case password != nil || pkcs12.Looks(data):
		return decodePKCS12(data, password)
	case pkcs7.Looks(data):
		return decodePKCS7(data)
	}
	x, err := cert.Parse(data)
	if err != nil {
		if len(bytes.TrimSpace(data)) == 0 {
			return cert.Bundle{}, errors.New("the file is empty")
		}
		return cert.Bundle{}, fmt.Errorf("neither a certificate nor a PKCS #7 or PKCS #12 package: %w", err)
	}
	return cert.Bundle{Certificates: []*x509.Certificate{x}}, nil
}

func decodePKCS7(data []byte) (cert.Bundle, error) {
	certs, err := pkcs7.Decode(data)
	return cert.Bundle{Certificates: certs}, err
}

func decodePKCS12(data, password []byte) (cert.Bundle, error) {
	if password == nil {
		return cert.Bundle{}, fmt.Errorf("the file is PKCS #12 and needs its %w: give PASSWORD('...') in a script, or --password-file on the command line", ErrPassword)
	}
	b, err := pkcs12.Decode(data, password)
	if errors.Is(err, pkcs12.ErrPassword) {
		return b, fmt.Errorf("wrong %w for the PKCS #12 package", ErrPassword)
	}
	return b, err
}

// Encode writes a bundle in a format. Only the PKCS #12 formats carry the private key and take
// a password.
func Encode(f Format, b cert.Bundle, password []byte) ([]byte, error) {
	if len(b.Certificates) == 0 {
		return nil, errors.New("there is no certificate to write")
	}
	switch f {
	case CertDER:
		return b.Certificates[0].Raw, nil
	case CertB64:
		return pem.Encode(pem.Certificate, b.Certificates[0].Raw), nil
	case PKCS7DER, PKCS7B64:
		der, err := pkcs7.Encode(b.Certificates)
		if f == PKCS7B64 && err == nil {
			return pem.Encode(pem.PKCS7, der), nil
		}
		return der, err
	case PKCS12DER, PKCS12B64:
		der, err := pkcs12.Encode(b, password)
		if f == PKCS12B64 && err == nil {
			return pem.Encode(pem.PKCS12, der), nil
		}
		return der, err
	}
	return nil, fmt.Errorf("format %q is not known", f)
}
