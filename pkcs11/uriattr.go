package pkcs11

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// attributeForm is how one attribute of a URI is kept.
type attributeForm struct {
	name   string
	binary bool // escaped throughout
	get    func(*URI) string
	set    func(*URI, string) error
}

// text makes the form of an attribute that is one string.
func text(name string, field func(*URI) *string) attributeForm {
	return attributeForm{name: name,
		get: func(u *URI) string { return *field(u) },
		set: func(u *URI, v string) error { *field(u) = v; return nil },
	}
}

// checked adds a rule to a form. An empty value says nothing and obeys every rule.
func (f attributeForm) checked(rule func(string) error) attributeForm {
	set := f.set
	f.set = func(u *URI, v string) error {
		if v != "" {
			if err := rule(v); err != nil {
				return err
			}
		}
		return set(u, v)
	}
	return f
}

// pathAttributes are the attributes before the question mark, in canonical order.
var pathAttributes = []attributeForm{
	text("library-manufacturer", func(u *URI) *string { return &u.LibraryManufacturer }),
	text("library-description", func(u *URI) *string { return &u.LibraryDescription }),
	text("library-version", func(u *URI) *string { return &u.LibraryVersion }),
	text("slot-manufacturer", func(u *URI) *string { return &u.SlotManufacturer }),
	text("slot-description", func(u *URI) *string { return &u.SlotDescription }),
	{name: "slot-id", get: slotText, set: func(u *URI, v string) (err error) {
		if v != "" {
			u.SlotID, err = parseSlot(v)
		}
		return err
	}},
	text("model", func(u *URI) *string { return &u.Model }),
	text("manufacturer", func(u *URI) *string { return &u.Manufacturer }),
	text("serial", func(u *URI) *string { return &u.Serial }),
	text("token", func(u *URI) *string { return &u.Token }),
	{name: "id", binary: true,
		get: func(u *URI) string { return string(u.ID) },
		set: func(u *URI, v string) error {
			if v != "" {
				u.ID = []byte(v)
			}
			return nil
		}},
	text("object", func(u *URI) *string { return &u.Object }),
	text("type", func(u *URI) *string { return &u.Type }).checked(func(v string) error {
		for _, c := range []Class{Certificate, PublicKey, PrivateKey} {
			if v == c.String() {
				return nil
			}
		}
		return errors.New("not cert, public or private")
	}),
}

// queryAttributes are the attributes after the question mark.
var queryAttributes = []attributeForm{
	text("pin-source", func(u *URI) *string { return &u.PINSource }),
	text("module-path", func(u *URI) *string { return &u.ModulePath }).checked(func(v string) error {
		if !path.IsAbs(v) && !strings.Contains(v, `:\`) { // a bare name would be searched for: whose module would it be?
			return errors.New("not an absolute path")
		}
		return nil
	}),
	text("x-module-init", func(u *URI) *string { return &u.ModuleInit }),
}

func slotText(u *URI) string {
	if u.SlotID == nil {
		return ""
	}
	return strconv.FormatUint(uint64(*u.SlotID), 10)
}

func formOf(forms []attributeForm, name string) *attributeForm {
	for i := range forms {
		if forms[i].name == name {
			return &forms[i]
		}
	}
	return nil
}

// unescaped are the characters that stand for themselves in a value, besides letters and
// digits: the unreserved ones and those that RFC 7512 section 2.3 adds for path and query
// alike. Of the others, only "/" is written plainly, in the query: it makes paths legible.
const unescaped = "-._~:[]@!$'()*+,="

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(unescaped, c) >= 0
}

func escape(s string, all, slash bool) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if !all && (plain(c) || slash && c == '/') {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// unescape reads a value. Only what RFC 7512 allows may stand unescaped.
func unescape(s string) (string, error) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%':
			if i+2 >= len(s) {
				return "", errors.New("an escape is cut short")
			}
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return "", errors.New("a percent sign is not followed by two hexadecimal digits")
			}
			b = append(b, byte(n))
			i += 2
		case plain(c) || c == '/' || c == '?' || c == '|' || c == '&':
			b = append(b, c)
		default:
			return "", fmt.Errorf("character %q must be written as %%%02X", c, c)
		}
	}
	return string(b), nil
}

// clip shortens foreign text for an error.
func clip(s string) string {
	const most = 40
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
