package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"signet/ring"
)

func (a *app) dbCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "db",
		Short: "Make, look after, back up and copy the database; its settings",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.dbInitCommand(), a.dbMigrateCommand(), a.dbStatusCommand(), a.dbCheckCommand(),
		a.dbBackupCommand(), a.dbRestoreCommand(), a.dbCopyCommand(), a.dbPopulateCommand(),
		a.dbSettingsCommand(), a.dbSetCommand())
	return c
}

func (a *app) dbSettingsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "settings",
		Short:   "Show the settings",
		Example: `  signet db settings`,
		Args:    args(cobra.NoArgs),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, _ []string) error {
			all, err := m.Settings(ctx)
			if err != nil {
				return err
			}
			byName := map[string]string{}
			for _, s := range all {
				byName[s.Name] = s.Value
			}
			if a.json() {
				return a.print(answer{Settings: byName})
			}
			for _, name := range slices.Sorted(maps.Keys(byName)) {
				fmt.Fprintf(a.stdout, "%s = %s\n", name, byName[name])
			}
			return nil
		}),
	}
}

func (a *app) dbSetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "set NAME VALUE",
		Short: "Change a setting",
		Long: `Change a setting of the database:
  serials   counter: serial numbers count up, as RACF's do; random: 128-bit random numbers`,
		Example: `  signet db set serials random`,
		Args:    args(cobra.ExactArgs(2)),
		RunE: a.withManager(func(ctx context.Context, m *ring.Manager, given []string) error {
			if _, err := m.Set(ctx, ring.Setting{Name: given[0], Value: given[1]}); err != nil {
				return err
			}
			return a.finish(nil, answer{}, "%s = %s", given[0], given[1])
		}),
	}
}
