package main

import (
	"iter"
	"strings"

	"signet/cert"
	"signet/racdcert"
)

// keys yields the keys that the commands of a script will need, as ring.Manager.SupplyKeys takes
// them. It shares nothing with the run of the script but what nobody changes.
func (a *app) keys(sc script) iter.Seq2[int, cert.KeySpec] {
	if sc.tso != nil {
		return sc.tso.Keys()
	}
	return func(yield func(int, cert.KeySpec) bool) {
		verbs := newLineVerbs() // which are never run
		verbs.begin(&app{environment: a.environment}, "script")
		for i, line := range sc.plain {
			if spec, ok := verbs.keyOf(line); ok && !yield(i, spec) {
				return
			}
		}
	}
}

// keyOf gives the key pair that a line of a script of signet commands will need in the
// database. The zero KeySpec stands for one like that of a certificate.
func (l *lineVerbs) keyOf(line plainCommand) (spec cert.KeySpec, ok bool) {
	words, err := l.words(line)
	if err != nil {
		return spec, false
	}
	switch nameIn(words) {
	case "gencert":
		spec = cert.KeySpec{}.Round()
	case "rekey", "racdcert":
	default:
		return spec, false
	}
	c, given, ok := l.parse(words)
	if !ok {
		return spec, false
	}
	if words[0] == "racdcert" {
		return racdcertKey(given)
	}
	f := c.Flags()
	if f.Changed("token") || f.Changed("request") {
		return spec, false
	}
	if key := f.Lookup("key"); key.Changed {
		if spec, err = cert.ParseKeySpec(key.Value.String()); err != nil {
			return spec, false
		}
	}
	return spec, true
}

// racdcertKey is keyOf for what was given to the verb racdcert.
func racdcertKey(given []string) (spec cert.KeySpec, ok bool) {
	sc, _ := racdcert.Read([]byte(racdcertText(strings.Join(given, " "))), racdcert.Options{})
	if sc == nil {
		return spec, false
	}
	for _, spec := range sc.Keys() {
		return spec, true
	}
	return spec, false
}
