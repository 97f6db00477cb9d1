package ring

import (
	"slices"
	"strings"
	"testing"
)

// Every message has an id, a code that fits its class, and an explanation.
func TestCatalogue(t *testing.T) {
	for i, c := range catalogue {
		if c.id == "" || c.format == "" {
			t.Errorf("message %d has no id or no text", i)
			continue
		}
		if c.class != nil && c.code < Warning || c.class == nil && c.code > Warning {
			t.Errorf("%s: code %d does not fit class %v", c.id, c.code, c.class)
		}
		e, ok := Explain(strings.ToLower(c.id))
		if !ok || len(e.Texts) == 0 || strings.Contains(e.Texts[0].Text, "%") {
			t.Errorf("%s is not explained: %+v", c.id, e)
		}
		if !strings.HasPrefix(c.id, "SGN") && e.Meaning == "" {
			t.Errorf("%s is an id of RACF and has no meaning", c.id)
		}
	}
	ids := MessageIDs()
	if !slices.IsSorted(ids) || !slices.Contains(ids, "IRRD101I") {
		t.Errorf("ids: %v", ids)
	}
	if _, ok := Explain("IRRD999I"); ok {
		t.Error("an unknown id is explained")
	}
}

// An id of signet's own stands for one text, whatever its return code.
func TestOwnIDsAreUnique(t *testing.T) {
	texts := map[string]string{}
	for _, c := range catalogue {
		if text, ok := texts[c.id]; ok && strings.HasPrefix(c.id, "SGN") && text != c.format {
			t.Errorf("%s stands for %q and %q", c.id, text, c.format)
		}
		texts[c.id] = c.format
	}
}
