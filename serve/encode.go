package serve

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"signet/ring"
)

// The wire form of requests and answers is JSON by their Go types, and nothing of them is lost:
// a field is named as in Go and left out when it is zero, an empty list differs from none, an
// embedded struct is a field, and a type with parts that cannot travel is refused instead of
// sent without them. encoding/json would drop unexported fields, change text that is not UTF-8
// and know no certificates and keys.

// encoder writes values. Its buffer may hold private keys, and so it leaves no copy behind when
// it grows.
type encoder struct {
	buf []byte
	// conceal gives what the peer may know of an error that is part of an answer.
	conceal func(error) *failure
}

// marshal gives the wire form of a value. Whoever takes it clears it.
func marshal(v any, conceal func(error) *failure) ([]byte, error) {
	e := &encoder{conceal: conceal}
	if err := e.value(reflect.ValueOf(v)); err != nil {
		clear(e.buf)
		return nil, err
	}
	return e.buf, nil
}

func (e *encoder) raw(b []byte) {
	if need := len(e.buf) + len(b); need > cap(e.buf) {
		bigger := make([]byte, len(e.buf), 2*need+64)
		copy(bigger, e.buf)
		clear(e.buf)
		e.buf = bigger
	}
	e.buf = append(e.buf, b...)
}

func (e *encoder) text(s string) { e.raw([]byte(s)) }

// bytes writes base64, without a copy on the way.
func (e *encoder) bytes(b []byte) {
	text := make([]byte, base64.StdEncoding.EncodedLen(len(b)))
	base64.StdEncoding.Encode(text, b)
	e.text(`"`)
	e.raw(text)
	e.text(`"`)
	clear(text)
}

// string writes text. What is not UTF-8, such as the name of a file, is an object with its bytes.
func (e *encoder) string(s string) {
	if !utf8.ValidString(s) {
		e.text(`{"bytes":`)
		e.bytes([]byte(s))
		e.text(`}`)
		return
	}
	e.raw(appendQuoted(nil, s))
}

// appendQuoted appends a JSON string (RFC 8259 section 7).
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029':
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

func (e *encoder) value(v reflect.Value) error {
	if !v.IsValid() {
		e.text("null")
		return nil
	}
	if l, ok := leafOf(v.Type()); ok {
		return e.leaf(l, v)
	}
	switch v.Kind() {
	case reflect.Bool:
		e.text(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.text(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.text(strconv.FormatUint(v.Uint(), 10))
	case reflect.String:
		e.string(v.String())
	case reflect.Pointer:
		if v.IsNil() {
			e.text("null")
			return nil
		}
		return e.value(v.Elem())
	case reflect.Slice, reflect.Array:
		return e.list(v)
	case reflect.Map:
		return e.table(v)
	case reflect.Struct:
		return e.structure(v)
	default:
		return fmt.Errorf("type %v: it cannot travel", v.Type())
	}
	return nil
}

// leaf writes what goes as a text or as bytes.
func (e *encoder) leaf(l leaf, v reflect.Value) error {
	if nilable(v) && v.IsNil() {
		e.text("null")
		return nil
	}
	return l.encode(e, v.Interface())
}

func nilable(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return true
	}
	return false
}

func (e *encoder) list(v reflect.Value) error {
	if v.Kind() == reflect.Slice {
		if v.IsNil() {
			e.text("null")
			return nil
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			e.bytes(v.Bytes())
			return nil
		}
	}
	e.text("[")
	for i := range v.Len() {
		if i > 0 {
			e.text(",")
		}
		if err := e.value(v.Index(i)); err != nil {
			return err
		}
	}
	e.text("]")
	return nil
}

func (e *encoder) table(v reflect.Value) error {
	if v.Type().Key().Kind() != reflect.String {
		return fmt.Errorf("type %v: it cannot travel", v.Type())
	}
	if v.IsNil() {
		e.text("null")
		return nil
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return bytes.Compare([]byte(a.String()), []byte(b.String())) })
	e.text("{")
	for i, k := range keys {
		if !utf8.ValidString(k.String()) {
			return fmt.Errorf("name %q: it is not valid UTF-8", k.String())
		}
		if i > 0 {
			e.text(",")
		}
		e.string(k.String())
		e.text(":")
		if err := e.value(v.MapIndex(k)); err != nil {
			return err
		}
	}
	e.text("}")
	return nil
}

func (e *encoder) structure(v reflect.Value) error {
	e.text("{")
	separator := ""
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			if derived(v.Type(), f.Name) {
				continue
			}
			return fmt.Errorf("type %v: its field %s cannot travel", v.Type(), f.Name)
		}
		if v.Field(i).IsZero() {
			continue
		}
		e.text(separator)
		separator = ","
		e.string(f.Name)
		e.text(":")
		if err := e.value(v.Field(i)); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	e.text("}")
	return nil
}

// derived reports whether an unexported field holds only what follows from the others, or what
// nobody outside package ring can use.
func derived(t reflect.Type, field string) bool {
	switch t {
	case reflect.TypeFor[ring.Verdict]():
		return field == "asked" || field == "denial" || field == "warned" // for the gate, which has been passed
	case reflect.TypeFor[ring.Certificate](), reflect.TypeFor[ring.TokenObject]():
		return field == "x509" // DER, parsed
	}
	return false
}
