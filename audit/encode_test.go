package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// sample is an event with something in every field.
func sample(n int) *Event {
	return &Event{ID: fmt.Sprintf("%032x", n), Time: time.Date(2026, 1, 2, 3, 4, 5, n*1000, time.UTC), Issuer: "ADMIN", Account: "WEBSRV", Host: "host.example",
		Via: "unix", Function: "ALTER", Object: "WEBSRV/web", Decision: Allowed, Why: "FACILITY IRR.DIGTCERT.ALTER UPDATE", Outcome: Done, Code: 4, Message: "IRRD175I",
		Changes: []Change{{Kind: "certificate", Name: "WEBSRV/web", Before: map[string]string{"status": "TRUST", "label": "web"}, After: map[string]string{"status": "NOTRUST"}}}}
}

func encode(t testing.TB, e *Event) []byte {
	t.Helper()
	encoded, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	return encoded.Body()
}

// TestEncode fixes the form of a body: what is in a trail must mean the same to every version.
func TestEncode(t *testing.T) {
	const want = `{"id":"00000000000000000000000000000007","time":"2026-01-02T03:04:05.000007Z","issuer":"ADMIN","account":"WEBSRV","host":"host.example",` +
		`"via":"unix","function":"ALTER","object":"WEBSRV/web","decision":"allowed","why":"FACILITY IRR.DIGTCERT.ALTER UPDATE","outcome":"done","code":4,"message":"IRRD175I",` +
		`"changes":[{"kind":"certificate","name":"WEBSRV/web","before":{"label":"web","status":"TRUST"},"after":{"status":"NOTRUST"}}]}`
	if got := string(encode(t, sample(7))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	e, err := Decode([]byte(want))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sample(7), e); d != "" {
		t.Error(d)
	}
	if x := IndexOf(e); x != (Index{ID: e.ID, Time: e.Time.UnixMicro(), Issuer: "ADMIN", Function: "ALTER"}) {
		t.Errorf("index %+v", x)
	}
}

// TestLimits has texts and changes that are too long, too many or no text at all.
func TestLimits(t *testing.T) {
	e := sample(1)
	e.Object = strings.Repeat("é", MaxText) // cut within a character
	e.Why = "a\x00b\xffc\u0085\x7f\n"
	e.Host = strings.Repeat("h", MaxText)
	e.Time = time.Date(2026, 1, 2, 3, 4, 5, 999, time.FixedZone("", 3600))
	e.Changes = nil
	for i := range MaxChanges + 10 {
		e.Changes = append(e.Changes, Change{Kind: "k", Name: fmt.Sprint(i)})
	}
	e.More = 5
	got, err := Decode(encode(t, e))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(got.Object, Cut) || len(got.Object) > MaxText || len(got.Object) < MaxText-utf8.UTFMax || strings.ContainsRune(got.Object, utf8.RuneError) {
		t.Errorf("the object has %d bytes: %q", len(got.Object), got.Object[len(got.Object)-10:])
	}
	if got.Why != "a\uFFFDb\uFFFDc\uFFFD\uFFFD\n" || got.Host != e.Host {
		t.Errorf("why %q, host of %d bytes", got.Why, len(got.Host))
	}
	if !got.Time.Equal(time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC)) {
		t.Errorf("time %v", got.Time)
	}
	if len(got.Changes) != MaxChanges || got.More != 15 || got.Changes[MaxChanges-1].Name != fmt.Sprint(MaxChanges-1) {
		t.Errorf("%d changes and %d more", len(got.Changes), got.More)
	}

	// The changes together, and one alone.
	long := strings.Repeat("x", 2*MaxText)
	e.More, e.Changes = 0, nil
	for i := range 100 {
		e.Changes = append(e.Changes, Change{Kind: "k", Name: fmt.Sprint(i), After: map[string]string{"v": long}})
	}
	body := encode(t, e)
	if got, err = Decode(body); err != nil || len(got.Changes)+got.More != 100 || got.More == 0 || len(body) > MaxBody {
		t.Errorf("%d changes and %d more in %d bytes, %v", len(got.Changes), got.More, len(body), err)
	}
	wide := map[string]string{}
	for i := range 1000 {
		wide[fmt.Sprint(i)] = long
	}
	e.Changes = []Change{{Kind: "small"}, {Kind: "wide", Before: wide}, {Kind: "small"}}
	if got, err = Decode(encode(t, e)); err != nil || len(got.Changes) != 1 || got.More != 2 {
		t.Errorf("%d changes and %d more, %v", len(got.Changes), got.More, err)
	}

	// The largest body there can be is read.
	all := strings.Repeat("\u2028", MaxText)
	e = &Event{ID: e.ID, Time: e.Time, Issuer: all, Account: all, Host: all, Via: all, Function: all, Object: all, Decision: Decision(all), Why: all, Outcome: Outcome(all), Message: all}
	for range MaxChanges {
		e.Changes = append(e.Changes, Change{Name: "x"})
	}
	if _, err := Decode(encode(t, e)); err != nil {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	for name, change := range map[string]func(*Event){
		"no id":     func(e *Event) { e.ID = "" },
		"upper id":  func(e *Event) { e.ID = strings.Repeat("A", 32) },
		"short id":  func(e *Event) { e.ID = e.ID[1:] },
		"no time":   func(e *Event) { e.Time = time.Time{} },
		"year 9999": func(e *Event) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		e := sample(1)
		change(e)
		if encoded, err := Encode(e); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %s, %v", name, encoded.Body(), err)
		}
	}
	for name, body := range map[string]string{"empty": "", "number": "7", "list": "[]", "no id": "{}", "cut": `{"id":"`, "long": strings.Repeat(" ", MaxBody) + "{}",
		"kind": `{"id":7}`} {
		if e, err := Decode([]byte(body)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestNewID(t *testing.T) {
	a, b := NewID(), NewID()
	if a == b || !isID(a) || !isID(b) {
		t.Errorf("%s, %s", a, b)
	}
}

// FuzzEncode: whatever the texts of an event are, its body is read back, and gives that body again.
func FuzzEncode(f *testing.F) {
	f.Add("ADMIN", "LIST", "U/x", "why\n", "name", "value", int64(0), 3)
	f.Add("<&>\"\\", "a/b\u2029", "\u00a0~", "\t\r\b\f", "ä", "{}", int64(999_999), 2)
	f.Add("\xff\x00", "\u2028", strings.Repeat("é", MaxText), "", "k\xff", "k\xfe", int64(1<<40), 300)
	f.Fuzz(func(t *testing.T, issuer, function, object, why, name, value string, when int64, n int) {
		e := &Event{ID: strings.Repeat("0", 32), Time: time.Unix(when%(1<<37), when%1e9), Issuer: issuer, Function: function, Object: object, Why: why, More: n}
		for range min(max(n, 0), 300) {
			e.Changes = append(e.Changes, Change{Kind: why, Name: name, Before: map[string]string{name: value, value: name}, After: map[string]string{}})
		}
		encoded, err := Encode(e)
		if err != nil {
			return
		}
		body := encoded.Body()
		if len(body) > MaxBody {
			t.Fatalf("a body of %d bytes", len(body))
		}
		got, err := Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Encode(got)
		if err != nil || !bytes.Equal(body, again.Body()) {
			t.Errorf("encoded\n%s\nand again\n%s, %v", body, again.Body(), err)
		}
		if standard, err := json.Marshal(got); err != nil || !bytes.Equal(body, standard) {
			t.Errorf("encoded\n%s\nand by the standard library\n%s, %v", body, standard, err)
		}
		if x := IndexOf(got); encoded.Index() != x || again.Index() != x {
			t.Errorf("indexes %+v, %+v and %+v", encoded.Index(), again.Index(), x)
		}
		whole(t, body)
	})
}

// FuzzDecode: whatever is in a store, reading it does not panic, and what is read is encoded stably.
func FuzzDecode(f *testing.F) {
	f.Add(encode(f, sample(1)))
	f.Add([]byte(`{"ID":"00000000000000000000000000000000","time":"2026-01-01T00:00:00+01:00","changes":[null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		whole(t, body)
		e, err := Decode(body)
		if err != nil {
			return
		}
		first, err := Encode(e)
		if err != nil {
			return
		}
		e, err = Decode(first.Body())
		if err != nil {
			t.Fatal(err)
		}
		if second, err := Encode(e); err != nil || !bytes.Equal(first.Body(), second.Body()) {
			t.Errorf("%s, then %s, %v", first.Body(), second.Body(), err)
		}
	})
}
