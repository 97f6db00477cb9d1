package cert

// Format is a file format of certificates, named as RACDCERT EXPORT names it
// (racdcert-certificates.md 8).
type Format string

// The formats: the certificate alone, with its chain, or with chain and private key; each as
// text or as DER.
const (
	B64       Format = "CERTB64"
	DER       Format = "CERTDER"
	PKCS7B64  Format = "PKCS7B64"
	PKCS7DER  Format = "PKCS7DER"
	PKCS12B64 Format = "PKCS12B64"
	PKCS12DER Format = "PKCS12DER"
)

// Formats lists them all.
func Formats() []Format {
	return []Format{B64, DER, PKCS7B64, PKCS7DER, PKCS12B64, PKCS12DER}
}

// WithKey reports whether the format carries the private key, and so needs a password.
func (f Format) WithKey() bool { return f == PKCS12B64 || f == PKCS12DER }

// WithChain reports whether the format carries the issuers too.
func (f Format) WithChain() bool { return f != B64 && f != DER }
