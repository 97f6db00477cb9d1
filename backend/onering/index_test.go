package onering

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	"signet/backend/backendtest"
	"signet/export/keystore"
	"signet/ring"
)

// memory is a medium that holds its entries and nothing else.
type memory struct {
	Medium
	entries []keystore.Entry
}

func (m *memory) Name() string                          { return "memory" }
func (m *memory) RingName() string                      { return "MEMORY" }
func (m *memory) Format() string                        { return keystore.PKCS12 }
func (m *memory) Folds() bool                           { return true }
func (m *memory) Distrusts() bool                       { return true }
func (m *memory) Defaults() bool                        { return true }
func (m *memory) KeepsChains() bool                     { return true }
func (m *memory) Ready() error                          { return nil }
func (m *memory) Alias(label string) (string, error)    { return label, nil }
func (m *memory) Load(context.Context) (Content, error) { return Content{Entries: m.entries}, nil }

func (m *memory) Save(_ context.Context, _ Content, es []keystore.Entry) error {
	m.entries = es
	return nil
}

func (m *memory) Lock(context.Context, time.Duration) (func(), error) { return func() {}, nil }

// crowd is a store of n trusted certificates of one issuer, and their certificates.
func crowd(t *testing.T, n int) (*Store, []*ring.Certificate) {
	t.Helper()
	m := &memory{}
	_, key := backendtest.Make(t, backendtest.Spec{Subject: "ca"})
	var all []*ring.Certificate
	for i := range n {
		x, _ := backendtest.Make(t, backendtest.Spec{Subject: fmt.Sprint("s", i), Issuer: "ca", Serial: big.NewInt(int64(i + 100)), Signer: key, Key: key})
		c := ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: fmt.Sprintf("Label %d", i)}, x)
		all = append(all, c)
		m.entries = append(m.entries, keystore.Entry{Alias: c.Label, Chain: [][]byte{x.Raw}, Trusted: true})
	}
	return New(m, "WEBSRV", nil, time.Second), all
}

// TestLookUps: in a store of many, a look-up comes to the one record that it is about and to no
// other. Without that, to copy ten thousand certificates takes a hundred million looks.
func TestLookUps(t *testing.T) {
	s, all := crowd(t, 2000)
	err := s.View(t.Context(), func(x ring.Tx) error {
		tx := x.(*tx)
		for i, c := range all {
			cert, err := c.X509()
			if err != nil {
				return err
			}
			for what, places := range map[string][]int{
				"label":    tx.labelled(c.Label),
				"identity": tx.identified(cert.RawIssuer, cert.SerialNumber),
				"subject":  tx.certified(bySubject, cert.RawSubject),
			} {
				if len(places) != 1 || places[0] != i {
					t.Fatalf("%s of certificate %d: places %v", what, i, places)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var errUndo = errors.New("undo")

// TestLookUpsUndone: what an attempt changed and took back is found as it was, whether the index
// was made before the attempt or within it.
func TestLookUpsUndone(t *testing.T) {
	for _, before := range []bool{true, false} {
		t.Run(fmt.Sprint("made before: ", before), func(t *testing.T) {
			s, all := crowd(t, 20)
			fresh, _ := backendtest.Make(t, backendtest.Spec{Subject: "fresh"})
			err := s.Update(t.Context(), func(x ring.Tx) error {
				if before {
					if _, err := x.Certificate(all[3].Ref()); err != nil {
						return err
					}
				}
				err := x.Attempt(func() error {
					gone, err := x.Certificate(all[3].Ref())
					if err != nil {
						return err
					}
					if err := x.DeleteCertificate(gone); err != nil {
						return err
					}
					other, err := x.Certificate(all[5].Ref())
					if err != nil {
						return err
					}
					other.Label = "renamed"
					if err := x.UpdateCertificate(other); err != nil {
						return err
					}
					if err := x.AddCertificate(ring.NewCertificate(ring.CertRef{Owner: ring.CertAuth, Label: "fresh"}, fresh)); err != nil {
						return err
					}
					for label, there := range map[string]bool{all[3].Label: false, all[5].Label: false, "RENAMED": true, "Fresh": true} {
						if _, err := x.Certificate(ring.CertRef{Owner: ring.CertAuth, Label: label}); (err == nil) != there {
							t.Errorf("in the attempt, %q: %v", label, err)
						}
					}
					return errUndo
				})
				if !errors.Is(err, errUndo) {
					return err
				}
				for label, there := range map[string]bool{all[3].Label: true, all[5].Label: true, "renamed": false, "fresh": false} {
					if _, err := x.Certificate(ring.CertRef{Owner: ring.CertAuth, Label: label}); (err == nil) != there {
						t.Errorf("after the attempt, %q: %v", label, err)
					}
				}
				for i, c := range all {
					cert, err := c.X509()
					if err != nil {
						return err
					}
					found, err := x.CertificateByIssuerSerial(cert.RawIssuer, cert.SerialNumber)
					if err != nil || !bytes.Equal(found.DER, c.DER) {
						t.Errorf("after the attempt, certificate %d: %v", i, err)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A serial number can be negative: its bytes without the sign are what big.Int gives.
func TestMagnitude(t *testing.T) {
	for _, n := range []int64{0, 1, 127, 128, 255, 256, -1, -128, -129, -256, -32769} {
		content := big.NewInt(n).Bytes()
		if n < 0 {
			content = new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 32), big.NewInt(n)).Bytes() // sign-extended
		} else {
			content = append([]byte{0}, content...)
		}
		if got, want := magnitude(content), big.NewInt(n).Bytes(); !bytes.Equal(got, want) {
			t.Errorf("%d: %x, want %x", n, got, want)
		}
	}
}
