package main

import (
	"context"

	"github.com/spf13/cobra"

	"signet/ring"
)

// runE is what cobra runs for a verb.
type runE = func(*cobra.Command, []string) error

// withManager makes the run of a verb that needs the database.
func (a *app) withManager(do func(ctx context.Context, m *ring.Manager, given []string) error) runE {
	return func(c *cobra.Command, given []string) error {
		m, err := a.open(c.Context())
		if err != nil {
			return err
		}
		return do(c.Context(), m, given)
	}
}

// withCert makes the run of a verb whose first argument names a certificate.
func (a *app) withCert(do func(ctx context.Context, m *ring.Manager, ref ring.CertRef, given []string) error) runE {
	return a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
		ref, err := ring.ParseCertRef(given[0], m.Issuer())
		if err != nil {
			return err
		}
		return do(ctx, m, ref, given)
	})
}

// verb is a verb that is not built yet.
type verb struct {
	name  string
	build func() *cobra.Command
}

// verbs are all verbs.
func (a *app) verbs() []verb {
	return []verb{
		{"gencert", a.gencertCommand}, {"genreq", a.genreqCommand}, {"add", a.addCommand}, {"alter", a.alterCommand},
		{"delete", a.deleteCommand}, {"export", a.exportCommand}, {"list", a.listCommand}, {"checkcert", a.checkcertCommand},
		{"listchain", a.listchainCommand}, {"rekey", a.rekeyCommand}, {"rollover", a.rolloverCommand},
		{"addring", a.addringCommand}, {"delring", a.delringCommand}, {"connect", a.connectCommand},
		{"remove", a.removeCommand}, {"listring", a.listringCommand},
		{"addtoken", a.addtokenCommand}, {"deltoken", a.deltokenCommand}, {"listtoken", a.listtokenCommand},
		{"bind", a.bindCommand}, {"unbind", a.unbindCommand}, {"import", a.importCommand}, {"token", a.tokenCommand},
		{"map", a.mapCommand}, {"altmap", a.altmapCommand}, {"delmap", a.delmapCommand}, {"listmap", a.listmapCommand},
		{"whois", a.whoisCommand}, {"can", a.canCommand},
		{"copy", a.copyCommand}, {"diff", a.diffCommand}, {"resolve", a.resolveCommand}, {"cae", a.caeCommand},
		{"trust", a.trustCommand}, {"scan", a.scanCommand},
		{"run", a.runCommand}, {"racdcert", a.racdcertCommand}, {"racf", a.racfCommand},
		{"audit", a.auditCommand}, {"db", a.dbCommand}, {"keys", a.keysCommand}, {"serve", a.serveCommand},
	}
}

// verb gives what builds the verb of a name; nil for none.
func (a *app) verb(name string) func() *cobra.Command {
	for _, v := range a.verbs() {
		if v.name == name {
			return v.build
		}
	}
	return nil
}
