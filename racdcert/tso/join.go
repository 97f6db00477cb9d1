package tso

import "strings"

// Join gives the lines of a text without continuation marks the marks that Split needs, as in
// commands copied from documentation. A line at which begins is true, asked for its text from
// the first character that is neither blank nor comment, begins a command; every other one
// continues the command before it. Blank lines are left out. A comment that its own line does
// not close ends with the line. Marks that are there keep their meaning, and a line with an
// open quoted string is not continued without one.
func Join(lines []Line, begins func(text string) bool) []Line {
	var out []Line
	scan := scanner{first: -1}
	var own byte // the mark that the line before ends in of its own; zero for none
	for _, l := range lines {
		marked := own != 0
		if isBlank(l.Text) && !marked {
			continue
		}
		code := strings.TrimLeft(l.Text[leadingComments(l.Text):], " \t")
		fresh := !marked && (len(out) == 0 || scan.state == inQuote || begins(code))
		if !marked && !fresh {
			last := &out[len(out)-1]
			*last = withEnd(*last, " -")
		}
		if fresh {
			scan = scanner{first: -1}
		}
		body, mark := cutMark(l.Text)
		skip := 0 // what the mark of the line before drops
		if own == '+' && !fresh {
			skip = leading(body, &scan)
		}
		from := scan.off
		scan.read(body[skip:])
		if mark == 0 && scan.commented() {
			if scan.comment >= from {
				l = upTo(l, skip+scan.comment-from)
				scan.state = inCode
			} else { // a mark brought it here
				l = withEnd(l, "*/")
				scan.read("*/")
			}
		}
		if own = mark; own == 0 {
			scan.read(" ") // a word does not reach over the end of a line
		}
		out = append(out, l)
	}
	return out
}

// leadingComments is the length of the blanks and closed comments at the start of a text.
func leadingComments(text string) int {
	i := 0
	for {
		i += len(text[i:]) - len(strings.TrimLeft(text[i:], " \t"))
		if !strings.HasPrefix(text[i:], "/*") {
			return i
		}
		end := strings.Index(text[i+2:], "*/")
		if end < 0 {
			return i
		}
		i += 2 + end + 2
	}
}

// withEnd is a line with more at its end: a continuation mark, or what closes a comment.
func withEnd(l Line, text string) Line {
	var b Builder
	b.Append(l, 0, len(l.Text))
	b.Insert(text, l.At(len(l.Text)))
	longer := b.Line()
	longer.Number, longer.Col = l.Number, l.Col
	return longer
}

// upTo is the first n bytes of a line.
func upTo(l Line, n int) Line {
	l.Text = l.Text[:n]
	return l
}
