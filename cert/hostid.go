package cert

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// oidHostIDMappings is the extension with which a CA names the user of a certificate for some
// hosts (racdcert-rings.md C5).
var oidHostIDMappings = asn1.ObjectIdentifier{1, 3, 18, 0, 2, 18, 1}

// HostID is one entry of the hostIdMappings extension.
type HostID struct{ Host, User string }

// HostIDs reads the hostIdMappings extension of a certificate; none and no error when it has no
// such extension.
func HostIDs(c *x509.Certificate) ([]HostID, error) {
	value, ok := extension(c.Extensions, oidHostIDMappings)
	if !ok {
		return nil, nil
	}
	ids, err := parseHostIDs(value)
	if err != nil {
		return nil, fmt.Errorf("extension hostIdMappings: %w", err)
	}
	return ids, nil
}

// parseHostIDs reads the entries. What follows the two strings of an entry, a proof of identity,
// does not matter here. The outer type is a SEQUENCE or a SET of entries: both are in use.
func parseHostIDs(value []byte) (ids []HostID, err error) {
	in := cryptobyte.String(value)
	var entries cryptobyte.String
	var tag der.Tag
	if !in.ReadAnyASN1(&entries, &tag) || !in.Empty() || tag != der.SEQUENCE && tag != der.SET {
		return nil, errMalformed
	}
	for !entries.Empty() {
		var entry cryptobyte.String
		var id HostID
		if !entries.ReadASN1(&entry, der.SEQUENCE) || !readTagged(&entry, 1, &id.Host) || !readTagged(&entry, 2, &id.User) {
			return nil, errMalformed
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// readTagged reads an IA5String with a context tag, which replaces its own or stands around it.
func readTagged(in *cryptobyte.String, number der.Tag, text *string) bool {
	var content cryptobyte.String
	var tag der.Tag
	if !in.ReadAnyASN1(&content, &tag) {
		return false
	}
	switch tag {
	case number.ContextSpecific():
	case number.ContextSpecific().Constructed():
		explicit := content
		if !explicit.ReadASN1(&content, der.IA5String) || !explicit.Empty() {
			return false
		}
	default:
		return false
	}
	*text = string(content)
	return isGraphic(*text) && *text != ""
}
