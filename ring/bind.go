package ring

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"signet/cert"
)

// AddToken makes an empty token.
func (m *Manager) AddToken(ctx context.Context, name string) (*Result, error) {
	return perform(ctx, m, Act{Function: "ADDTOKEN", Token: name}, name, (*call).addToken)
}

func (m *call) addToken(ctx context.Context, name string) (*Result, error) {
	name, err := CheckTokenName(name)
	if err != nil {
		return nil, err
	}
	return update(ctx, m, func(tx Tx, _ *Result) error {
		err := tx.AddToken(&Token{Name: name, Created: m.now(), CreatedBy: string(m.issuer)})
		if errors.Is(err, ErrExists) {
			return newError(msgTokenExists, name)
		}
		return err
	})
}

// DelToken asks for a token to be removed with everything in it.
type DelToken struct {
	Name  string
	Force bool // even if it holds what these functions did not put there
}

// DelToken removes a token. The certificates in the database stay.
func (m *Manager) DelToken(ctx context.Context, d DelToken) (*Result, error) {
	return perform(ctx, m, Act{Function: "DELTOKEN", Token: d.Name}, d, (*call).delToken)
}

func (m *call) delToken(ctx context.Context, d DelToken) (*Result, error) {
	err := m.update(ctx, func(tx Tx) error {
		t, err := findToken(tx, d.Name, msgNoToken)
		if err != nil {
			return err
		}
		if t.Foreign > 0 && !d.Force {
			return newError(msgForeignObjects, t.Name, t.Foreign)
		}
		return tx.DeleteToken(t)
	})
	if err != nil {
		return nil, err
	}
	return &Result{}, nil
}

// findToken gives a token by its name in any case; notFound is the message when there is none.
func findToken(tx Tokens, name string, notFound messageID) (*Token, error) {
	name, err := CheckTokenName(name)
	if err != nil {
		return nil, err
	}
	t, err := tx.Token(name)
	if errors.Is(err, ErrNotFound) {
		return nil, newError(notFound, name)
	}
	return t, err
}

// TokenListing is a token with its objects by number.
type TokenListing struct {
	Token   *Token
	Objects []ListedObject
}

// ListedObject is an object of a token, with the certificate in the database that it is a copy
// of; nil when that is not there any more, or has been replaced by a newer one.
type ListedObject struct {
	*TokenObject
	Certificate *Certificate
}

// ListToken gives one token, or all of them when the name is empty, each to yield by name
// (racdcert-rings.md B3). An error of yield stops the listing.
func (m *Manager) ListToken(ctx context.Context, name string, yield func(TokenListing) error) error {
	return performEach(ctx, m, Act{Function: "LISTTOKEN", Token: name}, name, yield, (*call).listToken)
}

func (m *call) listToken(ctx context.Context, name string, yield func(TokenListing) error) error {
	return m.view(ctx, func(tx Tx) error {
		if name != "" {
			t, err := findToken(tx, name, msgNoTokenListed)
			if err != nil {
				return err
			}
			return m.yieldToken(tx, t, yield)
		}
		none := true
		for t, err := range tx.Tokens() {
			if err != nil {
				return err
			}
			none = false
			if err := m.yieldToken(tx, t, yield); err != nil {
				return err
			}
		}
		if none {
			return newError(msgNoTokens)
		}
		return nil
	})
}

func (m *call) yieldToken(tx Tx, t *Token, yield func(TokenListing) error) error {
	l := TokenListing{Token: t}
	for o, err := range tx.TokenObjects(t) {
		if err != nil {
			return err
		}
		c, err := origin(tx, o)
		if err != nil {
			return err
		}
		if o.Owner == "" { // a real token keeps the label alone
			o.Owner = Site
			if c != nil {
				o.Owner = c.Owner
			}
		}
		if c != nil { // what the database knows is for those who may list it (racdcert-rings.md B3)
			may, err := m.may(tx, Act{Function: "LIST", Cert: c.Ref()})
			if err != nil {
				return err
			}
			if !may {
				c = nil
			}
		}
		l.Objects = append(l.Objects, ListedObject{o, c})
	}
	return yield(l)
}

// origin finds the certificate in the database that an object is a copy of, nil when there is
// none.
func origin(tx Tx, o *TokenObject) (*Certificate, error) {
	x, err := o.X509()
	if err != nil {
		return nil, nil // the database holds nothing that cannot be read
	}
	c, err := tx.CertificateByIssuerSerial(x.RawIssuer, x.SerialNumber)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case !bytes.Equal(c.DER, o.DER):
		return nil, nil
	}
	return c, nil
}

// Bind asks for a certificate to be copied to a token (racdcert-rings.md B2).
type Bind struct {
	Token   string
	Cert    CertRef
	Usage   Usage // empty: the usage of the certificate's owner
	Default bool  // make it the token's default, in place of the one that is
}

// Bound is the answer to Bind and Unbind: the object, as it is or was.
type Bound struct {
	Result
	Object ListedObject
}

// Bind copies a certificate and, when its usage is PERSONAL, its private key. One that is in the
// token already keeps its number; the rest becomes what it would be if it were bound now.
func (m *Manager) Bind(ctx context.Context, b Bind) (*Bound, error) {
	return perform(ctx, m, Act{Function: "BIND", Cert: b.Cert, Usage: b.Usage, Token: b.Token}, b, (*call).bindOne)
}

func (m *call) bindOne(ctx context.Context, b Bind) (*Bound, error) {
	if b.Token == "" || b.Cert.Label == "" {
		return nil, newError(msgTokenAndLabel)
	}
	if b.Usage == "" {
		b.Usage = b.Cert.Owner.DefaultUsage()
	}
	var r *Bound
	err := m.update(ctx, func(tx Tx) error {
		t, err := findToken(tx, b.Token, msgNoToken)
		if err != nil {
			return err
		}
		c, err := byRef(tx, b.Cert)
		if err != nil {
			return err
		}
		if b.Usage == UsagePersonal && c.Key.InToken() && !strings.EqualFold(c.Key.Token(), t.Name) {
			return newError(msgKeyStaysInToken, c.Ref())
		}
		r, err = m.bind(tx, t, c, b)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (m *Manager) bind(tx Tx, t *Token, c *Certificate, b Bind) (*Bound, error) {
	o, err := tx.TokenObjectOf(t, c.DER)
	isNew, err := isFree(err)
	if err != nil {
		return nil, err
	}
	if isNew {
		o = &TokenObject{Token: t, DER: c.DER}
	}
	if b.Default {
		if err := clearTokenDefault(tx, t); err != nil {
			return nil, err
		}
	}
	o.Owner, o.Label, o.Usage, o.Default = c.Owner, c.Label, b.Usage, b.Default
	o.Bound, o.BoundBy = m.now(), string(m.issuer)
	r := &Bound{Object: ListedObject{o, c}}
	put := tx.AddTokenObject
	if !isNew {
		r.note(msgBoundAgain, c.Ref(), t.Name, o.Seq)
		put = tx.UpdateTokenObject
	}
	if err := put(o); err != nil {
		return nil, err
	}
	return r, bindKey(tx, c, o)
}

// clearTokenDefault takes the default mark from the object that has it, if one does.
func clearTokenDefault(tx Tokens, t *Token) error {
	d, err := tx.DefaultTokenObject(t)
	if none, err := isFree(err); none || err != nil {
		return err
	}
	d.Default = false
	return tx.UpdateTokenObject(d)
}

// bindKey gives an object the private key of its certificate, or takes away the one that an
// earlier BIND put there when the usage no longer calls for it.
func bindKey(tx Tx, c *Certificate, o *TokenObject) error {
	switch {
	case o.Usage == UsagePersonal && c.HasKey() && !o.HasKey:
		key, err := tx.PrivateKey(c)
		if err != nil {
			return err
		}
		return tx.PutTokenKey(o, key)
	case o.Usage != UsagePersonal && o.HasKey && !c.HasKey():
		return newError(msgLastKey, c.Ref(), o.Usage, o.Token.Name, o.Seq)
	case o.Usage != UsagePersonal && o.HasKey:
		return tx.DeleteTokenKey(o)
	}
	return nil
}

// Unbind asks for an object to be removed from a token, named either by its number or by the
// owner and label of its certificate.
type Unbind struct {
	Token string
	Cert  CertRef // without a label when Seq is given
	Seq   SeqNum
}

// number names the object by its number; empty when the label does.
func (u Unbind) number() string {
	if u.Seq == 0 {
		return ""
	}
	return "sequence number " + u.Seq.String()
}

// Unbind removes an object with its private key. The certificate in the database stays.
func (m *Manager) Unbind(ctx context.Context, u Unbind) (*Bound, error) {
	return perform(ctx, m, Act{Function: "UNBIND", Cert: u.Cert, Token: u.Token, Detail: u.number()}, u, (*call).unbind)
}

func (m *call) unbind(ctx context.Context, u Unbind) (*Bound, error) {
	if u.Token == "" || (u.Cert.Label == "") == (u.Seq == 0) {
		return nil, newError(msgTokenAndObject)
	}
	var r *Bound
	err := m.update(ctx, func(tx Tx) error {
		t, err := findToken(tx, u.Token, msgNoToken)
		if err != nil {
			return err
		}
		var o *TokenObject
		if u.Seq != 0 {
			o, err = objectByNumber(tx, t, u.Seq)
		} else {
			o, err = objectByRef(tx, t, u.Cert)
		}
		if err != nil {
			return err
		}
		c, err := origin(tx, o)
		if err != nil {
			return err
		}
		if c != nil {
			may, err := m.may(tx, Act{Function: "LIST", Cert: c.Ref()})
			if err != nil {
				return err
			}
			if !may {
				c = nil
			}
		}
		r = &Bound{Object: ListedObject{o, c}}
		return tx.DeleteTokenObject(o)
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

func objectByNumber(tx Tokens, t *Token, n SeqNum) (*TokenObject, error) {
	o, err := tx.TokenObject(t, n)
	if errors.Is(err, ErrNotFound) {
		return nil, newError(msgNoObject, t.Name, "sequence number "+n.String())
	}
	return o, err
}

// objectByRef gives the object that goes by an owner and label: it was bound under them, or the
// certificate in the database has them now. If two do, the number must decide.
func objectByRef(tx Tx, t *Token, ref CertRef) (*TokenObject, error) {
	var found *TokenObject
	meet := func(o *TokenObject) error {
		if found != nil && found.Seq != o.Seq {
			return newError(msgManyObjects, t.Name, ref, found.Seq, o.Seq)
		}
		found = o
		return nil
	}
	for o, err := range tx.TokenObjectsBoundAs(t, ref) {
		if err == nil {
			err = meet(o)
		}
		if err != nil {
			return nil, err
		}
	}
	c, err := tx.Certificate(ref)
	var now *TokenObject
	if err == nil {
		now, err = tx.TokenObjectOf(t, c.DER)
	}
	none, err := isFree(err)
	if err == nil && !none {
		err = meet(now)
	}
	if err == nil && found == nil {
		err = newError(msgNoObject, t.Name, "label "+ref.String())
	}
	return found, err
}

// Import asks for a certificate of a token to be stored in the database, as ADD stores one from
// a file (racdcert-certificates.md 10).
type Import struct {
	Token  string
	Seq    SeqNum
	Owner  Owner
	Label  string // empty: LABELnnnnnnnn
	Status Status // empty: decided by the rules
}

// Import stores a certificate and the private key that is with it. The token is not changed.
func (m *Manager) Import(ctx context.Context, i Import) (*Added, error) {
	return perform(ctx, m, Act{Function: "IMPORT", Cert: CertRef{i.Owner, i.Label}, Token: i.Token, Detail: "sequence number " + i.Seq.String()}, i, (*call).importObject)
}

func (m *call) importObject(ctx context.Context, i Import) (*Added, error) {
	if i.Token == "" || i.Seq == 0 {
		return nil, MissingKeyword("IMPORT", "TOKEN and SEQNUM")
	}
	var r *Added
	err := m.update(ctx, func(tx Tx) error {
		t, err := findToken(tx, i.Token, msgNoToken)
		if err != nil {
			return err
		}
		o, err := objectByNumber(tx, t, i.Seq)
		if err != nil {
			return err
		}
		x, err := o.X509()
		if err != nil {
			return err
		}
		var b cert.Bundle
		if o.HasKey {
			if b.Key, err = tx.TokenKey(o); err != nil {
				return err
			}
		}
		r, err = m.addAll(tx, Add{Owner: i.Owner, Label: i.Label, Status: i.Status}, x, nil, b)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}
