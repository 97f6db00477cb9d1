package cert

import (
	"errors"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Subject holds the operands of SUBJECTSDN (racdcert-certificates.md 3.2). An empty operand is
// one that was not given.
type Subject struct {
	CN, T string
	OU    []string // as written: most specific first
	O, L  string
	SP, C string
}

// Name encodes the subject in X.500 order, country first, so that RACF's form shows the
// operands in the order of the struct, the OUs as they were written.
func (s Subject) Name() (Name, error) {
	var rdns [][]typed
	add := func(keyword string, values ...string) {
		a, _ := attributeNamed(keyword)
		for _, v := range values {
			rdns = append(rdns, []typed{{a, v, nil}})
		}
	}
	optional := func(keyword, value string) {
		if value != "" {
			add(keyword, value)
		}
	}
	optional("C", s.C)
	optional("SP", s.SP)
	optional("L", s.L)
	optional("O", s.O)
	ous := slices.Clone(s.OU)
	slices.Reverse(ous)
	add("OU", ous...)
	optional("T", s.T)
	optional("CN", s.CN)
	if len(rdns) == 0 {
		return Name{}, errors.New("subject: no part is given; one of CN, T, OU, O, L, SP, C is needed")
	}
	return encodeName(rdns)
}

// typed is an attribute to be encoded: a text, or a value that is encoded already.
type typed struct {
	attribute
	text string
	raw  []byte
}

// encodeName checks and encodes the parts of a name, given in encoded order.
func encodeName(rdns [][]typed) (Name, error) {
	var sets [][][]byte
	for _, rdn := range rdns {
		set, err := encodeRDN(rdn)
		if err != nil {
			return Name{}, err
		}
		sets = append(sets, set)
	}
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, set := range sets {
			b.AddASN1(der.SET, func(b *cryptobyte.Builder) {
				for _, one := range set {
					b.AddBytes(one)
				}
			})
		}
	})
	data, err := b.Bytes()
	return Name{string(data)}, err
}

// encodeRDN encodes the attributes of one part in the order that DER wants of a SET OF.
func encodeRDN(rdn []typed) ([][]byte, error) {
	var set [][]byte
	for _, t := range rdn {
		value := t.raw
		if value == nil {
			if err := t.check(t.text); err != nil {
				return nil, err
			}
			value = t.encode(t.text)
		}
		var b cryptobyte.Builder
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(t.id)
			b.AddBytes(value)
		})
		one, err := b.Bytes()
		if err != nil {
			return nil, err
		}
		set = append(set, one)
	}
	slices.SortFunc(set, slices.Compare) // X.690 section 11.6
	return set, nil
}
