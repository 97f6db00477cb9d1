package jks

import (
	"encoding/binary"
	"errors"
)

// errShort is what a file says that was cut off, or whose lengths point past its end.
var errShort = errors.New("the file is cut off or damaged: a length in it is more than what follows")

// reader takes big-endian values from the front of rest. The first thing that is not there sets
// err, and everything after it is zero.
type reader struct {
	rest []byte
	err  error
}

// bytes gives the next n bytes, without copying them.
func (r *reader) bytes(n uint64) []byte {
	if r.err == nil && n > uint64(len(r.rest)) {
		r.err = errShort
	}
	if r.err != nil {
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) u8() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.bytes(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// block gives bytes after their length in four bytes.
func (r *reader) block() []byte { return r.bytes(uint64(r.u32())) }

// utf gives a string after its length in two bytes.
func (r *reader) utf() string {
	s, ok := decodeUTF(r.bytes(uint64(r.u16())))
	if !ok && r.err == nil {
		r.err = errors.New("a name in it is not in Java's modified UTF-8")
	}
	return s
}
