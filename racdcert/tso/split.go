package tso

import (
	"fmt"
	"strings"
)

// Command is one logical command: its lines joined, its comments still in it.
type Command struct {
	line     Line
	start    int       // the first byte that is neither blank nor comment
	warnings []Problem // what looked doubtful while its lines were joined
	cut      bool      // it was meant to go on: see Line.Cut
}

// Text is the command as joined, comments included.
func (c Command) Text() string { return c.line.Text }

// Pos is the place of the command's first character that is neither blank nor comment.
func (c Command) Pos() Pos { return c.line.At(c.start) }

// Split joins lines into commands. A line is continued when its last character that is not a
// blank is a mark: after `-` the next line follows with its leading blanks, after `+` without
// leading blanks, commas, tabs and comments. Lines of blanks and comments give no command. A
// comment without an end reaches to the end of its command and no further (racdcert-rings.md
// E2). A command wrapped for the shell may also be continued as the shell does it, by a
// backslash.
func Split(lines []Line) []Command {
	var commands []Command
	var pending []Problem // about lines that turned out to be no command
	for i := 0; i < len(lines); {
		c, n, found := join(lines[i:])
		i += n
		if !found {
			pending = append(pending, c.warnings...)
			continue
		}
		c.warnings = append(pending, c.warnings...)
		pending = nil
		commands = append(commands, c)
	}
	if n := len(commands); n > 0 {
		commands[n-1].warnings = append(commands[n-1].warnings, pending...)
	}
	return commands
}

// join makes a command of the first lines and says how many those are, and whether they hold
// anything but blanks and comments.
func join(lines []Line) (c Command, used int, found bool) {
	var (
		text Builder
		scan = scanner{first: -1}
		mark byte // of the line before
		part bool // the command is part of one line, as nearly all are
	)
	shell := len(lines) > 0 && IsWrapper(firstWord(lines[0].Text))
	for _, l := range lines {
		body, next := cutMark(l.Text)
		if b := strings.TrimRight(l.Text, " \t"); shell && strings.HasSuffix(b, "\\") {
			body, next = b[:len(b)-1], '\\'
		}
		from := 0
		switch {
		case used == 0:
			from = len(body) - len(strings.TrimLeft(body, " \t"))
		case mark == '+':
			from = leading(body, &scan)
			if scan.state == inQuote && strings.Contains(body[:from], ",") {
				c.warnings = append(c.warnings, Problem{
					Pos:  l.At(strings.IndexByte(body, ',')),
					Text: `a comma of the quoted text is dropped after the continuation mark "+"`,
					Hint: "put the comma before the mark",
				})
			}
		}
		if used > 0 && next == 0 && scan.first >= 0 && isBlank(body) && used < len(lines)-1 {
			c.warnings = append(c.warnings, Problem{
				Pos:  Pos{l.Number, 1},
				Text: "a blank line after a continuation mark ends the command",
				Hint: "remove the blank line, or the mark before it",
			})
		}
		// Lines that begin with /* themselves are meant to be dead.
		if scan.commented() && !isBlank(body) && !strings.HasPrefix(strings.TrimLeft(body, " \t"), "/*") {
			scan.swallowed = l.Number
		}
		if part = used == 0 && next == 0 && len(l.Spans) == 0; part {
			c.line = Line{Number: l.Number, Text: body[from:], Col: max(l.Col, 1) + from}
		} else {
			text.Append(l, from, len(body))
		}
		scan.read(l.Text[from:len(body)])
		used++
		if mark = next; mark == 0 {
			c.cut = l.Cut
			break
		}
	}
	scan.close()
	if !part {
		c.line = text.Line()
	}
	c.line.Text = strings.TrimRight(c.line.Text, " \t")
	c.start = max(scan.first, 0)
	if scan.state == inComment && scan.swallowed > 0 {
		pos := c.line.At(scan.comment)
		c.warnings = append(c.warnings, Problem{
			Pos:  pos,
			Text: fmt.Sprintf("the comment has no end and a continuation mark, so it reaches to line %d", scan.swallowed),
			Hint: fmt.Sprintf("close it with */ or take the mark off the end of line %d", pos.Line),
		})
	}
	return c, used, scan.first >= 0
}

// isBlank says whether a line holds nothing.
func isBlank(text string) bool { return strings.Trim(text, " \t") == "" }

// cutMark takes the continuation mark off the end of a line. Inside quotes and comments it is a
// mark as well.
func cutMark(text string) (body string, mark byte) {
	trimmed := strings.TrimRight(text, " \t")
	if n := len(trimmed) - 1; n >= 0 && (trimmed[n] == '-' || trimmed[n] == '+') {
		return trimmed[:n], trimmed[n]
	}
	return text, 0
}

// leading is the length of what `+` drops from the start of the next line. What looks like a
// comment is none inside quotes, and inside a comment it may hold the end of it.
func leading(text string, scan *scanner) int {
	if scan.commented() {
		return len(text) - len(strings.TrimLeft(text, " \t"))
	}
	i := 0
	for i < len(text) {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == ',':
			i++
		case scan.state != inQuote && strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i+2:], "*/")
			if end < 0 {
				return i // it reaches further than this line
			}
			i += 2 + end + 2
		default:
			return i
		}
	}
	return i
}
