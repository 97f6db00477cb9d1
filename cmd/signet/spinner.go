package main

import (
	"fmt"
	"sync"
	"time"
)

// spinnerDelay is how long work may take before the user is shown that it goes on.
const spinnerDelay = 300 * time.Millisecond

// spin shows a turning mark on a terminal while long work goes on, until the returned function
// is called.
func (a *app) spin(wanted bool, what string) (stop func()) {
	return a.spinText(wanted, func() string { return what })
}

// spinText is spin for a text that changes. A run that shows its progress needs none.
func (a *app) spinText(wanted bool, what func() string) (stop func()) {
	if !wanted || !a.terminal || a.flags.quiet || a.progress != nil {
		return func() {}
	}
	done := make(chan struct{})
	var finished sync.WaitGroup
	finished.Go(func() {
		wait := time.NewTimer(spinnerDelay)
		defer wait.Stop()
		select {
		case <-done:
			return
		case <-wait.C:
		}
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		defer fmt.Fprint(a.stderr, "\r\x1b[K")
		for i := 0; ; i++ {
			fmt.Fprintf(a.stderr, "\r%c %s", `|/-\`[i%4], what())
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	return func() {
		close(done)
		finished.Wait()
	}
}
