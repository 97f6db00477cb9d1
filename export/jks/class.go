package jks

// The flags of a class.
const (
	scWriteMethod    = 1
	scSerializable   = 2
	scExternalizable = 4
	scBlockData      = 8
)

// class is what a class description says about the objects of the class.
type class struct {
	name   string
	flags  byte
	fixed  uint64 // bytes of the fields that are not objects, which come first
	others int    // fields that are objects
	super  *class
	whole  bool // all of it was read: a class above itself would have no end
}

// class reads the description of a class, new or not; nil if there is none.
func (w *walker) class() *class {
	var c *class
	switch w.u8() {
	case tcNull:
		return nil
	case tcReference:
		c = w.reference()
	case tcClassDesc:
		c = w.newClass()
	}
	if w.err == nil && (c == nil || !c.whole) {
		w.fail(errSerial)
	}
	if w.err != nil {
		return nil
	}
	return c
}

// newClass reads a class description after its first byte.
func (w *walker) newClass() *class {
	if w.depth++; w.depth > maxNested {
		w.fail(errCaps)
	}
	defer func() { w.depth-- }()
	c := &class{name: string(w.bytes(uint64(w.u16())))}
	w.bytes(8) // serialVersionUID
	w.add(c)
	c.flags = w.u8()
	fields := w.u16()
	if fields > maxFields {
		w.fail(errCaps)
	}
	for range fields {
		w.field(c)
		if w.err != nil {
			return nil
		}
	}
	w.annotation()
	c.super = w.class()
	c.whole = w.err == nil
	return c
}

// field reads the description of a field.
func (w *walker) field(c *class) {
	kind := w.u8()
	w.bytes(uint64(w.u16())) // its name
	if kind == 'L' || kind == '[' {
		c.others++
		w.element() // a string: its type
		return
	}
	size := fixedSize(kind)
	if size == 0 {
		w.fail(errSerial)
	}
	c.fixed += size
}

// fixedSize gives the bytes of a value that is no object; 0 if there is no such type.
func fixedSize(kind byte) uint64 {
	switch kind {
	case 'B', 'Z':
		return 1
	case 'C', 'S':
		return 2
	case 'I', 'F':
		return 4
	case 'J', 'D':
		return 8
	}
	return 0
}
