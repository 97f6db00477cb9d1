package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"signet/audit"
	"signet/ring"
)

func (a *app) auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "Show, prove and export what was done with the database",
		Long: `Show, prove and export the audit trail: what was asked of the database, by whom, whether it
was allowed, and what it changed. All of it is for users with the attribute AUDITOR or SPECIAL.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.auditListCommand(), a.auditVerifyCommand(), a.auditExportCommand(), a.auditCheckpointCommand())
	return c
}

// trailFlags say which events are asked for.
type trailFlags struct {
	user, function, object, since, until string
	refused                              bool
}

func (f *trailFlags) register(s *pflag.FlagSet) {
	s.StringVar(&f.user, "user", "", "only what ran on behalf of this user ID")
	s.StringVar(&f.function, "function", "", "only this function, as GENCERT")
	s.StringVar(&f.object, "object", "", "only what was about an object that begins with this, as WEBSRV/")
	s.StringVar(&f.since, "since", "", "only from this time on: 2026-11-21, 2026-11-21T10:00:00, or 90m, 24h or 7d ago")
	s.StringVar(&f.until, "until", "", "only before this time")
	s.BoolVar(&f.refused, "refused", false, "only what was refused or failed")
}

func (f *trailFlags) query(a *app) (q audit.Query, err error) {
	q = audit.Query{Function: strings.ToUpper(f.function), Object: f.object, Bad: f.refused}
	if f.user != "" {
		user, err := ring.UserOwner(f.user)
		if err != nil {
			return q, err
		}
		q.Issuer = user.Name()
	}
	if q.Since, err = a.pointInTime("--since", f.since); err != nil {
		return q, err
	}
	q.Until, err = a.pointInTime("--until", f.until)
	return q, err
}

// timeAgo has no number of days that time.Duration cannot hold.
var timeAgo = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d{1,5})([mhd])$`) })

// pointInTime reads a time: a date, a date and a time of day, or how long ago it was.
func (a *app) pointInTime(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if m := timeAgo().FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return time.Time{}, err
		}
		unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]]
		return a.now().Add(-time.Duration(n) * unit), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, s, a.zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("%s %q: write a time as 2026-11-21, 2026-11-21T10:00:00 or 24h for a day ago", flag, s)
}

// eventJSON is an event of the trail as programs see it.
type eventJSON struct {
	Seq  uint64     `json:"seq"`
	Hash audit.Hash `json:"hash"`
	*audit.Event
	Problem string `json:"problem,omitempty"` // why there is nothing else
}

func (a *app) auditListCommand() *cobra.Command {
	var f trailFlags
	var limit int
	c := &cobra.Command{
		Use:   "list",
		Short: "Show the events of the audit trail",
		Long: `Show the events of the audit trail by their time: the newest, or with --limit 0 all. With
--output json each event comes with all that it changed.`,
		Example: `  signet audit list
  signet audit list --user WEBADM --refused --since 7d
  signet audit list --function EXPORT --object WEBSRV/ --limit 0 --output json`,
		Args: args(cobra.NoArgs),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, _ []string) error {
			q, err := f.query(a)
			if err != nil {
				return err
			}
			if limit < 0 || limit > ring.MaxEvents {
				return usagef("--limit %d: choose 0 for all, or up to %d", limit, ring.MaxEvents)
			}
			return a.auditList(ctx, m, ring.EventQuery{Query: q, Limit: limit})
		}),
	}
	f.register(c.Flags())
	c.Flags().IntVar(&limit, "limit", 50, "the newest so many; 0 for all")
	return c
}

func (a *app) auditList(ctx context.Context, m *ring.Manager, q ring.EventQuery) error {
	var events []eventJSON
	t := a.table()
	none := true
	err := m.ListEvents(ctx, q, func(r audit.Record) error {
		e, err := r.Event()
		if err != nil {
			a.raise(ring.Refused)
		}
		switch {
		case !a.json():
			if none {
				fmt.Fprintln(t, "EVENT\tTIME\tUSER\tFUNCTION\tOBJECT\tOUTCOME\tCODE")
			}
			if err != nil {
				fmt.Fprintf(t, "%d\t-\t-\t-\t%s\t-\t-\n", r.Seq, oneLine(err.Error()))
				break
			}
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%d\n", r.Seq, e.Time.In(a.zone).Format(time.DateTime), oneLine(onBehalf(e)), oneLine(e.Function),
				orDash(e.Object), oneLine(string(e.Outcome)), e.Code)
		case len(events) == ring.MaxEvents:
			return usagef("there are more than %d events; narrow them down, or use: signet audit export", ring.MaxEvents)
		case err != nil:
			events = append(events, eventJSON{Seq: r.Seq, Hash: r.Hash, Problem: err.Error()})
		default:
			events = append(events, eventJSON{Seq: r.Seq, Hash: r.Hash, Event: e})
		}
		none = false
		return nil
	})
	if err != nil {
		return err
	}
	if none {
		a.raise(ring.Warning)
	}
	if a.json() {
		return a.print(answer{Events: events})
	}
	if none {
		a.show(a.place, ring.Message{Code: ring.Warning, Text: "no event fits"})
	}
	return t.Flush()
}

// onBehalf names the user of an event, and who really asked.
func onBehalf(e *audit.Event) string {
	if e.Account != "" {
		return e.Issuer + " (" + e.Account + ")"
	}
	return orDash(e.Issuer)
}
