package main

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"signet/ring"
)

// messageID is the form of the ids of messages.
var messageID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(IRR|IRRD|ICH|IKJ|SGN)\d+[AEI]$`) })

// helpCommand explains verbs and messages.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [VERB | MESSAGE]",
		Short: "Explain a verb or a message",
		Example: `  signet help gencert
  signet help IRRD107I`,
		RunE: func(c *cobra.Command, given []string) error {
			if len(given) == 1 && messageID().MatchString(given[0]) {
				return a.explain(given[0])
			}
			verb, rest, err := c.Root().Find(given)
			if err != nil || verb == c.Root() && len(rest) > 0 {
				return usagef("help: there is no verb %q; signet --help lists them", strings.Join(given, " "))
			}
			return verb.Help()
		},
	}
}

// explain explains a message.
func (a *app) explain(id string) error {
	e, ok := ring.Explain(id)
	if !ok {
		return fmt.Errorf("message %s: %w; signet does not issue it", strings.ToUpper(id), ring.ErrNotFound)
	}
	if a.json() {
		ans := answer{Explanation: &explanationJSON{ID: e.ID, Meaning: e.Meaning}}
		for _, m := range e.Texts {
			ans.Explanation.Texts = append(ans.Explanation.Texts, message(m))
		}
		return a.print(ans)
	}
	fmt.Fprintln(a.stdout, e.ID)
	if e.Meaning != "" {
		fmt.Fprintln(a.stdout, e.Meaning)
	}
	for _, m := range e.Texts {
		fmt.Fprintf(a.stdout, "\n  %s\n  return code %d\n", m.Text, m.Code)
		if m.Hint != "" {
			fmt.Fprintf(a.stdout, "  %s\n", m.Hint)
		}
	}
	return nil
}

// explanationJSON is an explained message as programs see it.
type explanationJSON struct {
	ID      string        `json:"id"`
	Meaning string        `json:"meaning,omitempty"`
	Texts   []messageJSON `json:"texts,omitempty"`
}
