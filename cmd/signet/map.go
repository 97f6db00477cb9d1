package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signet/racdcert"
	"signet/ring"
)

// filterJSON is a certificate name filter as programs see it. Names are as RACF prints them,
// which is what filters are made of.
type filterJSON struct {
	Owner     string    `json:"owner"`
	Label     string    `json:"label"`
	Status    string    `json:"status"`
	Subject   string    `json:"subject,omitempty"`
	Issuer    string    `json:"issuer,omitempty"`
	Criteria  string    `json:"criteria,omitempty"`
	Created   time.Time `json:"created"`
	CreatedBy string    `json:"createdBy"`
}

func describeFilter(f *ring.Filter) filterJSON {
	return filterJSON{f.Owner.Name(), f.Label, string(f.Status), f.Subject, f.Issuer, f.Criteria, f.Created.UTC(), f.CreatedBy}
}

// filterStatus are --trust and --notrust.
type filterStatus struct{ statusFlags }

func (s *filterStatus) register(c *cobra.Command) {
	s.trust = c.Flags().Bool("trust", false, "what the filter matches maps to the user")
	s.noTrust = c.Flags().Bool("notrust", false, "what the filter matches maps to nobody")
	s.highTrust = new(bool) // certificates have it, filters do not
}

func (a *app) mapCommand() *cobra.Command {
	var q ring.Map
	var label string
	var trust filterStatus
	c := &cobra.Command{
		Use:   "map USER[/LABEL]|MULTIID[/LABEL] [FILE] [flags]",
		Short: "Make a name filter: it maps client certificates to a user",
		Long: `Make a filter that maps client certificates to a user by the names in them. A filter is
a name as RACF prints it, or an end of one: parts joined by periods, most specific first,
copied letter by letter. With both filters the issuer's must be the whole name.

With FILE, a model certificate, a filter is only where to begin: it runs from the first
part of the certificate's name that begins so to the end. Without filters both are the
whole names in it.

A filter of MULTIID leaves the choice of the user to a profile of class DIGTCRIT, whose
name is the criteria with the application or system put in.`,
		Example: `  signet map WEBUSER --issuer "OU=Class 1.O=Example CA.C=NL" --label "All of class 1"
  signet map LOANS model.pem --subject OU=
  signet map MULTIID --subject "O=Bank.C=NL" --criteria "APPLID=&APPLID"`,
		Args: args(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, given []string) error {
			q := q
			if q.Subject == "" && c.Flags().Changed("subject") || q.Issuer == "" && c.Flags().Changed("issuer") {
				return usagef("map: an empty filter would match any name; leave it out if that is meant")
			}
			ref, err := ring.ParseFilterRef(given[0])
			if err != nil {
				return err
			}
			if label != "" && ref.Label != "" {
				return usagef("map: label %q and --label %q exclude each other; say one of them", ref.Label, label)
			}
			if q.Owner, q.Label = ref.Owner, ref.Label; label != "" {
				q.Label = label
			}
			if q.Status, err = trust.status(); err != nil {
				return err
			}
			if len(given) > 1 {
				q.Source = given[1]
				if q.Model, err = a.files.Read(q.Source, racdcert.MaxInput); err != nil {
					return err
				}
			}
			return a.changeFilter(c.Context(), "made", func(m *ring.Manager) (*ring.Mapped, error) { return m.Map(c.Context(), q) })
		},
	}
	f := c.Flags()
	f.StringVar(&q.Subject, "subject", "", "filter on the subject's name, or where in FILE's it begins")
	f.StringVar(&q.Issuer, "issuer", "", "filter on the issuer's name, or where in FILE's it begins")
	f.StringVar(&q.Criteria, "criteria", "", "of MULTIID: APPLID=&APPLID, SYSID=&SYSID, or both joined by a period")
	f.StringVar(&label, "label", "", "label of the filter (default LABEL and a number)")
	trust.register(c)
	return c
}

// changeFilter ends a verb that changes a filter.
func (a *app) changeFilter(ctx context.Context, did string, do func(*ring.Manager) (*ring.Mapped, error)) error {
	m, err := a.open(ctx)
	if err != nil {
		return err
	}
	r, err := do(m)
	if err != nil {
		return err
	}
	return a.finish(&r.Result, answer{Filters: []filterJSON{describeFilter(r.Filter)}}, "%s filter %s: subject %s, issuer %s, %s",
		did, oneLine(r.Filter.Ref().String()), orAny(r.Filter.Subject), orAny(r.Filter.Issuer), r.Filter.Status)
}

// orAny shows a filter on one name.
func orAny(name string) string {
	if name == "" {
		return "(any)"
	}
	return oneLine(name)
}

func (a *app) altmapCommand() *cobra.Command {
	var q ring.Altmap
	var trust filterStatus
	c := &cobra.Command{
		Use:   "altmap USER[/LABEL]|MULTIID[/LABEL] [flags]",
		Short: "Change the label, the status or the criteria of a name filter",
		Long: `Change the label, the status or the criteria of a name filter. The label may be left out
when the owner has one filter.`,
		Example: `  signet altmap WEBUSER/LABEL00000001 --newlabel "All of class 1"
  signet altmap MULTIID/Bank --newcriteria "APPLID=&APPLID.SYSID=&SYSID"`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, given []string) error {
			var err error
			q := q
			if q.FilterRef, err = ring.ParseFilterRef(given[0]); err != nil {
				return err
			}
			if q.Status, err = trust.status(); err != nil {
				return err
			}
			return a.changeFilter(c.Context(), "changed", func(m *ring.Manager) (*ring.Mapped, error) { return m.Altmap(c.Context(), q) })
		},
	}
	c.Flags().StringVar(&q.NewLabel, "newlabel", "", "the new label")
	c.Flags().StringVar(&q.NewCriteria, "newcriteria", "", "the new criteria, for a filter of MULTIID")
	trust.register(c)
	return c
}

func (a *app) delmapCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "delmap USER[/LABEL]|MULTIID[/LABEL]",
		Short: "Remove a name filter",
		Long: `Remove a name filter, also one of a user that is gone. The label may be left out when the
owner has one filter.`,
		Example: `  signet delmap WEBUSER/LABEL00000001`,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, given []string) error {
			ref, err := ring.ParseFilterRef(given[0])
			if err != nil {
				return err
			}
			return a.changeFilter(c.Context(), "removed", func(m *ring.Manager) (*ring.Mapped, error) {
				return m.Delmap(c.Context(), ring.Delmap{FilterRef: ref})
			})
		},
	}
}

func (a *app) listmapCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "listmap [USER[/LABEL]|MULTIID[/LABEL]]",
		Short: "Show name filters",
		Long:  `Show the name filters of a user (default: one's own) or of MULTIID, or one of them.`,
		Example: `  signet listmap WEBUSER
  signet listmap MULTIID --output json`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			var err error
			q := ring.Listmap{FilterRef: ring.FilterRef{Owner: m.Issuer()}}
			if len(given) > 0 {
				if q.FilterRef, err = ring.ParseFilterRef(given[0]); err != nil {
					return err
				}
			}
			var ans answer
			t := a.table()
			fmt.Fprintln(t, "FILTER\tSTATUS\tSUBJECT\tISSUER\tCRITERIA")
			err = m.Listmap(ctx, q, func(f *ring.Filter) error {
				if a.json() {
					ans.Filters = append(ans.Filters, describeFilter(f))
					return nil
				}
				criteria := f.Criteria
				if criteria == "" {
					criteria = "-"
				}
				_, err := fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", oneLine(f.Ref().String()), f.Status, orAny(f.Subject), orAny(f.Issuer), criteria)
				return err
			})
			if err != nil {
				return err
			}
			if a.json() {
				return a.print(ans)
			}
			return t.Flush()
		}),
	}
}
