package racdcert

import (
	"fmt"
	"strings"

	"signet/ring"
	"signet/saf"
)

func (a adduser) plan(*Session) Plan {
	q := a.request
	return does("defines "+usersText(q.IDs), userText(q.Settings),
		when(q.Settings.DefaultGroup != nil && q.Authority != saf.Use, q.Authority.String()+" authority in it"))
}

func (a altuser) plan(*Session) Plan {
	q := a.request
	settings := userText(q.Settings)
	if q.Authority != nil {
		settings = does(settings, q.Authority.String()+" authority in "+groupText(q.Group)).Does
	}
	if settings == "" {
		return does("changes nothing of " + usersText(q.IDs) + " that signet keeps")
	}
	return does("changes "+usersText(q.IDs), settings)
}

func (d deluser) plan(*Session) Plan {
	return does("deletes " + usersText(d.request.IDs) + " with all certificates, rings and name filters")
}

func (l listuser) plan(*Session) Plan {
	switch {
	case len(l.ids) == 0:
		return does("shows the issuer's own user")
	case l.ids[0] == "*":
		return does("shows all users")
	}
	return does("shows " + usersText(l.ids))
}

func (a addgroup) plan(*Session) Plan {
	q := a.request
	below := ""
	if q.Superior != nil {
		below = "below group " + *q.Superior
	}
	return does("defines "+groupsText(q.Names), below, textsText([]text{{"owner", q.Owner}, {"data", q.Data}}))
}

func (d delgroup) plan(*Session) Plan { return does("deletes " + groupsText(d.request.Names)) }

func (l listgrp) plan(*Session) Plan {
	switch {
	case len(l.names) == 0:
		return does("shows " + groupText(""))
	case l.names[0] == "*":
		return does("shows all groups")
	}
	return does("shows " + groupsText(l.names))
}

func (c connectGroup) plan(*Session) Plan {
	q := c.request
	authority := ""
	if q.Settings.Authority != nil {
		authority = q.Settings.Authority.String() + " authority"
	}
	return does("connects "+usersText(q.IDs)+" to "+groupText(q.Group), authority,
		textsText([]text{{"owner", q.Settings.Owner}}), attributesText(q.Settings.Attributes))
}

func (r removeGroup) plan(*Session) Plan {
	return does("removes " + usersText(r.request.IDs) + " from " + groupText(r.request.Group))
}

func usersText(ids []string) string { return numbered("user", ids) }

func groupsText(names []string) string { return numbered("group", names) }

func numbered(kind string, names []string) string {
	if len(names) > 1 {
		kind += "s"
	}
	return kind + " " + strings.Join(names, " ")
}

// groupText names the group of a command that may leave it out.
func groupText(name string) string {
	if name == "" {
		return "the issuer's default group"
	}
	return "group " + name
}

func userText(s ring.UserSettings) string {
	all := []string{textsText([]text{{"name", s.Name}, {"owner", s.Owner}, {"default group", s.DefaultGroup}, {"data", s.Data}}),
		attributesText(s.Attributes), switchText(s.Restricted, "RESTRICTED")}
	return does(all...).Does
}

// text is a text that a plan shows when it was given.
type text struct {
	word  string
	value *string
}

func textsText(all []text) string {
	var parts []string
	for _, t := range all {
		if t.value != nil {
			parts = append(parts, fmt.Sprintf("%s %q", t.word, *t.value))
		}
	}
	return strings.Join(parts, ", ")
}

func attributesText(a ring.AttributeSettings) string {
	return does(switchText(a.Special, "SPECIAL"), switchText(a.Operations, "OPERATIONS"), switchText(a.Auditor, "AUDITOR"),
		switchText(a.Revoked, "revoked")).Does
}

func switchText(on *bool, word string) string {
	switch {
	case on == nil:
		return ""
	case *on:
		return word
	}
	return "not " + word
}
