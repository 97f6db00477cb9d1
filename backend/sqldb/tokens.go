package sqldb

import (
	"crypto"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"

	"signet/backend/seal"
	"signet/ring"
)

// tokenColumns are what scanToken takes, in its order.
const tokenColumns = "t.id, t.name, t.created, t.created_by" // #nosec G101 -- names of columns

func scanToken(scan func(...any) error) (*ring.Token, error) {
	k := new(ring.Token)
	var created int64
	err := scan(&k.ID, &k.Name, &created, &k.CreatedBy)
	k.Created = seconds(created)
	return k, err
}

func (t *tx) Token(token string) (*ring.Token, error) {
	k, err := scanToken(func(dest ...any) error {
		return t.one("SELECT "+tokenColumns+" FROM tokens t WHERE t.name = $1", []any{token}, dest...)
	})
	if err != nil {
		return nil, missing(err, tokenName(token))
	}
	return k, nil
}

func (t *tx) Tokens() iter.Seq2[*ring.Token, error] {
	const query = "SELECT " + tokenColumns + " FROM tokens t WHERE t.name > $1 AND t.id <= $2 ORDER BY t.name LIMIT $3"
	return sequence(t, tokens, "", func(after string, bound int64, limit int) (page []entry[string, *ring.Token], err error) {
		err = t.each(query, []any{after, bound, limit}, func(scan func(...any) error) error {
			k, err := scanToken(scan)
			page = append(page, entry[string, *ring.Token]{k.Name, k})
			return err
		})
		return page, err
	})
}

func (t *tx) AddToken(k *ring.Token) error {
	if k.Name == "" {
		return fmt.Errorf("%v: the name is empty: %w", tokenName(k.Name), ring.ErrInvalid)
	}
	var id int64
	err := t.insert(tokens, "INSERT INTO tokens (name, last_seq, created, created_by) VALUES ($1, 0, $2, $3) ON CONFLICT DO NOTHING RETURNING id",
		[]any{k.Name, k.Created.Unix(), k.CreatedBy}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return exists(tokenName(k.Name))
	}
	if err != nil {
		return err
	}
	k.ID = id
	return nil
}

func (t *tx) DeleteToken(k *ring.Token) error {
	return t.execOne(tokenName(k.Name), "DELETE FROM tokens WHERE id = $1", k.ID)
}

// objectColumns are what scanObject takes, in its order, and objectTables where they are.
const (
	objectColumns = "o.id, o.seq, o.owner, o.label, o.usage, o.is_default, o.der, k.object IS NOT NULL, o.bound, o.bound_by"
	objectTables  = " FROM token_objects o LEFT JOIN token_keys k ON k.object = o.id"
)

func scanObject(k *ring.Token, scan func(...any) error) (*ring.TokenObject, error) {
	o := &ring.TokenObject{Token: k}
	var bound int64
	err := scan(&o.ID, &o.Seq, &o.Owner, &o.Label, &o.Usage, &o.Default, &o.DER, &o.HasKey, &bound, &o.BoundBy)
	o.Bound = seconds(bound)
	return o, err
}

func (t *tx) tokenObject(k *ring.Token, what fmt.Stringer, where string, args ...any) (*ring.TokenObject, error) {
	o, err := scanObject(k, func(dest ...any) error { return t.one("SELECT "+objectColumns+objectTables+where, args, dest...) })
	if err != nil {
		return nil, missing(err, what)
	}
	return o, nil
}

func (t *tx) TokenObject(k *ring.Token, seq ring.SeqNum) (*ring.TokenObject, error) {
	return t.tokenObject(k, objectName(k, seq), " WHERE o.token = $1 AND o.seq = $2", k.ID, seq)
}

func (t *tx) TokenObjectOf(k *ring.Token, der []byte) (*ring.TokenObject, error) {
	return t.tokenObject(k, tokenName(k.Name)+": certificate", " WHERE o.token = $1 AND o.der_sha256 = $2", k.ID, digest(der))
}

func (t *tx) DefaultTokenObject(k *ring.Token) (*ring.TokenObject, error) {
	return t.tokenObject(k, "default certificate of "+tokenName(k.Name), " WHERE o.token = $1 AND o.is_default = 1", k.ID)
}

func (t *tx) TokenObjects(k *ring.Token) iter.Seq2[*ring.TokenObject, error] {
	return t.tokenObjects(k, " WHERE o.token = $1 AND o.seq > $2 AND o.id <= $3 ORDER BY o.seq LIMIT $4")
}

func (t *tx) TokenObjectsBoundAs(k *ring.Token, ref ring.CertRef) iter.Seq2[*ring.TokenObject, error] {
	return t.tokenObjects(k, " WHERE o.token = $1 AND o.owner = $5 AND o.label = $6 AND o.seq > $2 AND o.id <= $3 ORDER BY o.seq LIMIT $4",
		ref.Owner, ref.Label)
}

// tokenObjects yields the rows of a query that takes the token, the number to start after, the
// bound, the limit and what else there is to look for.
func (t *tx) tokenObjects(k *ring.Token, where string, more ...any) iter.Seq2[*ring.TokenObject, error] {
	query := "SELECT " + objectColumns + objectTables + where
	return sequence(t, tokenObjects, 0, func(after ring.SeqNum, bound int64, limit int) (page []entry[ring.SeqNum, *ring.TokenObject], err error) {
		err = t.each(query, append([]any{k.ID, after, bound, limit}, more...), func(scan func(...any) error) error {
			o, err := scanObject(k, scan)
			page = append(page, entry[ring.SeqNum, *ring.TokenObject]{o.Seq, o})
			return err
		})
		return page, err
	})
}

// checkObject refuses what the columns of an object cannot hold, and a second default.
func (t *tx) checkObject(o *ring.TokenObject) error {
	what := tokenName(o.Token.Name) + ": " + certName(o.Ref())
	switch {
	case o.Owner == "" || o.Label == "":
		return fmt.Errorf("%v: owner or label is empty: %w", what, ring.ErrInvalid)
	case o.Usage != ring.UsagePersonal && o.Usage != ring.UsageCertAuth && o.Usage != ring.UsageSite:
		return fmt.Errorf("%v: usage %q: %w", what, o.Usage, ring.ErrInvalid)
	case !o.Default:
		return nil
	}
	d, err := t.DefaultTokenObject(o.Token)
	switch {
	case errors.Is(err, ring.ErrNotFound) || err == nil && d.ID == o.ID:
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%v: default certificate, which is %v: %w", tokenName(o.Token.Name), d.Seq, ring.ErrExists)
}

func (t *tx) AddTokenObject(o *ring.TokenObject) error {
	if err := t.checkObject(o); err != nil {
		return err
	}
	if _, err := o.X509(); err != nil {
		return err
	}
	k := tokenName(o.Token.Name)
	old, err := t.TokenObjectOf(o.Token, o.DER)
	switch {
	case err == nil:
		return fmt.Errorf("%v: %v, with the sequence number %v: %w", k, certName(o.Ref()), old.Seq, ring.ErrExists)
	case !errors.Is(err, ring.ErrNotFound):
		return err
	}
	var last int64
	if err := t.one("SELECT last_seq FROM tokens WHERE id = $1", []any{o.Token.ID}, &last); err != nil {
		return missing(err, k)
	}
	if last == math.MaxUint32 {
		return fmt.Errorf("%v: all its sequence numbers have been used; make another token: %w", k, ring.ErrUnsupported)
	}
	if err := t.execOne(k, "UPDATE tokens SET last_seq = $1 WHERE id = $2", last+1, o.Token.ID); err != nil {
		return err
	}
	var id int64
	err = t.insert(tokenObjects, "INSERT INTO token_objects (token, seq, owner, label, usage, is_default, der, der_sha256, bound, bound_by)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
		[]any{o.Token.ID, last + 1, o.Owner, o.Label, o.Usage, bit(o.Default), o.DER, digest(o.DER), o.Bound.Unix(), o.BoundBy}, &id)
	if err != nil {
		return err
	}
	o.ID, o.Seq, o.HasKey = id, ring.SeqNum(last+1), false
	return nil
}

func (t *tx) UpdateTokenObject(o *ring.TokenObject) error {
	if err := t.checkObject(o); err != nil {
		return err
	}
	return t.execOne(objectName(o.Token, o.Seq), "UPDATE token_objects SET owner = $1, label = $2, usage = $3, is_default = $4, bound = $5, bound_by = $6 WHERE id = $7",
		o.Owner, o.Label, o.Usage, bit(o.Default), o.Bound.Unix(), o.BoundBy, o.ID)
}

func (t *tx) DeleteTokenObject(o *ring.TokenObject) error {
	return t.execOne(objectName(o.Token, o.Seq), "DELETE FROM token_objects WHERE id = $1", o.ID)
}

// storedObject gives an object as it is stored, whatever the caller's copy says, with its sealed
// key, if it has one.
func (t *tx) storedObject(o *ring.TokenObject) (stored *ring.TokenObject, sealed []byte, err error) {
	stored = &ring.TokenObject{ID: o.ID, Token: o.Token, Seq: o.Seq}
	err = t.one("SELECT o.der, k.object IS NOT NULL, k.sealed"+objectTables+" WHERE o.id = $1", []any{o.ID}, &stored.DER, &stored.HasKey, &sealed)
	return stored, sealed, missing(err, objectName(o.Token, o.Seq))
}

func (t *tx) TokenKey(o *ring.TokenObject) (crypto.Signer, error) {
	stored, sealed, err := t.storedObject(o)
	if err != nil {
		return nil, err
	}
	what := "private key of " + objectName(o.Token, o.Seq)
	if !stored.HasKey {
		return nil, notFound(what)
	}
	x, err := stored.X509()
	if err != nil {
		return nil, err
	}
	return t.openKey(what, sealed, x, seal.BindToken, o.ID)
}

func (t *tx) PutTokenKey(o *ring.TokenObject, signer crypto.Signer) error {
	stored, _, err := t.storedObject(o)
	if err != nil {
		return err
	}
	x, err := stored.X509()
	if err != nil {
		return err
	}
	sealed, err := t.sealKey("private key of "+objectName(o.Token, o.Seq), signer, x, seal.BindToken, o.ID)
	if err != nil {
		return err
	}
	_, err = t.exec("INSERT INTO token_keys (object, sealed) VALUES ($1, $2) ON CONFLICT (object) DO UPDATE SET sealed = excluded.sealed", o.ID, sealed)
	if err != nil {
		return err
	}
	o.HasKey = true
	return nil
}

func (t *tx) DeleteTokenKey(o *ring.TokenObject) error {
	if err := t.execOne("private key of "+objectName(o.Token, o.Seq), "DELETE FROM token_keys WHERE object = $1", o.ID); err != nil {
		return err
	}
	o.HasKey = false
	return nil
}

func tokenName(token string) name { return name(fmt.Sprintf("token %q", token)) }

func objectName(k *ring.Token, seq ring.SeqNum) name {
	return tokenName(k.Name) + name(": certificate "+seq.String())
}
