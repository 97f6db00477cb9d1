package pkcs11

import (
	"encoding/binary"
	"runtime"
	"strconv"
)

// Handles as the module gives them out.
type (
	sessionHandle uint
	objectHandle  uint
)

// attribute is one attribute of an object, as PKCS #11 passes it.
type attribute struct {
	kind  uint
	value []byte
}

// mechanism is an algorithm with its parameter.
type mechanism struct {
	kind      uint
	parameter []byte
}

// The facts that modules give, blank padding removed.
type (
	libraryFacts struct {
		manufacturer, description string
		major, minor              byte
	}
	slotFacts struct {
		description, manufacturer string
		flags                     uint
	}
	tokenFacts struct {
		label, manufacturer, model, serial string
		flags                              uint
		maxSessions, maxRWSessions         uint
		minPIN, maxPIN                     uint
	}
	mechanismFacts struct {
		minKey, maxKey, flags uint
	}
	sessionFacts struct {
		slot, state, flags uint
	}
)

// calls is what the package needs of a module: one method per call of the standard, named as
// there without C_. An error is a CKR, except of initialize, which may be of any kind.
type calls interface {
	initialize(init string) error
	finalize() error
	getInfo() (libraryFacts, error)
	getSlotList(tokenPresent bool) ([]uint, error)
	getSlotInfo(slot uint) (slotFacts, error)
	getTokenInfo(slot uint) (tokenFacts, error)
	getMechanismList(slot uint) ([]uint, error)
	getMechanismInfo(slot, mechanism uint) (mechanismFacts, error)
	initToken(slot uint, pin []byte, label string) error
	initPIN(s sessionHandle, pin []byte) error
	openSession(slot, flags uint) (sessionHandle, error)
	closeSession(sessionHandle) error
	getSessionInfo(sessionHandle) (sessionFacts, error)
	login(s sessionHandle, user uint, pin []byte) error // a nil PIN: the token asks for it itself
	createObject(sessionHandle, []attribute) (objectHandle, error)
	destroyObject(sessionHandle, objectHandle) error
	getAttributeValue(sessionHandle, objectHandle, []uint) ([]attribute, error)
	setAttributeValue(sessionHandle, objectHandle, []attribute) error
	findObjectsInit(sessionHandle, []attribute) error
	findObjects(s sessionHandle, most int) ([]objectHandle, error)
	findObjectsFinal(sessionHandle) error
	generateKeyPair(s sessionHandle, m mechanism, public, private []attribute) (pub, priv objectHandle, err error)
	signInit(sessionHandle, mechanism, objectHandle) error
	sign(sessionHandle, []byte) ([]byte, error)
}

// ulongSize is the size of CK_ULONG, a C unsigned long: on Windows it has 4 bytes always.
func ulongSize() int {
	if runtime.GOOS == "windows" {
		return 4
	}
	return strconv.IntSize / 8
}

// ulong encodes a CK_ULONG.
func ulong(n uint) []byte {
	if ulongSize() == 4 {
		return binary.NativeEndian.AppendUint32(nil, uint32(n))
	}
	return binary.NativeEndian.AppendUint64(nil, uint64(n))
}

// toUlong decodes a CK_ULONG, of which some tokens give the wrong size.
func toUlong(b []byte) (uint, bool) {
	switch len(b) {
	case 4:
		return uint(binary.NativeEndian.Uint32(b)), true
	case 8:
		return uint(binary.NativeEndian.Uint64(b)), true
	}
	return 0, false
}

func boolAttribute(kind uint, v bool) attribute {
	if v {
		return attribute{kind, []byte{1}}
	}
	return attribute{kind, []byte{0}}
}

func ulongAttribute(kind, v uint) attribute { return attribute{kind, ulong(v)} }
