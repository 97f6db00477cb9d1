package pkcs11

import p11 "github.com/miekg/pkcs11"

// attributes are the attributes of an object that the token told.
type attributes map[uint][]byte

// read asks for attributes. Those that the object does not have, and those that never leave the
// token, are missing in the answer: asked for all at once, many tokens give none then, so that
// they are asked one by one.
func (t *Token) read(s *session, o objectHandle, kinds ...uint) (attributes, error) {
	got := attributes{}
	list, err := t.module.calls.getAttributeValue(s.handle, o, kinds)
	if err == nil {
		for _, a := range list {
			got[a.kind] = a.value
		}
		return got, nil
	}
	if !untold(err) {
		return nil, err
	}
	for _, kind := range kinds {
		list, err := t.module.calls.getAttributeValue(s.handle, o, []uint{kind})
		switch {
		case err == nil && len(list) == 1:
			got[kind] = list[0].value
		case err != nil && !untold(err):
			return nil, err
		}
	}
	return got, nil
}

// untold reports that an attribute is missing or secret (PKCS #11 v2.40 section 5.7.5), by the
// codes that modules use for that.
func untold(err error) bool {
	switch codeOf(err) {
	case p11.CKR_ATTRIBUTE_TYPE_INVALID, p11.CKR_ATTRIBUTE_SENSITIVE, p11.CKR_ATTRIBUTE_VALUE_INVALID,
		p11.CKR_FUNCTION_FAILED, p11.CKR_ACTION_PROHIBITED, p11.CKR_TEMPLATE_INCONSISTENT:
		return true
	}
	return false
}

func (a attributes) bytes(kind uint) []byte {
	if len(a[kind]) == 0 {
		return nil
	}
	return a[kind]
}

func (a attributes) flag(kind uint) Flag {
	v := a[kind]
	switch {
	case len(v) == 0:
		return Unknown
	case v[0] == 0:
		return No
	}
	return Yes
}

func (a attributes) ulong(kind uint) (uint, bool) { return toUlong(a[kind]) }
