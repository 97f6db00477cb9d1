package audit

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// Bodies are written here and not by encoding/json, which would take longer than all else that is
// done for an event; the form is the same, and the tests hold the two against each other.

// appendEvent writes an event whose texts are fit and whose changes are given as they are encoded.
func appendEvent(b []byte, e *Event, changes [][]byte) []byte {
	b = appendText(b, `{"id":`, e.ID)
	b = append(b, `,"time":"`...)
	b = e.Time.AppendFormat(b, time.RFC3339Nano)
	b = appendText(b, `","issuer":`, e.Issuer)
	b = appendOptional(b, `,"account":`, e.Account)
	b = appendOptional(b, `,"host":`, e.Host)
	b = appendOptional(b, `,"via":`, e.Via)
	b = appendText(b, `,"function":`, e.Function)
	b = appendOptional(b, `,"object":`, e.Object)
	b = appendText(b, `,"decision":`, string(e.Decision))
	b = appendOptional(b, `,"why":`, e.Why)
	b = appendText(b, `,"outcome":`, string(e.Outcome))
	b = strconv.AppendInt(append(b, `,"code":`...), int64(e.Code), 10)
	b = appendOptional(b, `,"message":`, e.Message)
	for i, c := range changes {
		separator := `,`
		if i == 0 {
			separator = `,"changes":[`
		}
		b = append(append(b, separator...), c...)
	}
	if len(changes) > 0 {
		b = append(b, ']')
	}
	if e.More != 0 {
		b = strconv.AppendInt(append(b, `,"more":`...), int64(e.More), 10)
	}
	return append(b, '}')
}

// appendChange writes a change whose texts are fit.
func appendChange(b []byte, c Change) []byte {
	b = appendText(b, `{"kind":`, c.Kind)
	b = appendText(b, `,"name":`, c.Name)
	b = appendAttributes(b, `,"before":`, c.Before)
	b = appendAttributes(b, `,"after":`, c.After)
	return append(b, '}')
}

// appendAttributes writes a map by its names, if there is anything in it.
func appendAttributes(b []byte, name string, m map[string]string) []byte {
	if len(m) == 0 {
		return b
	}
	var few [16]string
	names := few[:0]
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	b = append(b, name...)
	for i, n := range names {
		separator := `,`
		if i == 0 {
			separator = `{`
		}
		b = appendText(b, separator, n)
		b = appendText(b, `:`, m[n])
	}
	return append(b, '}')
}

func appendOptional(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return appendText(b, name, s)
}

// appendText writes a text with what goes before it.
func appendText(b []byte, before, s string) []byte {
	b = append(b, before...)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string always can be
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
