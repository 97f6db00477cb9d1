package main

import (
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signet/cert"
	"signet/racdcert"
)

// keys yields the keys that the commands of a script will need, as ring.Manager.SupplyKeys takes
// them. It shares nothing with the run of the script but what nobody changes.
func (a *app) keys(sc script) iter.Seq2[int, cert.KeySpec] {
	if sc.tso != nil {
		return sc.tso.Keys()
	}
	reader := &app{environment: a.environment} // whose commands are built and never run
	return func(yield func(int, cert.KeySpec) bool) {
		for i, line := range sc.plain {
			if spec, ok := reader.keyOf(line); ok && !yield(i, spec) {
				return
			}
		}
	}
}

// keyOf gives the key pair that a line of a script of signet commands will need in the
// database. The zero KeySpec stands for one like that of a certificate.
func (a *app) keyOf(line plainCommand) (spec cert.KeySpec, ok bool) {
	if line.err != nil {
		return spec, false
	}
	var c *cobra.Command
	switch line.words[0] {
	case "gencert":
		c, spec = a.gencertCommand(), cert.KeySpec{}.Round()
	case "rekey":
		c = a.rekeyCommand()
	case "racdcert":
		return racdcertKey(line.words[1:])
	default:
		return spec, false
	}
	c.FParseErrWhitelist.UnknownFlags = true // those of every verb
	if err := c.ParseFlags(line.words[1:]); err != nil || c.Flags().Changed("token") || c.Flags().Changed("request") {
		return spec, false
	}
	if f := c.Flags().Lookup("key"); f.Changed {
		var err error
		if spec, err = cert.ParseKeySpec(f.Value.String()); err != nil {
			return spec, false
		}
	}
	return spec, true
}

// racdcertKey is keyOf for what was given to the verb racdcert.
func racdcertKey(given []string) (spec cert.KeySpec, ok bool) {
	given = slices.DeleteFunc(slices.Clone(given), func(w string) bool { return strings.HasPrefix(w, "-") })
	sc, _ := racdcert.Read([]byte(racdcertText(strings.Join(given, " "))), racdcert.Options{})
	if sc == nil {
		return spec, false
	}
	for _, spec := range sc.Keys() {
		return spec, true
	}
	return spec, false
}
