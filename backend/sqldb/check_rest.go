package sqldb

import (
	"bytes"
	"fmt"
	"math"
	"math/big"

	"signet/backend/seal"
	"signet/ring"
	"signet/saf"
)

// references looks for rows that refer to rows that are not there, which no foreign key lets
// happen while the database is whole.
func (c *checker) references() error {
	for _, r := range []struct{ table, key, column, to, id string }{
		{"private_keys", "certificate", "certificate", "certificates", "id"},
		{"connections", "id", "ring", "rings", "id"},
		{"connections", "id", "certificate", "certificates", "id"},
		{"access_entries", "profile", "profile", "profiles", "id"},
		{"raclist_entries", "profile", "profile", "raclist_profiles", "profile"},
		{"token_objects", "id", "token", "tokens", "id"},
		{"token_keys", "object", "object", "token_objects", "id"},
	} {
		query := "SELECT x." + r.key + " FROM " + r.table + " x LEFT JOIN " + r.to + " y ON y." + r.id + " = x." + r.column + " WHERE y." + r.id + " IS NULL"
		err := c.t.each(query, nil, func(scan func(...any) error) error {
			var id int64
			if err := scan(&id); err != nil {
				return err
			}
			c.found(Finding{Word: "dangling", Object: fmt.Sprintf("%s/%d", r.table, id), Text: "it belongs to something in " + r.to + " that is not there",
				Repair: "delete the row", fix: run1("DELETE FROM "+r.table+" WHERE "+r.key+" = $1", id)})
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, d := range []struct{ table, column, what string }{{"connections", "ring", "ring"}, {"token_objects", "token", "token"}} {
		query := "SELECT " + d.column + " FROM " + d.table + " WHERE is_default = 1 GROUP BY " + d.column + " HAVING count(*) > 1"
		err := c.t.each(query, nil, func(scan func(...any) error) error {
			var id int64
			if err := scan(&id); err != nil {
				return err
			}
			c.found(Finding{Word: "default-twice", Object: fmt.Sprintf("%s/%d", d.what, id), Text: "it has more than one default certificate"})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// serialCounters looks for CAs whose counter is below a serial number that they have given out:
// once that certificate is deleted the number could be used again. Of several CAs with one name
// the highest counter counts, because a new key goes on counting. Numbers of more than 63 bits
// are not from a counter.
func (c *checker) serialCounters() error {
	highest := map[string]uint64{}
	for _, ca := range c.cas {
		highest[string(ca.subject)] = max(highest[string(ca.subject)], ca.last)
	}
	var mode string
	if err := c.t.optional("SELECT value FROM settings WHERE name = 'serials'", nil, &mode); err != nil || mode == "random" {
		return err
	}
	for _, ca := range c.cas {
		if ca.last < highest[string(ca.subject)] {
			continue
		}
		var most uint64
		err := c.t.each("SELECT serial FROM certificates WHERE issuer_sha256 = $1 AND subject_sha256 <> $1 AND length(serial) <= 8", []any{ca.subject}, func(scan func(...any) error) error {
			var octets []byte
			if err := scan(&octets); err != nil {
				return err
			}
			if n := new(big.Int).SetBytes(octets); len(octets) > 0 && octets[0] < 0x80 {
				most = max(most, n.Uint64())
			}
			return nil
		})
		if err != nil {
			return err
		}
		if most > ca.last {
			c.found(Finding{Word: "serial-counter", Object: ca.ref.String(), Warning: true,
				Text:   fmt.Sprintf("its counter is at %d, and a certificate of this issuer has the serial number %d", ca.last, most),
				Repair: fmt.Sprintf("set the counter to %d", most), fix: run1("UPDATE certificates SET last_serial = $1 WHERE id = $2", int64(most), ca.id)})
		}
	}
	return nil
}

// hints looks for hints that a lower label is free than the next one to be tried.
func (c *checker) hints() error {
	for _, h := range []struct{ word, hints, labels string }{
		{"label-hint", "label_hints", "certificates"},
		{"filter-label-hint", "filter_label_hints", "filters"},
	} {
		type hint struct {
			owner string
			n     int64
		}
		var all []hint
		err := c.t.each("SELECT owner, hint FROM "+h.hints+" ORDER BY owner", nil, func(scan func(...any) error) error {
			var x hint
			err := scan(&x.owner, &x.n)
			all = append(all, x)
			return err
		})
		if err != nil {
			return err
		}
		for _, x := range all {
			free, err := c.firstFree(h.labels, x.owner, x.n)
			if err != nil {
				return err
			}
			if x.n < 1 || free < x.n {
				c.found(Finding{Word: h.word, Object: x.owner, Text: fmt.Sprintf("the next generated label is looked for from %d on, and %d is free", x.n, free),
					Repair: fmt.Sprintf("look from %d on", free), fix: run1("UPDATE "+h.hints+" SET hint = $1 WHERE owner = $2", free, x.owner)})
			}
		}
	}
	return nil
}

// firstFree gives the number of the first generated label that is free, at most limit.
func (c *checker) firstFree(table, owner string, limit int64) (int64, error) {
	free := int64(1)
	for ; free < limit; free++ {
		var n int
		if err := c.t.one("SELECT count(*) FROM "+table+" WHERE owner = $1 AND label = $2", []any{owner, fmt.Sprintf("LABEL%08d", free)}, &n); err != nil {
			return 0, err
		}
		if n == 0 {
			break
		}
	}
	return free, nil
}

// filters compares the columns that look-ups of name filters use.
func (c *checker) filters() error {
	return c.t.each("SELECT id, owner, label, subject, issuer, subject_sha256, issuer_sha256 FROM filters ORDER BY id", nil, func(scan func(...any) error) error {
		var id int64
		var ref ring.FilterRef
		var subject, issuer string
		var subjectSum, issuerSum []byte
		if err := scan(&id, &ref.Owner, &ref.Label, &subject, &issuer, &subjectSum, &issuerSum); err != nil {
			return err
		}
		s, i := digest([]byte(subject)), digest([]byte(issuer))
		if !bytes.Equal(s, subjectSum) || !bytes.Equal(i, issuerSum) {
			c.found(Finding{Word: "filter-columns", Object: ref.String(), Text: "it is listed under other names than it has", Repair: "list it under its own",
				fix: run1("UPDATE filters SET subject_sha256 = $1, issuer_sha256 = $2 WHERE id = $3", s, i, id)})
		}
		return nil
	})
}

// tokens checks the certificates and keys of tokens, and their counters.
func (c *checker) tokens() error {
	err := c.t.each("SELECT t.id, t.name, t.last_seq, max(o.seq) FROM tokens t JOIN token_objects o ON o.token = t.id GROUP BY t.id, t.name, t.last_seq", nil, func(scan func(...any) error) error {
		var id, last, most int64
		var name string
		if err := scan(&id, &name, &last, &most); err != nil {
			return err
		}
		if last < most {
			c.found(Finding{Word: "token-counter", Object: name, Text: fmt.Sprintf("its counter is at %d, and it has an object with the number %d", last, most),
				Repair: fmt.Sprintf("set the counter to %d", most), fix: run1("UPDATE tokens SET last_seq = $1 WHERE id = $2", most, id)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	const query = "SELECT o.id, t.name, o.seq, o.owner, o.label, o.der, o.der_sha256, k.sealed, k.object IS NOT NULL FROM token_objects o" +
		" JOIN tokens t ON t.id = o.token LEFT JOIN token_keys k ON k.object = o.id ORDER BY o.id"
	return c.t.each(query, nil, func(scan func(...any) error) error {
		o := ring.TokenObject{Token: new(ring.Token)}
		var sum, sealed []byte
		if err := scan(&o.ID, &o.Token.Name, &o.Seq, &o.Owner, &o.Label, &o.DER, &sum, &sealed, &o.HasKey); err != nil {
			return err
		}
		object := o.Token.Name + "/" + o.Seq.String()
		x, err := o.X509()
		if err != nil {
			c.found(Finding{Word: "token-certificate-unreadable", Object: object, Text: "the certificate cannot be read: " + cause(err),
				Repair: "delete it with its private key", fix: run1("DELETE FROM token_objects WHERE id = $1", o.ID)})
			return nil
		}
		if d := digest(o.DER); !bytes.Equal(d, sum) {
			c.found(Finding{Word: "token-columns", Object: object, Text: "it is listed under another digest than it has", Repair: "list it under its own",
				fix: run1("UPDATE token_objects SET der_sha256 = $1 WHERE id = $2", d, o.ID)})
		}
		if !o.HasKey {
			return nil
		}
		if err := c.open(sealed, x, seal.BindToken, o.ID); err != nil {
			c.found(Finding{Word: "token-key-unreadable", Object: object, Text: "its private key cannot be used: " + err.Error(),
				Repair: "delete the private key", fix: run1("DELETE FROM token_keys WHERE object = $1", o.ID)})
			return nil
		}
		c.done.Keys++
		return nil
	})
}

// words looks for levels and authorities that no program knows.
func (c *checker) words() error {
	for _, w := range []struct {
		query string
		known func(string) bool
	}{
		{"SELECT class, name, uacc FROM profiles ORDER BY id", knownAccess},
		{"SELECT p.class, p.name, e.access FROM access_entries e JOIN profiles p ON p.id = e.profile ORDER BY e.profile, e.position", knownAccess},
		{"SELECT class, name, uacc FROM raclist_profiles ORDER BY profile", knownAccess},
		{"SELECT p.class, p.name, e.access FROM raclist_entries e JOIN raclist_profiles p ON p.profile = e.profile ORDER BY e.profile, e.position", knownAccess},
		{"SELECT user_id, group_name, authority FROM memberships ORDER BY id", func(s string) bool { _, ok := saf.ParseAuthority(s); return ok }},
	} {
		err := c.t.each(w.query, nil, func(scan func(...any) error) error {
			var a, b, word string
			if err := scan(&a, &b, &word); err != nil {
				return err
			}
			if !w.known(word) {
				c.found(Finding{Word: "access", Object: a + "/" + b, Text: fmt.Sprintf("the access level %q is unknown; give it again", word)})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func knownAccess(word string) bool {
	_, ok := saf.ParseAccess(word)
	return ok
}

// handles looks for counters of handles that would give one out again, to which a sealed key may
// be bound.
func (c *checker) handles() error {
	for _, table := range contents {
		if !table.handles {
			continue
		}
		last, err := c.t.lastHandle(table.Name)
		if err != nil {
			return err
		}
		most := int64(math.MinInt64)
		if err := c.t.optional("SELECT id FROM "+table.Name+" ORDER BY id DESC LIMIT 1", nil, &most); err != nil {
			return err
		}
		if most > last {
			c.found(Finding{Word: "handle-counter", Object: table.Name, Text: fmt.Sprintf("the counter of handles is at %d, and %d is in use; signet db copy makes a database that is in order", last, most)})
		}
	}
	return nil
}
