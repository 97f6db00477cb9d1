package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signet/export"
	"signet/ring"
)

// scanFlags are the flags of scan.
type scanFlags struct {
	expiring, passwordFile string
	ignore                 []string
	problems, csv          bool
}

func (a *app) scanCommand() *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "scan PATH... [--expiring 60d] [flags]",
		Short: "Find keystores and certificate files, and what is wrong with them",
		Long: `List what every keystore, certificate and key file below the given folders holds: JKS,
JCEKS, PKCS #12, PKCS #7, PEM and DER, told by their content whatever their names. Links to
folders are not followed; a file that several links lead to is listed once. Files are only
read. Of large texts the first BEGIN line must be within the first 32 kB.

PKCS #12 files are opened with the passwords of --password-file, one to a line, and with those
that everybody knows: changeit, changeme, password and none. JKS and JCEKS files can be read
without a password; that they were not altered is then not known (unverified).

What is reported, by its word:
  expired, not-yet-valid   also of a certificate in the chain of a private key, and of a CRL
  expiring                 ends within --expiring
  chain-incomplete, chain-order, chain-broken, key-mismatch
                           a private key with a chain that its clients cannot verify
  weak-key, weak-signature RSA below 2048 bits, EC below 224, DSA; MD2, MD5 or SHA-1
  alias-case, alias-folds, java-hidden
                           entries that Java does not find
  readable-by-others       a file with private keys that every user can read
  well-known-password      private keys under a password that everybody knows, or none
  locked                   no password opens the file: what expires in it is not known
  unreadable, too-large, too-many
                           a file or entry that could not be read in full, and why
These are for information and do not change the return code:
  no-root, key-unchecked, unverified, trust-settings

Return codes: 0 nothing to report; 4 something of the above, or a file or folder that could not
be read; 8 a PATH that is not there, or a wrong command line. A monitoring job gives --expiring,
and with --ignore the words that it does not want to hear; it should treat any code but 0 as a
finding: 8 means that it looks in the wrong place.`,
		Example: `  signet scan /etc /opt --expiring 60d
  signet scan /etc/ssl --expiring 30d --problems --ignore weak-signature,chain-incomplete
  signet scan /srv --password-file passwords.txt --csv > inventory.csv`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, given []string) error { return a.scan(c.Context(), given, f) },
	}
	c.Flags().StringVar(&f.expiring, "expiring", "", "report what expires within this many days, as 60d")
	c.Flags().StringVar(&f.passwordFile, "password-file", "", "file with passwords to try, one to a line, - for standard input")
	c.Flags().StringSliceVar(&f.ignore, "ignore", nil, "words of problems that are not reported")
	c.Flags().BoolVar(&f.problems, "problems", false, "show only entries with something to report")
	c.Flags().BoolVar(&f.csv, "csv", false, "print CSV (RFC 4180), one row per entry")
	return c
}

// findingJSON is something that is wrong, or worth knowing, as programs see it.
type findingJSON struct {
	Word  export.Word `json:"word"`
	Level string      `json:"level"` // warning or note
	Text  string      `json:"text"`
}

// entryJSON is an entry of a file as programs see it.
type entryJSON struct {
	Alias       string           `json:"alias,omitempty"`
	Line        int              `json:"line,omitempty"` // of a text
	Kind        export.Kind      `json:"kind"`
	Subject     string           `json:"subject,omitempty"` // of what is no certificate
	Issuer      string           `json:"issuer,omitempty"`
	KeyType     string           `json:"keyType,omitempty"`
	KeySize     int              `json:"keySize,omitempty"`
	Encrypted   bool             `json:"encrypted,omitempty"`
	NotBefore   *time.Time       `json:"notBefore,omitempty"`
	NotAfter    *time.Time       `json:"notAfter,omitempty"`
	Created     *time.Time       `json:"created,omitempty"`
	ChainLength int              `json:"chainLength,omitempty"`
	Certificate *certificateJSON `json:"certificate,omitempty"`
	Problems    []findingJSON    `json:"problems,omitempty"`
}

// scannedJSON is a file as programs see it.
type scannedJSON struct {
	Path     string        `json:"path"`
	Also     []string      `json:"also,omitempty"` // links to it
	Format   string        `json:"format"`
	Mode     string        `json:"mode"`
	Password export.Lock   `json:"password"`
	Entries  []entryJSON   `json:"entries,omitempty"`
	Problems []findingJSON `json:"problems,omitempty"`
}

// scan lists the files below paths.
func (a *app) scan(ctx context.Context, paths []string, f scanFlags) error {
	q := export.Inspection{Now: a.now()}
	switch {
	case f.csv && a.json():
		return usagef("scan: --csv and --output json exclude each other")
	case f.expiring != "":
		var err error
		if q.Within, err = parseDays(f.expiring); err != nil {
			return err
		}
	}
	for _, word := range f.ignore {
		if !slices.Contains(export.Words(), export.Word(word)) {
			return usagef("--ignore %q: there is no such problem; signet scan --help lists them", word)
		}
	}
	var err error
	if q.Passwords, err = a.passwords(f.passwordFile); err != nil {
		return err
	}
	s := newScanner(q, ignored(f.ignore).describe)
	stop := a.spinText(true, func() string { return fmt.Sprintf("%d files", s.count.Load()) })
	found, troubles := s.run(ctx, paths)
	stop()
	if err := ctx.Err(); err != nil {
		return err
	}
	var files []scannedJSON
	for _, f := range found {
		f.value.Also = f.also
		files = append(files, f.value)
	}
	var result ring.Result
	for _, err := range troubles {
		m := ring.Message{Code: ring.Warning, Text: err.Error()}
		var gone errNamed
		if errors.As(err, &gone) {
			m.Code = ring.Refused
		}
		result.Messages = append(result.Messages, m)
	}
	messages := a.tell(&result)
	total := summary{}
	for i := range files {
		total.add(&files[i])
	}
	if total.warnings > 0 {
		a.raise(ring.Warning)
	}
	if f.problems {
		files = onlyProblems(files)
	}
	switch {
	case a.json():
		return a.print(answer{Messages: messages, Files: files})
	case f.csv:
		return writeCSV(a.stdout, files)
	}
	if err := a.scanTable(files); err != nil {
		return err
	}
	a.say("%d files looked at, %d of them with %d entries; %d problems", s.count.Load(), total.files, total.entries, total.warnings)
	return nil
}

// passwords reads a file of passwords, one to a line.
func (a *app) passwords(file string) ([][]byte, error) {
	if file == "" {
		return nil, nil
	}
	data, err := a.files.Read(file, 64<<10)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			all = append(all, []byte(line))
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("password file %q: it holds no password: %w", file, ring.ErrInvalid)
	}
	return all, nil
}

// summary counts what was found.
type summary struct{ files, entries, warnings int }

func (s *summary) add(f *scannedJSON) {
	s.files++
	s.entries += len(f.Entries)
	s.warnings += warnings(f.Problems)
	for _, e := range f.Entries {
		s.warnings += warnings(e.Problems)
	}
}

// The levels of findings.
const (
	levelWarning = "warning"
	levelNote    = "note"
)

func warnings(all []findingJSON) int {
	n := 0
	for _, f := range all {
		if f.Level == levelWarning {
			n++
		}
	}
	return n
}

// onlyProblems leaves out entries and files without any warning.
func onlyProblems(files []scannedJSON) []scannedJSON {
	var out []scannedJSON
	for _, f := range files {
		f.Entries = slices.DeleteFunc(f.Entries, func(e entryJSON) bool { return warnings(e.Problems) == 0 })
		if len(f.Entries) > 0 || warnings(f.Problems) > 0 {
			out = append(out, f)
		}
	}
	return out
}
