package sqldb

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"signet/backend/backendtest"
	"signet/ring"
	"signet/saf"
)

// eachEngine runs a benchmark on a new database of each engine.
func eachEngine(b *testing.B, run func(b *testing.B, name string, o Options)) {
	b.Run("SQLite", func(b *testing.B) { run(b, filepath.Join(b.TempDir(), "signet.db"), Options{Create: true}) })
	b.Run("PostgreSQL", func(b *testing.B) {
		at := newPlace(b)
		run(b, at.url, Options{Create: true, Stash: at.stash})
	})
}

// issueOne does in one transaction what GENCERT does: it finds the issuer, counts its serial
// number, looks whether the label is free, and stores a certificate with its key.
func issueOne(ctx context.Context, db *DB, c *ring.Certificate, key crypto.Signer) error {
	return db.Update(ctx, func(tx ring.Tx) error {
		ca, err := tx.Certificate(ring.CertRef{Owner: "CERTAUTH", Label: "CA"})
		if err != nil {
			return err
		}
		if _, err := tx.PrivateKey(ca); err != nil {
			return err
		}
		ca.LastSerial++
		if err := tx.UpdateCertificate(ca); err != nil {
			return err
		}
		if _, err := tx.Certificate(c.Ref()); !errors.Is(err, ring.ErrNotFound) {
			return fmt.Errorf("label taken: %w", err)
		}
		if err := tx.AddCertificate(c); err != nil {
			return err
		}
		return tx.PutPrivateKey(c, key)
	})
}

// BenchmarkGencert is one transaction after another, in a database that stays open.
func BenchmarkGencert(b *testing.B) {
	eachEngine(b, func(b *testing.B, name string, o Options) {
		ctx := context.Background()
		db, err := openEither(ctx, name, o)
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		x, key := backendtest.Make(b, backendtest.Spec{Subject: "CA"})
		err = db.Update(ctx, func(tx ring.Tx) error {
			c := ring.NewCertificate(ring.CertRef{Owner: "CERTAUTH", Label: "CA"}, x)
			return errors.Join(tx.AddCertificate(c), tx.PutPrivateKey(c, key))
		})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for b.Loop() {
			b.StopTimer()
			label := fmt.Sprint(n)
			x, key := backendtest.Make(b, backendtest.Spec{Subject: label})
			c := ring.NewCertificate(ring.CertRef{Owner: "FLEET", Label: label}, x)
			n++
			b.StartTimer()
			if err := issueOne(ctx, db, c, key); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkList reads a thousand certificates, as LIST does, in a database that stays open.
func BenchmarkList(b *testing.B) {
	eachEngine(b, func(b *testing.B, name string, o Options) {
		ctx := context.Background()
		db, err := openEither(ctx, name, o)
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		err = db.Update(ctx, func(tx ring.Tx) error {
			for i := range 1000 {
				x, _ := backendtest.Make(b, backendtest.Spec{Subject: fmt.Sprint(i)})
				if err := tx.AddCertificate(ring.NewCertificate(ring.CertRef{Owner: "FLEET", Label: fmt.Sprint(i)}, x)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			n := 0
			err := db.View(ctx, func(tx ring.Tx) error {
				for _, err := range tx.Certificates("FLEET") {
					if err != nil {
						return err
					}
					n++
				}
				return nil
			})
			if err != nil || n != 1000 {
				b.Fatal(n, err)
			}
		}
	})
}

// BenchmarkCommand opens a database, makes one certificate and closes it, as a command does.
func BenchmarkCommand(b *testing.B) {
	eachEngine(b, func(b *testing.B, name string, o Options) {
		ctx := context.Background()
		n := 0
		for b.Loop() {
			db, err := openEither(ctx, name, o)
			if err != nil {
				b.Fatal(err)
			}
			if err := addOne(ctx, db, fmt.Sprint(n)); err != nil {
				b.Fatal(err)
			}
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
			n++
		}
	})
}

// BenchmarkProtecting finds the profile of a ring in the snapshot of a class that has one generic
// profile for each of many rings, and a few that cover all.
func BenchmarkProtecting(b *testing.B) {
	eachEngine(b, func(b *testing.B, name string, o Options) {
		for _, profiles := range []int{100, 100_000} {
			b.Run(fmt.Sprint(profiles), func(b *testing.B) {
				ctx := context.Background()
				db, err := openEither(ctx, name, o)
				if err != nil {
					b.Fatal(err)
				}
				defer db.Close()
				err = db.Update(ctx, func(tx ring.Tx) error {
					for i := range profiles {
						p := &saf.Profile{Class: "RDATALIB", Name: fmt.Sprintf("U%06d.RING%%.*", i), Generic: true, Access: []saf.Entry{{ID: "U", Access: saf.Read}}}
						if err := tx.PutProfile(p); err != nil {
							return err
						}
					}
					for _, n := range []string{"**", "U*.**", "*.RING1.LST"} {
						if err := tx.PutProfile(&saf.Profile{Class: "RDATALIB", Name: n, Generic: true}); err != nil {
							return err
						}
					}
					return tx.TakeSnapshot("RDATALIB")
				})
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					n := 0
					err := db.View(ctx, func(tx ring.Tx) error {
						for _, err := range tx.Protecting("RDATALIB", "U000077.RING1.LST", true) {
							if err != nil {
								return err
							}
							n++
						}
						return nil
					})
					if err != nil || n != 4 {
						b.Fatal(n, err)
					}
				}
			})
		}
	})
}
