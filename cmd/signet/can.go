package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signet/ring"
	"signet/saf"
)

// verdictJSON says whether a user may do something, and why.
type verdictJSON struct {
	User     string       `json:"user"`
	Function string       `json:"function"`
	Object   string       `json:"object,omitempty"`
	Granted  bool         `json:"granted"`
	Why      string       `json:"why"`
	Needs    []neededJSON `json:"needs,omitempty"`
}

// neededJSON is one access that a function needs.
type neededJSON struct {
	Class     string      `json:"class"`
	Resource  string      `json:"resource"`
	Level     string      `json:"level"`
	Held      string      `json:"held"`
	Granted   bool        `json:"granted"`
	Warning   bool        `json:"warning,omitempty"`
	Reason    string      `json:"reason"`
	Profile   string      `json:"profile,omitempty"`
	Entry     *accessJSON `json:"entry,omitempty"`
	Group     string      `json:"group,omitempty"`
	Remedy    []string    `json:"remedy,omitempty"`
	Explained string      `json:"text"`
}

// accessJSON is a line of an access list.
type accessJSON struct {
	ID     string `json:"id"`
	Access string `json:"access"`
	When   string `json:"when,omitempty"`
}

// canFlags are the flags of can.
type canFlags struct {
	signWith, usage string
	key             bool
}

func (a *app) canCommand() *cobra.Command {
	var f canFlags
	c := &cobra.Command{
		Use:   "can USER FUNCTION [OBJECT...] [flags]",
		Short: "Explain whether a user may perform a function, and what would change it",
		Long: `Explain whether a user may perform a function: the profile that decides, the line of its
access list, the level that is needed and the one that the user has, and the commands
that would change a refusal. Nothing is done, and the object need not be there.

OBJECT is what the function takes: OWNER[/LABEL] for one on certificates, USER/RING for one
on rings, both for connect and remove, the name of a token, CLASS PROFILE for one on
profiles, and the name of a user or group. The functions on group connections are
connectgroup and removegroup, with a user and a group.

The code is 0 when the user may, and 4 when not.`,
		Example: `  signet can WEBADM gencert WEBSRV/web --signwith CERTAUTH/MyCA
  signet can WEBADM connect CERTAUTH/MyCA WEBSRV/TLSRING
  signet can WEBADM export WEBSRV/web --key
  signet can WEBADM permit FACILITY IRR.DIGTCERT.LIST --output json`,
		Args: args(cobra.MinimumNArgs(2)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			user, err := ring.UserOwner(given[0])
			if err != nil {
				return err
			}
			act, err := f.act(user, strings.ToUpper(given[1]), given[2:])
			if err != nil {
				return err
			}
			v, err := m.Can(ctx, ring.Can{User: user, Act: act})
			if err != nil {
				return err
			}
			return a.showVerdict(user, act, v)
		}),
	}
	c.Flags().StringVar(&f.signWith, "signwith", "", "gencert: the certificate that signs")
	c.Flags().StringVar(&f.usage, "usage", "", "connect: PERSONAL, CERTAUTH or SITE")
	c.Flags().BoolVar(&f.key, "key", false, "export: with the private key")
	return c
}

// The functions by what they take.
var (
	functionsOfRings    = []string{"ADDRING", "DELRING", "LISTRING", "RESOLVE"}
	functionsOfTokens   = []string{"ADDTOKEN", "DELTOKEN", "LISTTOKEN"}
	functionsOfProfiles = []string{"RDEFINE", "RALTER", "RDELETE", "PERMIT", "RLIST"}
	functionsOfNames    = []string{"ADDUSER", "ALTUSER", "DELUSER", "LISTUSER", "ADDGROUP", "DELGROUP", "LISTGRP"}
	functionsOfGroups   = []string{"CONNECTGROUP", "REMOVEGROUP"}
	functionsOfNothing  = []string{"SETROPTS", "LISTEXPIRING", "SETTINGS", "SET", "CHECKTOKENS", "MENDTOKENS", "LISTEVENTS", "VERIFYEVENTS",
		"CHECKPOINT", "RESEAL", "BACKUP", "CHECKDB", "REPAIRDB", "REPLACEDB"}
)

// act makes an act of what was given.
func (f canFlags) act(user ring.Owner, function string, given []string) (a ring.Act, err error) {
	a.Function, a.Key = function, f.key
	want := func(least, most int, form string) error {
		if len(given) < least || len(given) > most {
			return usagef("can: write can %s %s %s", user.Name(), strings.ToLower(function), form)
		}
		return nil
	}
	switch {
	case slices.Contains(functionsOfNothing, function):
		return a, want(0, 0, "")
	case slices.Contains(functionsOfRings, function):
		if err = want(1, 1, "USER/RING"); err == nil {
			a.Ring, err = ring.ParseRingRef(given[0], user)
		}
	case slices.Contains(functionsOfTokens, function):
		if err = want(0, 1, "TOKEN"); err == nil && len(given) > 0 {
			a.Token = given[0]
		}
	case slices.Contains(functionsOfProfiles, function):
		if err = want(2, 2, "CLASS PROFILE"); err == nil {
			a.Class, a.Names = strings.ToUpper(given[0]), []string{strings.ToUpper(given[1])}
		}
	case slices.Contains(functionsOfNames, function):
		if err = want(1, 1, "NAME"); err == nil {
			a.Names = []string{strings.ToUpper(given[0])}
		}
	case slices.Contains(functionsOfGroups, function):
		if err = want(2, 2, "USER GROUP"); err == nil {
			a.Names, a.Group = []string{strings.ToUpper(given[0])}, strings.ToUpper(given[1])
		}
	case function == "CONNECT" || function == "REMOVE":
		if err = want(2, 2, "CERT USER/RING"); err != nil {
			break
		}
		if a.Ring, err = ring.ParseRingRef(given[1], user); err == nil {
			a.Cert, err = ring.ParseCertRef(given[0], user)
		}
		if a.Usage = a.Cert.Owner.DefaultUsage(); f.usage != "" && err == nil {
			a.Usage, err = parseUsage(f.usage)
		}
	default:
		if err = want(1, 2, "OWNER[/LABEL]"); err != nil {
			break
		}
		if a.Cert, err = certOrOwner(given[0]); err == nil && len(given) == 2 {
			a.Token = given[1]
		}
	}
	if err == nil && f.signWith != "" {
		var by ring.CertRef
		by, err = ring.ParseCertRef(f.signWith, user)
		a.SignWith = &by
	}
	return a, err
}

// certOrOwner reads OWNER/LABEL, or OWNER alone.
func certOrOwner(s string) (ring.CertRef, error) {
	if strings.Contains(s, "/") {
		return ring.ParseCertRef(s, "")
	}
	if strings.EqualFold(s, "MULTIID") {
		return ring.CertRef{Owner: ring.MultiID}, nil
	}
	o, err := ring.ParseOwner(s)
	return ring.CertRef{Owner: o}, err
}

func (a *app) showVerdict(user ring.Owner, act ring.Act, v *ring.Verdict) error {
	if !v.Granted {
		a.raise(ring.Warning)
	}
	if a.json() {
		j := &verdictJSON{User: user.Name(), Function: act.Function, Object: act.Object(), Granted: v.Granted, Why: v.Why}
		for _, n := range v.Needs {
			j.Needs = append(j.Needs, describeNeed(n))
		}
		return a.print(answer{Verdict: j})
	}
	may := "may"
	if !v.Granted {
		may = "may not"
	}
	fmt.Fprintf(a.stdout, "%s %s %s\n", user.Name(), may, oneLine(strings.TrimSpace(act.Function+" "+act.Object())))
	if len(v.Needs) == 0 {
		fmt.Fprintf(a.stdout, "  %s\n", oneLine(v.Why))
	}
	for _, n := range v.Needs {
		fmt.Fprintf(a.stdout, "  %s\n", oneLine(n.Decision.String()))
		for i, command := range n.Remedy {
			if i == 0 {
				fmt.Fprintln(a.stdout, "  what would change it:")
			}
			fmt.Fprintf(a.stdout, "    %s\n", oneLine(command))
		}
	}
	return nil
}

func describeNeed(n ring.Needed) neededJSON {
	d := n.Decision
	q := d.Request
	j := neededJSON{Class: q.Class, Resource: q.Resource, Level: q.Level.String(), Held: d.Held.String(), Granted: d.Granted, Warning: d.Warning,
		Reason: d.Why.String(), Group: d.Group, Remedy: n.Remedy, Explained: d.String()}
	if d.Profile != nil {
		j.Profile = d.Profile.Name
	}
	if d.Entry != nil {
		j.Entry = describeEntry(*d.Entry)
	}
	return j
}

func describeEntry(e saf.Entry) *accessJSON {
	return &accessJSON{ID: e.ID, Access: e.Access.String(), When: e.When}
}
