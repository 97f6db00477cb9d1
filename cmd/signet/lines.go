package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"signet/ring"
)

// lineVerbs run the lines of a script of signet commands, or look at them. A script may have a million lines, and to build a verb costs far more than to parse a line of it: each is
// built once and used again, with its flags as they were. So what a verb runs changes nothing
// that the verb shares with its next run; a test looks for that in the source.
type lineVerbs struct {
	app    *app
	built  map[string]*cobra.Command // by name
	given  []*pflag.Flag             // by the line before
	memory []string                  // of the words of the line before, to be used again
}

func newLineVerbs() *lineVerbs {
	return &lineVerbs{app: &app{}, built: map[string]*cobra.Command{}}
}

// begin makes l ready for a line: its app is like a, with nothing done yet.
func (l *lineVerbs) begin(a *app, place string) {
	*l.app = *a
	l.app.code, l.app.place = ring.Done, place
}

// execute runs the words of a line, or fails with what is wrong with them, and gives the return
// code.
func (l *lineVerbs) execute(ctx context.Context, words []string, problem error) ring.Code {
	if problem != nil {
		l.app.fail(problem)
		return l.app.code
	}
	c, given, ok := l.parse(words)
	if !ok {
		return l.app.execute(ctx, words)
	}
	c.SetContext(ctx)
	if err := c.RunE(c, given); err != nil {
		l.app.fail(err)
	}
	return l.app.code
}

// words gives the words of a line, from the verb on, or those before what is wrong with it. They
// hold until the next line.
func (l *lineVerbs) words(line plainCommand) ([]string, error) {
	var err error
	l.memory, err = shellWords(line.text, l.memory[:0])
	if len(l.memory) > 0 && l.memory[0] == "signet" {
		return l.memory[1:], err
	}
	return l.memory, err
}

// nameIn gives the verb of the words of a line, empty when there is none.
func nameIn(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// parse gives the verb of a line with its operands, its flags set, where there is nothing to do
// but to run it. All other lines, such as those that ask for help or cannot be understood, are
// for cobra as a whole, which finds a fresh verb.
func (l *lineVerbs) parse(words []string) (c *cobra.Command, operands []string, ok bool) {
	l.reset()
	c, rest := l.verb(words)
	if c == nil {
		return nil, nil, false
	}
	fl := c.Flags()
	err := fl.ParseAll(rest, func(f *pflag.Flag, value string) error {
		if !f.Changed {
			f.Changed = true
			l.given = append(l.given, f)
		}
		return f.Value.Set(value)
	})
	if err != nil || fl.Changed("help") || c.ValidateArgs(fl.Args()) != nil || l.app.checkFlags(c) != nil {
		l.reset()
		return nil, nil, false
	}
	return c, fl.Args(), true
}

// reset takes back what the line before gave.
func (l *lineVerbs) reset() {
	for _, f := range l.given {
		f.Changed = false
		if list, ok := f.Value.(pflag.SliceValue); ok {
			_ = list.Replace(nil) // cannot fail; no list has a default
			continue
		}
		_ = f.Value.Set(f.DefValue) // the text of a value can be read
	}
	l.given = l.given[:0]
}

// verb finds the verb that words begin with and gives what follows; nil for none.
func (l *lineVerbs) verb(words []string) (*cobra.Command, []string) {
	if len(words) == 0 || slices.Contains(words, "cae") { // whose flags have other spellings
		return nil, nil
	}
	c, rest := l.built[words[0]], words[1:]
	if c == nil {
		if l.app.verb(words[0]) == nil {
			return nil, nil
		}
		c = subcommand(l.app.rootWith(words[0]), words[0])
		l.built[words[0]] = c
	}
	for c.HasSubCommands() {
		if len(rest) == 0 {
			return nil, nil
		}
		if c = subcommand(c, rest[0]); c == nil {
			return nil, nil
		}
		rest = rest[1:]
	}
	if c.Flags().Lookup("help") == nil {
		c.InitDefaultHelpFlag() // brings the flags of all verbs, too
	}
	return c, rest
}

func subcommand(c *cobra.Command, name string) *cobra.Command {
	for _, sub := range c.Commands() {
		if sub.Name() == name {
			return sub
		}
	}
	return nil
}
