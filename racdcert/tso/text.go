package tso

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Line is one line of input: a piece of text with the way back to the file it came from.
type Line struct {
	Number int    // physical line, from 1
	Text   string // without its line end
	Col    int    // column of Text[0] in the file; 0 means 1
	Spans  []Span // where Text came from, if not simply from Number and Col; see Builder
	Cut    bool   // a continuation mark stood behind the columns that are read, and was lost
}

// Span says where a stretch of text came from. It reaches to the next span.
type Span struct {
	Offset int  // first byte of the stretch
	Pos    Pos  // the place of that byte in the file
	Fixed  bool // all bytes have this place: they stand for something else, such as a symbol
}

// At is the place in the file of byte off of the text.
func (l Line) At(off int) Pos {
	loc := newLocator(l)
	return loc.at(off)
}

// locator turns byte offsets into places. Asked in ascending order it reads the text only once,
// which keeps the reading of long lines linear.
type locator struct {
	text  string
	spans []Span
	whole Span // of a line that has no spans
	span  int  // the span of the last answer
	off   int  // the offset of the last answer
	col   int  // and its column
}

func newLocator(l Line) locator {
	loc := locator{text: l.Text, spans: l.Spans, whole: Span{Pos: Pos{l.Number, max(l.Col, 1)}}}
	loc.enter(0)
	return loc
}

// current is the span of the last answer.
func (l *locator) current() Span {
	if len(l.spans) == 0 {
		return l.whole
	}
	return l.spans[l.span]
}

// enter goes to the start of a span.
func (l *locator) enter(span int) {
	l.span = span
	s := l.current()
	l.off, l.col = s.Offset, s.Pos.Col
}

func (l *locator) at(off int) Pos {
	off = min(max(off, 0), len(l.text))
	for off > 0 && off < len(l.text) && !utf8.RuneStart(l.text[off]) {
		off--
	}
	last := len(l.spans) - 1
	if off < l.off || l.span < last && off >= l.spans[l.span+1].Offset {
		next := sort.Search(len(l.spans), func(i int) bool { return l.spans[i].Offset > off })
		l.enter(max(next-1, 0))
	}
	s := l.current()
	if !s.Fixed && off > l.off {
		l.col += utf8.RuneCountInString(l.text[l.off:off])
		l.off = off
	}
	return Pos{s.Pos.Line, l.col}
}

// Builder puts a Line together from pieces of others and remembers where each piece came from.
type Builder struct {
	text  strings.Builder
	spans []Span
	from  Line
	loc   locator // in from; its text is empty before the first piece
}

// Len is the number of bytes so far.
func (b *Builder) Len() int { return b.text.Len() }

// Append adds bytes i to j of a line, which keep their places.
func (b *Builder) Append(l Line, i, j int) {
	if i >= j {
		return
	}
	if b.loc.text == "" || b.from.Number != l.Number || b.from.Text != l.Text {
		b.from, b.loc = l, newLocator(l)
	}
	pos := b.loc.at(i)
	start := b.text.Len()
	b.spans = append(b.spans, Span{start, pos, b.loc.current().Fixed})
	for k := b.loc.span + 1; k < len(b.loc.spans) && b.loc.spans[k].Offset < j; k++ {
		s := b.loc.spans[k]
		s.Offset += start - i
		b.spans = append(b.spans, s)
	}
	b.text.WriteString(l.Text[i:j])
}

// Insert adds text that stands for whatever is at pos.
func (b *Builder) Insert(text string, pos Pos) {
	if text == "" {
		return
	}
	b.spans = append(b.spans, Span{b.text.Len(), pos, true})
	b.text.WriteString(text)
}

// Line is what has been built. Its number is that of the first piece.
func (b *Builder) Line() Line {
	l := Line{Text: b.text.String(), Spans: b.spans, Col: 1}
	if len(b.spans) > 0 {
		l.Number, l.Col = b.spans[0].Pos.Line, b.spans[0].Pos.Col
	}
	return l
}
