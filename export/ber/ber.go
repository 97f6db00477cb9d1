// Package ber turns BER into DER as far as the frame of a value goes (X.690 sections 10.1 and
// 10.2): indefinite lengths become definite, long forms of lengths become short, and strings in
// pieces become one. Older programs write PKCS #7 and PKCS #12 that way (RFC 7292 allows it).
//
// The package knows no types. It does not sort sets, change numbers or truth values, or look
// into strings. Where a string has an implicit tag, nothing shows that it is one: its pieces stay.
package ber

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// Limits of what is converted.
const (
	// MaxSize caps the input in bytes. The output is longer by a few bytes per level at most.
	MaxSize = 64 << 20

	// maxDepth caps how deep values lie in values: each level costs stack, and a move of what is
	// in it. A certificate in a package has about twenty.
	maxDepth = 64
)

// The tags that matter here.
const (
	bitString   = 0x03
	octetString = 0x04
	constructed = 0x20
	universal   = 0xc0 // the bits of the class, which are zero
	longTag     = 0x1f
)

var (
	errCut  = errors.New("not BER: cut, or a length is damaged")
	errTag  = errors.New("not BER: a tag is damaged")
	errEnd  = errors.New("not BER: an end of contents that ends nothing")
	errText = errors.New("not BER: a string in pieces has a piece of another type")
	errDeep = fmt.Errorf("values in values, more than %d deep", maxDepth)
)

// ToDER gives the one value that data is, in DER's frame. What has it already is given back as
// it is, without a copy.
func ToDER(data []byte) ([]byte, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("larger than %d bytes", MaxSize)
	}
	is, err := isDER(data)
	if err != nil {
		return nil, err
	}
	if is {
		return data, nil
	}
	c := converter{out: make([]byte, 0, len(data)+16)}
	rest, err := c.value(data, 0)
	switch {
	case err != nil:
		return nil, err
	case len(rest) > 0:
		return nil, errTrailing(rest)
	}
	return c.out, nil
}

func errTrailing(rest []byte) error {
	return fmt.Errorf("followed by %d bytes that do not belong to it", len(rest))
}

// header is the tag and the length of a value.
type header struct {
	tag        []byte // all octets of it
	length     int    // of the contents; -1 if it is indefinite
	minimal    bool   // the length has the form that DER demands
	isCompound bool   // it consists of values
}

// isString reports whether a value is of a type that BER may have in pieces: the strings of
// octets, bits and characters, and times, which are such.
func (h header) isString() bool {
	n := h.tag[0] &^ constructed
	return n == bitString || n == octetString || n == 7 || n == 12 || n >= 18 && n <= 30
}

// readHeader reads the beginning of a value and gives what follows. A definite length fits in it.
func readHeader(in []byte) (h header, rest []byte, err error) {
	size := 1
	if len(in) > 0 && in[0]&longTag == longTag {
		for size < len(in) && in[size] >= 0x80 { // X.690 section 8.1.2.4
			size++
		}
		size++
	}
	switch {
	case len(in) < size+1:
		return h, nil, errCut
	case size > 5, size == 2 && in[1] < longTag, size > 1 && in[1] == 0x80:
		return h, nil, errTag
	}
	h.tag, h.isCompound = in[:size], in[0]&constructed != 0
	first, rest := in[size], in[size+1:]
	switch {
	case first < 0x80:
		h.length, h.minimal = int(first), true
	case first == 0x80: // X.690 section 8.1.3.6
		if h.length = -1; !h.isCompound {
			return h, nil, errCut
		}
		return h, rest, nil
	default:
		octets := int(first) - 0x80
		if first == 0xff || octets > len(rest) {
			return h, nil, errCut
		}
		long := bytes.TrimLeft(rest[:octets], "\x00")
		if len(long) > 4 {
			return h, nil, errCut
		}
		for _, b := range long {
			h.length = h.length<<8 | int(b)
		}
		h.minimal = len(long) == octets && h.length >= 0x80
		rest = rest[octets:]
	}
	if h.length > len(rest) {
		return h, nil, errCut
	}
	return h, rest, nil
}

// isDER reports whether data is one value in DER's frame. An error says that it is no BER either.
func isDER(data []byte) (bool, error) {
	rest, is, err := skipDER(data, 0)
	if err == nil && is && len(rest) > 0 {
		err = errTrailing(rest)
	}
	return is, err
}

// skipDER looks at one value and gives what follows, unless the value needs to be converted.
func skipDER(in []byte, depth int) (rest []byte, is bool, err error) {
	h, rest, err := readHeader(in)
	switch {
	case err != nil:
		return nil, false, err
	case h.tag[0] == 0:
		return nil, false, errEnd
	case depth == maxDepth:
		return nil, false, errDeep
	case !h.minimal, h.isCompound && h.tag[0]&universal == 0 && h.isString():
		return nil, false, nil
	}
	content, rest := rest[:h.length], rest[h.length:]
	for h.isCompound && len(content) > 0 {
		if content, is, err = skipDER(content, depth+1); !is || err != nil {
			return nil, false, err
		}
	}
	return rest, true, nil
}

// converter writes values in DER's frame.
type converter struct{ out []byte }

// value converts the first value of in and gives what follows it.
func (c *converter) value(in []byte, depth int) (rest []byte, err error) {
	h, rest, err := readHeader(in)
	switch {
	case err != nil:
		return nil, err
	case h.tag[0] == 0:
		return nil, errEnd
	case depth == maxDepth:
		return nil, errDeep
	}
	start := len(c.out)
	switch {
	case !h.isCompound:
		c.out = append(c.out, rest[:h.length]...)
		rest = rest[h.length:]
	case h.tag[0]&universal == 0 && h.isString():
		kind := h.tag[0] &^ constructed
		if kind == bitString {
			c.out = append(c.out, 0) // the number of unused bits, which the last piece knows
		}
		if rest, err = c.pieces(h, rest, kind, start, depth); err != nil {
			return nil, err
		}
		c.frame(start, []byte{kind})
		return rest, nil
	default:
		rest, err = within(h, rest, func(in []byte) ([]byte, error) { return c.value(in, depth+1) })
		if err != nil {
			return nil, err
		}
	}
	c.frame(start, h.tag)
	return rest, nil
}

// within calls read for what is in a value, up to its end, and gives what follows it.
func within(h header, in []byte, read func([]byte) ([]byte, error)) (rest []byte, err error) {
	if h.length >= 0 {
		in, rest = in[:h.length], in[h.length:]
		for len(in) > 0 && err == nil {
			in, err = read(in)
		}
		return rest, err
	}
	for !bytes.HasPrefix(in, []byte{0, 0}) {
		if in, err = read(in); err != nil {
			return nil, err
		}
	}
	return in[2:], nil
}

// pieces joins the contents of a string in pieces (X.690 sections 8.6.4, 8.7.3 and 8.23.6).
func (c *converter) pieces(h header, in []byte, kind byte, start, depth int) ([]byte, error) {
	return within(h, in, func(in []byte) ([]byte, error) {
		h, rest, err := readHeader(in)
		switch tag := h.tag; {
		case err != nil:
			return nil, err
		case depth+1 == maxDepth:
			return nil, errDeep
		case tag[0]&^constructed != kind && (tag[0]&^constructed != octetString || kind == bitString):
			return nil, errText
		case h.isCompound:
			return c.pieces(h, rest, kind, start, depth+1)
		}
		piece := rest[:h.length]
		if kind == bitString {
			if len(piece) == 0 || piece[0] > 7 || c.out[start] != 0 {
				return nil, errText
			}
			c.out[start], piece = piece[0], piece[1:]
		}
		c.out = append(c.out, piece...)
		return rest[h.length:], nil
	})
}

// frame puts a tag and the length before what was written since start.
func (c *converter) frame(start int, tag []byte) {
	length := len(c.out) - start
	var head [12]byte
	all := append(head[:0], tag...)
	if octets := (bits.Len(uint(length)) + 7) / 8; length < 0x80 {
		all = append(all, byte(length))
	} else {
		all = append(all, 0x80|byte(octets))
		for n := octets - 1; n >= 0; n-- {
			all = append(all, byte(length>>(8*n)))
		}
	}
	c.out = slices.Insert(c.out, start, all...)
}
