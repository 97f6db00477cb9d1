package pkcs12

import "slices"

// run is the bags of one part of a file.
type run struct {
	hidden bool // they belong into an encrypted part
	bags   [][]byte
}

// size is the length of all bags.
func (r *run) size() int {
	n := 0
	for _, b := range r.bags {
		n += len(b)
	}
	return n
}

// maxRuns is how many parts a file has at most before all goes into one. Every encrypted part
// costs its reader a key derivation.
const maxRuns = 16

// layout spreads the bags of entries over parts, in their order: readers such as Java enumerate
// what they find from the first part to the last. Keys are encrypted themselves and lie in parts
// that are not; certificates lie in encrypted parts. The certificates of chains come before all
// others: where two have one name, Java takes the first for the issuer.
//
// Most files have two parts. Where keys and certificates alternate there are more, and in the
// end everything is in one encrypted part, with the keys encrypted twice.
func layout(entries []run, chains [][]byte) []run {
	var runs []run
	for _, e := range entries {
		if n := len(runs) - 1; n >= 0 && runs[n].hidden == e.hidden {
			runs[n].bags = append(runs[n].bags, e.bags...)
		} else {
			runs = append(runs, run{e.hidden, slices.Clone(e.bags)})
		}
	}
	first := slices.IndexFunc(runs, func(r run) bool { return r.hidden })
	switch {
	case len(chains) == 0:
	case first < 0:
		runs = slices.Insert(runs, 0, run{true, chains})
	default:
		runs[first].bags = slices.Concat(chains, runs[first].bags)
	}
	if len(runs) <= maxRuns {
		return runs
	}
	all := run{hidden: true}
	if first > 0 { // the chains are not in front
		runs[first].bags = runs[first].bags[len(chains):]
		all.bags = slices.Clone(chains)
	}
	for _, r := range runs {
		all.bags = append(all.bags, r.bags...)
	}
	return []run{all}
}
