package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// twoRows is a plan and a report that have each kind of line.
func twoRows(t *testing.T) (plan, report) {
	p, err := parse("rows.txt", `row script: A script
  signet: signet run --atomic s
  signet-one-by-one: signet run s
  openssl: openssl loop
  cfssl: cfssl loop
  limit: bench limit 10
  goal signet <= 2 limit
  goal signet <= 0.1 openssl
row big: A big one
  signet: signet x
  keytool: keytool x
  goal signet <= 1 keytool
row later: Not measured yet
  signet: signet x
`)
	if err != nil {
		t.Fatal(err)
	}
	return p, report{
		Version: reportVersion,
		Machine: []fact{{"processor", "Abacus, 2 cores"}, {"memory", "4 GiB"}},
		Rows: []measured{
			{"script", "2026-11-21", []result{
				{"signet", 5, 2.5, 2.25, 2.75, 3.125, 40 * 1024},
				{"signet-one-by-one", 5, 10, 9.5, 12, 11, 30 * 1024},
				{"openssl", 2, 50.123, 50, 51, 49, 7 * 1024},
				{"cfssl", 2, 40, 39.4, 41, 38, 14 * 1024},
				{"limit", 5, 1, 0.9, 1.1, 1.9, 20 * 1024},
			}},
			{"big", "2026-11-20", []result{
				{"signet", 20, 0.0041, 0.00399, 0.123, 0.0051, 101 * 1024},
				{"keytool", 5, 0.5, 0.4999, 0.6, 0.7, 200 * 1024},
			}},
		},
	}
}

func TestRender(t *testing.T) {
	got := render(twoRows(t))
	golden := filepath.Join("testdata", "tables.md")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

func TestDigits(t *testing.T) {
	for number, want := range map[float64]string{
		1234.5: "1234", 100: "100", 99.94: "99.9", 12.34: "12.3", 9.994: "9.99", 1: "1.00", 0.5: "0.5", 0.0213: "0.021", 0: "0",
	} {
		if got := digits(number); got != want {
			t.Errorf("digits(%v) is %q, want %q", number, got, want)
		}
	}
}
