package sqldb

import (
	"fmt"

	"signet/backend/seal"
	"signet/ring"
)

// sealedTable is a table of which each row holds something that is sealed under the data key, in
// the column sealed. A reseal goes through all of them.
type sealedTable struct {
	name, key string // the table and its primary key
	// page gives rows after a key, as many as asked for: the key, what is sealed, and what it is
	// sealed to besides the database and the key.
	page string
	bind func(uuid string, key int64, to []byte) ([]byte, error)
}

// sealedTables are all of them. A test compares the list with the schema. What is sealed without a
// row of its own is the proofs of recipients, which are renewed with the data key.
var sealedTables = []sealedTable{
	{"private_keys", "certificate", "SELECT k.certificate, k.sealed, c.der FROM private_keys k JOIN certificates c ON c.id = k.certificate" +
		" WHERE k.certificate > $1 ORDER BY k.certificate LIMIT $2", bindTo(seal.Bind)},
	{"token_keys", "object", "SELECT k.object, k.sealed, o.der FROM token_keys k JOIN token_objects o ON o.id = k.object" +
		" WHERE k.object > $1 ORDER BY k.object LIMIT $2", bindTo(seal.BindToken)},
	{"audit_key", "one", "SELECT one, sealed, public_key FROM audit_key WHERE one > $1 ORDER BY one LIMIT $2",
		func(uuid string, _ int64, public []byte) ([]byte, error) { return seal.BindAudit(uuid, public), nil }},
}

// bindTo binds a private key to its certificate.
func bindTo(bind func(string, int64, []byte) []byte) func(string, int64, []byte) ([]byte, error) {
	return func(uuid string, key int64, der []byte) ([]byte, error) {
		c := ring.Certificate{DER: der}
		x, err := c.X509()
		if err != nil {
			return nil, err
		}
		return bind(uuid, key, x.RawSubjectPublicKeyInfo), nil
	}
}

// sealedRow is a row of a sealed table.
type sealedRow struct {
	key        int64
	sealed, to []byte
}

// sealedPage reads rows of a sealed table after a key.
func (t *tx) sealedPage(s *sealedTable, after int64, limit int) (page []sealedRow, err error) {
	err = t.each(s.page, []any{after, limit}, func(scan func(...any) error) error {
		var r sealedRow
		err := scan(&r.key, &r.sealed, &r.to)
		page = append(page, r)
		return err
	})
	return page, err
}

// sealedRows counts the rows of all sealed tables.
func (t *tx) sealedRows() (total int64, err error) {
	for _, s := range sealedTables {
		var n int64
		if err := t.one("SELECT count(*) FROM "+s.name, nil, &n); err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// sealedBy counts what is sealed under each generation of the data key. It reads every row.
func (t *tx) sealedBy() (map[uint32]int64, error) {
	counts := map[uint32]int64{}
	format := seal.Prefix(0)[:1]
	for _, s := range sealedTables {
		// Formats without a generation are one group.
		query := fmt.Sprintf("SELECT CASE WHEN substr(sealed, 1, 1) = $1 THEN substr(sealed, 1, %d) ELSE substr(sealed, 1, 1) END, count(*) FROM %s GROUP BY 1",
			len(seal.Prefix(0)), s.name)
		err := t.each(query, []any{format}, func(scan func(...any) error) error {
			var start []byte
			var n int64
			if err := scan(&start, &n); err != nil {
				return err
			}
			generation, err := seal.Generation(start)
			if err != nil {
				generation = 0 // what it is nobody can say; db check names it
			}
			counts[generation] += n
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}
