//go:build cgo && unix

package pkcs11

import p11 "github.com/miekg/pkcs11"

// theirs gives attributes in the binding's form.
func theirs(list []attribute) []*p11.Attribute {
	out := make([]*p11.Attribute, len(list))
	for i, a := range list {
		out[i] = p11.NewAttribute(a.kind, a.value)
	}
	return out
}

func (l *library) createObject(s sessionHandle, list []attribute) (objectHandle, error) {
	o, err := l.CreateObject(p11.SessionHandle(s), theirs(list))
	return objectHandle(o), code(err)
}

func (l *library) destroyObject(s sessionHandle, o objectHandle) error {
	return code(l.DestroyObject(p11.SessionHandle(s), p11.ObjectHandle(o)))
}

func (l *library) getAttributeValue(s sessionHandle, o objectHandle, kinds []uint) ([]attribute, error) {
	ask := make([]*p11.Attribute, len(kinds))
	for i, k := range kinds {
		ask[i] = p11.NewAttribute(k, nil)
	}
	got, err := l.GetAttributeValue(p11.SessionHandle(s), p11.ObjectHandle(o), ask)
	list := make([]attribute, len(got))
	for i, a := range got {
		list[i] = attribute{a.Type, a.Value}
	}
	return list, code(err)
}

func (l *library) setAttributeValue(s sessionHandle, o objectHandle, list []attribute) error {
	return code(l.SetAttributeValue(p11.SessionHandle(s), p11.ObjectHandle(o), theirs(list)))
}

func (l *library) findObjectsInit(s sessionHandle, list []attribute) error {
	return code(l.FindObjectsInit(p11.SessionHandle(s), theirs(list)))
}

func (l *library) findObjects(s sessionHandle, most int) ([]objectHandle, error) {
	found, _, err := l.FindObjects(p11.SessionHandle(s), most)
	list := make([]objectHandle, len(found))
	for i, o := range found {
		list[i] = objectHandle(o)
	}
	return list, code(err)
}

func (l *library) findObjectsFinal(s sessionHandle) error {
	return code(l.FindObjectsFinal(p11.SessionHandle(s)))
}

func (l *library) generateKeyPair(s sessionHandle, m mechanism, public, private []attribute) (objectHandle, objectHandle, error) {
	pub, priv, err := l.GenerateKeyPair(p11.SessionHandle(s), []*p11.Mechanism{p11.NewMechanism(m.kind, m.parameter)},
		theirs(public), theirs(private))
	return objectHandle(pub), objectHandle(priv), code(err)
}

func (l *library) signInit(s sessionHandle, m mechanism, key objectHandle) error {
	return code(l.SignInit(p11.SessionHandle(s), []*p11.Mechanism{p11.NewMechanism(m.kind, m.parameter)}, p11.ObjectHandle(key)))
}

func (l *library) sign(s sessionHandle, data []byte) ([]byte, error) {
	signature, err := l.Sign(p11.SessionHandle(s), data)
	return signature, code(err)
}
