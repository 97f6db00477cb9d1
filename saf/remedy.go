package saf

import (
	"fmt"
	"strings"
)

// Remedy gives the commands after which a request that Decide refuses, or grants with a warning
// only, is granted; none when it is. They give the user what is needed by name and change
// nothing for others. current has the profiles in force and live those that the database shows:
// where these grant it already, a refresh is all that is missing.
func Remedy(current, live Source, q Request) ([]string, error) {
	if d, err := Decide(current, q); err != nil || d.satisfied() {
		return nil, err
	}
	u, err := current.User(q.User)
	if err != nil {
		return nil, err
	}
	class, err := current.Class(q.Class)
	if err != nil {
		return nil, err
	}
	var commands []string
	add := func(format string, args ...any) { commands = append(commands, fmt.Sprintf(format, args...)) }
	if u != nil && u.Revoked {
		add("ALTUSER %s RESUME", q.User)
	}
	d, err := Decide(mended{current}, q)
	if err != nil {
		return nil, err
	}
	if !d.satisfied() {
		if d, err = Decide(mended{live}, q); err != nil {
			return nil, err
		}
		if !d.satisfied() {
			if u == nil {
				add("ADDUSER %s", q.User)
			}
			name := q.Resource
			if d.Profile == nil {
				add("RDEFINE %s %s UACC(NONE)", q.Class, operand(name))
			} else {
				name = d.Profile.Name
			}
			add("PERMIT %s CLASS(%s) ID(%s) ACCESS(%v)", operand(name), q.Class, q.User, q.Level)
		}
		if class.RacList {
			add("SETROPTS RACLIST(%s) REFRESH", q.Class)
		}
	}
	if missing := missingState(class); missing != "" {
		add("SETROPTS%s", missing)
	}
	return commands, nil
}

// satisfied reports whether nothing need change.
func (d Decision) satisfied() bool { return d.Granted && !d.Warning }

// missingState gives the operands of SETROPTS that a class needs to protect anything. RACLIST
// comes after all profiles, so that it takes them in.
func missingState(c Class) string {
	var operands string
	if !c.Active {
		operands += " CLASSACT(" + c.Name + ")"
	}
	if c.MustBeListed() && !c.RacList {
		operands += " RACLIST(" + c.Name + ")"
	}
	return operands
}

// mended is a source whose users are not revoked and whose classes are as they must be.
type mended struct{ Source }

func (m mended) Class(name string) (Class, error) {
	c, err := m.Source.Class(name)
	c.Active, c.RacList = true, true
	return c, err
}

func (m mended) User(id string) (*User, error) {
	u, err := m.Source.User(id)
	if err != nil || u == nil {
		return nil, err
	}
	resumed := *u
	resumed.Revoked = false
	return &resumed, nil
}

// operand writes a profile name so that a command reader takes it for one word.
func operand(name string) string {
	if !strings.ContainsAny(name, " ,;()'\t") {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", "''") + "'"
}
