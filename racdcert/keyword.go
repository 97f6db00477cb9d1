package racdcert

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"signet/racdcert/tso"
)

// fail makes the error of a command at a position.
func fail(pos tso.Pos, hint, format string, args ...any) error {
	return &tso.Problem{Pos: pos, Text: fmt.Sprintf(format, args...), Hint: hint}
}

// placedError is an error of the rules with the operand that it is about.
type placedError struct {
	pos tso.Pos
	error
}

func (e placedError) Unwrap() error { return e.error }

// at says which operand an error is about, if it does not yet.
func at(pos tso.Pos, err error) error {
	if err == nil {
		return nil
	}
	var p *tso.Problem
	if errors.As(err, &p) {
		return err
	}
	return placedError{pos, err}
}

// Message ids of the TSO parser (racdcert-rings.md G12: compatible, not identical).
const (
	idMissing   = "IKJ56701I"
	idInvalid   = "IKJ56702I"
	idUnknown   = "IKJ56712I"
	idAmbiguous = "IKJ56717I"
	idNoCommand = "IKJ56500I"
)

// resolve finds the keyword that a word stands for: the word itself, or the only keyword that
// begins with it (racdcert-rings.md E1). place says where, for messages.
func resolve(op tso.Operand, place string, keywords []string) (string, error) {
	word := strings.ToUpper(op.Text)
	if op.Quoted || word == "" {
		return "", fail(op.Pos, "keywords are not quoted", "%s %q is not an operand of %s", idUnknown, op.Text, place)
	}
	var found []string
	for _, k := range keywords {
		if k[0] != word[0] {
			continue // as nearly all of a long list
		}
		if k == word {
			return k, nil
		}
		if strings.HasPrefix(k, word) {
			found = append(found, k)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fail(op.Pos, suggest(word, keywords), "%s operand %q is not known to %s", idUnknown, op.Text, place)
	}
	return "", fail(op.Pos, "write more of the word", "%s operand %q of %s is ambiguous: %s", idAmbiguous, op.Text, place, strings.Join(found, ", "))
}

// suggest names the keywords to choose from: the one nearest to a mistyped word, or all of a
// short list.
func suggest(word string, keywords []string) string {
	best, distance := "", min(3, len(word))
	for _, k := range keywords {
		if d := editDistance(word, k); d < distance {
			best, distance = k, d
		}
	}
	switch {
	case best != "":
		return "did you mean " + best + "?"
	case len(keywords) <= 10:
		return "the operands are " + strings.Join(keywords, ", ")
	}
	return ""
}

// editDistance counts the letters to insert, delete or change to get from a to b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// operands are the keyword operands at one place of a command. A keyword given twice counts as
// it was given last. They are few, so that to look through them costs less than a map.
type operands struct {
	place string
	pos   tso.Pos
	all   []keyed
}

// keyed is an operand with its full keyword.
type keyed struct {
	keyword string
	op      *tso.Operand
	used    bool // it belongs to the function
}

// index is where a keyword is in all, -1 when it was not given.
func (o *operands) index(keyword string) int {
	return slices.IndexFunc(o.all, func(k keyed) bool { return k.keyword == keyword })
}

// find gives the operand of a keyword, if it was given.
func (o *operands) find(keyword string) (tso.Operand, bool) {
	if i := o.index(keyword); i >= 0 {
		return *o.all[i].op, true
	}
	return tso.Operand{}, false
}

// operand gives the operand of a keyword, which is empty when it was not given.
func (o *operands) operand(keyword string) tso.Operand {
	op, _ := o.find(keyword)
	return op
}

// set keeps what a keyword was given last.
func (o *operands) set(keyword string, op *tso.Operand) {
	if i := o.index(keyword); i >= 0 {
		o.all[i].op = op
		return
	}
	o.all = append(o.all, keyed{keyword: keyword, op: op})
}

// severalTimes are the keywords whose values add up when they are given more than once.
var severalTimes = []string{"OU", "IP", "AIP", "DOMAIN", "ADOMAIN", "EMAIL", "AEMAIL", "URI", "AURI"}

// keywords reads a list of keyword operands. One that is given twice must say the same.
func keywords(ops []tso.Operand, place string, pos tso.Pos, known []string) (operands, error) {
	o := operands{place: place, pos: pos, all: make([]keyed, 0, len(ops))}
	for i := range ops {
		op := &ops[i]
		k, err := resolve(*op, place, known)
		if err != nil {
			return o, err
		}
		before, again := o.find(k)
		switch {
		case again && slices.Contains(severalTimes, k):
			both := *op
			both.Values = slices.Concat(before.Values, op.Values)
			op = &both
		case again && !sameValues(before, *op, k == "ID"):
			return o, fail(op.Pos, "give it once", "%s %s is given twice with different values, first at %s", idInvalid, k, before.Pos)
		}
		o.set(k, op)
	}
	return o, nil
}

// sameValues reports whether two operands say the same; fold ignores case.
func sameValues(a, b tso.Operand, fold bool) bool {
	return a.HasValue == b.HasValue && slices.EqualFunc(a.Values, b.Values, func(x, y tso.Operand) bool {
		return (x.Text == y.Text || fold && strings.EqualFold(x.Text, y.Text)) && sameValues(x, y, fold)
	})
}

// repeats refuses a keyword that was given before with values of another form: what it was given
// first would never be looked at.
func (o operands) repeats(k string, op tso.Operand) error {
	before, ok := o.find(k)
	if ok && (before.HasValue != op.HasValue || !slices.EqualFunc(before.Values, op.Values, func(a, b tso.Operand) bool { return a.HasValue == b.HasValue })) {
		return fail(op.Pos, "give it once", "%s %s is given twice in different forms, first at %s", idInvalid, k, before.Pos)
	}
	return nil
}

// inside reads the keyword operands in the parentheses of op.
func inside(op tso.Operand, place string, known ...string) (operands, error) {
	return keywords(op.Values, place, op.Pos, known)
}

// has reports whether the keyword was given.
func (o operands) has(keyword string) bool {
	return o.index(keyword) >= 0
}

// text gives the one value of a keyword, as typed; empty when the keyword was not given.
func (o operands) text(keyword string) (string, error) {
	op, ok := o.find(keyword)
	if !ok {
		return "", nil
	}
	return value(op, keyword)
}

// word gives the one value of a keyword in upper case.
func (o operands) word(keyword string) (string, error) {
	s, err := o.text(keyword)
	return strings.ToUpper(s), err
}

// list gives the values of a keyword, as typed.
func (o operands) list(keyword string) ([]string, error) {
	op, ok := o.find(keyword)
	if !ok {
		return nil, nil
	}
	return values(op, keyword)
}

// value gives the one value in the parentheses of op.
func value(op tso.Operand, keyword string) (string, error) {
	if len(op.Values) == 1 && !op.Values[0].HasValue {
		return op.Values[0].Text, nil
	}
	all, err := values(op, keyword)
	switch {
	case err != nil:
		return "", err
	case len(all) > 1:
		return "", fail(op.Values[1].Pos, "quote a value that holds blanks or commas", "%s %s takes one value, and %q is a second one", idInvalid, keyword, all[1])
	}
	return all[0], nil
}

// values gives the values in the parentheses of op, at least one.
func values(op tso.Operand, keyword string) ([]string, error) {
	if len(op.Values) == 0 {
		return nil, fail(op.Pos, fmt.Sprintf("write %s(value)", keyword), "%s %s has no value", idMissing, keyword)
	}
	var all []string
	for _, v := range op.Values {
		if v.HasValue {
			return nil, fail(v.Pos, "quote a value that holds parentheses", "%s %q is not a value of %s", idInvalid, v.Text+"(", keyword)
		}
		all = append(all, v.Text)
	}
	return all, nil
}

// choices gives the values of a keyword, each one of the known words or a prefix of one.
func (o operands) choices(keyword string, known []string) ([]string, error) {
	op, ok := o.find(keyword)
	if !ok {
		return nil, nil
	}
	if _, err := values(op, keyword); err != nil {
		return nil, err
	}
	var all []string
	for _, v := range op.Values {
		k, err := resolve(v, keyword, known)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// choice gives the one value of a keyword among the known words, empty when not given.
func (o operands) choice(keyword string, known []string) (string, error) {
	all, err := o.choices(keyword, known)
	if err != nil || len(all) == 0 {
		return "", err
	}
	if len(all) > 1 {
		return "", fail(o.operand(keyword).Pos, "", "%s %s takes one value", idInvalid, keyword)
	}
	return all[0], nil
}

// flag reports whether a keyword without a value was given.
func (o operands) flag(keyword string) (bool, error) {
	op, ok := o.find(keyword)
	if ok && len(op.Values) > 0 {
		return false, fail(op.Values[0].Pos, "", "%s %s takes no value", idInvalid, keyword)
	}
	return ok, nil
}

// exclusive refuses more than one of some keywords and gives the one that is there.
func (o operands) exclusive(known ...string) (string, error) {
	var found string
	for _, k := range known {
		if !o.has(k) {
			continue
		}
		if found != "" {
			return "", fail(o.operand(k).Pos, "say one of them", "%s %s and %s exclude each other", idInvalid, found, k)
		}
		found = k
	}
	return found, nil
}

// sorted gives the keywords that were given, in order of their names.
func (o operands) sorted() []string {
	var names []string
	for _, k := range o.all {
		names = append(names, k.keyword)
	}
	slices.Sort(names)
	return names
}
