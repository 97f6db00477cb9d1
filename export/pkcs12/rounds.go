package pkcs12

import (
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// The largest number of key derivation rounds that all parts of a package together may ask
// for, and the limits of the walk that looks for them. A package with more would keep the
// machine busy for minutes before the password could even be checked.
const (
	maxRounds = 10_000_000
	maxDepth  = 32
	maxItems  = 100_000
)

var oidPKCS12 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1} // data, in the authSafe

// Looks reports whether data begins as a PKCS #12 PFX does: version 3 and a ContentInfo.
func Looks(data []byte) bool {
	input := cryptobyte.String(data)
	var pfx, safe cryptobyte.String
	var version int
	var kind asn1.ObjectIdentifier
	return input.ReadASN1(&pfx, der.SEQUENCE) && pfx.ReadASN1Integer(&version) && version == 3 &&
		pfx.ReadASN1(&safe, der.SEQUENCE) && safe.ReadASN1ObjectIdentifier(&kind) && kind.Equal(oidPKCS12)
}

// checkRounds refuses a package whose readable layers ask for too many rounds: every INTEGER
// that directly follows an OCTET STRING, which is how PBEParameter, PBKDF2-params and MacData
// all write salt and iterations (RFC 7292 appendix B and C, RFC 8018 appendix A).
func checkRounds(data []byte) error {
	if !Looks(data) {
		return errors.New("not a PKCS #12 package in DER; it may be damaged or cut")
	}
	w := walker{}
	return w.walk(cryptobyte.String(data), 0)
}

type walker struct {
	items  int
	rounds int64
}

func (w *walker) walk(s cryptobyte.String, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("PKCS #12 package: nested more than %d deep", maxDepth)
	}
	afterSalt := false
	for !s.Empty() {
		var body cryptobyte.String
		var tag der.Tag
		element := s
		if !s.ReadAnyASN1(&body, &tag) {
			return nil // not DER: the content of some string, or damage that the reader will name
		}
		if w.items++; w.items > maxItems {
			return fmt.Errorf("PKCS #12 package: more than %d items", maxItems)
		}
		switch {
		case tag == der.INTEGER && afterSalt:
			var rounds int64
			if !element.ReadASN1Integer(&rounds) || rounds > maxRounds-w.rounds {
				return fmt.Errorf("PKCS #12 package: it asks for more than %d key derivation rounds", maxRounds)
			}
			w.rounds += max(rounds, 0)
		case tag == der.OCTET_STRING || tag&0x20 != 0: // constructed
			if err := w.walk(body, depth+1); err != nil {
				return err
			}
		}
		afterSalt = tag == der.OCTET_STRING
	}
	return nil
}
