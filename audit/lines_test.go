package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

const programVersion = "1.0|x"

// whole checks that a body of whatever kind makes one line in each format, and does not break out
// of its field.
func whole(t *testing.T, body []byte) {
	t.Helper()
	r := Next("db", First("db"), 7, body)
	line := JSONLine(&r)
	checkLine(t, line)
	var v struct {
		Database string
		Seq      uint64
		Hash     string
		Event    json.RawMessage
	}
	if err := json.Unmarshal(line, &v); err != nil || v.Database != "db" || v.Seq != 7 || v.Hash != fmt.Sprintf("%x", r.Hash) {
		t.Errorf("%q: %+v, %v", line, v, err)
	}
	line = CEFLine(&r, programVersion)
	checkLine(t, line)
	header, fields := parseCEF(t, string(line))
	if header[0] != "CEF:0" || header[1] != "signet" || header[3] != programVersion || fields["externalId"] != "7" || fields["deviceExternalId"] != "db" {
		t.Errorf("%q: %q, %q", line, header, fields)
	}
	e, err := r.Event()
	if err != nil {
		return
	}
	for name, want := range map[string]string{"suser": e.Issuer, "act": e.Function, "reason": e.Why, "shost": e.Host, "msg": e.Message, "cs3": cut(e.Object, maxCustom),
		"cs4": fmt.Sprintf("%x", r.Hash), "outcome": string(e.Outcome)} {
		if want = visible(want); fields[name] != want {
			t.Errorf("%q: field %s is %q, want %q", line, name, fields[name], want)
		}
	}
	for name := range fields {
		if !cefNames[name] {
			t.Errorf("%q has a field %q", line, name)
		}
	}
}

// checkLine checks that there is one line, whatever a reader takes for the end of one.
func checkLine(t *testing.T, line []byte) {
	t.Helper()
	text, ended := strings.CutSuffix(string(line), "\n")
	if !ended || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		t.Errorf("not one line: %q", line)
	}
}

var cefNames = map[string]bool{"externalId": true, "rt": true, "suser": true, "shost": true, "act": true, "outcome": true, "reason": true, "msg": true,
	"cn1Label": true, "cn1": true, "cs1Label": true, "cs1": true, "cs2Label": true, "cs2": true, "cs3Label": true, "cs3": true, "cs4Label": true, "cs4": true,
	"cs5Label": true, "cs5": true, "cs6Label": true, "cs6": true, "deviceExternalId": true}

var cefKey = regexp.MustCompile(`(?:^| )([A-Za-z0-9]+)=`)

// parseCEF reads a line as a receiver does: seven bars that are not escaped end the header; a field
// begins at a word before an equals sign that is not escaped.
func parseCEF(t *testing.T, line string) (header []string, fields map[string]string) {
	t.Helper()
	line = strings.TrimSuffix(line, "\n")
	part := ""
	for len(header) < 7 {
		if line == "" {
			t.Fatalf("the header has %d fields", len(header))
		}
		switch {
		case line[0] == '\\' && len(line) > 1 && strings.ContainsRune(`\|`, rune(line[1])):
			part += line[1:2]
			line = line[2:]
		case line[0] == '|':
			header, part, line = append(header, part), "", line[1:]
		default:
			part += line[:1]
			line = line[1:]
		}
	}
	fields = map[string]string{}
	found := cefKey.FindAllStringSubmatchIndex(line, -1)
	for i, at := range found {
		end := len(line)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		name := line[at[2]:at[3]]
		if _, twice := fields[name]; twice {
			t.Errorf("field %s is there twice", name)
		}
		value := strings.NewReplacer(`\\`, `\`, `\=`, `=`, `\n`, "\n", `\r`, "\r").Replace(line[at[1]:end])
		fields[name] = value
	}
	return header, fields
}

func TestCEF(t *testing.T) {
	e := sample(1)
	e.Function, e.Why, e.Object, e.Outcome, e.Decision = "A|B", "a=b\\c\nsuser=ROOT\rx \u2028y", "x act=OTHER", NotDone, Refused
	e.Changes = nil
	r := Next("db", First("db"), 1, encode(t, e))
	const want = `CEF:0|signet|signet|1.0\|x|A\|B|A\|B refused|8|externalId=1 rt=1767323045000 suser=ADMIN shost=host.example act=A|B outcome=refused ` +
		`reason=a\=b\\c\nsuser\=ROOT\rx ` + "\uFFFD" + `y msg=IRRD175I cn1Label=code cn1=4 cs1Label=account cs1=WEBSRV cs2Label=via cs2=unix cs3Label=object cs3=x act\=OTHER ` +
		`cs4Label=hash cs4=HASH cs6Label=decision cs6=refused deviceExternalId=db` + "\n"
	got := strings.Replace(string(CEFLine(&r, programVersion)), fmt.Sprintf("%x", r.Hash), "HASH", 1)
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	whole(t, r.Body)
	for outcome, severity := range map[Outcome]string{Done: "|3|", Failed: "|6|", Undone: "|4|", Rehearsed: "|4|", NotDone: "|8|"} {
		e := sample(1)
		e.Outcome = outcome
		r := Next("db", First("db"), 1, encode(t, e))
		if line := CEFLine(&r, programVersion); !bytes.Contains(line, []byte(severity)) {
			t.Errorf("%s: %s", outcome, line)
		}
	}
}

// TestJSONLine checks that the body is there byte for byte, and that one that is none is there, too.
func TestJSONLine(t *testing.T) {
	body := encode(t, sample(1))
	r := Next("db", First("db"), 1, body)
	if line := JSONLine(&r); !bytes.Contains(line, body) {
		t.Errorf("%s does not hold %s", line, body)
	}
	for _, body := range []string{"", "x", "{\n\"id\": 1}", "7", `"a"`, "{} {}", "{\"a\":\"\n\"}"} {
		whole(t, []byte(body))
	}
}
