package main

import (
	"context"
	"slices"
	"strings"

	"signet/ring"
)

// plainCommand is one line of a script of signet commands.
type plainCommand struct {
	line  int
	words []string
	err   error // why the line has no words
}

// executeLine runs a line of a script in a.
func (a *app) executeLine(ctx context.Context, line plainCommand) ring.Code {
	if line.err != nil {
		a.fail(line.err)
		return a.code
	}
	return a.execute(ctx, line.words)
}

// plainScript reads a script of signet commands; ok tells whether it is one: its first line
// that is not blank or a # comment begins with signet or with a verb in lower case. racdcert
// begins a TSO command, and so does connect or remove with a group.
func (a *app) plainScript(data []byte) (commands []plainCommand, ok bool) {
	verbs := []string{}
	a.verbs = map[string]int{}
	for i, c := range a.commands("") {
		a.verbs[c.Name()] = i
		if c.Name() != "racdcert" && c.Name() != "run" {
			verbs = append(verbs, c.Name())
		}
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words, err := shellWords(line)
		if err == nil && words[0] == "signet" {
			words = words[1:]
		} else if len(commands) == 0 && (err != nil || !slices.Contains(verbs, words[0]) || namesGroup(words)) {
			return nil, false
		}
		if err != nil || len(words) > 0 {
			commands = append(commands, plainCommand{number, words, err})
		}
	}
	return commands, len(commands) > 0
}

// namesGroup reports whether a line is TSO's CONNECT or REMOVE, of users and a group. The
// second thing that signet's own take is a ring, whose name has no parentheses.
func namesGroup(words []string) bool {
	if words[0] != "connect" && words[0] != "remove" {
		return false
	}
	for i, w := range words {
		w = strings.ToUpper(w)
		next := i+1 < len(words) && strings.HasPrefix(words[i+1], "(")
		if i > 1 && (strings.HasPrefix(w, "GROUP(") || w == "GROUP" && next) {
			return true
		}
	}
	return false
}

// shellWords splits a line into words as a shell does, with '...', "..." and \ as quotes.
func shellWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	quote := rune(0)
	escaped := false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0:
			if r == quote {
				quote = 0
			} else {
				word.WriteRune(r)
			}
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ' || r == '\t':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 || escaped {
		return nil, usagef("a quote is not closed in %q", line)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
