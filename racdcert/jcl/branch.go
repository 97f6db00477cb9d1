package jcl

import (
	"fmt"
	"strings"
)

// maxBranches is how deep IF statements may be nested (z/OS MVS JCL Reference).
const maxBranches = 15

// branch is an IF that has not met its ENDIF.
type branch struct {
	node   *If
	inElse bool
	outer  *[]Node // where the IF itself stands
}

func (p *parser) ifStatement(s statement) {
	node := &If{Pos: s.opPos, Text: strings.TrimSpace(s.operands.Text)}
	if !s.broken {
		node.test = p.compile(s.operands)
	}
	if len(p.open) >= maxBranches {
		p.problem(s.opPos, fmt.Sprintf("IF is nested more than %d deep", maxBranches), "combine the conditions with AND")
	}
	*p.body = append(*p.body, Node{If: node})
	p.open = append(p.open, branch{node: node, outer: p.body})
	p.body = &node.Then
}

func (p *parser) elseStatement(s statement) {
	n := len(p.open) - 1
	if n < 0 || p.open[n].inElse {
		p.problem(s.opPos, "ELSE without IF", "remove it, or add // IF (condition) THEN before")
		return
	}
	p.open[n].inElse = true
	p.body = &p.open[n].node.Else
}

func (p *parser) endifStatement(s statement) {
	n := len(p.open) - 1
	if n < 0 {
		p.problem(s.opPos, "ENDIF without IF", "remove it, or add // IF (condition) THEN before")
		return
	}
	p.body = p.open[n].outer
	p.open = p.open[:n]
}
