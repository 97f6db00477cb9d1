package jks

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"signet/export/keystore"
)

// The parts of Java's serialization streams.

var (
	streamHead = u32(streamMagic)
	null       = []byte{tcNull}
	endOfData  = []byte{tcEndBlockData}
)

// aClass describes a class; super is another, a reference or null.
func aClass(name string, flags byte, fields [][]byte, super []byte) []byte {
	return join([]byte{tcClassDesc}, utf(name), eight(0), []byte{flags}, u16(len(fields)), join(fields...), endOfData, super)
}

func aField(kind byte, name, class string) []byte {
	out := join([]byte{kind}, utf(name))
	if class != "" {
		out = join(out, aString(class))
	}
	return out
}

func aString(s string) []byte         { return join([]byte{tcString}, utf(s)) }
func reference(handle int) []byte     { return join([]byte{tcReference}, u32(firstHandle+handle)) }
func anObject(parts ...[]byte) []byte { return join([]byte{tcObject}, join(parts...)) }

// object is a stream like that of a secret key: a class above the class, byte arrays and strings.
func object(size int) []byte {
	array := func(class []byte) []byte { return join([]byte{tcArray}, class, u32(size), make([]byte, size)) }
	super := aClass("javax.crypto.SealedObject", scSerializable, [][]byte{
		aField('[', "encodedParams", "[B"), join([]byte{'['}, utf("encryptedContent"), reference(2)), aField('L', "paramsAlg", "Ljava/lang/String;"),
	}, null)
	class := aClass("com.sun.crypto.provider.SealedObjectForKeyProtector", scSerializable, nil, super)
	return join(streamHead, anObject(class, array(aClass("[B", scSerializable, nil, null)), null, aString("PBE")))
}

// Streams are measured exactly: what follows them is not part of them.
func TestSerialized(t *testing.T) {
	all := [][]byte{aField('I', "i", ""), aField('J', "j", ""), aField('C', "c", ""), aField('D', "d", ""), aField('Z', "z", "")}
	for name, stream := range map[string][]byte{
		"secret key":      object(100),
		"numbers":         join(streamHead, anObject(aClass("A", scSerializable, all, null), make([]byte, 4+8+2+8+1))),
		"own data":        join(streamHead, anObject(aClass("A", scSerializable|scWriteMethod, nil, null), []byte{tcBlockData, 2, 0, 0}, []byte{tcBlockLong}, block([]byte{1, 2}), aString("x"), endOfData)),
		"externalizable":  join(streamHead, anObject(aClass("A", scExternalizable|scBlockData, nil, null), endOfData)),
		"array of arrays": join(streamHead, anObject(aClass("A", scSerializable, [][]byte{aField('[', "a", "[[I")}, null), []byte{tcArray}, aClass("[[I", scSerializable, nil, null), u32(2), null, []byte{tcArray}, aClass("[I", scSerializable, nil, null), u32(2), make([]byte, 8))),
		"long string":     join(streamHead, anObject(aClass("A", scSerializable, [][]byte{aField('L', "s", "Ljava/lang/String;")}, null), []byte{tcLongString}, eight(3), []byte("abc"))),
	} {
		data := rawFile("x", keystore.JCEKS, 2, rawSecret("a", stream), rawSecret("b", stream))
		ks := mustRead(t, data, "x")
		if kept := ks.Entries[0].Kept.(*laid); !bytes.Equal(kept.secret, stream) {
			t.Errorf("%s: %d bytes of %d", name, len(kept.secret), len(stream))
		}
		if again := mustWrite(t, ks, "x", ""); !bytes.Equal(again, data) {
			t.Errorf("%s: written back, it is another file", name)
		}
	}
}

// Streams without an end, deeper or larger than any secret key, or of other things, are refused.
func TestSerializedRefused(t *testing.T) {
	classOf := func(n int) []byte { // n classes, each above the one before
		out := null
		for range n {
			out = aClass("A", scSerializable, nil, out)
		}
		return out
	}
	field := [][]byte{aField('L', "a", "LA;")}
	nested := anObject(aClass("A", scSerializable, field, null))
	list := func(n int, element []byte) []byte {
		return join([]byte{tcArray}, aClass("[LA;", scSerializable, nil, null), u32(n), bytes.Repeat(element, n))
	}
	holder := func(value ...[]byte) []byte {
		return anObject(aClass("A", scSerializable, field, null), join(value...))
	}
	for name, tt := range map[string]struct {
		in   []byte
		want string
	}{
		"no stream":          {u32(0), "not a serialized Java object"},
		"no object":          {aString("x"), "not a serialized Java object"},
		"null":               {null, "not a serialized Java object"},
		"deep classes":       {anObject(classOf(2000)), "larger Java object"},
		"deep objects":       {join(nested, bytes.Repeat(anObject(reference(0)), 100_000)), "larger Java object"},
		"itself above":       {anObject(aClass("A", scSerializable, nil, reference(0))), "not a serialized Java object"},
		"itself in a field":  {anObject(aClass("A", scSerializable, [][]byte{join([]byte{'L'}, utf("a"), anObject(reference(0)))}, null)), "not a serialized Java object"},
		"handles":            {holder(list(2000, aString(""))), "larger Java object"},
		"fields":             {anObject(aClass("A", scSerializable, repeat(aField('I', "", ""), 1001), null)), "larger Java object"},
		"type of field":      {anObject(aClass("A", scSerializable, [][]byte{aField('X', "", "")}, null)), "not a serialized Java object"},
		"unknown handle":     {anObject(reference(7)), "not a serialized Java object"},
		"handle below":       {anObject(reference(-1)), "not a serialized Java object"},
		"not a class":        {anObject(aClass("A", scSerializable, [][]byte{aField('L', "a", "LA;"), aField('L', "b", "LB;")}, null), anObject(reference(1))), "not a serialized Java object"},
		"array of no class":  {holder([]byte{tcArray}, null), "not a serialized Java object"},
		"array of another":   {holder([]byte{tcArray}, reference(0)), "not a serialized Java object"},
		"old externalizable": {anObject(aClass("A", scExternalizable, nil, null)), "not a serialized Java object"},
		"no flags":           {anObject(aClass("A", 0, nil, null)), "not a serialized Java object"},
		"exception":          {holder([]byte{0x7b}), "element of kind 0x7b"},
		"proxy":              {holder([]byte{0x7d}), "element of kind 0x7d"},
		"enumeration":        {holder([]byte{0x7e}), "element of kind 0x7e"},
		"reset":              {holder([]byte{0x79}), "element of kind 0x79"},
		"long array":         {holder([]byte{tcArray}, aClass("[J", scSerializable, nil, null), u32(-1)), "a length in it is more"},
		"long list":          {holder([]byte{tcArray}, aClass("[LA;", scSerializable, nil, null), u32(-1)), "kind 0xaa"},
		"long string":        {holder([]byte{tcLongString}, eight(-1)), "a length in it is more"},
		"own data":           {anObject(aClass("A", scSerializable|scWriteMethod, nil, null), []byte{tcBlockLong}, u32(-1)), "a length in it is more"},
	} {
		head := streamHead
		if name == "no stream" {
			head = nil
		}
		padding := bytes.Repeat([]byte{0xaa}, 100) // where a stream has no end, it reads on
		start := time.Now()
		used := allocated(func() {
			_, err := Read(rawFile("x", keystore.JCEKS, 2, rawSecret("a", join(head, tt.in, padding))), nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "entry 1: ") {
				t.Errorf("%s: error %v; want %q in it", name, err, tt.want)
			}
		})
		if took := time.Since(start); took > time.Second || used > 32<<20 {
			t.Errorf("%s: %v, %d bytes of memory", name, took, used)
		}
	}
}
