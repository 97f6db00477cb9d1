package ring

import (
	"crypto"
	"iter"
)

// tokenChanges says what becomes of changes to real tokens, which no transaction undoes.
type tokenChanges int

const (
	madeChanges      tokenChanges = iota
	refusedChanges                // several functions share the transaction, and it may yet fail
	rehearsedChanges              // nothing is kept
)

// of gives tokens whose changes are treated so.
func (c tokenChanges) of(t Tokens) Tokens {
	if c == madeChanges {
		return t
	}
	return unchangedTokens{t, c}
}

// changing gives the store of m with changes to tokens treated in one way.
func (m *Manager) changing(c tokenChanges) Store {
	if s, ok := m.store.(hardwareStore); ok {
		s.changes = c
		return s
	}
	return m.store
}

// realTokens is Tokens under a name that its method Tokens does not have.
type realTokens = interface{ Tokens }

// unchangedTokens are real tokens in a transaction that must not change them: what would do so is
// refused, or, in a rehearsal, goes by without effect.
type unchangedTokens struct {
	realTokens
	changes tokenChanges
}

func (t unchangedTokens) answer() error {
	if t.changes == rehearsedChanges {
		return nil
	}
	return newError(msgTokenAtomic)
}

func (t unchangedTokens) AddToken(*Token) error                { return t.answer() }
func (t unchangedTokens) DeleteToken(*Token) error             { return t.answer() }
func (t unchangedTokens) AddTokenObject(*TokenObject) error    { return t.answer() }
func (t unchangedTokens) UpdateTokenObject(*TokenObject) error { return t.answer() }
func (t unchangedTokens) DeleteTokenObject(*TokenObject) error { return t.answer() }
func (t unchangedTokens) DeleteTokenKey(*TokenObject) error    { return t.answer() }
func (t unchangedTokens) PutTokenKey(o *TokenObject, _ crypto.Signer) error {
	o.HasKey = true
	return t.answer()
}

// hardwareTokensTx is a transaction whose tokens are real ones.
type hardwareTokensTx struct {
	*hardwareTx
	tokens Tokens
}

// The functions on tokens are those of the hardware, whatever the database holds.

func (t *hardwareTokensTx) Token(name string) (*Token, error)   { return t.tokens.Token(name) }
func (t *hardwareTokensTx) Tokens() iter.Seq2[*Token, error]    { return t.tokens.Tokens() }
func (t *hardwareTokensTx) AddToken(k *Token) error             { return t.tokens.AddToken(k) }
func (t *hardwareTokensTx) DeleteToken(k *Token) error          { return t.tokens.DeleteToken(k) }
func (t *hardwareTokensTx) AddTokenObject(o *TokenObject) error { return t.tokens.AddTokenObject(o) }
func (t *hardwareTokensTx) UpdateTokenObject(o *TokenObject) error {
	return t.tokens.UpdateTokenObject(o)
}
func (t *hardwareTokensTx) DeleteTokenObject(o *TokenObject) error {
	return t.tokens.DeleteTokenObject(o)
}
func (t *hardwareTokensTx) DeleteTokenKey(o *TokenObject) error { return t.tokens.DeleteTokenKey(o) }

func (t *hardwareTokensTx) TokenObject(k *Token, n SeqNum) (*TokenObject, error) {
	return t.tokens.TokenObject(k, n)
}

func (t *hardwareTokensTx) TokenObjectOf(k *Token, der []byte) (*TokenObject, error) {
	return t.tokens.TokenObjectOf(k, der)
}

func (t *hardwareTokensTx) TokenObjects(k *Token) iter.Seq2[*TokenObject, error] {
	return t.tokens.TokenObjects(k)
}

func (t *hardwareTokensTx) TokenObjectsBoundAs(k *Token, ref CertRef) iter.Seq2[*TokenObject, error] {
	return t.tokens.TokenObjectsBoundAs(k, ref)
}

func (t *hardwareTokensTx) DefaultTokenObject(k *Token) (*TokenObject, error) {
	return t.tokens.DefaultTokenObject(k)
}

func (t *hardwareTokensTx) TokenKey(o *TokenObject) (crypto.Signer, error) {
	return t.tokens.TokenKey(o)
}

func (t *hardwareTokensTx) PutTokenKey(o *TokenObject, key crypto.Signer) error {
	return t.tokens.PutTokenKey(o, key)
}
