package pkcs11

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// scheme starts every PKCS #11 URI (RFC 7512 section 2.1).
const scheme = "pkcs11:"

// maxURI is the longest URI that is read, in bytes. A URI is one line of a command or a
// configuration file.
const maxURI = 4 << 10

// URI names a module, a token, or objects in a token (RFC 7512). Empty fields say nothing. An
// attribute with an empty value is read as one that is left out: more may match, and where one
// was meant, two matches are an error.
type URI struct {
	Token, Manufacturer, Model, Serial                      string // the token
	SlotDescription, SlotManufacturer                       string // the slot
	LibraryManufacturer, LibraryDescription, LibraryVersion string // the module
	Object                                                  string // CKA_LABEL
	Type                                                    string // "cert", "public" or "private"
	ID                                                      []byte // CKA_ID
	SlotID                                                  *uint  // numbers change: the last resort
	ModulePath                                              string // an absolute path
	ModuleInit                                              string // x-module-init: what C_Initialize is given; NSS needs it
	PINSource                                               string // where the PIN is; see PINFile
}

// ParseURI reads a PKCS #11 URI. A PIN in it is refused, and so is every attribute that the
// package does not know: dropped, it would make the URI match more than was meant.
func ParseURI(s string) (URI, error) {
	var u URI
	if len(s) > maxURI {
		return u, fmt.Errorf("token URI: longer than %d bytes", maxURI)
	}
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return u, fmt.Errorf("token URI: does not start with %q", scheme)
	}
	path, query, asked := strings.Cut(s[len(scheme):], "?")
	seen := map[string]bool{}
	if err := u.parse(path, ";", pathAttributes, seen); err != nil {
		return URI{}, err
	}
	if asked {
		if err := u.parse(query, "&", queryAttributes, seen); err != nil {
			return URI{}, err
		}
	}
	return u, nil
}

// parse reads the attributes of one part of the URI.
func (u *URI) parse(part, separator string, known []attributeForm, seen map[string]bool) error {
	if part == "" {
		return nil
	}
	for _, pair := range strings.Split(part, separator) {
		name, value, ok := strings.Cut(pair, "=")
		if name == "pin-value" { // before anything that could quote it
			return errors.New(`token URI: "pin-value" is refused, because a PIN in a URI ends in histories and logs; put it into a file and name that with "pin-source"`)
		}
		if !ok {
			return errors.New("token URI: an attribute has no value; attributes look like token=NAME")
		}
		form := formOf(known, name)
		switch {
		case form == nil && formOf(pathAttributes, name) != nil:
			return fmt.Errorf("token URI: attribute %q belongs before the question mark", name)
		case form == nil && formOf(queryAttributes, name) != nil:
			return fmt.Errorf("token URI: attribute %q belongs after a question mark", name)
		case form == nil:
			return fmt.Errorf("token URI: attribute %q is not known", clip(name))
		case seen[name]:
			return fmt.Errorf("token URI: attribute %q is given twice", name)
		}
		seen[name] = true
		raw, err := unescape(value)
		if err != nil {
			return fmt.Errorf("token URI: attribute %q: %v", name, err)
		}
		if err := form.set(u, raw); err != nil {
			return fmt.Errorf("token URI: attribute %q: %v", name, err)
		}
	}
	return nil
}

// String gives the URI in one canonical form: attributes in a fixed order, and everything
// escaped that RFC 7512 section 2.3 wants escaped. An ID is escaped throughout.
func (u URI) String() string {
	return scheme + u.join(pathAttributes, ";", "") + u.join(queryAttributes, "&", "?")
}

func (u URI) join(forms []attributeForm, separator, start string) string {
	var b strings.Builder
	for _, f := range forms {
		value := f.get(&u)
		if value == "" {
			continue
		}
		if b.Len() == 0 {
			b.WriteString(start)
		} else {
			b.WriteString(separator)
		}
		b.WriteString(f.name + "=" + escape(value, f.binary, separator == "&"))
	}
	return b.String()
}

// Matches reports whether the URI names this token, and nothing in the URI speaks against it.
func (u URI) Matches(t TokenInfo) bool {
	for _, c := range [][2]string{
		{u.Token, t.Label}, {u.Manufacturer, t.Manufacturer}, {u.Model, t.Model}, {u.Serial, t.Serial},
		{u.SlotDescription, t.SlotDescription}, {u.SlotManufacturer, t.SlotManufacturer},
		{u.LibraryManufacturer, t.Library.Manufacturer}, {u.LibraryDescription, t.Library.Description},
		{u.LibraryVersion, t.Library.Version},
	} {
		if c[0] != "" && c[0] != c[1] {
			return false
		}
	}
	return u.SlotID == nil || *u.SlotID == t.Slot
}

// matchesObject reports whether the URI names an object with these attributes.
func (u URI) matchesObject(o *Object) bool {
	return (u.Object == "" || u.Object == o.Label) && (len(u.ID) == 0 || bytes.Equal(u.ID, o.ID)) &&
		(u.Type == "" || u.Type == o.Class.String())
}

// TokenOnly gives the URI without what names an object.
func (u URI) TokenOnly() URI {
	u.Object, u.Type, u.ID = "", "", nil
	return u
}

// PINFile gives the path of the file that pin-source names, as a path or a file: URI. A command
// (RFC 7512 section 2.4 has "|prog") is refused: a URI must not be able to run programs.
func (u URI) PINFile() (string, error) {
	path, isURI := strings.CutPrefix(u.PINSource, "file:")
	if isURI {
		path = strings.TrimPrefix(path, "//")
	}
	if !strings.HasPrefix(path, "/") {
		return "", errors.New(`token URI: attribute "pin-source": not the absolute path of a file, such as /etc/signet/pin or file:/etc/signet/pin`)
	}
	return path, nil
}

// SlotNumber gives a value for URI.SlotID.
func SlotNumber(n uint) *uint { return &n }

func parseSlot(s string) (*uint, error) {
	n, err := strconv.ParseUint(s, 10, strconv.IntSize)
	if err != nil {
		return nil, errors.New("not a decimal number")
	}
	return SlotNumber(uint(n)), nil
}
