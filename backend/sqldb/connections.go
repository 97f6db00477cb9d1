package sqldb

import (
	"errors"
	"fmt"
	"iter"

	"signet/ring"
)

func (t *tx) Connection(r *ring.Ring, c *ring.Certificate) (*ring.Connection, error) {
	conn := &ring.Connection{Ring: r, Cert: c}
	err := t.one("SELECT usage, is_default FROM connections WHERE ring = $1 AND certificate = $2", []any{r.ID, c.ID}, &conn.Usage, &conn.Default)
	if err != nil {
		return nil, missing(err, connectionName(r, c))
	}
	return conn, nil
}

func (t *tx) Connections(r *ring.Ring) iter.Seq2[*ring.Connection, error] {
	const query = "SELECT x.id, x.usage, x.is_default, " + certificateColumns +
		" FROM connections x JOIN certificates c ON c.id = x.certificate WHERE x.ring = $1 AND x.id > $2 AND x.id <= $3 ORDER BY x.id LIMIT $4"
	return sequence(t, connections, 0, func(after, bound int64, limit int) (page []entry[int64, *ring.Connection], err error) {
		err = t.each(query, []any{r.ID, after, bound, limit}, func(scan func(...any) error) (err error) {
			e := entry[int64, *ring.Connection]{value: &ring.Connection{Ring: r}}
			e.value.Cert, err = scanCertificate(scan, &e.key, &e.value.Usage, &e.value.Default)
			page = append(page, e)
			return err
		})
		return page, err
	})
}

func (t *tx) ConnectionsOf(c *ring.Certificate) iter.Seq2[*ring.Connection, error] {
	const query = "SELECT x.usage, x.is_default, " + ringColumns +
		" FROM connections x JOIN rings r ON r.id = x.ring WHERE x.certificate = $1 AND x.ring > $2 AND x.id <= $3 ORDER BY x.ring LIMIT $4"
	return sequence(t, connections, 0, func(after, bound int64, limit int) (page []entry[int64, *ring.Connection], err error) {
		err = t.each(query, []any{c.ID, after, bound, limit}, func(scan func(...any) error) (err error) {
			conn := &ring.Connection{Cert: c}
			conn.Ring, err = scanRing(scan, &conn.Usage, &conn.Default)
			page = append(page, entry[int64, *ring.Connection]{conn.Ring.ID, conn})
			return err
		})
		return page, err
	})
}

func (t *tx) DefaultConnection(r *ring.Ring) (*ring.Connection, error) {
	conn := &ring.Connection{Ring: r, Default: true}
	var err error
	conn.Cert, err = scanCertificate(func(dest ...any) error {
		return t.one("SELECT x.usage, "+certificateColumns+" FROM connections x JOIN certificates c ON c.id = x.certificate WHERE x.ring = $1 AND x.is_default = 1",
			[]any{r.ID}, dest...)
	}, &conn.Usage)
	if err != nil {
		return nil, missing(err, name("default certificate of "+ringName(r.Ref())))
	}
	return conn, nil
}

func (t *tx) PutConnection(conn *ring.Connection) error {
	r, c := conn.Ring, conn.Cert
	if conn.Usage != ring.UsagePersonal && conn.Usage != ring.UsageCertAuth && conn.Usage != ring.UsageSite {
		return fmt.Errorf("%v: usage %q: %w", connectionName(r, c), conn.Usage, ring.ErrInvalid)
	}
	if conn.Default {
		d, err := t.DefaultConnection(r)
		switch {
		case err == nil && d.Cert.ID != c.ID:
			return fmt.Errorf("%v: default certificate, which is %v: %w", ringName(r.Ref()), d.Cert.Ref(), ring.ErrExists)
		case err != nil && !errors.Is(err, ring.ErrNotFound):
			return err
		}
	}
	n, err := t.exec("UPDATE connections SET usage = $1, is_default = $2 WHERE ring = $3 AND certificate = $4", conn.Usage, bit(conn.Default), r.ID, c.ID)
	if err != nil || n > 0 {
		return err
	}
	// Looked up rather than left to the foreign keys, whose failure ends a transaction on
	// some engines.
	var one int
	if err := t.one("SELECT 1 FROM rings WHERE id = $1", []any{r.ID}, &one); err != nil {
		return missing(err, ringName(r.Ref()))
	}
	if err := t.one("SELECT 1 FROM certificates WHERE id = $1", []any{c.ID}, &one); err != nil {
		return missing(err, certName(c.Ref()))
	}
	var id int64
	return t.insert(connections, "INSERT INTO connections (ring, certificate, usage, is_default) VALUES ($1, $2, $3, $4) RETURNING id",
		[]any{r.ID, c.ID, conn.Usage, bit(conn.Default)}, &id)
}

func (t *tx) DeleteConnection(conn *ring.Connection) error {
	return t.execOne(connectionName(conn.Ring, conn.Cert), "DELETE FROM connections WHERE ring = $1 AND certificate = $2", conn.Ring.ID, conn.Cert.ID)
}

func connectionName(r *ring.Ring, c *ring.Certificate) name {
	return ringName(r.Ref()) + ": " + certName(c.Ref())
}
