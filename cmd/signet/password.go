package main

import (
	"bytes"
	"errors"
	"fmt"

	"signet/ring"
)

// maxTyped is how many bytes of a password are taken from a terminal: more than any may have.
const maxTyped = 4096

// password reads a password from the first line of a file.
func (a *app) password(file string) ([]byte, error) {
	data, err := a.files.Read(file, 64<<10)
	if err != nil {
		return nil, err
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return checkPassword(bytes.TrimSuffix(line, []byte("\r")), "password file \""+file+"\"")
}

func checkPassword(p []byte, source string) ([]byte, error) {
	if len(p) == 0 {
		return nil, fmt.Errorf("%s: the password is empty: %w", source, ring.ErrInvalid)
	}
	return p, nil
}

// ask asks for a password on the terminal.
func (a *app) ask(prompt string) ([]byte, error) { return a.askFor(prompt, "--password-file FILE") }

// askFor asks for a secret; instead says how to give it without a terminal.
func (a *app) askFor(prompt, instead string) ([]byte, error) {
	if a.locked {
		return nil, usagef("a script that runs as one transaction asks for no password; give %s", instead)
	}
	p, err := a.readPassword(prompt)
	if errors.Is(err, errNoTerminal) {
		return nil, usagef("%w; give %s", err, instead)
	}
	if err != nil {
		return nil, err
	}
	return checkPassword(p, "terminal")
}

// askNew asks for a new password twice; instead says how to give it without a terminal.
func (a *app) askNew(prompt, instead string) ([]byte, error) {
	p, err := a.askFor(prompt, instead)
	if err != nil {
		return nil, err
	}
	again, err := a.askFor("Once more: ", instead)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(p, again) {
		return nil, usagef("the two passwords differ; nothing was written")
	}
	clear(again)
	return p, nil
}
