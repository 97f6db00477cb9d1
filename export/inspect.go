package export

import (
	"crypto/x509"
	"fmt"
	"time"

	"signet/export/jks"
	"signet/export/pkcs12"
	"signet/export/pkcs7"
)

// MaxInspect is the largest file that Inspect looks into, in bytes.
const MaxInspect = 64 << 20

// Limits of the work on one file. The largest keystores in use hold a few thousand entries.
const (
	maxItems  = 50_000 // entries and certificates, each
	maxOpened = 64     // private keys that are opened to see whether their certificate fits
)

// The formats of a Report, beside those of package keystore.
const (
	FormatPEM   = "PEM"
	FormatDER   = "DER"
	FormatPKCS7 = "PKCS7"
)

// Kind is what an entry of a file is. It is one stable word.
type Kind string

// The kinds of entries.
const (
	KindPrivateKey  Kind = "private-key"
	KindTrusted     Kind = "trusted-certificate" // the format says that its reader may trust it
	KindCertificate Kind = "certificate"
	KindSecretKey   Kind = "secret-key"
	KindRequest     Kind = "request"
	KindCRL         Kind = "crl"
	KindOther       Kind = "other"
)

// Lock is what it takes to open a file. It is one stable word.
type Lock string

// The locks.
const (
	LockNone      Lock = "none"       // no password
	LockGiven     Lock = "given"      // one of the passwords that were given
	LockWellKnown Lock = "well-known" // a password that everybody knows
	LockUnknown   Lock = "unknown"    // another password than all that were tried
)

// Inspection is what Inspect needs besides the file.
type Inspection struct {
	Passwords [][]byte      // to try before the well-known ones
	Now       time.Time     // decides what has expired
	Within    time.Duration // what ends within it is reported as expiring
	LockOnly  bool          // of a keystore: tell what opens it, and leave its entries alone
}

// Report is what Inspect found in a file.
type Report struct {
	Format    string // empty: none that is known
	Lock      Lock
	WellKnown string // the well-known password that opens it, if Lock says so; may be empty
	Items     []Item
	Findings  []Finding // about the file as a whole
}

// Item is one entry of a keystore, or one block of a text.
type Item struct {
	Alias     string // as the file spells it; empty where there are none
	Line      int    // of a text; 0 elsewhere
	Kind      Kind
	Chain     []*x509.Certificate // the certificate, and of a private key its issuers; what can be read of it
	Length    int                 // of the chain in the file
	Encrypted bool                // of a private key: a password protects it
	Created   time.Time           // zero if the file does not say

	// Of what is no certificate, as far as it says.
	Subject, Issuer     string
	KeyType             string
	KeySize             int
	NotBefore, NotAfter time.Time // of a CRL: this and the next update

	Findings []Finding
}

// Inspect says what a file holds, whatever its format, and what is wrong with it. It opens what
// the given and the well-known passwords open. A file of no known format has no Format.
func Inspect(data []byte, q Inspection) Report {
	in := &inspector{Inspection: q}
	in.Lock = LockNone
	if len(data) > MaxInspect {
		in.find(Unreadable, "it is larger than %d bytes", MaxInspect)
		return in.Report
	}
	if name := foreign(data); name != "" {
		in.Format = name
		in.find(Unreadable, "it is %s, which is not supported", name)
		return in.Report
	}
	switch {
	case jks.Looks(data):
		in.jks(data)
	case len(data) > 0 && data[0] == sequence:
		in.der(data)
	default:
		in.text(data)
	}
	for i := range in.Items {
		in.judge(&in.Items[i])
	}
	return in.Report
}

// inspector makes a Report.
type inspector struct {
	Inspection
	Report
	parsed, opened int
}

// find adds what there is to say about the file as a whole.
func (in *inspector) find(word Word, format string, args ...any) {
	in.Findings = append(in.Findings, Finding{word, fmt.Sprintf(format, args...)})
}

// add appends an entry, unless there are too many already.
func (in *inspector) add(it Item) {
	switch {
	case len(in.Items) < maxItems:
		in.Items = append(in.Items, it)
	case !in.has(TooMany):
		in.find(TooMany, "only the first %d entries are shown", maxItems)
	}
}

func (in *inspector) has(word Word) bool {
	for _, f := range in.Findings {
		if f.Word == word {
			return true
		}
	}
	return false
}

// der looks into one of the binary formats.
func (in *inspector) der(data []byte) {
	if pkcs12.Looks(data) {
		in.pkcs12(data)
		return
	}
	framed, err := frame(data)
	if err != nil {
		if in.Format = looksDER(data); in.Format != "" {
			in.find(Unreadable, "%v", err)
		}
		return
	}
	data = framed
	if pkcs7.Looks(data) {
		in.Format = FormatPKCS7
		in.pkcs7(data, 0)
		return
	}
	it, ok := in.simple(data)
	if !ok {
		if isBCFKS(data) {
			in.Format = "BCFKS"
			in.find(Unreadable, "it is a keystore of Bouncy Castle's type BCFKS, which is not supported")
		}
		return
	}
	in.Format = FormatDER
	in.add(it)
}

// pkcs7 adds the certificates of a package.
func (in *inspector) pkcs7(data []byte, line int) {
	certs, err := pkcs7.Decode(data)
	if err != nil {
		in.add(Item{Kind: KindOther, Line: line, Findings: []Finding{{Unreadable, err.Error()}}})
		return
	}
	for _, c := range certs {
		in.add(Item{Kind: KindCertificate, Line: line, Chain: []*x509.Certificate{c}, Length: 1})
	}
}
