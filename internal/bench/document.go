package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// The document is prose around two lines, between which the tables are written.
const (
	beginMark = "<!-- make bench writes what follows -->"
	endMark   = "<!-- make bench wrote what precedes -->"
)

// writeDocument puts the tables between the marks of a document. A document that is not there is
// made; what stands outside the marks stays.
func writeDocument(file, tables string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = []byte("# Benchmarks\n\n"+beginMark+"\n"+endMark+"\n"), nil
	}
	if err != nil {
		return err
	}
	merged, err := between(string(text), tables)
	if err != nil {
		return fmt.Errorf("%q: %w", file, err)
	}
	return os.WriteFile(file, []byte(merged), 0o644) // #nosec G306 -- a document is for everybody
}

// between puts tables between the marks of a text.
func between(text, tables string) (string, error) {
	before, rest, begun := strings.Cut(text, beginMark+"\n")
	_, after, ended := strings.Cut(rest, endMark)
	if !begun || !ended {
		return "", fmt.Errorf("no line %q with a line %q below it: put them where the tables belong", beginMark, endMark)
	}
	return before + beginMark + "\n\n" + strings.TrimSpace(tables) + "\n\n" + endMark + after, nil
}
