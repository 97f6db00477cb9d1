package racdcert

import (
	"errors"
	"regexp"
	"strings"
	"sync"

	"signet/racdcert/tso"
	"signet/ring"
)

// dataSet is a data set as a command names it: a name of qualifiers, complete when it was
// quoted, or a path when it holds a slash (DESIGN.md 5). The zero value is none.
type dataSet struct {
	name     string
	complete bool
	pos      tso.Pos
}

var dataSetPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Z@#$][A-Z0-9@#$-]{0,7}(\.[A-Z@#$][A-Z0-9@#$-]{0,7})*$`)
})

// maxDataSet is the longest data set name, in characters.
const maxDataSet = 44

// dataSetOf reads the data set in the parentheses of op.
func dataSetOf(op tso.Operand, keyword string) (dataSet, error) {
	if len(op.Values) == 1 && op.Values[0].HasValue {
		return dataSet{}, fail(op.Values[0].Pos, "name a sequential data set, or a path with a slash",
			"%s %s(%s(...)) names a member; members are not supported", idInvalid, keyword, op.Values[0].Text)
	}
	text, err := value(op, keyword)
	if err != nil {
		return dataSet{}, err
	}
	d := dataSet{name: text, complete: op.Values[0].Quoted, pos: op.Values[0].Pos}
	if d.isPath() {
		return d, nil
	}
	d.name = strings.ToUpper(text)
	if len(d.name) > maxDataSet || !dataSetPattern().MatchString(d.name) {
		return dataSet{}, fail(d.pos, "qualifiers have 1 to 8 letters, digits or @ # $ and are joined by periods; a path holds a slash",
			"%s %q is not a data set name", idInvalid, text)
	}
	return d, nil
}

func (d dataSet) isPath() bool { return strings.Contains(d.name, "/") }

func (d dataSet) given() bool { return d.name != "" }

// path gives the file for the data set in a session.
func (d dataSet) path(s *Session) string {
	if d.isPath() || d.complete || s.prefix == "" {
		return d.name
	}
	return s.prefix + "." + d.name
}

// idNoDataSet is the message of a data set that is not there.
const idNoDataSet = "SGN091I"

// read gives the content of the data set.
func (d dataSet) read(s *Session, limit int64) ([]byte, error) {
	data, err := s.Files.Read(d.path(s), limit)
	if errors.Is(err, ring.ErrNotFound) {
		hint := "the file is not there; a name without a slash is looked up in the folder of the data sets"
		if !d.isPath() {
			hint = "data set names are in upper case; for a file of another name write a path with a slash, as in './name.crt'"
		}
		return nil, fail(d.pos, hint, "%s %v", idNoDataSet, err)
	}
	return data, at(d.pos, err)
}
