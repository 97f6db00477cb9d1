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

// MaxSize is the largest file that Decode reads, in bytes.
const MaxSize = 10 << 20

// maxCertificates caps the certificates of one file, over all of its blocks.
const maxCertificates = 4096

// ErrPassword is the class of errors that another password can mend.
var ErrPassword = pkcs12.ErrPassword

// Codec lends Decode and Encode to those who know them as an interface.
type Codec struct {
	Profile pkcs12.Profile // what protects PKCS #12 that is written; the zero Profile is Modern
}

// Decode is the function Decode.
func (Codec) Decode(data, password []byte) (cert.Bundle, error) { return Decode(data, password) }

// Encode is the function Encode.
func (c Codec) Encode(f cert.Format, b cert.Bundle, password []byte) ([]byte, error) {
	return Encode(f, b, password, c.Profile)
}

// Decode reads a certificate, a PKCS #7 or a PKCS #12 package, as DER or BER or as text with
// anything before it, or a text of certificates and their private key. A password says that the
// file is PKCS #12, and then nothing else is tried (racdcert-certificates.md 4.1); nil means none
// was given.
func Decode(data, password []byte) (cert.Bundle, error) {
	switch {
	case len(data) > MaxSize:
		return cert.Bundle{}, fmt.Errorf("the file is larger than %d bytes; a certificate or package is smaller", MaxSize)
	case len(bytes.TrimSpace(data)) == 0:
		return cert.Bundle{}, errors.New("the file is empty")
	}
	// DER goes first: what a certificate says in a text field must not be read in its place.
	framed, notDER := frame(data)
	if notDER == nil {
		return decodeDER(framed, password)
	}
	blocks, err := pem.Decode(data)
	if err != nil {
		return cert.Bundle{}, err
	}
	if len(blocks) == 0 {
		return cert.Bundle{}, fmt.Errorf("neither text with BEGIN and END lines nor a whole DER file: %w", notDER)
	}
	return decodeText(blocks, password)
}

// decodeText reads what was between BEGIN and END lines.
func decodeText(blocks []pem.Block, password []byte) (cert.Bundle, error) {
	var b cert.Bundle
	for i, block := range blocks {
		part, err := decodeBlock(block, password)
		if err != nil && len(blocks) > 1 {
			err = fmt.Errorf("block %d of %d: %w", i+1, len(blocks), err)
		}
		if err != nil {
			return cert.Bundle{}, err
		}
		if b.Key != nil && part.Key != nil {
			return cert.Bundle{}, errors.New("the file holds two private keys; split it")
		}
		if part.Key != nil {
			b.Key = part.Key
		}
		b.Certificates = append(b.Certificates, part.Certificates...)
		if len(b.Certificates) > maxCertificates {
			return cert.Bundle{}, fmt.Errorf("the file holds more than %d certificates", maxCertificates)
		}
	}
	if len(b.Certificates) == 0 {
		return cert.Bundle{}, errors.New("the file holds a private key and no certificate; put both into one file")
	}
	return b, nil
}

func decodeBlock(block pem.Block, password []byte) (cert.Bundle, error) {
	switch block.Type {
	case pem.Certificate, pem.X509Certificate, pem.PKCS7, pem.PKCS7Signed, pem.CMS, pem.PKCS12:
		// What is inside decides: RACF puts packages between certificate lines, too.
		framed, err := frame(block.Bytes)
		if err != nil {
			return cert.Bundle{}, fmt.Errorf("%s: %w", block.Type, err)
		}
		return decodeDER(framed, password)
	case pem.PrivateKey, pem.RSAPrivateKey, pem.ECPrivateKey:
		if password != nil {
			return cert.Bundle{}, errNoPackage
		}
		key, err := cert.ParsePrivateKey(block.Bytes)
		return cert.Bundle{Key: key}, err
	case pem.EncryptedPrivateKey:
		return cert.Bundle{}, errors.New("the private key in the file is encrypted; make a PKCS #12 of key and certificate with: openssl pkcs12 -export")
	case pem.TrustedCertificate:
		return cert.Bundle{}, errors.New("the certificate has OpenSSL's trust settings with it, which cannot be kept; leave them off with: openssl x509 -in FILE -out NEW")
	case pem.Request, pem.NewRequest:
		return cert.Bundle{}, errRequest
	}
	return cert.Bundle{}, fmt.Errorf("the file holds %.60q, which is not a certificate or a package", block.Type)
}

var (
	errRequest   = errors.New("the file is a certificate request, not a certificate; sign it with GENCERT")
	errNoPackage = errors.New("a password was given, but the file is not PKCS #12; leave the password out")
)

// decodeDER reads one of the binary formats. The outer structure tells them apart.
func decodeDER(data, password []byte) (cert.Bundle, error) {
	switch {
	case pkcs12.Looks(data):
		return decodePKCS12(data, password)
	case password != nil:
		return cert.Bundle{}, errNoPackage
	case pkcs7.Looks(data):
		certs, err := pkcs7.Decode(data)
		return cert.Bundle{Certificates: certs}, err
	}
	c, err := cert.Parse(data)
	if err == nil {
		return cert.Bundle{Certificates: []*x509.Certificate{c}}, nil
	}
	if len(data) > cert.MaxSize { // nothing below limits itself
		return cert.Bundle{}, err
	}
	if _, err := x509.ParseCertificateRequest(data); err == nil {
		return cert.Bundle{}, errRequest
	}
	if _, err := cert.ParsePrivateKey(data); err == nil {
		return cert.Bundle{}, errors.New("the file is a private key without its certificate; make a PKCS #12 of both with: openssl pkcs12 -export")
	}
	return cert.Bundle{}, fmt.Errorf("neither a certificate nor a PKCS #7 or PKCS #12 package: %w", err)
}

func decodePKCS12(data, password []byte) (cert.Bundle, error) {
	if password == nil {
		return cert.Bundle{}, fmt.Errorf("the file is PKCS #12 and needs its %w: give PASSWORD('...') in a script, or --password-file on the command line", ErrPassword)
	}
	return pkcs12.Decode(data, password)
}

// Encode writes a bundle in a format. Only the PKCS #12 formats carry the private key and take
// a password; p is what protects them.
func Encode(f cert.Format, b cert.Bundle, password []byte, p pkcs12.Profile) ([]byte, error) {
	if len(b.Certificates) == 0 {
		return nil, errors.New("there is no certificate to write")
	}
	var kind string
	var data []byte
	var err error
	switch f {
	case cert.DER, cert.B64:
		kind, data = pem.Certificate, b.Certificates[0].Raw
	case cert.PKCS7DER, cert.PKCS7B64:
		kind = pem.PKCS7
		data, err = pkcs7.Encode(b.Certificates)
	case cert.PKCS12DER, cert.PKCS12B64:
		kind = pem.PKCS12
		data, err = pkcs12.Encode(b, password, p)
	default:
		return nil, fmt.Errorf("format %q is not known", f)
	}
	switch {
	case err != nil:
		return nil, err
	case password != nil && kind != pem.PKCS12:
		return nil, fmt.Errorf("format %s takes no password", f)
	case f == cert.B64 || f == cert.PKCS7B64 || f == cert.PKCS12B64:
		return pem.Encode(kind, data), nil
	}
	return data, nil
}
