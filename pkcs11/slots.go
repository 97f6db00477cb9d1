package pkcs11

import (
	"fmt"
	"strings"

	p11 "github.com/miekg/pkcs11"
)

// TokenInfo is what a token says of itself and its slot.
type TokenInfo struct {
	Slot             uint    `json:"slot"`
	Label            string  `json:"label"`
	Serial           string  `json:"serial"`
	Manufacturer     string  `json:"manufacturer"`
	Model            string  `json:"model"`
	SlotDescription  string  `json:"slotDescription"`
	SlotManufacturer string  `json:"slotManufacturer"`
	Library          Library `json:"library"`
	Initialized      bool    `json:"initialized"`
	LoginRequired    bool    `json:"loginRequired"`
	UserPINSet       bool    `json:"userPinSet"`
	Keypad           bool    `json:"protectedAuthenticationPath"` // the PIN is given at the token
	WriteProtected   bool    `json:"writeProtected"`
	PINCountLow      bool    `json:"pinCountLow"` // a wrong PIN was given since the last right one
	PINFinalTry      bool    `json:"pinFinalTry"` // one more wrong PIN locks it
	PINLocked        bool    `json:"pinLocked"`
	MaxSessions      int     `json:"maxSessions"`   // 0: no limit, or none told
	MaxRWSessions    int     `json:"maxRwSessions"` // the same
	MinPIN           int     `json:"minPin"`
	MaxPIN           int     `json:"maxPin"`
}

// Library is what a module says of itself.
type Library struct {
	Manufacturer string `json:"manufacturer"`
	Description  string `json:"description"`
	Version      string `json:"version"`
}

// setFacts takes over what C_GetTokenInfo gave.
func (i *TokenInfo) setFacts(f tokenFacts) {
	flag := func(f, bit uint) bool { return f&bit != 0 }
	i.Label, i.Serial, i.Manufacturer, i.Model = f.label, f.serial, f.manufacturer, f.model
	i.Initialized = flag(f.flags, p11.CKF_TOKEN_INITIALIZED)
	i.LoginRequired = flag(f.flags, p11.CKF_LOGIN_REQUIRED)
	i.UserPINSet = flag(f.flags, p11.CKF_USER_PIN_INITIALIZED)
	i.Keypad = flag(f.flags, p11.CKF_PROTECTED_AUTHENTICATION_PATH)
	i.WriteProtected = flag(f.flags, p11.CKF_WRITE_PROTECTED)
	i.PINCountLow = flag(f.flags, p11.CKF_USER_PIN_COUNT_LOW)
	i.PINFinalTry = flag(f.flags, p11.CKF_USER_PIN_FINAL_TRY)
	i.PINLocked = flag(f.flags, p11.CKF_USER_PIN_LOCKED)
	i.MaxSessions, i.MaxRWSessions = sane(f.maxSessions), sane(f.maxRWSessions)
	i.MinPIN, i.MaxPIN = sane(f.minPIN), sane(f.maxPIN)
}

// URI gives a URI that names the token: by label and serial number, and by the number of its
// slot only if it has neither.
func (i TokenInfo) URI() URI {
	u := URI{Token: i.Label, Serial: i.Serial, Manufacturer: i.Manufacturer, Model: i.Model}
	if i.Label == "" && i.Serial == "" {
		u.SlotID = SlotNumber(i.Slot)
	}
	return u
}

func (i TokenInfo) name() string {
	if i.Label == "" {
		return fmt.Sprintf("token in slot %d", i.Slot)
	}
	return fmt.Sprintf("token %q", i.Label)
}

// Slots lists the tokens of a module in the order of its slots. A slot whose token cannot be
// read is left out, unless it is the only one.
func (m *Module) Slots() ([]TokenInfo, error) {
	slots, err := m.calls.getSlotList(true)
	if err != nil {
		return nil, fault(moduleName(m.path), "list slots", err)
	}
	lib, err := m.calls.getInfo()
	if err != nil {
		return nil, fault(moduleName(m.path), "read its version", err)
	}
	var all []TokenInfo
	var last error
	for _, slot := range slots {
		info, err := m.slot(slot)
		if err != nil {
			last = err
			continue
		}
		info.Library = Library{lib.manufacturer, lib.description, fmt.Sprintf("%d.%d", lib.major, lib.minor)}
		all = append(all, info)
	}
	if len(all) == 0 {
		return nil, last
	}
	return all, nil
}

func (m *Module) slot(slot uint) (TokenInfo, error) {
	name := fmt.Sprintf("slot %d of %s", slot, moduleName(m.path))
	info := TokenInfo{Slot: slot}
	facts, err := m.calls.getTokenInfo(slot)
	if err != nil {
		return info, fault(name, "read its token", err)
	}
	info.setFacts(facts)
	about, err := m.calls.getSlotInfo(slot)
	if err != nil {
		return info, fault(name, "read it", err)
	}
	info.SlotDescription, info.SlotManufacturer = about.description, about.manufacturer
	return info, nil
}

// find gives the one initialised token that a URI names.
func (m *Module) find(u URI) (TokenInfo, error) {
	all, err := m.Slots()
	if err != nil {
		return TokenInfo{}, err
	}
	var found []TokenInfo
	var others []string
	for _, i := range all {
		switch {
		case !i.Initialized:
		case u.Matches(i):
			found = append(found, i)
		default:
			others = append(others, i.describe())
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	e := &Error{Object: fmt.Sprintf("token %q", clip(u.TokenOnly().tokenPart())), Kind: ErrNoToken}
	if len(found) > 1 {
		var names []string
		for _, i := range found {
			names = append(names, i.describe())
		}
		e.Kind, e.Cause, e.Fix = ErrAmbiguous, "these match: "+strings.Join(names, ", "), "add serial to the URI, or slot-id where even that is the same"
		return TokenInfo{}, e
	}
	e.Cause = "the module has no initialised token"
	if len(others) > 0 {
		e.Cause = "the module has no such token, but " + strings.Join(others, ", ")
	}
	return TokenInfo{}, e
}

// tokenPart is the URI without its query.
func (u URI) tokenPart() string {
	s, _, _ := strings.Cut(u.String(), "?")
	return s
}
