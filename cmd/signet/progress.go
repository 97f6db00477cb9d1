package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// When progress is shown. Scripts of a few commands, and those that are quick, show none.
const (
	fewCommands = 5
	barDelay    = time.Second            // before a bar appears
	barEvery    = 100 * time.Millisecond // between two states of the bar
	lineEvery   = 5 * time.Second        // between two lines where there is no terminal
	rateOver    = 30 * time.Second       // the rate is that of the last 30 to 60 seconds
	barWidth    = 20
)

// progress shows how far a run of scripts is: on a terminal as a bar in a line that is written
// over, elsewhere as a line now and then. It has no clock of its own and no goroutine: each
// command that begins brings it up to date.
type progress struct {
	out      io.Writer
	now      func() time.Time
	terminal bool
	total    int

	done         int
	due          time.Time // of the next state
	older, newer sample    // what the rate is counted from
	shown        bool      // the bar is on the screen
	beside       bool      // something else stands on the line where the bar would be
}

// sample is how far the run was at some moment.
type sample struct {
	at   time.Time
	done int
}

// startProgress shows progress from now on until stop is called, for a run of so many commands
// that deserves it. While it does, what the commands print goes round the bar.
func (a *app) startProgress(total int) (stop func()) {
	if a.flags.quiet || a.json() || a.place != "" || total <= fewCommands {
		return func() {}
	}
	start := a.now()
	first := sample{start, 0}
	p := &progress{out: a.stderr, now: a.now, terminal: a.terminal, total: total, due: start.Add(lineEvery), older: first, newer: first}
	before, files := a.environment, a.files.stdout
	a.progress = p
	if p.terminal {
		p.due = start.Add(barDelay)
		a.stdout, a.stderr, a.files.stdout = aroundBar{a.stdout, p}, aroundBar{a.stderr, p}, aroundBar{files, p}
		a.readPassword = func(prompt string) ([]byte, error) {
			p.clear()
			return before.readPassword(prompt)
		}
	}
	return func() {
		p.clear()
		a.environment, a.files.stdout, a.progress = before, files, nil
	}
}

// reach tells that so many commands are done. A nil progress shows nothing.
func (p *progress) reach(done int) {
	if p == nil {
		return
	}
	p.done = done
	now := p.now()
	if now.Sub(p.newer.at) >= rateOver {
		p.older, p.newer = p.newer, sample{now, done}
	}
	if now.Before(p.due) {
		return
	}
	if p.terminal {
		p.due = now.Add(barEvery)
		p.draw()
		return
	}
	p.due = now.Add(lineEvery)
	fmt.Fprintf(p.out, "signet: %d of %d commands%s\n", p.done, p.total, p.speed(", ", ", about "))
}

// draw writes the bar over the one before.
func (p *progress) draw() {
	if p.beside {
		return
	}
	filled := 0
	if p.total > 0 {
		filled = min(barWidth*p.done/p.total, barWidth)
	}
	bar := strings.Repeat("=", filled) + strings.Repeat(" ", barWidth-filled)
	fmt.Fprintf(p.out, "\r[%s] %d/%d%s\x1b[K", bar, p.done, p.total, p.speed("  ", "  "))
	p.shown = true
}

// clear takes the bar off the screen.
func (p *progress) clear() {
	if p.shown {
		_, _ = io.WriteString(p.out, "\r\x1b[K")
		p.shown = false
	}
}

// speed is the rate, and the time that is left at it, each after its separator; empty when
// neither is known.
func (p *progress) speed(beforeRate, beforeLeft string) string {
	seconds := p.now().Sub(p.older.at).Seconds()
	rate := float64(p.done-p.older.done) / seconds
	if seconds <= 0 || rate <= 0 {
		return ""
	}
	text := fmt.Sprintf("%s%.0f/s", beforeRate, rate)
	if rate < 10 {
		text = fmt.Sprintf("%s%.1f/s", beforeRate, rate)
	}
	left := math.Ceil(float64(p.total-p.done) / rate)
	return text + beforeLeft + timeText(time.Duration(min(left, math.MaxInt32))*time.Second) + " left"
}

// timeText is a time for people: 25 s, 3 min 20 s, 2 h 5 min.
func timeText(d time.Duration) string {
	s := int(d / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %d min", s/3600, s/60%60)
}

// aroundBar is a stream that may share the terminal with a bar.
type aroundBar struct {
	io.Writer
	progress *progress
}

// Write takes the bar away, and puts it back below what was written when that ends a line.
func (w aroundBar) Write(data []byte) (int, error) {
	p := w.progress
	shown := p.shown
	p.clear()
	n, err := w.Writer.Write(data)
	if p.beside = !bytes.HasSuffix(data, []byte("\n")); shown {
		p.draw()
	}
	return n, err
}
