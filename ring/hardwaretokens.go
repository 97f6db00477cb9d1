package ring

import (
	"crypto"
	"iter"
)

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
