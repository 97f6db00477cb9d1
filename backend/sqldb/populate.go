package sqldb

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"signet/backend/backup"
	"signet/backend/seal"
)

// Crowd says what Populate makes.
type Crowd struct {
	Certificates int // of users, besides those of the CAs
	Rings        int // each certificate is in one of them
	Now          time.Time
}

// The make-up of a crowd. Every user has a few certificates, every ring the CA of its
// certificates and one default.
const (
	crowdCAs     = 10
	crowdPerUser = 10
	crowdKeys    = 50_000 // so many keys, after which they come again
)

// Populate fills a new or empty database with real certificates and keys, for measurements. It
// goes round the rules of package ring and makes what they would have made.
func (t Target) Populate(ctx context.Context, c Crowd, o FillOptions) error {
	m, err := newCrowdMaker(c)
	if err != nil {
		return err
	}
	m.key, m.uuid = seal.NewDataKey(1), newUUID()
	defer m.key.Clear()
	unwrap := func(uint32, []byte) (*seal.DataKey, error) { return m.key.Clone(), nil }
	return t.fill(ctx, origin{"", unwrap, m.feed}, o)
}

// feed gives the rows of a crowd: the root, the CAs, then the certificates of the users.
func (m *crowdMaker) feed(ctx context.Context, to rows) error {
	number := func(n int64) backup.Value { return backup.Value{Number: n} }
	text := func(s string) backup.Value { return backup.Value{Bytes: []byte(s)} }
	if err := to.row(metaTable, []backup.Value{number(1), text(m.uuid)}); err != nil {
		return err
	}
	if err := to.row(dataKeysTable, []backup.Value{number(1), {}, {}, number(m.crowd.Now.Unix())}); err != nil {
		return err
	}
	all := len(m.cas) + m.crowd.Certificates
	err := inOrder(ctx, all, m.certificates, func(rows [][]backup.Value) error { return putAll(to, certificatesTable, rows) })
	if err == nil {
		err = inOrder(ctx, all, m.privateKeys, func(rows [][]backup.Value) error { return putAll(to, privateKeysTable, rows) })
	}
	if err != nil {
		return err
	}
	now := m.crowd.Now.Unix()
	for r := range m.crowd.Rings {
		first := r * m.crowd.Certificates / m.crowd.Rings
		name := fmt.Sprintf("RING%05d", r)
		if err := to.row(ringsTable, []backup.Value{number(int64(r + 1)), text(crowdUser(first)), text(name), number(now), text("POPULATE")}); err != nil {
			return err
		}
	}
	id := int64(0)
	connect := func(ring, certificate int, usage string, isDefault int64) error {
		id++
		return to.row(connectionsTable, []backup.Value{number(id), number(int64(ring + 1)), number(int64(certificate)), text(usage), number(isDefault)})
	}
	for r := range m.crowd.Rings {
		first, end := r*m.crowd.Certificates/m.crowd.Rings, (r+1)*m.crowd.Certificates/m.crowd.Rings
		if err := connect(r, 2+m.caOf(first), "CERTAUTH", 0); err != nil {
			return err
		}
		for i := first; i < end; i++ {
			isDefault := int64(0)
			if i == first {
				isDefault = 1
			}
			if err := connect(r, m.idOf(i), "PERSONAL", isDefault); err != nil {
				return err
			}
		}
	}
	for table, last := range map[int]int64{certificatesTable: int64(all), ringsTable: int64(m.crowd.Rings), connectionsTable: id} {
		if err := to.handle(table, last); err != nil {
			return err
		}
	}
	return nil
}

func putAll(to rows, table int, all [][]backup.Value) error {
	for _, values := range all {
		if err := to.row(table, values); err != nil {
			return err
		}
	}
	return nil
}

// inOrder makes n things on all processors, in pieces, and passes the pieces on in their order.
func inOrder[T any](ctx context.Context, n int, make1 func(from, to int) ([]T, error), take func([]T) error) error {
	const piece = 500
	type result struct {
		made []T
		err  error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The queue keeps the order and limits how many pieces wait.
	queue := make(chan chan result, 2*runtime.GOMAXPROCS(0))
	slots := make(chan bool, runtime.GOMAXPROCS(0))
	go func() {
		defer close(queue)
		for from := 0; from < n; from += piece {
			out := make(chan result, 1)
			select {
			case queue <- out:
			case <-ctx.Done():
				return
			}
			slots <- true
			go func() {
				made, err := make1(from, min(from+piece, n))
				<-slots
				out <- result{made, err}
			}()
		}
	}()
	for out := range queue {
		r := <-out
		if r.err == nil {
			r.err = take(r.made)
		}
		if r.err != nil {
			return r.err
		}
	}
	return ctx.Err()
}

// crowdUser gives the owner of a certificate.
func crowdUser(i int) string { return "U" + strconv.Itoa(1_000_000+i/crowdPerUser) }
