package main

import (
	"io"
	"sync"

	"signet/ring"
)

// results is standard output that remembers the first error of writing to it. The many places that
// print need not look: a run whose results did not all come out, as on a full disk, has failed.
type results struct {
	out io.Writer

	mu  sync.Mutex
	err error
}

// Write implements io.Writer.
func (r *results) Write(b []byte) (int, error) {
	n, err := r.out.Write(b)
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.err == nil {
			r.err = err
		}
	}
	return n, err
}

// tellLost reports results that were lost, unless the run failed and told of that.
func (a *app) tellLost(r *results) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil && a.code < ring.Failed {
		a.raise(ring.Failed)
		a.show("", ring.Message{Code: ring.Failed, Text: "standard output: not all of the results could be written: " + r.err.Error()})
	}
}
