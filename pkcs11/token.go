package pkcs11

import (
	"context"
	"fmt"
	"sync"

	p11 "github.com/miekg/pkcs11"
)

// PINs of one Token that may be wrong, and sessions that it opens, where Options say nothing.
const (
	defaultAttempts = 3
	defaultSessions = 16
)

// Options say how a token is used.
type Options struct {
	// Module is the path of the module where the URI names none.
	Module string
	// Init is what C_Initialize passes on where the URI has no x-module-init.
	Init string
	// PIN gives the user's PIN, which is cleared after use. It may prompt: no lock is held. It
	// must not use the token. Nil: nobody logs in, and only public objects are seen. A token
	// with a keypad of its own asks there instead.
	PIN func(context.Context, Attempt) ([]byte, error)
	// ConfirmLast says whether the last attempt before the token locks may be spent. Nil: never.
	ConfirmLast func(context.Context, TokenInfo) (bool, error)
	// Attempts is how many wrong PINs are taken before the token is left alone; zero means 3. A
	// PIN from a file is given once only: the same wrong PIN is never sent twice.
	Attempts int
	// Sessions is how many sessions are open at most; zero means 16. Fewer are, if the token
	// has fewer.
	Sessions int
	// ReadOnly opens sessions that cannot change the token.
	ReadOnly bool
}

// Token is an open token. It is safe for concurrent use.
type Token struct {
	module  *Module
	options Options
	turn    chan struct{} // holds one item; who has it finds the token again or logs in
	*pool

	mu         sync.Mutex // guards what follows, never held over a call
	info       TokenInfo
	mechanisms map[uint]bool
	wrong      int // wrong PINs so far
}

// OpenToken opens the one token that the URI names, and logs in if the token wants that and
// Options have a PIN. What the URI says of objects is ignored.
func OpenToken(ctx context.Context, u URI, o Options) (*Token, error) {
	path, init := u.ModulePath, u.ModuleInit
	if path == "" {
		path = o.Module
	}
	if init == "" {
		init = o.Init
	}
	m, err := Open(path, init)
	if err != nil {
		return nil, err
	}
	t, err := m.token(ctx, u, o)
	if err != nil {
		m.Close()
		return nil, err
	}
	return t, nil
}

// token opens a token of a module, which it then owns.
func (m *Module) token(ctx context.Context, u URI, o Options) (*Token, error) {
	info, err := m.find(u)
	if err != nil {
		return nil, err
	}
	if o.Attempts <= 0 {
		o.Attempts = defaultAttempts
	}
	if o.Sessions <= 0 {
		o.Sessions = defaultSessions
	}
	t := &Token{module: m, options: o, info: info, turn: make(chan struct{}, 1), mechanisms: map[uint]bool{}}
	kinds, err := m.calls.getMechanismList(info.Slot)
	if err != nil {
		return nil, fault(info.name(), "list mechanisms", err)
	}
	for _, k := range kinds {
		t.mechanisms[k] = true
	}
	limit := o.Sessions
	if most := info.sessionLimit(o.ReadOnly); most > 0 {
		limit = min(limit, most)
	}
	t.pool = newPool(limit)
	// The first session tells at once whether the PIN is right.
	if err := t.do(ctx, "open", whenSessionLost, func(*session) error { return nil }); err != nil {
		t.shut()
		t.closeSessions()
		return nil, err
	}
	return t, nil
}

// Info gives what the token said of itself when it was last looked at.
func (t *Token) Info() TokenInfo {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.info
}

// Name gives the token as errors name it.
func (t *Token) Name() string { return t.Info().name() }

// URI gives a URI that names this token and its module.
func (t *Token) URI() URI {
	u := t.Info().URI()
	u.ModulePath = t.module.path
	return u
}

// Close waits for what is under way, closes the sessions and gives the module back.
func (t *Token) Close() error {
	if !t.shut() {
		return nil
	}
	t.closeSessions()
	return t.module.Close()
}

// has reports whether the token has a mechanism.
func (t *Token) has(kind uint) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mechanisms[kind]
}

// unsupported is the error for a mechanism that the token does not have.
func (t *Token) unsupported(op string, kind uint) error {
	return &Error{Object: t.Name(), Op: op, Kind: ErrUnsupported,
		Cause: "the token does not have " + mechanismName(kind), Fix: fixMechanism}
}

// findAgain looks for the same token after it was removed: the same label, serial number and
// maker, perhaps in another slot. Another token in its place is not the same.
func (t *Token) findAgain() error {
	before := t.Info()
	u := URI{Token: before.Label, Serial: before.Serial, Manufacturer: before.Manufacturer, Model: before.Model}
	if before.Label == "" && before.Serial == "" {
		u.SlotID = SlotNumber(before.Slot)
	}
	now, err := t.module.find(u)
	if err != nil {
		return &Error{Object: before.name(), Op: "find it again", Code: codeOf(err), Kind: ErrRemoved, Cause: "the token was removed", Fix: fixReinsert}
	}
	t.mu.Lock()
	t.info = now
	t.mu.Unlock()
	return nil
}

// refresh reads the token's flags anew.
func (t *Token) refresh() (TokenInfo, error) {
	before := t.Info()
	facts, err := t.module.calls.getTokenInfo(before.Slot)
	if err != nil {
		return before, fault(before.name(), "read its flags", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.info.setFacts(facts)
	return t.info, nil
}

// sessionLimit is how many sessions the token allows; 0: it does not say.
func (i TokenInfo) sessionLimit(readOnly bool) int {
	limit := i.MaxSessions
	if !readOnly && i.MaxRWSessions > 0 && (limit == 0 || i.MaxRWSessions < limit) {
		limit = i.MaxRWSessions
	}
	return limit
}

// sane makes an int of a limit; 0 for CK_EFFECTIVELY_INFINITE, CK_UNAVAILABLE_INFORMATION and
// numbers that nobody reaches.
func sane(n uint) int {
	const most = 1 << 20
	if n == p11.CK_EFFECTIVELY_INFINITE || n > most {
		return 0
	}
	return int(n)
}

// describe is a short name of a token for lists of several.
func (i TokenInfo) describe() string {
	return fmt.Sprintf("%q (serial %q, slot %d)", i.Label, i.Serial, i.Slot)
}
