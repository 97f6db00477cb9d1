package serve

import (
	"bytes"
	"fmt"
	"iter"
)

// What a value is made of is read in place, without copies: a body may hold private keys, and a
// list of millions of nothings must not cost more memory than it is long.

// elements yields the values of a valid JSON list.
func elements(list []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		rest := bytes.TrimSpace(list[1 : len(list)-1])
		for len(rest) > 0 {
			n := valueEnd(rest, ',')
			if !yield(bytes.TrimSpace(rest[:n])) || n == len(rest) {
				return
			}
			rest = rest[n+1:]
		}
	}
}

// members yields the names and values of a valid JSON object. A name that comes twice is an error.
func members(object []byte) iter.Seq2[string, func() ([]byte, error)] {
	return func(yield func(string, func() ([]byte, error)) bool) {
		seen := map[string]bool{}
		for one := range elements(object) {
			colon := valueEnd(one, ':')
			name, err := unquote(bytes.TrimSpace(one[:colon]))
			if err == nil && seen[name] {
				err = fmt.Errorf("the name %.40q comes twice", name)
			}
			if err == nil && len(seen) == maxMembers {
				err = fmt.Errorf("more than %d names", maxMembers)
			}
			seen[name] = true
			if !yield(name, func() ([]byte, error) { return bytes.TrimSpace(one[colon+1:]), err }) || err != nil {
				return
			}
		}
	}
}

// maxMembers bounds what is remembered of an object.
const maxMembers = 10_000

// valueEnd finds where a value ends: at the first separator outside texts, lists and objects, or
// at the end.
func valueEnd(data []byte, separator byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == separator && depth == 0:
			return i
		}
	}
	return len(data)
}
