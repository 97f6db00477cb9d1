package keystore

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"math/big"
	mathrand "math/rand/v2"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	encoding "encoding/asn1"
)

// serials gives certificates with the serial numbers from 1 on.
func serials(t *testing.T, n int) [][]byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for i := range n {
		tmpl := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Unix(1<<31, 0)}
		der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, der)
	}
	return out
}

// buildJKS writes a JKS or JCEKS file of version 2, without minding anything: aliases as they
// are, keys that are none. It has no digest, which nobody checks without a password.
func buildJKS(ks *Keystore, certificates [][]byte) []byte {
	be := binary.BigEndian
	out := []byte{0xfe, 0xed, 0xfe, 0xed}
	if ks.Format == JCEKS {
		out = []byte{0xce, 0xce, 0xce, 0xce}
	}
	out = be.AppendUint32(be.AppendUint32(out, 2), uint32(len(ks.Entries)))
	for i, e := range ks.Entries {
		tag := uint32(2)
		if e.Key != nil {
			tag = 1
		}
		alias := modified(e.Alias)
		out = append(be.AppendUint16(be.AppendUint32(out, tag), uint16(len(alias))), alias...)
		out = be.AppendUint64(out, uint64(i+1))
		if e.Key != nil {
			out = be.AppendUint32(append(be.AppendUint32(out, 1), 0), 0)
			continue
		}
		out = append(append(out, 0, 5), "X.509"...)
		out = append(be.AppendUint32(out, uint32(len(certificates[i]))), certificates[i]...)
	}
	return out
}

// modified gives Java's modified UTF-8 of a string without NUL.
func modified(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		switch {
		case u < 0x80:
			out = append(out, byte(u))
		case u < 0x800:
			out = append(out, 0xc0|byte(u>>6), 0x80|byte(u&0x3f))
		default:
			out = append(out, 0xe0|byte(u>>12), 0x80|byte(u>>6&0x3f), 0x80|byte(u&0x3f))
		}
	}
	return out
}

var (
	oidShrouded = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}
	oidCertBag  = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 3}
	oidSecret   = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 5}
	oidX509     = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 22, 1}
	oidFriendly = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 20}
	oidLocalKey = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 21}
	oidData     = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidTrusted  = encoding.ObjectIdentifier{2, 16, 840, 1, 113894, 746875, 1, 1}
	oidAnyUsage = encoding.ObjectIdentifier{2, 5, 29, 37, 0}
	explicit0   = asn1.Tag(0).Constructed().ContextSpecific()
)

type build = func(*cryptobyte.Builder)

func sequence(parts ...build) build {
	return func(b *cryptobyte.Builder) { b.AddASN1(asn1.SEQUENCE, all(parts...)) }
}

func tagged(tag asn1.Tag, parts ...build) build {
	return func(b *cryptobyte.Builder) { b.AddASN1(tag, all(parts...)) }
}

func all(parts ...build) build {
	return func(b *cryptobyte.Builder) {
		for _, p := range parts {
			p(b)
		}
	}
}

func oid(id encoding.ObjectIdentifier) build {
	return func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(id) }
}

func octets(data []byte) build {
	return func(b *cryptobyte.Builder) { b.AddASN1OctetString(data) }
}

// buildPKCS12 writes a package with nothing encrypted and no MAC, in some number of parts. Keys
// are none: Java does not look at them before they are asked for.
func buildPKCS12(t *testing.T, r *mathrand.Rand, ks *Keystore, certificates [][]byte) []byte {
	t.Helper()
	var parts, bags []build
	flush := func() {
		var part cryptobyte.Builder
		sequence(bags...)(&part)
		parts = append(parts, sequence(oid(oidData), tagged(explicit0, octets(part.BytesOrPanic()))))
		bags = nil
	}
	for i, e := range ks.Entries {
		if bags = append(bags, bag(e, certificates[i])); r.IntN(10) == 0 {
			flush()
		}
	}
	flush()
	var safe, pfx cryptobyte.Builder
	sequence(parts...)(&safe)
	version := func(b *cryptobyte.Builder) { b.AddASN1Int64(3) }
	sequence(version, sequence(oid(oidData), tagged(explicit0, octets(safe.BytesOrPanic()))))(&pfx)
	return pfx.BytesOrPanic()
}

func bag(e Entry, certificate []byte) build {
	var attributes []build
	add := func(id encoding.ObjectIdentifier, value build) {
		attributes = append(attributes, sequence(oid(id), tagged(asn1.SET, value)))
	}
	if e.Alias != "" {
		add(oidFriendly, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.Tag(30), func(b *cryptobyte.Builder) {
				for _, u := range utf16.Encode([]rune(e.Alias)) {
					b.AddUint16(u)
				}
			})
		})
	}
	if e.ID != nil {
		add(oidLocalKey, octets(e.ID))
	}
	if e.Trusted {
		add(oidTrusted, oid(oidAnyUsage))
	}
	null := func(b *cryptobyte.Builder) { b.AddASN1NULL() }
	kind, value := oidCertBag, sequence(oid(oidX509), tagged(explicit0, octets(certificate)))
	switch {
	case e.Key != nil:
		kind, value = oidShrouded, sequence(sequence(oid(oidData), null), octets([]byte{0}))
	case e.Other != "":
		kind, value = oidSecret, sequence(oid(oidShrouded), tagged(explicit0, octets([]byte{0})))
	}
	return sequence(oid(kind), tagged(explicit0, value), tagged(asn1.SET, attributes...))
}
