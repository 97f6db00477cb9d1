package jcl

import (
	"fmt"
	"strings"

	"signet/racdcert/tso"
)

// maxSymbol is the longest value of a symbol. It also limits how far a job of symbols made of
// symbols can grow.
const maxSymbol = 255

// symbolTable holds the symbols that SET defines and which of them EXPORT makes visible in
// in-stream data.
type symbolTable struct {
	set       map[string]string
	exported  map[string]string // the values of exported symbols: those set after the EXPORT
	exportAll bool
	export    map[string]bool
}

// define gives a symbol its value from here on.
func (s *symbolTable) define(name, value string) {
	if s.set == nil {
		s.set, s.exported = map[string]string{}, map[string]string{}
	}
	s.set[name] = value
	if s.exportAll || s.export[name] {
		s.exported[name] = value
	}
}

// lookup finds the value of a symbol.
type lookup func(name string) (string, bool)

// statements looks up symbols in statements.
func (p *parser) statements(name string) (string, bool) {
	return first(name, p.symbols.set, p.opts.Symbols)
}

// data looks up symbols in in-stream data, by the value of SYMBOLS=.
func (p *parser) data(mode string) lookup {
	switch mode {
	case "JCLONLY":
		return func(name string) (string, bool) { return first(name, p.symbols.exported, p.opts.Symbols) }
	case "EXECSYS", "CNVTSYS":
		return func(name string) (string, bool) {
			return first(name, p.symbols.exported, p.opts.Symbols, p.opts.System)
		}
	}
	return nil
}

func first(name string, tables ...map[string]string) (string, bool) {
	for _, t := range tables {
		if v, ok := t[name]; ok {
			return v, true
		}
	}
	return "", false
}

// substitute replaces &NAME and &NAME. by the values of the symbols. Names that find does not
// know stay as they stand, and so does && with the name after it. In a statement, where
// apostrophes mean something, those of a value that is put between apostrophes are doubled.
func substitute(l tso.Line, find lookup, statement bool) tso.Line {
	if find == nil || strings.IndexByte(l.Text, '&') < 0 {
		return l
	}
	var b tso.Builder
	from, quoted := 0, false
	for i := 0; i < len(l.Text); {
		if l.Text[i] != '&' {
			quoted = quoted != (l.Text[i] == '\'')
			i++
			continue
		}
		if strings.HasPrefix(l.Text[i:], "&&") {
			i += 2
			i += len(symbolName(l.Text[i:]))
			continue
		}
		name := symbolName(l.Text[i+1:])
		end := i + 1 + len(name)
		value, ok := find(name)
		if name == "" || !ok {
			i = end
			continue
		}
		if statement && quoted {
			value = strings.ReplaceAll(value, "'", "''")
		}
		b.Append(l, from, i)
		b.Insert(value, l.At(i))
		if strings.HasPrefix(l.Text[end:], ".") {
			end++ // the period ends the name and disappears
		}
		i, from = end, end
	}
	if from == 0 {
		return l
	}
	b.Append(l, from, len(l.Text))
	return placed(&b, l)
}

// placed is the line that was built from l. If it came out empty, it keeps the place of l.
func placed(b *tso.Builder, l tso.Line) tso.Line {
	if b.Len() == 0 {
		pos := l.At(0)
		return tso.Line{Number: pos.Line, Col: pos.Col}
	}
	return b.Line()
}

// symbolName is the run of characters at the start of text that can be a symbol's name. A run of
// more than eight is no name at all; find will not know it.
func symbolName(text string) string {
	if text == "" || text[0] >= '0' && text[0] <= '9' {
		return ""
	}
	for i := range len(text) {
		if !nameByte(text[i]) {
			return text[:i]
		}
	}
	return text
}

func nameByte(c byte) bool {
	return 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '@' || c == '#' || c == '$'
}

// isName says whether a text is a name of JCL: 1 to 8 characters, the first no digit.
func isName(s string) bool { return s != "" && len(s) <= 8 && symbolName(s) == s }

// setStatement handles SET.
func (p *parser) setStatement(s statement) {
	params, ok := p.params(s)
	if ok && len(params) == 0 && !s.broken {
		p.problem(s.opPos, "SET gives no symbol a value", "write // SET NAME=VALUE")
	}
	for _, a := range params {
		if a.key == "" {
			p.problem(a.pos, fmt.Sprintf("SET: %q has no equals sign", a.value.Text), "write // SET NAME=VALUE")
			continue
		}
		if !isName(a.key) {
			p.problem(a.pos, fmt.Sprintf("SET: %q is no symbol name", a.key), nameHint)
			continue
		}
		value := unquote(a.value).Text
		if n := len([]rune(value)); n > maxSymbol {
			p.problem(a.pos, fmt.Sprintf("SET: the value of %q has %d characters; at most %d are possible", a.key, n, maxSymbol), "shorten the value")
			continue
		}
		p.symbols.define(a.key, value)
	}
}

const nameHint = "a name has 1 to 8 characters: A-Z, @, #, $ and, except first, 0-9"

// exportStatement handles EXPORT SYMLIST=.
func (p *parser) exportStatement(s statement) {
	const hint = "write // EXPORT SYMLIST=* or // EXPORT SYMLIST=(A,B)"
	params, ok := p.params(s)
	if !ok || s.broken {
		return
	}
	if len(params) != 1 || params[0].key != "SYMLIST" {
		p.problem(s.opPos, "EXPORT needs SYMLIST= and nothing else", hint)
		return
	}
	for _, v := range list(params[0].value) {
		switch name := v.Text; {
		case name == "*":
			p.symbols.exportAll = true
		case isName(name):
			if p.symbols.export == nil {
				p.symbols.export = map[string]bool{}
			}
			p.symbols.export[name] = true
		default:
			p.problem(v.At(0), fmt.Sprintf("EXPORT: %q is no symbol name", name), hint)
		}
	}
}
