package racdcert

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"signet/racdcert/tso"
	"signet/ring"
)

// functions are the functions of RACDCERT.
var functions = map[string]func(*racdcert, tso.Operand) (Command, error){
	"ADD": parseAdd, "ALTER": parseAlter, "DELETE": parseDelete, "EXPORT": parseExport,
	"GENCERT": parseGencert, "GENREQ": parseGenreq, "LIST": parseList,
	"ADDRING": parseAddring, "DELRING": parseDelring, "CONNECT": parseConnect,
	"REMOVE": parseRemove, "LISTRING": parseListring,

	"CHECKCERT": parseCheckcert, "LISTCHAIN": parseListchain, "REKEY": parseRekey, "ROLLOVER": parseRollover,

	"ADDTOKEN": parseAddtoken, "DELTOKEN": parseDeltoken, "LISTTOKEN": parseListtoken,
	"BIND": parseBind, "UNBIND": parseUnbind, "IMPORT": parseImport,
	"MAP": parseMap, "ALTMAP": parseAltmap, "DELMAP": parseDelmap, "LISTMAP": parseListmap,
}

// operandKeywords are the other keywords at the first level of RACDCERT, whatever function
// they belong to: abbreviations are unambiguous among all of them.
var operandKeywords = []string{
	"ID", "SITE", "CERTAUTH", "MULTIID",
	"SUBJECTSDN", "SIZE", "NOTBEFORE", "NOTAFTER", "WITHLABEL", "SIGNWITH", "KEYUSAGE", "ALTNAME", "SIGATTR",
	"RSA", "PCICC", "ICSF", "DSA", "NISTECC", "BPECC", "FROMICSF", "PKDS",
	"TRUST", "NOTRUST", "HIGHTRUST", "PASSWORD", "DSN", "FORMAT", "PBE", "NEWLABEL", "FORCE",
	"SDNFILTER", "IDNFILTER", "CRITERIA", "NEWCRITERIA",
}

// extensions are keywords that RACF does not have. They count only when written in full, so
// that they change no abbreviation.
var extensions = []string{"EKU", "ED25519"}

// firstLevel are all keywords at the first level. They are the same for every command: nobody
// may change them.
var firstLevel = sync.OnceValue(func() []string {
	all := slices.Clone(operandKeywords)
	for f := range functions {
		all = append(all, f)
	}
	slices.Sort(all)
	return all
})

// racdcert is a RACDCERT command on its way to a request.
type racdcert struct {
	operands
	function string
	issuer   ring.Owner
	owner    ring.Owner // from ID, SITE or CERTAUTH; the issuer when none was given
}

// parseRacdcert reads RACDCERT: an owner, a function, and the function's own operands. Those that
// belong to another function are ignored (racdcert-rings.md section 0), with a note.
func parseRacdcert(st tso.Statement, issuer ring.Owner) (Command, []ring.Message, error) {
	c, fn, notes, err := readRacdcert(st, issuer)
	if err != nil {
		return nil, nil, err
	}
	cmd, err := functions[c.function](c, fn)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range c.unused() {
		notes = append(notes, remark(ring.Done, "operand %s does not belong to %s and is ignored", k, c.function))
	}
	return cmd, notes, nil
}

// readRacdcert reads which function RACDCERT is to perform, for which owner, and finds the other
// operands. Of several functions the last counts, with a note (racdcert-rings.md section 0).
func readRacdcert(st tso.Statement, issuer ring.Owner) (c *racdcert, fn tso.Operand, notes []ring.Message, err error) {
	c = &racdcert{issuer: issuer, owner: issuer}
	c.operands = operands{place: "RACDCERT", pos: st.Pos, all: make([]keyed, 0, len(st.Operands))}
	known := firstLevel()
	for i, op := range st.Operands {
		k := strings.ToUpper(op.Text)
		if op.Quoted || !slices.Contains(extensions, k) {
			if k, err = resolve(op, "RACDCERT", known); err != nil {
				return nil, fn, nil, err
			}
		}
		if _, isFunction := functions[k]; !isFunction {
			if err := c.repeats(k, op); err != nil {
				return nil, fn, nil, err
			}
			if before, twice := c.find(k); twice && before.String() != op.String() {
				notes = append(notes, remark(ring.Done, "operand %s is given more than once, and only the last one counts", k))
			}
			c.set(k, &st.Operands[i])
			continue
		}
		if c.function != "" {
			notes = append(notes, remark(ring.Warning, "function %s is not performed: %s follows it, and only the last one counts", c.function, k))
		}
		c.function, fn = k, op
	}
	if c.function == "" {
		c.function, fn = "LIST", tso.Operand{Text: "LIST", Pos: st.Pos}
	}
	return c, fn, notes, c.readOwner()
}

func remark(code ring.Code, format string, args ...any) ring.Message {
	return ring.Message{ID: "SGN098I", Code: code, Text: fmt.Sprintf(format, args...)}
}

// mapping are the functions on name filters, the only ones for which MULTIID is an owner.
var mapping = []string{"MAP", "ALTMAP", "DELMAP", "LISTMAP"}

// readOwner reads ID, SITE, CERTAUTH or MULTIID.
func (c *racdcert) readOwner() error {
	k, err := c.take("ID", "SITE", "CERTAUTH", "MULTIID")
	if err != nil || k == "" {
		return err
	}
	if k == "MULTIID" && slices.Contains(mapping, c.function) {
		c.owner = ring.MultiID
		_, err = c.flag(k)
		return err
	}
	c.owner, err = ownerOf(c.operand(k), k)
	return err
}

// ownerOf reads the owner that a keyword names.
func ownerOf(op tso.Operand, keyword string) (ring.Owner, error) {
	switch keyword {
	case "MULTIID":
		_, err := ring.UserOwner(keyword) // says why it is no owner
		return "", fail(op.Pos, "", "%v", err)
	case "ID":
		id, err := value(op, "ID")
		if err != nil {
			return "", err
		}
		owner, err := ring.UserOwner(id)
		return owner, at(op.Pos, err)
	}
	if len(op.Values) > 0 {
		return "", fail(op.Values[0].Pos, "", "%s %s takes no value", idInvalid, keyword)
	}
	return ring.ParseOwner(keyword)
}

// use marks a keyword as belonging to the function.
func (c *racdcert) use(keyword string) {
	if i := c.index(keyword); i >= 0 {
		c.all[i].used = true
	}
}

// unused gives the keywords that do not belong to the function, in order of their names.
func (c *racdcert) unused() []string {
	var names []string
	for _, k := range c.all {
		if !k.used {
			names = append(names, k.keyword)
		}
	}
	slices.Sort(names)
	return names
}

// take marks keywords as belonging to the function and gives the one of them that was given;
// more than one is an error.
func (c *racdcert) take(keywords ...string) (string, error) {
	for _, k := range keywords {
		c.use(k)
	}
	return c.exclusive(keywords...)
}

// takeText, takeFlag and takeWord mark a keyword as belonging to the function and read it.
func (c *racdcert) takeText(keyword string) (string, error) {
	c.use(keyword)
	return c.text(keyword)
}

// takeLabel reads a label for something new, empty when the keyword was not given.
func (c *racdcert) takeLabel(keyword string) (string, error) {
	c.use(keyword)
	return c.label(keyword)
}

func (c *racdcert) takeFlag(keyword string) (bool, error) {
	c.use(keyword)
	return c.flag(keyword)
}

func (c *racdcert) takeStatus() (ring.Status, error) {
	k, err := c.take("TRUST", "NOTRUST", "HIGHTRUST")
	return ring.Status(k), err
}

func (c *racdcert) takeDataSet(keyword string) (dataSet, error) {
	c.use(keyword)
	op, ok := c.find(keyword)
	if !ok {
		return dataSet{}, nil
	}
	return dataSetOf(op, keyword)
}

// refuse stops the command when one of the keywords was given that ask for what this version
// cannot do.
func (c *racdcert) refuse(why string, keywords ...string) error {
	for _, k := range keywords {
		c.use(k)
		if op, ok := c.find(k); ok {
			return fail(op.Pos, why, "%s %s is not supported", idInvalid, k)
		}
	}
	return nil
}

// command is what the concrete commands share: the name.
type command string

// Name gives the command and its function.
func (c command) Name() string { return string(c) }
