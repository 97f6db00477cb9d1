package jks

import (
	"unicode/utf16"
	"unicode/utf8"
)

// maxUTF is the longest string of the format, in bytes.
const maxUTF = 1<<16 - 1

// appendUTF writes a string in Java's modified UTF-8 (java.io.DataInput): NUL has two bytes, and
// a character outside the Basic Multilingual Plane is two surrogates of three bytes each.
func appendUTF(out []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == 0:
			out = append(out, 0xc0, 0x80)
		case r < 0x10000:
			out = utf8.AppendRune(out, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = appendUnit(appendUnit(out, high), low)
		}
	}
	return out
}

// appendUnit writes one surrogate, which utf8 refuses to.
func appendUnit(out []byte, u rune) []byte {
	return append(out, 0xe0|byte(u>>12), 0x80|byte(u>>6)&0xbf, 0x80|byte(u)&0xbf)
}

// decodeUTF is the reverse of appendUTF. It takes nothing that appendUTF does not write: no
// surrogate alone, which no text has, and no longer form of a character than needed.
func decodeUTF(in []byte) (string, bool) {
	plain := true
	for _, b := range in {
		plain = plain && b-1 < utf8.RuneSelf-1
	}
	if plain {
		return string(in), true
	}
	out := make([]byte, 0, len(in))
	for len(in) > 0 {
		r, n := decodeChar(in)
		if n == 0 {
			return "", false
		}
		out = utf8.AppendRune(out, r)
		in = in[n:]
	}
	return string(out), true
}

// decodeChar gives the first character and its length; 0 if there is none.
func decodeChar(in []byte) (rune, int) {
	u, n := decodeUnit(in)
	if n == 0 || !utf16.IsSurrogate(u) {
		return u, n
	}
	low, m := decodeUnit(in[n:])
	if r := utf16.DecodeRune(u, low); m > 0 && r != utf8.RuneError {
		return r, n + m
	}
	return 0, 0
}

// decodeUnit gives the first UTF-16 code unit and its length; 0 if there is none.
func decodeUnit(in []byte) (rune, int) {
	more := func(i int) bool { return len(in) > i && in[i]&0xc0 == 0x80 }
	switch {
	case len(in) == 0:
	case in[0] > 0 && in[0] < utf8.RuneSelf:
		return rune(in[0]), 1
	case in[0]&0xe0 == 0xc0 && more(1):
		if r := rune(in[0]&0x1f)<<6 | rune(in[1]&0x3f); r == 0 || r >= 0x80 {
			return r, 2
		}
	case in[0]&0xf0 == 0xe0 && more(1) && more(2):
		if r := rune(in[0]&0x0f)<<12 | rune(in[1]&0x3f)<<6 | rune(in[2]&0x3f); r >= 0x800 {
			return r, 3
		}
	}
	return 0, 0
}
