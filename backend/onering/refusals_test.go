package onering

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"signet/ring"
)

// TestRefusals calls every method with nothing: those that change something are refused with a
// way out, except the hint that may be forgotten, and those that look find nothing.
func TestRefusals(t *testing.T) {
	r := Refusals{Store: `keystore "x"`}
	v := reflect.ValueOf(r)
	changes, looks := 0, 0
	for i := range v.NumMethod() {
		name, method := v.Type().Method(i).Name, v.Method(i)
		if name == "Refuse" {
			continue
		}
		var args []reflect.Value
		for i := range method.Type().NumIn() {
			args = append(args, reflect.Zero(method.Type().In(i)))
		}
		out := method.Call(args)
		last := out[len(out)-1]
		if last.Kind() == reflect.Func { // a sequence
			looks++
			last.Call([]reflect.Value{reflect.MakeFunc(last.Type().In(0), func([]reflect.Value) []reflect.Value {
				t.Errorf("%s yields something", name)
				return []reflect.Value{reflect.ValueOf(false)}
			})})
			continue
		}
		err, _ := last.Interface().(error)
		switch {
		case name == "SetLabelHint":
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case len(out) == 1:
			changes++
			if !errors.Is(err, ring.ErrUnsupported) || !strings.HasPrefix(err.Error(), r.Store) || !strings.Contains(err.Error(), "--db sqlite:PATH") {
				t.Errorf("%s: %v", name, err)
			}
		default:
			looks++
			if err != nil && !errors.Is(err, ring.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if changes < 20 || looks < 20 {
		t.Errorf("%d changes and %d look-ups were called", changes, looks)
	}
}

// TestSerials checks that a store without settings draws serial numbers.
func TestSerials(t *testing.T) {
	if v, err := (Refusals{}).Setting("serials"); v != "random" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if v, err := (Refusals{}).Setting("other"); v != "" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}
