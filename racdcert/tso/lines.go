package tso

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Lines splits a file at LF or CRLF. A UTF-8 byte order mark is dropped. NUL, bytes that are not
// UTF-8 (a file still in EBCDIC, for example) and files beyond the limits are refused; the error
// is a *Problem.
func Lines(data []byte) ([]Line, error) {
	if len(data) > MaxBytes {
		return nil, &Problem{
			Text: fmt.Sprintf("the input has %d bytes; at most %d are read", len(data), MaxBytes),
			Hint: "check that this is a file of commands",
		}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	count := bytes.Count(data, []byte("\n")) + 1
	if count > MaxLines {
		return nil, &Problem{
			Pos:  Pos{MaxLines + 1, 1},
			Text: fmt.Sprintf("the input has %d lines; at most %d are read", count, MaxLines),
			Hint: "check that this is a file of commands",
		}
	}
	lines := make([]Line, 0, count)
	for rest, n := string(data), 1; rest != ""; n++ {
		text, after, _ := strings.Cut(rest, "\n")
		rest = after
		text = strings.TrimSuffix(text, "\r")
		if err := checkLine(text, n); err != nil {
			return nil, err
		}
		lines = append(lines, Line{Number: n, Text: text, Col: 1})
	}
	return lines, nil
}

// checkLine refuses a line that is too long or is not text.
func checkLine(text string, number int) error {
	if len(text) > MaxLine {
		return &Problem{
			Pos:  Pos{number, 1},
			Text: fmt.Sprintf("the line has %d bytes; at most %d are read", len(text), MaxLine),
			Hint: "break the command with a continuation mark",
		}
	}
	if i := strings.IndexByte(text, 0); i >= 0 && utf8.ValidString(text[:i]) {
		return &Problem{
			Pos:  Pos{number, utf8.RuneCountInString(text[:i]) + 1},
			Text: "NUL byte in the input",
			Hint: "save the file as plain text in UTF-8",
		}
	}
	if utf8.ValidString(text) {
		return nil
	}
	for i, col := 0, 1; ; col++ {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size <= 1 {
			return &Problem{
				Pos:  Pos{number, col},
				Text: fmt.Sprintf("byte 0x%02X is not UTF-8 text", text[i]),
				Hint: "transfer the file from z/OS as text, or convert it to UTF-8",
			}
		}
		i += size
	}
}
