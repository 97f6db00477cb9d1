package tso

import (
	"regexp"
	"strings"
	"sync"
)

// wrapperName is the first word of a command, in upper case.
func wrapperName(c Command) string { return firstWord(c.line.Text[c.start:]) }

// firstWord is the first word of a text, in upper case.
func firstWord(text string) string {
	text = strings.TrimLeft(text, " \t")
	if i := strings.IndexAny(text, separators+"()'\""); i >= 0 {
		text = text[:i]
	}
	return strings.ToUpper(text)
}

// IsWrapper says whether a command wraps another one.
func IsWrapper(name string) bool {
	switch name {
	case "TSOCMD", "TSO", "/BIN/TSOCMD", "/BIN/TSO":
		return true
	}
	return false
}

// unwrap takes the command out of `tsocmd "..."`, as it is written in shell scripts, and out of
// `TSO ...`, as it is typed on ISPF panels. Quoted text is read by the rules of the shell;
// variables of the shell stay as they stand.
func (c Command) unwrap() (Command, *Problem) {
	if !IsWrapper(wrapperName(c)) {
		return c, nil
	}
	text := c.line.Text
	i := c.start + strings.IndexAny(text[c.start:]+" ", separators+"()'\"")
	for {
		i += len(text[i:]) - len(strings.TrimLeft(text[i:], " \t"))
		if len(text) < i+2 || text[i] != '-' || text[i+1] == ' ' {
			break
		}
		i += strings.IndexAny(text[i:]+" ", " \t") // an option of tso, such as -t
	}
	if i >= len(text) || text[i] != '"' && text[i] != '\'' {
		return c.rest(i), nil
	}
	return c.shell(i)
}

// rest is the command from byte i on.
func (c Command) rest(i int) Command {
	var b Builder
	b.Append(c.line, i, len(c.line.Text))
	return c.inner(&b)
}

// inner is the command that has been built out of c.
func (c Command) inner(b *Builder) Command {
	line := b.Line()
	if line.Text == "" {
		pos := c.line.At(len(c.line.Text) - 1)
		line.Number, line.Col = pos.Line, pos.Col
	}
	line.Text = strings.TrimRight(line.Text, " \t")
	return Command{line: line, warnings: c.warnings, cut: c.cut}
}

// silence is what keeps the output of a command in a shell script from the terminal.
var silence = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:(?:[12&]?>>?[ \t]*/dev/null|[12]?>&[12])(?:[ \t]+|$))+`)
})

// shell reads words of the shell from byte i on and joins them with what stands between. What
// only silences the command is left out.
func (c Command) shell(i int) (Command, *Problem) {
	text := c.line.Text
	var b Builder
	var quote byte
	opened, from := i, i
	for ; i < len(text); i++ {
		switch ch := text[i]; {
		case quote == 0 && (ch == '"' || ch == '\''):
			b.Append(c.line, from, i)
			quote, opened, from = ch, i, i+1
		case quote != 0 && ch == quote:
			b.Append(c.line, from, i)
			quote, from = 0, i+1
		case quote == 0 && strings.IndexByte(" \t", text[i-1]) >= 0 && silence().MatchString(text[i:]):
			b.Append(c.line, from, i)
			from = i + len(silence().FindString(text[i:]))
			i = from - 1
		case ch == '\\' && i+1 < len(text) && (quote == 0 || quote == '"' && strings.IndexByte("\"\\$`", text[i+1]) >= 0):
			b.Append(c.line, from, i)
			i++
			from = i
		}
	}
	if quote != 0 {
		return c, &Problem{
			Pos:  c.line.At(opened),
			Text: "unterminated quote of " + strings.ToLower(wrapperName(c)),
			Hint: "close it on the same line, or end each line of the command but the last with a continuation mark",
		}
	}
	b.Append(c.line, from, len(text))
	return c.inner(&b), nil
}
