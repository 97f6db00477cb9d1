package audit

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// CEFLine gives a record as one line in ArcSight's Common Event Format, version 0. The fields are
// described in docs/audit.md. The version is that of the program.
func CEFLine(r *Record, version string) []byte {
	e, err := r.Event()
	if err != nil {
		return cefLine(version, "UNREADABLE", "An event that cannot be read", severityBad, []field{
			{"externalId", strconv.FormatUint(r.Seq, 10)},
			{"cs4Label", "hash"}, {"cs4", fmt.Sprintf("%x", r.Hash)},
			{"cs5Label", "body"}, {"cs5", base64.StdEncoding.EncodeToString(r.Body[:min(len(r.Body), maxCustom/2)])},
			{"deviceExternalId", r.Database},
		})
	}
	changes := ""
	if len(e.Changes) > 0 {
		encoded, err := json.Marshal(e.Changes)
		if err == nil {
			changes = string(encoded)
		}
	}
	fields := []field{
		{"externalId", strconv.FormatUint(r.Seq, 10)},
		{"rt", strconv.FormatInt(e.Time.UnixMilli(), 10)},
		{"suser", e.Issuer},
		{"shost", e.Host},
		{"act", e.Function},
		{"outcome", string(e.Outcome)},
		{"reason", e.Why},
		{"msg", e.Message},
		{"cn1Label", "code"}, {"cn1", strconv.Itoa(e.Code)},
	}
	for i, c := range []field{{"account", e.Account}, {"via", e.Via}, {"object", e.Object}, {"hash", fmt.Sprintf("%x", r.Hash)},
		{"changes", changes}, {"decision", string(e.Decision)}} {
		if c.value != "" {
			name := fmt.Sprintf("cs%d", i+1)
			fields = append(fields, field{name + "Label", c.name}, field{name, cut(c.value, maxCustom)})
		}
	}
	fields = append(fields, field{"deviceExternalId", r.Database})
	return cefLine(version, e.Function, strings.TrimSpace(e.Function+" "+string(e.Outcome)), severity(e), fields)
}

// maxCustom is how long a custom string of CEF may be (ArcSight's dictionary: 4,000 characters).
const maxCustom = 4000

// The severities, from 0 to 10.
const (
	severityGood = 3
	severityUndo = 4
	severityFail = 6
	severityBad  = 8
)

func severity(e *Event) int {
	switch {
	case e.Decision == Refused || e.Outcome == NotDone:
		return severityBad
	case e.Outcome == Failed:
		return severityFail
	case e.Outcome == Undone || e.Outcome == Rehearsed:
		return severityUndo
	}
	return severityGood
}

type field struct{ name, value string }

// cefLine puts a line together. In the header a backslash and a bar are escaped, in the fields a
// backslash, an equals sign and the ends of lines.
func cefLine(version, class, name string, severity int, fields []field) []byte {
	header := strings.NewReplacer(`\`, `\\`, `|`, `\|`, "\n", " ", "\r", " ")
	extension := strings.NewReplacer(`\`, `\\`, `=`, `\=`, "\n", `\n`, "\r", `\r`)
	line := fmt.Appendf(nil, "CEF:0|signet|signet|%s|%s|%s|%d|", header.Replace(visible(version)), header.Replace(visible(class)),
		header.Replace(visible(name)), severity)
	sep := ""
	for _, f := range fields {
		if f.value != "" {
			line = fmt.Appendf(line, "%s%s=%s", sep, f.name, extension.Replace(visible(f.value)))
			sep = " "
		}
	}
	return append(line, '\n')
}

// visible gives a character that some readers take for the end of a line, or that would change how
// the text around it is seen, as U+FFFD. Line feeds and carriage returns have an escape in CEF.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		hidden := unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
		if hidden && r != '\n' && r != '\r' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
