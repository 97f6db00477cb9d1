package sqldb

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"

	"signet/backend/seal"
	"signet/ring"
)

// keyRecord is what is stored about the private key of a certificate.
type keyRecord struct {
	cert   *x509.Certificate // as stored, whatever the caller's copy says
	ref    ring.KeyRef
	sealed []byte
}

func (t *tx) keyRecord(c *ring.Certificate) (keyRecord, error) {
	var r keyRecord
	if a := t.recall.added; a.cert != nil && a.id == c.ID {
		r.cert = a.cert
		return r, nil
	}
	stored := ring.Certificate{Owner: c.Owner, Label: c.Label}
	err := t.one("SELECT c.der, c.key_ref, (SELECT k.sealed FROM private_keys k WHERE k.certificate = c.id) FROM certificates c WHERE c.id = $1",
		[]any{c.ID}, &stored.DER, &r.ref, &r.sealed)
	if err != nil {
		return r, missing(err, certName(c.Ref()))
	}
	if x, err := c.X509(); err == nil && bytes.Equal(x.Raw, stored.DER) {
		r.cert = x // parsed already
		return r, nil
	}
	r.cert, err = stored.X509()
	return r, err
}

func (t *tx) PrivateKey(c *ring.Certificate) (crypto.Signer, error) {
	if s := t.recall.signer; s.signer != nil && s.certificate == c.ID {
		return s.signer, nil
	}
	what := keyName(c)
	r, err := t.keyRecord(c)
	switch {
	case err != nil:
		return nil, err
	case r.ref.InToken():
		return nil, inToken(what)
	case r.ref == ring.NoKey:
		return nil, notFound(what)
	case r.sealed == nil:
		return nil, fmt.Errorf("%v: its record is gone from the database", what)
	}
	signer, err := t.openKey(what, r.sealed, r.cert, seal.Bind, c.ID)
	if err == nil {
		t.recall.signer = openedKey{c.ID, signer}
	}
	return signer, err
}

// openKey opens the sealed private key of a certificate. bind, which is of package seal, says
// with the handle what record the key belongs to.
func (t *tx) openKey(what name, sealed []byte, x *x509.Certificate, bind func(string, int64, []byte) []byte, id int64) (crypto.Signer, error) {
	key, uuid, err := t.dataKeys()
	if err != nil {
		return nil, fmt.Errorf("%v: %w", what, err)
	}
	der, err := key.Open(sealed, bind(uuid, id, x.RawSubjectPublicKeyInfo))
	if err != nil {
		return nil, fmt.Errorf("%v: cannot be opened: %w", what, err)
	}
	defer clear(der)
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("%v: not in PKCS #8 form", what) // the cause could show key bytes
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok || !sameKey(signer.Public(), x.PublicKey) {
		return nil, fmt.Errorf("%v: not the key of its certificate", what)
	}
	return signer, nil
}

func (t *tx) PutPrivateKey(c *ring.Certificate, signer crypto.Signer) error {
	what := keyName(c)
	r, err := t.keyRecord(c)
	switch {
	case err != nil:
		return err
	case r.ref.InToken():
		return inToken(what)
	}
	sealed, err := t.sealKey(what, signer, r.cert, seal.Bind, c.ID)
	if err != nil {
		return err
	}
	err = t.recall.keeping(func() error {
		_, err := t.exec("INSERT INTO private_keys (certificate, sealed) VALUES ($1, $2) ON CONFLICT (certificate) DO UPDATE SET sealed = excluded.sealed", c.ID, sealed)
		return err
	}, func(r *recall) { r.drop(c.ID) })
	if err != nil {
		return err
	}
	return t.setKey(c, ring.KeyInStore)
}

// sealKey seals the private key of a certificate, as openKey opens it.
func (t *tx) sealKey(what name, signer crypto.Signer, x *x509.Certificate, bind func(string, int64, []byte) []byte, id int64) ([]byte, error) {
	k, err := t.sealing(what, signer, x)
	if err != nil {
		return nil, err
	}
	return k.seal(bind, id)
}

// sealing is a private key that can be sealed.
type sealing struct {
	what   name
	signer crypto.Signer
	spki   []byte
	uuid   string
	with   *seal.DataKeys
}

// sealing finds whatever speaks against keeping a private key with a certificate.
func (t *tx) sealing(what name, signer crypto.Signer, x *x509.Certificate) (sealing, error) {
	if !sameKey(signer.Public(), x.PublicKey) {
		return sealing{}, fmt.Errorf("%v: its public half is not the certificate's: %w", what, ring.ErrInvalid)
	}
	switch signer.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey: // what x509.MarshalPKCS8PrivateKey takes
	default:
		return sealing{}, fmt.Errorf("%v: a key of type %T cannot be kept in the database: %w", what, signer, ring.ErrUnsupported)
	}
	key, uuid, err := t.dataKeys()
	if err != nil {
		return sealing{}, fmt.Errorf("%v: %w", what, err)
	}
	return sealing{what, signer, x.RawSubjectPublicKeyInfo, uuid, key}, nil
}

// seal seals the key to a record.
func (k sealing) seal(bind func(string, int64, []byte) []byte, id int64) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		return nil, fmt.Errorf("%v: not a key that can be kept in the database: %w", k.what, ring.ErrUnsupported)
	}
	defer clear(der)
	sealed, err := k.with.Seal(der, bind(k.uuid, id, k.spki))
	if err != nil {
		return nil, fmt.Errorf("%v: %w", k.what, err)
	}
	return sealed, nil
}

func (t *tx) DeletePrivateKey(c *ring.Certificate) error {
	var ref ring.KeyRef
	err := t.one("SELECT key_ref FROM certificates WHERE id = $1", []any{c.ID}, &ref)
	switch {
	case err != nil:
		return missing(err, certName(c.Ref()))
	case ref == ring.NoKey:
		return notFound(keyName(c))
	}
	if _, err := t.exec("DELETE FROM private_keys WHERE certificate = $1", c.ID); err != nil {
		return err
	}
	return t.setKey(c, ring.NoKey)
}

func (t *tx) PutKeyRef(c *ring.Certificate, ref ring.KeyRef) error {
	var old ring.KeyRef
	err := t.one("SELECT key_ref FROM certificates WHERE id = $1", []any{c.ID}, &old)
	switch {
	case err != nil:
		return missing(err, certName(c.Ref()))
	case !ref.InToken():
		return fmt.Errorf("%v: %q does not name a key in a token: %w", keyName(c), ref, ring.ErrInvalid)
	case old != ring.NoKey:
		return fmt.Errorf("%v: %w", keyName(c), ring.ErrExists)
	}
	return t.setKey(c, ref)
}

func (t *tx) setKey(c *ring.Certificate, ref ring.KeyRef) error {
	err := t.recall.keeping(func() error {
		return t.execOne(certName(c.Ref()), "UPDATE certificates SET key_ref = $1 WHERE id = $2", ref, c.ID)
	}, func(r *recall) { r.drop(c.ID) })
	if err != nil {
		return err
	}
	c.Key = ref
	return nil
}

func keyName(c *ring.Certificate) name { return "private key of " + certName(c.Ref()) }

func inToken(what fmt.Stringer) error {
	return fmt.Errorf("%v: it is in a token, which the database cannot use: %w", what, ring.ErrUnsupported)
}

// sameKey compares public keys; every public key of the standard library has Equal.
func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

func (t *tx) RetireKey(spki []byte) error {
	sum := sha256.Sum256(spki)
	_, err := t.exec("INSERT INTO retired_keys (spki_sha256) VALUES ($1) ON CONFLICT DO NOTHING", sum[:])
	return err
}

func (t *tx) KeyRetired(spki []byte) (bool, error) {
	sum := sha256.Sum256(spki)
	var n int
	err := t.one("SELECT count(*) FROM retired_keys WHERE spki_sha256 = $1", []any{sum[:]}, &n)
	return n > 0, err
}
