package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"math/big"
	"sync"
	"testing"

	p11 "github.com/miekg/pkcs11"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// fake is a module with one function for each call. newFake fills them so that they act as a
// small token; a test replaces the one that fails.
type fake struct {
	Initialize        func(string) error
	Finalize          func() error
	GetInfo           func() (libraryFacts, error)
	GetSlotList       func(bool) ([]uint, error)
	GetSlotInfo       func(uint) (slotFacts, error)
	GetTokenInfo      func(uint) (tokenFacts, error)
	GetMechanismList  func(uint) ([]uint, error)
	GetMechanismInfo  func(slot, kind uint) (mechanismFacts, error)
	InitToken         func(uint, []byte, string) error
	InitPIN           func(sessionHandle, []byte) error
	OpenSession       func(slot, flags uint) (sessionHandle, error)
	CloseSession      func(sessionHandle) error
	GetSessionInfo    func(sessionHandle) (sessionFacts, error)
	Login             func(sessionHandle, uint, []byte) error
	CreateObject      func(sessionHandle, []attribute) (objectHandle, error)
	DestroyObject     func(sessionHandle, objectHandle) error
	GetAttributeValue func(sessionHandle, objectHandle, []uint) ([]attribute, error)
	SetAttributeValue func(sessionHandle, objectHandle, []attribute) error
	FindObjectsInit   func(sessionHandle, []attribute) error
	FindObjects       func(sessionHandle, int) ([]objectHandle, error)
	FindObjectsFinal  func(sessionHandle) error
	GenerateKeyPair   func(sessionHandle, mechanism, []attribute, []attribute) (objectHandle, objectHandle, error)
	SignInit          func(sessionHandle, mechanism, objectHandle) error
	SignData          func(sessionHandle, []byte) ([]byte, error)

	mu       sync.Mutex
	next     uint
	sessions map[sessionHandle]objectHandle // open ones, with the key that they sign with
	finding  map[sessionHandle][]objectHandle
	objects  map[objectHandle]map[uint][]byte
	keys     map[objectHandle]*ecdsa.PrivateKey
	loggedIn bool
	calls    map[string]int // how often each was called
	facts    tokenFacts
	slot     uint
}

func (f *fake) initialize(s string) error               { return f.Initialize(s) }
func (f *fake) finalize() error                         { return f.Finalize() }
func (f *fake) getInfo() (libraryFacts, error)          { return f.GetInfo() }
func (f *fake) getSlotList(p bool) ([]uint, error)      { return f.GetSlotList(p) }
func (f *fake) getSlotInfo(s uint) (slotFacts, error)   { return f.GetSlotInfo(s) }
func (f *fake) getTokenInfo(s uint) (tokenFacts, error) { return f.GetTokenInfo(s) }
func (f *fake) getMechanismList(s uint) ([]uint, error) { return f.GetMechanismList(s) }
func (f *fake) closeSession(s sessionHandle) error      { return f.CloseSession(s) }
func (f *fake) findObjectsFinal(s sessionHandle) error  { return f.FindObjectsFinal(s) }
func (f *fake) getMechanismInfo(s, k uint) (mechanismFacts, error) {
	return f.GetMechanismInfo(s, k)
}
func (f *fake) initToken(s uint, pin []byte, label string) error { return f.InitToken(s, pin, label) }
func (f *fake) initPIN(s sessionHandle, pin []byte) error        { return f.InitPIN(s, pin) }
func (f *fake) openSession(s, flags uint) (sessionHandle, error) { return f.OpenSession(s, flags) }
func (f *fake) getSessionInfo(s sessionHandle) (sessionFacts, error) {
	return f.GetSessionInfo(s)
}
func (f *fake) login(s sessionHandle, u uint, pin []byte) error { return f.Login(s, u, pin) }
func (f *fake) createObject(s sessionHandle, a []attribute) (objectHandle, error) {
	return f.CreateObject(s, a)
}
func (f *fake) destroyObject(s sessionHandle, o objectHandle) error { return f.DestroyObject(s, o) }
func (f *fake) getAttributeValue(s sessionHandle, o objectHandle, k []uint) ([]attribute, error) {
	return f.GetAttributeValue(s, o, k)
}
func (f *fake) setAttributeValue(s sessionHandle, o objectHandle, a []attribute) error {
	return f.SetAttributeValue(s, o, a)
}
func (f *fake) findObjectsInit(s sessionHandle, a []attribute) error { return f.FindObjectsInit(s, a) }
func (f *fake) findObjects(s sessionHandle, n int) ([]objectHandle, error) {
	return f.FindObjects(s, n)
}
func (f *fake) generateKeyPair(s sessionHandle, m mechanism, pub, priv []attribute) (objectHandle, objectHandle, error) {
	return f.GenerateKeyPair(s, m, pub, priv)
}
func (f *fake) signInit(s sessionHandle, m mechanism, o objectHandle) error {
	return f.SignInit(s, m, o)
}
func (f *fake) sign(s sessionHandle, d []byte) ([]byte, error) { return f.SignData(s, d) }

const fakePIN = "1234"

// newFake is a token "fake" with EC keys in slot 7, without limits.
func newFake() *fake {
	f := &fake{
		next: 100, slot: 7, calls: map[string]int{},
		sessions: map[sessionHandle]objectHandle{}, finding: map[sessionHandle][]objectHandle{},
		objects: map[objectHandle]map[uint][]byte{}, keys: map[objectHandle]*ecdsa.PrivateKey{},
		facts: tokenFacts{label: "fake", serial: "1", manufacturer: "signet", model: "test",
			flags: p11.CKF_TOKEN_INITIALIZED | p11.CKF_LOGIN_REQUIRED | p11.CKF_USER_PIN_INITIALIZED},
	}
	f.Initialize = func(string) error { return nil }
	f.Finalize = func() error { return nil }
	f.GetInfo = func() (libraryFacts, error) { return libraryFacts{"signet", "fake", 1, 0}, nil }
	f.GetSlotList = func(bool) ([]uint, error) { return []uint{f.slot}, nil }
	f.GetSlotInfo = func(uint) (slotFacts, error) { return slotFacts{description: "fake slot"}, nil }
	f.GetTokenInfo = func(uint) (tokenFacts, error) { return f.facts, nil }
	f.GetMechanismList = func(uint) ([]uint, error) { return []uint{p11.CKM_EC_KEY_PAIR_GEN, p11.CKM_ECDSA}, nil }
	f.GetMechanismInfo = func(uint, uint) (mechanismFacts, error) { return mechanismFacts{256, 256, 0}, nil }
	f.OpenSession = f.openOne
	f.CloseSession = f.closeOne
	f.GetSessionInfo = f.state
	f.Login = f.logInWith
	f.CreateObject = func(s sessionHandle, a []attribute) (objectHandle, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.put(a), nil
	}
	f.DestroyObject = f.destroyOne
	f.GetAttributeValue = f.values
	f.SetAttributeValue = f.set
	f.FindObjectsInit = f.findInit
	f.FindObjects = f.findSome
	f.FindObjectsFinal = func(sessionHandle) error { return nil }
	f.GenerateKeyPair = f.generate
	f.SignInit = f.startSigning
	f.SignData = f.signWith
	return f
}

// open opens the fake's token.
func (f *fake) open(t *testing.T, change ...func(*Options)) *Token {
	t.Helper()
	tok, err := f.try(t, change...)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func (f *fake) try(t *testing.T, change ...func(*Options)) (*Token, error) {
	t.Helper()
	o := Options{PIN: pinIs(fakePIN)}
	for _, c := range change {
		c(&o)
	}
	m := &Module{path: "/fake", calls: f}
	return m.token(t.Context(), URI{Token: "fake"}, o)
}

func (f *fake) openOne(uint, uint) (sessionHandle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls["OpenSession"]++
	f.next++
	f.sessions[sessionHandle(f.next)] = 0
	return sessionHandle(f.next), nil
}

func (f *fake) closeOne(s sessionHandle) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.sessions[s]; !ok {
		return CKR(p11.CKR_SESSION_HANDLE_INVALID)
	}
	if delete(f.sessions, s); len(f.sessions) == 0 {
		f.loggedIn = false
	}
	return nil
}

// loseSessions closes every session, as a restarted daemon does.
func (f *fake) loseSessions() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.sessions)
	f.loggedIn = false
}

func (f *fake) state(s sessionHandle) (sessionFacts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.loggedIn {
		return sessionFacts{f.slot, p11.CKS_RW_USER_FUNCTIONS, 0}, nil
	}
	return sessionFacts{f.slot, p11.CKS_RW_PUBLIC_SESSION, 0}, nil
}

func (f *fake) logInWith(_ sessionHandle, _ uint, pin []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls["Login"]++
	if string(pin) != fakePIN {
		return CKR(p11.CKR_PIN_INCORRECT)
	}
	f.loggedIn = true
	return nil
}

func (f *fake) put(a []attribute) objectHandle {
	f.next++
	o := objectHandle(f.next)
	f.objects[o] = map[uint][]byte{}
	for _, x := range a {
		f.objects[o][x.kind] = x.value
	}
	return o
}

func (f *fake) destroyOne(_ sessionHandle, o objectHandle) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.objects[o] == nil {
		return CKR(p11.CKR_OBJECT_HANDLE_INVALID)
	}
	delete(f.objects, o)
	return nil
}

func (f *fake) values(_ sessionHandle, o objectHandle, kinds []uint) ([]attribute, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.objects[o] == nil {
		return nil, CKR(p11.CKR_OBJECT_HANDLE_INVALID)
	}
	var list []attribute
	for _, k := range kinds {
		v, ok := f.objects[o][k]
		if !ok {
			return nil, CKR(p11.CKR_ATTRIBUTE_TYPE_INVALID)
		}
		list = append(list, attribute{k, v})
	}
	return list, nil
}

func (f *fake) set(_ sessionHandle, o objectHandle, a []attribute) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.objects[o] == nil {
		return CKR(p11.CKR_OBJECT_HANDLE_INVALID)
	}
	for _, x := range a {
		f.objects[o][x.kind] = x.value
	}
	return nil
}

func (f *fake) findInit(s sessionHandle, a []attribute) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.sessions[s]; !ok {
		return CKR(p11.CKR_SESSION_HANDLE_INVALID)
	}
	f.finding[s] = nil
	for o, has := range f.objects {
		match := f.loggedIn || string(has[p11.CKA_PRIVATE]) != "\x01"
		for _, x := range a {
			match = match && string(has[x.kind]) == string(x.value)
		}
		if match {
			f.finding[s] = append(f.finding[s], o)
		}
	}
	return nil
}

func (f *fake) findSome(s sessionHandle, _ int) ([]objectHandle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := f.finding[s]
	f.finding[s] = nil
	return found, nil
}

func (f *fake) generate(_ sessionHandle, _ mechanism, pub, priv []attribute) (objectHandle, objectHandle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls["GenerateKeyPair"]++
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return 0, 0, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return 0, 0, err
	}
	kind := ulongAttribute(p11.CKA_KEY_TYPE, p11.CKK_EC)
	pubHandle := f.put(append(pub, kind, ulongAttribute(p11.CKA_CLASS, p11.CKO_PUBLIC_KEY), octets(point)))
	privHandle := f.put(append(priv, kind, ulongAttribute(p11.CKA_CLASS, p11.CKO_PRIVATE_KEY)))
	f.keys[privHandle] = key
	return pubHandle, privHandle, nil
}

func (f *fake) startSigning(s sessionHandle, _ mechanism, o objectHandle) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.sessions[s]; !ok {
		return CKR(p11.CKR_SESSION_HANDLE_INVALID)
	}
	if !f.loggedIn {
		return CKR(p11.CKR_USER_NOT_LOGGED_IN)
	}
	if f.objects[o] == nil {
		return CKR(p11.CKR_KEY_HANDLE_INVALID)
	}
	f.sessions[s] = o
	return nil
}

func (f *fake) signWith(s sessionHandle, digest []byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls["Sign"]++
	if _, ok := f.sessions[s]; !ok {
		return nil, CKR(p11.CKR_SESSION_HANDLE_INVALID)
	}
	signature, err := f.keys[f.sessions[s]].Sign(rand.Reader, digest, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	r, n, in := new(big.Int), new(big.Int), cryptobyte.String(signature)
	in.ReadASN1(&in, der.SEQUENCE)
	in.ReadASN1Integer(r)
	in.ReadASN1Integer(n)
	return append(r.FillBytes(make([]byte, 32)), n.FillBytes(make([]byte, 32))...), nil
}
