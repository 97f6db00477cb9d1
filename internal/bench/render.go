package main

import (
	"fmt"
	"strconv"
	"strings"
)

// memoryLimit is what signet may take in any row.
const memoryLimit = 100 * 1024 // KiB

// render gives the tables of a report in Markdown: the machine, the rows, the goals.
func render(p plan, rep report) string {
	var b strings.Builder
	for _, f := range rep.Machine {
		fmt.Fprintf(&b, "- %s: %s\n", f.Name, f.Value)
	}
	b.WriteString("\n| Work | Program | Runs | Median | Min | Max | Processor | Memory | signet / it | it / best peer | it / limit |\n")
	b.WriteString("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	newest := ""
	for _, m := range rep.Rows {
		newest = max(newest, m.Date)
	}
	for _, r := range p.rows {
		if m, ok := rep.row(r.name); ok {
			renderRow(&b, r.title, m, newest)
		}
	}
	b.WriteString("\n| Work | Goal | Measured | |\n|---|---|--:|---|\n")
	for _, r := range p.rows {
		if m, ok := rep.row(r.name); ok {
			renderGoals(&b, r, m)
		}
	}
	renderMemory(&b, p, rep)
	return b.String()
}

func renderRow(b *strings.Builder, title string, m measured, newest string) {
	if m.Date != newest {
		title += " (" + m.Date + ")"
	}
	own, _ := m.result("signet")
	best, peers := m.best()
	limit, limited := m.result(limitName)
	for _, r := range m.Results {
		cells := []string{title, r.Program, strconv.Itoa(r.Runs), duration(r.Median), duration(r.Min), duration(r.Max),
			duration(r.Processor), mebibytes(r.MemoryKiB), "", "", ""}
		if r.Program != "signet" {
			cells[8] = ratio(own.Median / r.Median)
		}
		if peers && ours(r.Program) {
			cells[9] = ratio(r.Median / best.Median)
		}
		if limited && r.Program != limitName {
			cells[10] = ratio(r.Median / limit.Median)
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
		title = ""
	}
}

func renderGoals(b *strings.Builder, r row, m measured) {
	for _, g := range r.goals {
		who, ok1 := m.result(g.who)
		than, ok2 := m.result(g.than)
		if !ok1 || !ok2 {
			continue // measured before the goal was set
		}
		is := who.Median / than.Median
		fmt.Fprintf(b, "| %s | %s at most %s times %s | %s | %s |\n", r.title, g.who, strconv.FormatFloat(g.factor, 'f', -1, 64), g.than, ratio(is), verdict(is <= g.factor))
	}
}

// renderMemory says in one line which of signet's processes was the largest, and names before it
// all that were too large.
func renderMemory(b *strings.Builder, p plan, rep report) {
	var largest result
	title := ""
	for _, r := range p.rows {
		m, _ := rep.row(r.name)
		for _, res := range m.Results {
			if !ours(res.Program) {
				continue
			}
			if res.MemoryKiB > memoryLimit {
				renderPeak(b, r.title, res)
			} else if res.MemoryKiB > largest.MemoryKiB {
				largest, title = res, "All others; the largest: "+r.title
			}
		}
	}
	if title != "" {
		renderPeak(b, title, largest)
	}
}

func renderPeak(b *strings.Builder, title string, r result) {
	fmt.Fprintf(b, "| %s | memory of %s at most %s | %s | %s |\n", title, r.Program, mebibytes(memoryLimit), mebibytes(r.MemoryKiB), verdict(r.MemoryKiB <= memoryLimit))
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**missed**"
}

// duration gives seconds with three digits that count.
func duration(s float64) string {
	if s < 1 {
		return digits(s*1000) + " ms"
	}
	return digits(s) + " s"
}

func ratio(f float64) string { return digits(f) }

func mebibytes(kib int) string { return strconv.Itoa((kib+512)/1024) + " MiB" }

// digits gives a number with three digits, or all before the point.
func digits(f float64) string {
	switch {
	case f >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case f >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	case f >= 1:
		return strconv.FormatFloat(f, 'f', 2, 64)
	}
	return strconv.FormatFloat(f, 'g', 2, 64)
}
