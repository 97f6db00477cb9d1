package main

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"signet/cert"
	"signet/export"
	"signet/ring"
)

// anchor is a certificate that a file holds, or something in it that cannot be read as one.
type anchor struct {
	file  string
	line  int
	x509  *x509.Certificate // nil if it cannot be read
	alias string
	why   string // it cannot be read
}

// describe gives the JSON form of an anchor before anything is done with it.
func (t anchor) describe(now time.Time) trustedJSON {
	j := trustedJSON{File: t.file, Line: t.line, Alias: t.alias}
	if t.x509 == nil {
		j.Alias, j.Result, j.Reason, j.Text = "", resultSkipped, reasonUnreadable, t.why
		return j
	}
	sum := cert.Fingerprint(t.x509.Raw)
	j.Subject, j.NotAfter, j.SHA256 = cert.SubjectOf(t.x509).String(), moment(t.x509.NotAfter), hex.EncodeToString(sum[:])
	j.Warnings = warningsOf(t.x509, now)
	return j
}

// anchors reads the certificates of files and folders.
func (a *app) anchors(ctx context.Context, given []string, f trustAddFlags) ([]anchor, error) {
	q := export.Inspection{Now: a.now()}
	switch p, err := f.packages.read(a); {
	case err != nil:
		return nil, err
	case p != nil:
		q.Passwords = [][]byte{p}
	}
	var all []anchor
	for _, name := range given {
		if name == "-" {
			data, err := a.files.Read(name, export.MaxInspect)
			if err != nil {
				return nil, err
			}
			all = append(all, anchorsOf("standard input", "", export.Inspect(data, q), true)...)
			continue
		}
		info, err := os.Stat(name)
		isFile := err == nil && !info.IsDir()
		s := newScanner(q, func(path string, _ fs.FileInfo, r export.Report) []anchor {
			base := filepath.Base(path)
			return anchorsOf(path, strings.TrimSuffix(base, filepath.Ext(base)), r, isFile)
		})
		stop := a.spinText(true, func() string { return fmt.Sprintf("%d files", s.count.Load()) })
		files, troubles := s.run(ctx, []string{name})
		stop()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, l := range files {
			all = append(all, l.value...)
		}
		for _, err := range troubles {
			all = append(all, anchor{why: err.Error()})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no certificate is in %s: %w", strings.Join(given, ", "), ring.ErrNotFound)
	}
	return all, nil
}

// anchorsOf gives the certificates of a file. name is what the alias of its only certificate is
// made of; named says that the user asked for this file.
func anchorsOf(file, name string, r export.Report, named bool) []anchor {
	var all []anchor
	skip := func(line int, why string) { all = append(all, anchor{file: file, line: line, why: why}) }
	for _, f := range r.Findings {
		switch f.Word {
		case export.Unreadable, export.TooLarge, export.TooMany:
			skip(0, f.Text)
		case export.Locked:
			skip(0, "no password that was tried opens it; give its password with --package-password-file")
		}
	}
	seen := map[string]bool{}
	for _, it := range r.Items {
		if why := unfit(it); why != "" {
			skip(it.Line, why)
			continue
		}
		for i, x := range it.Chain {
			// Of a keystore the issuers count once, however many chains they are in.
			if i > 0 && seen[string(x.Raw)] && it.Line == 0 {
				continue
			}
			seen[string(x.Raw)] = true
			t := anchor{file: file, line: it.Line, x509: x}
			if i == 0 {
				t.alias = cleanAlias(it.Alias)
			}
			all = append(all, t)
		}
	}
	if len(all) == 0 && named {
		skip(0, "there is no certificate in it")
	}
	for i := range all {
		if all[i].alias == "" && all[i].x509 != nil {
			all[i].alias = aliasFor(all[i].x509, name, len(all) == 1)
		}
	}
	return all
}

// unfit says why what is in an entry cannot be trusted as it is; empty if it can, or if it is
// not about certificates.
func unfit(it export.Item) string {
	for _, f := range it.Findings {
		if f.Word == export.TrustSettings {
			return f.Text + "; leave them off with: openssl x509 -in FILE -out NEW"
		}
		if f.Word == export.Unreadable && (it.Kind == export.KindOther || it.Length > len(it.Chain)) {
			return f.Text
		}
	}
	return ""
}

// aliasFor makes an alias of the name of the file, or of the certificate's subject.
func aliasFor(x *x509.Certificate, file string, only bool) string {
	candidates := append([]string{x.Subject.CommonName}, append(x.Subject.OrganizationalUnit, x.Subject.Organization...)...)
	if only {
		candidates = append([]string{file}, candidates...)
	}
	for _, c := range append(candidates, file) {
		if alias := cleanAlias(c); alias != "" {
			return alias
		}
	}
	return "certificate"
}

// maxAliasBytes leaves room for a number, also where aliases are names of files.
const maxAliasBytes = 180

// cleanAlias makes a name fit for every kind of truststore: in lower case, in one word, short.
func cleanAlias(name string) string {
	name = strings.ToValidUTF8(strings.ToLower(name), "")
	words := strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r == '/' || r == '\\' })
	name = strings.TrimLeft(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || oneLine(string(r)) != string(r) {
			return -1
		}
		return r
	}, strings.Join(words, "-")), ".-")
	for len(name) > maxAliasBytes {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name
}
