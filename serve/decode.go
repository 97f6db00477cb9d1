package serve

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"
)

// unmarshal reads the wire form into what a pointer points to. What the type does not know is
// refused: a peer of another version must not believe that it was heard.
func unmarshal(data []byte, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("type %T: it cannot be read into", into)
	}
	if !json.Valid(data) {
		return errors.New("it is no JSON")
	}
	v.Elem().SetZero()
	return decode(bytes.TrimSpace(data), v.Elem())
}

var null = []byte("null")

// decode reads one value. v is zero. The types bound how deep it can go.
func decode(data []byte, v reflect.Value) error {
	if l, ok := leafOf(v.Type()); ok {
		if nilable(v) && bytes.Equal(data, null) {
			return nil
		}
		value, err := l.decode(data)
		if err != nil {
			return err
		}
		if value != nil { // an interface of nothing
			v.Set(reflect.ValueOf(value))
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if bytes.Equal(data, null) {
			return wrong(v, data)
		}
		if json.Unmarshal(data, v.Addr().Interface()) != nil {
			return wrong(v, data)
		}
		return nil
	case reflect.String:
		s, err := decodeString(data)
		if err != nil {
			return wrong(v, data)
		}
		v.SetString(s)
		return nil
	case reflect.Pointer:
		if bytes.Equal(data, null) {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return decode(data, v.Elem())
	case reflect.Slice, reflect.Array:
		return decodeList(data, v)
	case reflect.Map:
		return decodeTable(data, v)
	case reflect.Struct:
		return decodeStructure(data, v)
	}
	return fmt.Errorf("type %v: it cannot travel", v.Type())
}

func wrong(v reflect.Value, data []byte) error {
	kind := "a number"
	switch data[0] {
	case '"':
		kind = "a text"
	case '{':
		kind = "an object"
	case '[':
		kind = "a list"
	case 't', 'f':
		kind = "a truth value"
	case 'n':
		kind = "null"
	}
	return fmt.Errorf("%s is no %v, or not a valid one", kind, v.Type())
}

func decodeString(data []byte) (s string, err error) {
	switch data[0] {
	case '"':
		return unquote(data)
	case '{':
		for name, read := range members(data) {
			one, err := read()
			if err != nil || name != "bytes" {
				break
			}
			b, err := decodeBytes(one)
			return string(b), err
		}
	}
	return "", errors.New("it is no text")
}

// unquote reads a JSON string. Most need no more than their quotes taken off.
func unquote(data []byte) (s string, err error) {
	if bytes.IndexByte(data, '\\') < 0 && utf8.Valid(data) {
		return string(data[1 : len(data)-1]), nil
	}
	err = json.Unmarshal(data, &s)
	return s, err
}

// decodeBytes reads base64 without a string in between, which could not be cleared.
func decodeBytes(data []byte) ([]byte, error) {
	if len(data) < 2 || data[0] != '"' || data[len(data)-1] != '"' {
		return nil, errors.New("it is no base64 text")
	}
	text := data[1 : len(data)-1]
	out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Strict().Decode(out, text)
	if err != nil {
		clear(out)
		return nil, errors.New("it is no base64 text")
	}
	return out[:n], nil
}

func decodeList(data []byte, v reflect.Value) error {
	slice := v.Kind() == reflect.Slice
	if slice && bytes.Equal(data, null) {
		return nil
	}
	if slice && v.Type().Elem().Kind() == reflect.Uint8 {
		b, err := decodeBytes(data)
		if err != nil {
			return err
		}
		v.SetBytes(b)
		return nil
	}
	if data[0] != '[' {
		return wrong(v, data)
	}
	n := 0
	for one := range elements(data) {
		if slice {
			v.Grow(1)
			v.SetLen(n + 1)
		} else if n == v.Len() {
			return wrong(v, data)
		}
		if err := decode(one, v.Index(n)); err != nil {
			return fmt.Errorf("[%d]: %w", n, err)
		}
		n++
	}
	if slice && n == 0 {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	if !slice && n < v.Len() {
		return wrong(v, data)
	}
	return nil
}

func decodeTable(data []byte, v reflect.Value) error {
	if bytes.Equal(data, null) {
		return nil
	}
	if v.Type().Key().Kind() != reflect.String {
		return fmt.Errorf("type %v: it cannot travel", v.Type())
	}
	if data[0] != '{' {
		return wrong(v, data)
	}
	v.Set(reflect.MakeMap(v.Type()))
	for name, read := range members(data) {
		one, err := read()
		value := reflect.New(v.Type().Elem()).Elem()
		if err == nil {
			err = decode(one, value)
		}
		if err != nil {
			return fmt.Errorf("%.40q: %w", name, err)
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), value)
	}
	return nil
}

func decodeStructure(data []byte, v reflect.Value) error {
	if data[0] != '{' {
		return wrong(v, data)
	}
	for name, read := range members(data) {
		one, err := read()
		if err != nil {
			return err
		}
		f, ok := v.Type().FieldByName(name)
		if !ok || len(f.Index) != 1 || !f.IsExported() {
			return fmt.Errorf("field %.40q: it is not known here; are both programs of one version?", name)
		}
		if err := decode(one, v.FieldByIndex(f.Index)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
