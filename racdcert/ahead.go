package racdcert

import (
	"iter"
	"strings"

	"signet/cert"
	"signet/racdcert/jcl"
	"signet/racdcert/tso"
	"signet/ring"
)

// Commands is how many commands the script has, whether the conditions of their steps will let
// them run or not.
func (sc *Script) Commands() int { return sc.total }

// Keys yields the keys that the commands of the script will need, each with the number of its
// command, as ring.Manager.SupplyKeys takes them. It reads the commands as they are asked for,
// and may run beside Run. Commands that will not run, or cannot, may be among them.
func (sc *Script) Keys() iter.Seq2[int, cert.KeySpec] {
	return func(yield func(int, cert.KeySpec) bool) {
		if sc.job == nil {
			sc.keys(step{sc.commands, 0}, yield)
			return
		}
		going := true
		sc.walk(sc.job.Body, "", func(st *jcl.Step, _ string) {
			going = going && sc.keys(sc.steps[st], yield)
		})
	}
}

// keys yields those of a step and reports whether more are wanted.
func (sc *Script) keys(st step, yield func(int, cert.KeySpec) bool) bool {
	for i, c := range st.commands {
		if spec, ok := sc.keyOf(c); ok && !yield(st.first+i, spec) {
			return false
		}
	}
	return true
}

// keyOf gives the key pair that a command will ask the store's Manager for.
func (sc *Script) keyOf(c tso.Command) (spec cert.KeySpec, ok bool) {
	// To read a command costs far more than to see that it is another one. These are the
	// shortest abbreviations.
	if text := strings.ToUpper(c.Text()); !strings.Contains(text, "GENC") && !strings.Contains(text, "REK") {
		return spec, false
	}
	st, err := c.Parse()
	if err != nil {
		return spec, false
	}
	if st.Name != "RACDCERT" {
		return spec, false
	}
	// Nothing but the key is looked at: what else is wrong shows when the command runs.
	r, fn, _, err := readRacdcert(st, sc.options.User)
	if err != nil {
		return spec, false
	}
	var place ring.KeyPlace
	switch r.function {
	case "GENCERT":
		spec, place, err = r.key("")
		return spec, err == nil && !fn.HasValue && !place.InHardware() // with a value it is for a request
	case "REKEY":
		if spec, place, err = r.rekeyKey(""); spec.Algorithm == "" {
			spec.Bits = 0 // a size for a kind that the existing certificate decides
		}
		return spec, err == nil && !place.InHardware()
	}
	return spec, false
}
