//go:build cgo && unix

package pkcs11

import (
	"errors"
	"strings"
	"unsafe"

	p11 "github.com/miekg/pkcs11"
)

// library is a module behind the binding of miekg/pkcs11.
type library struct {
	*p11.Ctx
	functions functions
}

// load maps a module.
func load(path string) (calls, error) {
	f, err := loadFunctions(path)
	if err != nil {
		return nil, err
	}
	ctx := p11.New(path)
	if ctx == nil {
		return nil, notLoaded(path, "the system does not load it a second time")
	}
	return &library{ctx, f}, nil
}

// code makes a CKR of the binding's error.
func code(err error) error {
	var e p11.Error
	if errors.As(err, &e) {
		return CKR(e)
	}
	return err
}

func (l *library) initialize(init string) error {
	if init == "" {
		return code(l.Initialize())
	}
	text := append([]byte(init), 0)
	return code(l.Initialize(p11.InitializeWithReserved(unsafe.Pointer(&text[0])))) // #nosec G103 -- C_Initialize takes a C pointer; text ends with a NUL
}

func (l *library) finalize() error { return code(l.Finalize()) }

func (l *library) getInfo() (libraryFacts, error) {
	i, err := l.GetInfo()
	return libraryFacts{unpad(i.ManufacturerID), unpad(i.LibraryDescription), i.LibraryVersion.Major, i.LibraryVersion.Minor}, code(err)
}

func (l *library) getSlotList(present bool) ([]uint, error) {
	slots, err := l.GetSlotList(present)
	return slots, code(err)
}

func (l *library) getSlotInfo(slot uint) (slotFacts, error) {
	i, err := l.GetSlotInfo(slot)
	return slotFacts{unpad(i.SlotDescription), unpad(i.ManufacturerID), i.Flags}, code(err)
}

func (l *library) getTokenInfo(slot uint) (tokenFacts, error) {
	i, err := l.GetTokenInfo(slot)
	return tokenFacts{
		label: unpad(i.Label), manufacturer: unpad(i.ManufacturerID), model: unpad(i.Model), serial: unpad(i.SerialNumber),
		flags: i.Flags, maxSessions: i.MaxSessionCount, maxRWSessions: i.MaxRwSessionCount,
		minPIN: i.MinPinLen, maxPIN: i.MaxPinLen,
	}, code(err)
}

// unpad removes the padding of PKCS #11's fixed fields: blanks, and NULs from some modules.
func unpad(s string) string { return strings.TrimRight(s, " \x00") }

func (l *library) getMechanismList(slot uint) ([]uint, error) {
	list, err := l.GetMechanismList(slot)
	kinds := make([]uint, len(list))
	for i, m := range list {
		kinds[i] = m.Mechanism
	}
	return kinds, code(err)
}

func (l *library) getMechanismInfo(slot, kind uint) (mechanismFacts, error) {
	i, err := l.GetMechanismInfo(slot, []*p11.Mechanism{p11.NewMechanism(kind, nil)})
	return mechanismFacts{i.MinKeySize, i.MaxKeySize, i.Flags}, code(err)
}

func (l *library) openSession(slot, flags uint) (sessionHandle, error) {
	s, err := l.OpenSession(slot, flags)
	return sessionHandle(s), code(err)
}

func (l *library) closeSession(s sessionHandle) error {
	return code(l.CloseSession(p11.SessionHandle(s)))
}

func (l *library) getSessionInfo(s sessionHandle) (sessionFacts, error) {
	i, err := l.GetSessionInfo(p11.SessionHandle(s))
	return sessionFacts{i.SlotID, i.State, i.Flags}, code(err)
}

func (l *library) login(s sessionHandle, user uint, pin []byte) error {
	return l.functions.login(s, user, pin)
}

func (l *library) initToken(slot uint, pin []byte, label string) error {
	return l.functions.initToken(slot, pin, label)
}

func (l *library) initPIN(s sessionHandle, pin []byte) error { return l.functions.initPIN(s, pin) }
