package cert

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Request is a PKCS #10 request (RFC 2986) whose own signature has been checked.
type Request struct {
	Subject             Name
	PublicKey           crypto.PublicKey
	Raw                 []byte // the DER
	KeyUsage            x509.KeyUsage
	HasKeyUsage         bool
	ExtKeyUsage         []x509.ExtKeyUsage
	UnknownExtKeyUsage  []asn1.ObjectIdentifier
	AltNames            AltNames
	OtherAltNames       bool // it asks for alternative names of kinds that AltNames cannot hold
	CA                  bool
	MaxPathLen          int // -1: none
	HasBasicConstraints bool
	SubjectKeyID        []byte // nil: none asked for
}

// PEM headers of requests. RACF and Netscape write the longer, OpenSSL the shorter
// (racdcert-certificates.md 9 and 18).
const (
	pemNewRequest = "NEW CERTIFICATE REQUEST"
	pemRequest    = "CERTIFICATE REQUEST"
)

// copied are the extensions that GENREQ takes over (racdcert-certificates.md 9).
var copied = []asn1.ObjectIdentifier{
	oidSubjectKeyID, oidKeyUsage, oidAltNames, oidBasicConstraints, oidAuthorityKeyID, oidExtKeyUsage,
}

// NewRequest makes the request for a certificate that is to replace c, with its subject, its
// key and those of its extensions that a CA may be asked for, byte for byte.
func NewRequest(c *x509.Certificate, key crypto.Signer) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, fmt.Errorf("request for %q: %s", SubjectOf(c), reason(err))
	}
	if key == nil || !SameKey(key.Public(), c.PublicKey) {
		return fail(errors.New("the key is not that of the certificate"))
	}
	algorithm, err := algorithmFor(c.PublicKey, false)
	if err != nil {
		return fail(err)
	}
	in := &x509.CertificateRequest{RawSubject: c.RawSubject, SignatureAlgorithm: algorithm}
	for _, e := range c.Extensions {
		if slices.ContainsFunc(copied, e.Id.Equal) {
			in.ExtraExtensions = append(in.ExtraExtensions, e)
		}
	}
	data, err := x509.CreateCertificateRequest(rand.Reader, in, key)
	if err != nil {
		return fail(err)
	}
	if _, err := ParseRequest(data); err != nil {
		return fail(err)
	}
	return data, nil
}

// EncodeRequest gives the text form of a request.
func EncodeRequest(data []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemNewRequest, Bytes: data})
}

// ParseRequest reads a request: DER, PEM with either header and any text around it, or Base64
// alone. The request must be signed by the key that it holds, which proves that the requester
// has it; if not, the error wraps ErrSignature or ErrAlgorithm.
func ParseRequest(data []byte) (*Request, error) {
	r, err := parseRequest(data)
	if err != nil {
		return nil, fmt.Errorf("not a usable certificate request: %w", err)
	}
	return r, nil
}

func parseRequest(data []byte) (*Request, error) {
	data, err := requestDER(data)
	if err != nil {
		return nil, err
	}
	in, err := x509.ParseCertificateRequest(data)
	if err != nil {
		return nil, errors.New(reason(err))
	}
	r := &Request{PublicKey: in.PublicKey, Raw: in.Raw, MaxPathLen: -1}
	if _, err := SpecOf(in.PublicKey); err != nil {
		return nil, err
	}
	a := algorithmOf(in.Raw, in.SignatureAlgorithm)
	if err := a.verify(in.PublicKey, in.RawTBSCertificateRequest, in.Signature); err != nil {
		return nil, err
	}
	if r.Subject, err = NameFromDER(in.RawSubject); err != nil {
		return nil, err
	}
	for _, e := range in.Extensions {
		if err := r.take(e); err != nil {
			return nil, fmt.Errorf("extension %v: %v", e.Id, err)
		}
	}
	return r, nil
}

// take reads one requested extension. Unknown ones are left out, but not critical ones: a
// certificate without them would allow more than was asked for.
func (r *Request) take(e pkix.Extension) (err error) {
	switch {
	case e.Id.Equal(oidKeyUsage):
		r.HasKeyUsage = true
		r.KeyUsage, err = parseKeyUsage(e.Value)
	case e.Id.Equal(oidExtKeyUsage):
		r.ExtKeyUsage, r.UnknownExtKeyUsage, err = parseExtKeyUsage(e.Value)
	case e.Id.Equal(oidAltNames):
		r.AltNames, r.OtherAltNames, err = parseAltNames(e.Value)
	case e.Id.Equal(oidBasicConstraints):
		r.HasBasicConstraints = true
		r.CA, r.MaxPathLen, err = parseBasicConstraints(e.Value)
	case e.Id.Equal(oidSubjectKeyID):
		r.SubjectKeyID, err = parseSubjectKeyID(e.Value)
	case e.Id.Equal(oidAuthorityKeyID): // the issuer's own business
	case e.Critical:
		return errors.New("it is critical and not understood")
	}
	return err
}

// requestDER finds the request in a file. Two requests are one too many: nobody could say
// which was meant.
func requestDER(data []byte) ([]byte, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("larger than %d bytes", MaxSize)
	}
	// Text may begin with the digit 0x30, which is the tag of a SEQUENCE, but not go on so.
	if in, seq := cryptobyte.String(data), cryptobyte.String(nil); in.ReadASN1(&seq, der.SEQUENCE) && seq.PeekASN1Tag(der.SEQUENCE) {
		return data, nil
	}
	var found []byte
	other := ""
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type != pemRequest && block.Type != pemNewRequest:
			other = block.Type
		case found != nil:
			return nil, errors.New("the text holds more than one request; keep the one that is meant")
		default:
			found = block.Bytes
		}
	}
	switch {
	case found != nil:
		return found, nil
	case other != "":
		return nil, fmt.Errorf("the text holds a %q, not a request", clip(other))
	}
	return base64DER(data)
}

// base64DER decodes Base64 without header lines, broken into lines or not.
func base64DER(data []byte) ([]byte, error) {
	text := bytes.Join(bytes.Fields(data), nil)
	decoded, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(text, "=")))
	if err != nil || len(decoded) == 0 {
		return nil, errors.New("neither DER nor PEM nor Base64")
	}
	return decoded, nil
}
