package pkcs12

import (
	"bytes"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// bmpString is the tag of BMPString.
const bmpString = der.Tag(30)

// marks are the attributes of a bag that is written.
type marks struct {
	alias   string
	keyID   []byte
	trusted bool
	from    *bag // whose other attributes go along; nil for none
}

// encode gives the SET OF Attribute with its tag; nothing if there is none (RFC 2985 section 5.5).
func (m marks) encode() ([]byte, error) {
	var set [][]byte
	var failed error
	add := func(id oid, tag der.Tag, value []byte) {
		out := cryptobyte.NewBuilder(make([]byte, 0, len(value)+bagFrame))
		out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
			addOID(out, id)
			out.AddASN1(der.SET, func(out *cryptobyte.Builder) {
				out.AddASN1(tag, func(out *cryptobyte.Builder) { out.AddBytes(value) })
			})
		})
		attribute, err := out.Bytes()
		if err != nil {
			failed = err
		}
		set = append(set, attribute)
	}
	old, name, usage := m.others()
	set = append(set, old...)
	switch {
	case name != nil:
		set = append(set, name)
	case m.alias != "":
		add(friendlyNameOID, bmpString, encodeBMP(m.alias))
	}
	if m.keyID != nil {
		add(localKeyIDOID, der.OCTET_STRING, m.keyID)
	}
	switch {
	case m.trusted && usage != nil:
		set = append(set, usage)
	case m.trusted:
		add(trustedUsageOID, der.OBJECT_IDENTIFIER, []byte(anyUsageOID))
	}
	if failed != nil || len(set) == 0 {
		return nil, failed
	}
	slices.SortFunc(set, bytes.Compare) // X.690 section 11.6
	var out cryptobyte.Builder
	out.AddASN1(der.SET, func(out *cryptobyte.Builder) { out.AddBytes(bytes.Join(set, nil)) })
	return out.Bytes()
}

// others gives what the old bag has beside the attributes that marks say anew: its name as it was
// spelled, if that is still the name, and its usages.
func (m marks) others() (set [][]byte, name, usage []byte) {
	if m.from == nil {
		return nil, nil, nil
	}
	for in := m.from.attributes; !in.Empty(); {
		all, kind, _, ok := readAttribute(&in)
		switch {
		case !ok:
			return set, name, usage
		case kind == friendlyNameOID:
			if m.from.alias == m.alias {
				name = all
			}
		case kind == trustedUsageOID:
			usage = all
		case kind != localKeyIDOID:
			set = append(set, all)
		}
	}
	return set, name, usage
}
