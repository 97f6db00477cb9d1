package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"signet/export"
)

// ignored are the words of findings that the user does not want to hear.
type ignored []string

// describe gives the JSON form of what a file holds.
func (s ignored) describe(path string, info fs.FileInfo, r export.Report) scannedJSON {
	f := scannedJSON{Path: path, Format: r.Format, Mode: fmt.Sprintf("%04o", info.Mode().Perm()), Password: r.Lock}
	private := false
	for _, it := range r.Items {
		f.Entries = append(f.Entries, s.describeItem(it))
		private = private || it.Kind == export.KindPrivateKey
	}
	// Windows keeps no such permissions.
	if private && info.Mode().Perm()&0o004 != 0 && runtime.GOOS != "windows" {
		r.Findings = append(r.Findings, export.Finding{Word: export.ReadableByOthers,
			Text: fmt.Sprintf("it holds private keys, and every user can read it: its mode is %s; chmod o-r", f.Mode)})
	}
	f.Problems = s.describeFindings(r.Findings)
	return f
}

func (s ignored) describeItem(it export.Item) entryJSON {
	e := entryJSON{
		Alias: it.Alias, Line: it.Line, Kind: it.Kind, Subject: it.Subject, Issuer: it.Issuer, KeyType: it.KeyType, KeySize: it.KeySize,
		Encrypted: it.Encrypted, NotBefore: moment(it.NotBefore), NotAfter: moment(it.NotAfter), Created: moment(it.Created),
		ChainLength: it.Length, Problems: s.describeFindings(it.Findings),
	}
	if len(it.Chain) > 0 {
		e.Certificate = describeX509(it.Chain[0])
		e.Certificate.PrivateKey = it.Kind == export.KindPrivateKey
		e.KeyType, e.KeySize = "", 0 // the certificate says them
	}
	return e
}

// moment is a time for JSON; nil for none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// describeFindings leaves out what the user does not want to hear.
func (s ignored) describeFindings(all []export.Finding) []findingJSON {
	var out []findingJSON
	for _, f := range all {
		if slices.Contains(s, string(f.Word)) {
			continue
		}
		level := levelWarning
		if f.Word.Note() {
			level = levelNote
		}
		out = append(out, findingJSON{f.Word, level, f.Text})
	}
	return out
}

// scanRow is an entry as a row of the table or of CSV.
type scanRow struct {
	alias, subject, issuer, serial, keyType, keySize, sha256, chain string

	from, to *time.Time
}

func rowOf(e *entryJSON) scanRow {
	r := scanRow{alias: e.Alias, subject: e.Subject, issuer: e.Issuer, keyType: e.KeyType, from: e.NotBefore, to: e.NotAfter}
	size := e.KeySize
	if c := e.Certificate; c != nil {
		r.subject, r.issuer, r.serial, r.keyType, size, r.sha256 = c.Subject, c.Issuer, c.Serial, c.KeyType, c.KeySize, c.SHA256
		r.from, r.to = &c.NotBefore, &c.NotAfter
	}
	if size > 0 {
		r.keySize = strconv.Itoa(size)
	}
	if e.ChainLength > 0 {
		r.chain = strconv.Itoa(e.ChainLength)
	}
	return r
}

// scanTable shows each file with what is said of it, and its entries as a table.
func (a *app) scanTable(files []scannedJSON) error {
	for i := range files {
		f := &files[i]
		fmt.Fprintf(a.stdout, "%s (%s)\n", oneLine(f.Path), f.Format)
		for _, p := range f.Problems {
			fmt.Fprintf(a.stdout, "  %s: %s\n", a.paint(string(p.Word), colourOf(p)), oneLine(p.Text))
		}
		t := a.table()
		for n := range f.Entries {
			a.scanEntry(t, &f.Entries[n])
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func colourOf(f findingJSON) string {
	if f.Level == levelNote {
		return "36"
	}
	return "33"
}

// scanEntry shows an entry as a line of the table of its file.
func (a *app) scanEntry(t io.Writer, e *entryJSON) {
	r := rowOf(e)
	alias, expires, subject := r.alias, "-", r.subject
	if alias == "" && e.Line > 0 {
		alias = fmt.Sprintf("line %d", e.Line)
	}
	if r.to != nil {
		expires = r.to.In(a.zone).Format(time.DateOnly)
	}
	if subject == "" && len(e.Problems) > 0 {
		subject = e.Problems[0].Text
	}
	fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%s\n", orDash(alias), e.Kind, orDash(strings.TrimSpace(r.keyType+" "+r.keySize)),
		expires, orDash(words(e.Problems)), orDash(subject))
}

// orDash keeps a column from being empty.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return oneLine(s)
}

func words(all []findingJSON) string {
	var out []string
	for _, f := range all {
		if !slices.Contains(out, string(f.Word)) {
			out = append(out, string(f.Word))
		}
	}
	return strings.Join(out, ",")
}

// writeCSV writes files as CSV: a row for each entry, and one for a file without any.
func writeCSV(w io.Writer, files []scannedJSON) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180 section 2
	put := func(fields ...string) error {
		for i := range fields {
			fields[i] = cell(fields[i])
		}
		return out.Write(fields)
	}
	err := put("path", "format", "alias", "line", "kind", "subject", "issuer", "serial", "key_type", "key_size",
		"not_before", "not_after", "sha256", "chain_length", "problems", "file_problems")
	for i := range files {
		f := &files[i]
		ofFile := words(f.Problems)
		if len(f.Entries) == 0 && err == nil {
			err = put(f.Path, f.Format, "", "", "", "", "", "", "", "", "", "", "", "", "", ofFile)
		}
		for n := range f.Entries {
			if err != nil {
				return err
			}
			e := &f.Entries[n]
			r := rowOf(e)
			line := ""
			if e.Line > 0 {
				line = strconv.Itoa(e.Line)
			}
			err = put(f.Path, f.Format, r.alias, line, string(e.Kind), r.subject, r.issuer, r.serial, r.keyType, r.keySize,
				csvTime(r.from), csvTime(r.to), r.sha256, r.chain, words(e.Problems), ofFile)
		}
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return err
}

func csvTime(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// cell keeps a field on its line, and a spreadsheet from taking it for a formula: whoever names
// an entry must not run anything on the machine of the reader.
func cell(s string) string {
	s = oneLine(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}
