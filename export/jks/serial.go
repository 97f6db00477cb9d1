package jks

import (
	"errors"
	"fmt"
)

// A secret key of JCEKS is a serialized Java object, javax.crypto.SealedObject, with no length
// before it: only walking the stream shows where it ends (Java Object Serialization
// Specification, section 6.4). walker walks what a SealedObject can have in it, objects, strings
// and arrays, and makes no object of it.

// The caps of one stream. Java 17 writes about ten handles, four deep.
const (
	maxHandles = 1000
	maxNested  = 20 // objects in objects, and classes above a class
	maxFields  = 1000
)

// The elements of a stream.
const (
	streamMagic    = 0xaced0005 // with the version
	tcNull         = 0x70
	tcReference    = 0x71
	tcClassDesc    = 0x72
	tcObject       = 0x73
	tcString       = 0x74
	tcArray        = 0x75
	tcBlockData    = 0x77
	tcEndBlockData = 0x78
	tcBlockLong    = 0x7a
	tcLongString   = 0x7c

	firstHandle = 0x7e0000
)

var (
	errSerial = errors.New("its secret key is damaged: it is not a serialized Java object")
	errCaps   = errors.New("its secret key is a larger Java object than any secret key is")
)

// walker knows the classes of one stream by their handles; nil stands for anything else.
type walker struct {
	*reader
	handles []*class
	depth   int
}

// serialized gives the bytes of one stream with one object.
func (r *reader) serialized() []byte {
	start := r.rest
	w := &walker{reader: r}
	if w.u32() != streamMagic {
		w.fail(errSerial)
	}
	if kind := w.u8(); kind != tcObject {
		w.fail(errSerial)
	} else {
		w.content(kind)
	}
	if w.err != nil {
		return nil
	}
	return start[: len(start)-len(r.rest) : len(start)-len(r.rest)]
}

func (w *walker) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// add gives the next handle to a class, or to something else.
func (w *walker) add(c *class) {
	if len(w.handles) == maxHandles {
		w.fail(errCaps)
		return
	}
	w.handles = append(w.handles, c)
}

// element walks one element: an object, a string, an array, a reference to one, or nothing.
func (w *walker) element() { w.content(w.u8()) }

func (w *walker) content(kind byte) {
	if w.depth++; w.depth > maxNested {
		w.fail(errCaps)
	}
	defer func() { w.depth-- }()
	if w.err != nil {
		return
	}
	switch kind {
	case tcNull:
	case tcReference:
		w.reference()
	case tcClassDesc:
		w.newClass()
	case tcObject:
		w.object()
	case tcString:
		w.add(nil)
		w.bytes(uint64(w.u16()))
	case tcLongString:
		w.add(nil)
		w.bytes(w.u64())
	case tcArray:
		w.array()
	default:
		w.fail(fmt.Errorf("its secret key is a Java object with an element of kind %#x, which no secret key has", kind))
	}
}

// reference gives the class that is referred to, or nil.
func (w *walker) reference() *class {
	at := int64(w.u32()) - firstHandle
	if at < 0 || at >= int64(len(w.handles)) {
		w.fail(errSerial)
		return nil
	}
	return w.handles[at]
}

// object walks an object after its first byte.
func (w *walker) object() {
	c := w.class()
	if c == nil {
		w.fail(errSerial)
	}
	w.add(nil)
	w.values(c, 0)
}

// values walks the fields of an object, those of the topmost class first.
func (w *walker) values(c *class, above int) {
	if c == nil || w.err != nil {
		return
	}
	if above == maxNested {
		w.fail(errCaps)
		return
	}
	w.values(c.super, above+1)
	switch {
	case c.flags&scSerializable != 0 && c.flags&scExternalizable == 0:
		w.bytes(c.fixed)
		for i := 0; i < c.others && w.err == nil; i++ {
			w.element()
		}
		if c.flags&scWriteMethod != 0 {
			w.annotation()
		}
	case c.flags&(scExternalizable|scBlockData) == scExternalizable|scBlockData:
		w.annotation()
	default: // only the class itself could tell where its data ends
		w.fail(errSerial)
	}
}

// array walks an array after its first byte.
func (w *walker) array() {
	c := w.class()
	if c == nil || len(c.name) < 2 || c.name[0] != '[' {
		w.fail(errSerial)
		return
	}
	w.add(nil)
	count := uint64(w.u32())
	if size := fixedSize(c.name[1]); size > 0 {
		w.bytes(count * size)
		return
	}
	for ; count > 0 && w.err == nil; count-- {
		w.element()
	}
}

// annotation walks what a class writes on its own account, up to its end.
func (w *walker) annotation() {
	for w.err == nil {
		switch kind := w.u8(); kind {
		case tcEndBlockData:
			return
		case tcBlockData:
			w.bytes(uint64(w.u8()))
		case tcBlockLong:
			w.bytes(uint64(w.u32()))
		default:
			w.content(kind)
		}
	}
}
