package serve

import (
	"context"
	"errors"
	"net/http"
	"time"

	"signet/ring"
)

// Transaction runs fn with a Remote whose functions belong to one transaction of the server. It
// has a connection of its own: when that breaks, the server undoes the transaction.
func (c *Client) Transaction(ctx context.Context, rehearsal bool, fn func(ring.Remote) error) error {
	if c.token != "" {
		return errors.New("a transaction within a transaction")
	}
	inner := *c
	t := c.http.Transport.(*http.Transport).Clone()
	t.MaxConnsPerHost, t.IdleConnTimeout = 1, 0
	inner.http = &http.Client{Transport: t, CheckRedirect: c.http.CheckRedirect}
	defer t.CloseIdleConnections()
	var b begun
	if err := inner.Call(ctx, pathTransaction, begin{rehearsal}, &b); err != nil {
		return err
	}
	inner.token = b.Token
	err := fn(&inner)
	if err == nil && !rehearsal {
		return inner.Call(ctx, pathCommit, nil, nil)
	}
	// Also after an interrupt: closing the connection would do it, too, but nobody would know when.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	if ended := inner.Call(end, pathRollback, nil, nil); ended != nil && err == nil {
		return ended
	}
	return err
}

// endTime bounds how long a client waits to hear that its transaction is undone.
const endTime = 10 * time.Second
