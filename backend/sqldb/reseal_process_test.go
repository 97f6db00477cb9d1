package sqldb

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"signet/ring"
)

// resealForever reseals again and again until it is killed: with a new identity every other time,
// and with a passphrase when one is given. It prints a line when it begins.
func resealForever(ctx context.Context, args []string) error {
	o := Options{Stash: args[1]}
	db, err := openEither(ctx, args[0], o)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		fmt.Println(i)
		if _, err := db.Reseal(ctx, ResealOptions{Rotate: true, NewIdentity: i%2 == 0}); err != nil {
			return err
		}
	}
}

// TestKilledReseal kills reseals at random moments. After each kill every key opens with the
// stash file as it is, new ones can be added, and the next reseal takes up where it was.
func TestKilledReseal(t *testing.T) {
	const many, few = 400, 12
	rounds := few
	if os.Getenv("SIGNET_SOAK") != "" {
		rounds = many
	}
	engines(t, func(t *testing.T, to Target, db *DB) {
		rich(t, db)
		for i := range 30 {
			if err := addOne(t.Context(), db, fmt.Sprint("key", i)); err != nil {
				t.Fatal(err)
			}
		}
		unfinished, held := 0, 0
		for round := range rounds {
			cmd := child(t, "reseal", to.Path, db.Stash())
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			lines.Scan() // it is at work
			time.Sleep(rand.N(60 * time.Millisecond))
			cmd.Process.Kill()
			for lines.Scan() {
			}
			cmd.Wait()

			after, err := to.Open(t.Context(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = after.Check(t.Context(), CheckOptions{Found: func(f Finding) {
				if f.Word != "reseal" && f.Word != "label-hint" {
					t.Errorf("kill %d: %+v", round, f)
				}
			}})
			if err != nil {
				t.Fatalf("kill %d: %v", round, err)
			}
			if err := addOne(t.Context(), after, fmt.Sprint("after", round)); err != nil {
				t.Fatalf("kill %d: %v", round, err)
			}
			c, err := after.Custody(t.Context())
			if err != nil || !c.Opens {
				t.Fatalf("kill %d: %+v, %v", round, c, err)
			}
			if c.Former {
				held++
			}
			if c.Unfinished {
				unfinished++
				if round%2 == 0 { // the others are left for the next child
					must(t, after, ResealOptions{})
				}
			}
			if err := after.Close(); err != nil {
				t.Fatal(err)
			}
		}
		must(t, db, ResealOptions{})
		opens(t, "at the end", to, Options{}, 1)
		var labels int
		err := db.View(t.Context(), func(tx ring.Tx) error {
			for _, err := range tx.Certificates("FLEET") {
				if err != nil {
					return err
				}
				labels++
			}
			return nil
		})
		if want := 4 + 30 + rounds; err != nil || labels != want {
			t.Errorf("%d certificates, want %d, %v", labels, want, err)
		}
		t.Logf("%d kills, %d in the middle of a reseal, %d while the stash file held two identities", rounds, unfinished, held)
	})
}
