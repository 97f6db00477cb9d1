package sqldb

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"signet/audit"
	"signet/backend/seal"
)

// newAuditKey makes the key that signs the trail of a database: its public half, and its seed
// sealed under the data key.
func newAuditKey(data sealer, database string) (public ed25519.PublicKey, sealed []byte, err error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, nil, err
	}
	defer clear(private)
	sealed, err = data.Seal(private.Seed(), seal.BindAudit(database, public))
	return public, sealed, err
}

// sealer is a data key, or the newest of several.
type sealer interface {
	Seal(plaintext, bind []byte) ([]byte, error)
}

// insertAuditKey is the statement that stores what newAuditKey gives.
const insertAuditKey = "INSERT INTO audit_key (one, public_key, sealed) VALUES (1, $1, $2)"

// auditKeyRecord reads the audit key as it is stored; nil when there is none.
func (t *tx) auditKeyRecord() (public ed25519.PublicKey, sealed []byte, err error) {
	var p []byte
	err = t.optional("SELECT public_key, sealed FROM audit_key WHERE one = 1", nil, &p, &sealed)
	return p, sealed, err
}

// errKeyGone says that the audit key was removed: a new one would make the old signatures those of
// a stranger.
var errKeyGone = errors.New("the audit key is gone from the database; restore a backup")

// sign signs the end of the trail. A database that is older than the trail gets its audit key now.
func (t *tx) sign() error {
	data, database, err := t.dataKeysUnasked()
	if err != nil {
		return err
	}
	public, sealed, err := t.auditKeyRecord()
	if err != nil {
		return err
	}
	if public == nil {
		if t.trail.signed.Seq > 0 {
			return errKeyGone
		}
		if public, sealed, err = newAuditKey(data, database); err != nil {
			return err
		}
		if _, err := t.exec(insertAuditKey, []byte(public), sealed); err != nil {
			return err
		}
	}
	private, err := openAuditKey(data, database, public, sealed)
	if err != nil {
		return err
	}
	defer clear(private)
	c := audit.Checkpoint{Database: database, Seq: t.trail.seq, Hash: t.trail.hash, Time: t.trail.last}
	if c.Time.IsZero() { // nothing was added
		if c.Time, err = t.timeOf(c.Seq); err != nil {
			return err
		}
	}
	c.Sign(private)
	t.trail.signed = c
	return nil
}

// openAuditKey opens the sealed half of the audit key.
func openAuditKey(data *seal.DataKeys, database string, public ed25519.PublicKey, sealed []byte) (ed25519.PrivateKey, error) {
	seed, err := data.Open(sealed, seal.BindAudit(database, public))
	if err != nil {
		return nil, fmt.Errorf("the audit key cannot be opened: %w", err)
	}
	defer clear(seed)
	if len(seed) != ed25519.SeedSize {
		return nil, errors.New("the audit key is none")
	}
	private := ed25519.NewKeyFromSeed(seed)
	if !bytes.Equal(private.Public().(ed25519.PublicKey), public) {
		clear(private)
		return nil, errors.New("the audit key is not that of its public half")
	}
	return private, nil
}

// keyFault says why what is stored is not the audit key of the database; empty when it is, or when
// the data key cannot be opened.
func (t *tx) keyFault(end trailEnd, public ed25519.PublicKey, sealed []byte) string {
	if public == nil {
		if end.signed.Seq > 0 {
			return errKeyGone.Error()
		}
		return ""
	}
	data, database, err := t.dataKeysUnasked()
	if err != nil {
		return ""
	}
	private, err := openAuditKey(data, database, public, sealed)
	if err != nil {
		return err.Error()
	}
	clear(private)
	return ""
}
