package keystore

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"signet/internal/oracle"
)

// pool gives aliases of which some are equal, fold together, or have equal hash codes in Java.
func pool(r *rand.Rand) string {
	switch r.IntN(10) {
	case 0:
		return randomAlias(r)
	case 1: // "Aa" and "BB" have the same hash code
		return strings.NewReplacer("0", "Aa", "1", "BB").Replace(fmt.Sprintf("%03b", r.IntN(8)))
	case 2:
		return []string{"web", "Web", "WEB", "mail", "Mail", "", "1", "2", "ΣΑΣ", "σας", "𐐀", "𐐨"}[r.IntN(12)]
	}
	return fmt.Sprintf("%x", r.IntN(5000))
}

// randomStore gives the entries of a keystore; the place of each is its time and its serial
// number, counted from one.
func randomStore(r *rand.Rand, format string) *Keystore {
	ks := &Keystore{Format: format}
	n := r.IntN(40)
	if r.IntN(50) == 0 {
		n = 900
	}
	for i := range n {
		e := Entry{Alias: pool(r), Trusted: true}
		switch r.IntN(5) {
		case 0, 1:
			e.Key, e.Trusted = Clear{}, false
		case 2:
			e.Trusted = format != PKCS12
		case 3:
			if format == PKCS12 {
				e.Other, e.Trusted = "secret key", false
			}
		}
		if e.Key != nil && (i%3 > 0 || n < 10) {
			e.ID = fmt.Appendf(nil, "Time %d", i+1)
		}
		ks.Entries = append(ks.Entries, e)
	}
	return ks
}

// What KeyStore enumerates, in which order, and what it finds, over many keystores of each format.
func TestJavaView(t *testing.T) {
	for _, format := range []string{JKS, JCEKS, PKCS12} {
		t.Run(format, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			var stores []*Keystore
			var files []byte
			certificates := serials(t, 900)
			for range 1500 {
				ks := randomStore(r, format)
				var file []byte
				if format == PKCS12 {
					file = buildPKCS12(t, r, ks, certificates)
				} else {
					file = buildJKS(ks, certificates)
				}
				stores = append(stores, ks)
				files = append(binary.BigEndian.AppendUint32(files, uint32(len(file))), file...)
			}
			dir := t.TempDir()
			out := oracle.Java(t, "testdata/Enumerate.java", format, dir+"/"+oracle.Write(t, dir, "stores", files))
			blocks := strings.Split(out, "store ")[1:]
			if len(blocks) != len(stores) {
				t.Fatalf("Java saw %d stores of %d", len(blocks), len(stores))
			}
			hidden, dropped := 0, 0
			for i, block := range blocks {
				lines := strings.Split(strings.TrimSpace(block), "\n")[1:]
				view := stores[i].JavaView()
				compareView(t, stores[i], view, lines)
				dropped += len(stores[i].Entries) - len(view)
				for _, v := range view {
					if v.Found != v.Index {
						hidden++
					}
				}
			}
			if dropped < 500 || format != PKCS12 && hidden < 500 {
				t.Errorf("only %d entries that are not enumerated and %d that are not found", dropped, hidden)
			}
		})
	}
}

// compareView compares a view with the lines of Enumerate.
func compareView(t *testing.T, ks *Keystore, view []JavaEntry, lines []string) {
	t.Helper()
	var got []string
	for _, v := range view {
		kind, date, serial := "none", 0, "-"
		if v.Found >= 0 {
			e := ks.Entries[v.Found]
			kind, date = "key", v.Found+1
			if e.Trusted {
				kind, serial = "certificate", fmt.Sprint(v.Found+1)
			}
			if ks.Format == PKCS12 && (e.Trusted || e.ID == nil) {
				date = 0 // Java gives the time of loading
			}
		}
		got = append(got, fmt.Sprintf("alias %x- %s %d %s", v.Alias, kind, date, serial))
	}
	for i, line := range lines {
		if f := strings.Fields(line); ks.Format == PKCS12 && len(f[3]) > 6 {
			lines[i] = strings.Replace(line, f[3], "0", 1)
		}
	}
	if a, b := strings.Join(got, "\n"), strings.Join(lines, "\n"); a != b {
		t.Fatalf("%s: the view is\n%s\nwant\n%s", ks.Format, a, b)
	}
}
