package main

import (
	"strings"
	"unicode/utf8"

	"signet/racdcert/tso"
)

// plainCommand is one line of a script of signet commands. Its words are found when they are
// needed: kept, they would take many times the memory of the text.
type plainCommand struct {
	line int
	text string
}

// pos is where the line is.
func (c plainCommand) pos() tso.Pos { return tso.Pos{Line: c.line, Col: 1} }

// plainScript reads a script of signet commands; ok tells whether it is one: its first line
// that is not blank or a # comment begins with signet or with a verb in lower case. racdcert
// begins a TSO command, and so does connect or remove with a group.
func (a *app) plainScript(data []byte) (commands []plainCommand, ok bool) {
	number := 0
	var words []string // whose memory each line uses again
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var err error
		words, err = shellWords(line, words[:0])
		switch {
		case err == nil && words[0] == "signet":
			if len(words) == 1 {
				continue
			}
		case len(commands) == 0 && (err != nil || !a.beginsPlain(words)):
			return nil, false
		}
		commands = append(commands, plainCommand{number, line})
	}
	return commands, len(commands) > 0
}

// beginsPlain reports whether a script of signet commands can begin with words.
func (a *app) beginsPlain(words []string) bool {
	name := words[0]
	return name != "racdcert" && name != "run" && a.verb(name) != nil && !namesGroup(words)
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

// shellWords splits a line into words as a shell does, with '...', "..." and \ as quotes, and
// appends them to words. Words without quotes share the memory of the line.
func shellWords(line string, words []string) ([]string, error) {
	text := line
	if !utf8.ValidString(text) {
		text = string([]rune(text)) // each byte that is none becomes a character that says so
	}
	for {
		text = strings.TrimLeft(text, " \t")
		if text == "" {
			return words, nil
		}
		end := strings.IndexAny(text, " \t'\"\\")
		if end < 0 {
			return append(words, text), nil
		}
		if text[end] == ' ' || text[end] == '\t' {
			words, text = append(words, text[:end]), text[end:]
			continue
		}
		word, rest, closed := quotedWord(text)
		if !closed {
			return words, usagef("a quote is not closed in %q", line)
		}
		words, text = append(words, word), rest
	}
}

// quotedWord reads a word with quotes off the start of a text.
func quotedWord(text string) (word, rest string, closed bool) {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quote != '\'':
			if i++; i == len(text) {
				return "", "", false
			}
			b.WriteByte(text[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote == 0 && (c == ' ' || c == '\t'):
			return b.String(), text[i:], true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", quote == 0
}
