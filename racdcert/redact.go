package racdcert

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"signet/racdcert/tso"
)

// quotedWord is a word that a message repeats from the command.
var quotedWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"(?:[^"\\]|\\.)*"`) })

// redact hides the words of a message that may be a password, or part of one.
func redact(text string, secrets map[string]bool) string {
	if len(secrets) == 0 {
		return text
	}
	return quotedWord().ReplaceAllStringFunc(text, func(quoted string) string {
		word, err := strconv.Unquote(quoted)
		if err != nil || secrets[strings.TrimSuffix(word, "(")] {
			return "(hidden)"
		}
		return quoted
	})
}

// isPassword reports whether a word of a command can stand for PASSWORD or PHRASE.
func isPassword(word string) bool {
	up := strings.ToUpper(word)
	return up != "" && (strings.HasPrefix("PASSWORD", up) || strings.HasPrefix("PHRASE", up))
}

// secretsOf gives the words of a command that must not be repeated: what PASSWORD and PHRASE
// hold, or, when they hold nothing, the operand that follows.
func secretsOf(st tso.Statement) map[string]bool {
	var secrets map[string]bool
	for i, op := range st.Operands {
		if op.Quoted || !isPassword(op.Text) {
			continue
		}
		if secrets == nil {
			secrets = map[string]bool{}
		}
		switch {
		case op.HasValue:
			addTexts(secrets, op.Values)
		case i+1 < len(st.Operands):
			addTexts(secrets, st.Operands[i+1:i+2])
		}
	}
	return secrets
}

func addTexts(secrets map[string]bool, ops []tso.Operand) {
	for _, op := range ops {
		secrets[op.Text] = true
		addTexts(secrets, op.Values)
	}
}

// secretsOfText does the same for a command that could not be parsed: every word after
// PASSWORD or PHRASE, if one was found.
func secretsOfText(text string) (secrets map[string]bool, found bool) {
	secrets = map[string]bool{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("(),;'\"", r)
	}) {
		if found {
			secrets[word] = true
		}
		found = found || isPassword(word)
	}
	return secrets, found
}
