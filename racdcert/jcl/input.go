package jcl

import (
	"fmt"
	"slices"
	"strings"

	"signet/racdcert/tso"
)

// endStep gives the current step its input. Symbols have the values that they have at the end of
// the step (z/OS MVS JCL Reference, EXPORT, example 2).
func (p *parser) endStep() {
	dds := p.dds
	p.dds = nil
	for i, d := range dds {
		if d.name != "SYSTSIN" || p.step == nil || !p.step.TMP() {
			continue
		}
		if p.step.HasInput {
			p.problem(d.pos, "SYSTSIN is given twice in one step", "remove one, or put the second step's EXEC before it")
			continue
		}
		p.step.HasInput = true
		for _, piece := range append([]*dd{d}, d.more...) {
			p.input(piece, dds[:i], dds[i+1:])
		}
	}
	for _, d := range dds {
		for _, piece := range append([]*dd{d}, d.more...) {
			if !piece.used {
				p.job.Warnings = append(p.job.Warnings, piece.layout...)
			}
		}
	}
}

// input adds the data of one DD to the input of the step.
func (p *parser) input(d *dd, before, after []*dd) {
	switch d.kind {
	case dummy:
	case forward:
		target := find(after, d.ref.Text)
		switch {
		case target == nil && find(before, d.ref.Text) != nil:
			p.problem(d.ref.At(0), fmt.Sprintf("DDNAME=%s names an earlier DD; only a later one can be meant", d.ref.Text), "move it behind SYSTSIN")
		case target == nil:
			p.problem(d.ref.At(0), fmt.Sprintf("DDNAME=%s: the step has no such DD", d.ref.Text), fmt.Sprintf("add //%s DD * with the commands", d.ref.Text))
		case target.kind == forward:
			p.problem(target.pos, fmt.Sprintf("DD %q is itself a DDNAME=", target.name), inputHint)
		default:
			for _, piece := range append([]*dd{target}, target.more...) {
				p.input(piece, nil, nil)
			}
		}
	case inStream:
		if !d.used {
			p.step.Warnings = append(append(p.step.Warnings, d.layout...), d.warnings...)
		}
		d.used = true
		find := p.data(d.mode)
		for _, l := range d.data {
			cut := l.Cut
			p.unsubstituted(l, find)
			l = substitute(l, find, false)
			l.Cut = cut
			if p.size += len(l.Text); p.size > tso.MaxBytes {
				p.problem(d.pos, "the symbols make the input too long", "shorten their values")
				return
			}
			p.step.Input = append(p.step.Input, l)
		}
	default:
		where := d.what
		if where == "" {
			where = "no in-stream data"
		}
		p.problem(d.pos, fmt.Sprintf("the commands of SYSTSIN must stand in the job; DD %q has %s", d.name, where), inputHint)
	}
}

// unsubstituted warns, once in a step, of a symbol that a SET defines and that stays as it stands all the same.
func (p *parser) unsubstituted(l tso.Line, find lookup) {
	for i := strings.IndexByte(l.Text, '&'); i >= 0 && i < len(l.Text); i++ {
		if l.Text[i] != '&' {
			continue
		}
		name := symbolName(l.Text[i+1:])
		if _, set := p.symbols.set[name]; !set {
			continue
		}
		hint := "put // EXPORT SYMLIST=* before the SET"
		if find == nil {
			hint = "add SYMBOLS=JCLONLY to the DD statement, and // EXPORT SYMLIST=* before the SET"
		} else if _, ok := find(name); ok {
			continue
		}
		text := fmt.Sprintf("symbol &%s stays as it stands in the data", name)
		if !slices.ContainsFunc(p.step.Warnings, func(w tso.Problem) bool { return w.Text == text }) {
			p.step.Warnings = append(p.step.Warnings, tso.Problem{Pos: l.At(i), Text: text, Hint: hint})
		}
	}
}

// find is the DD of a name, or nil.
func find(dds []*dd, name string) *dd {
	for _, d := range dds {
		if d.name == name && name != "" {
			return d
		}
	}
	return nil
}
