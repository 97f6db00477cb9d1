package sqldb

import (
	"fmt"
	"slices"
	"strconv"
)

// custody looks at the data keys and at whom they are wrapped to, and keeps what opens for the
// rest of the check.
func (c *checker) custody() error {
	keys, uuid, forged, err := c.t.unwrapped()
	if err != nil {
		return err
	}
	c.keys, c.uuid = keys, uuid
	_, rows, err := c.t.dataKeyRows()
	if err != nil {
		return err
	}
	for _, r := range rows {
		object := strconv.FormatUint(uint64(r.generation), 10)
		switch {
		case slices.Contains(forged, r.generation):
			c.found(Finding{Word: "data-key", Object: object, Text: "this generation of the data key was put there by somebody who did not have the one before",
				Repair: "delete it, with what can be opened of what was sealed under it", fix: run1("DELETE FROM data_keys WHERE generation = $1", int64(r.generation))})
		case keys.Of(r.generation) == nil:
			c.found(Finding{Word: "data-key", Object: object, Text: "the stash file does not open this generation of the data key; it is not the one of this database, or a reseal with --new-identity is on its way"})
		}
	}
	if len(rows) > 1 && len(forged) == 0 {
		c.found(Finding{Word: "reseal", Object: "database", Text: fmt.Sprintf("a reseal was begun and is not finished: there are %d data keys; signet keys reseal finishes it", len(rows)), Warning: true})
	}
	recipients, err := c.t.recipientRows()
	if err != nil {
		return err
	}
	for _, r := range recipients {
		if !r.proved(keys, uuid) && len(forged) == 0 {
			c.found(Finding{Word: "recipient", Object: r.name, Text: errUnproved.Error() + ", or altered",
				Repair: "delete it", fix: run1("DELETE FROM recipients WHERE name = $1", r.name)})
		}
	}
	return nil
}
