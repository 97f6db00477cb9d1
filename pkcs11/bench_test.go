//go:build cgo

package pkcs11

import (
	"crypto"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	p11 "github.com/miekg/pkcs11"

	"signet/internal/oracle"
)

// BenchmarkSign compares a signature by a Signer with a bare loop of C_SignInit and C_Sign over
// miekg/pkcs11, with the same key of the same token. The two take turns, signature by signature,
// so that a machine that others use slows both alike. above-% is what the Signer costs more, by
// the medians.
func BenchmarkSign(b *testing.B) {
	oracle.SoftHSM(b, b.Name())
	tok := open(b, URI{ModulePath: oracle.SoftHSMModule, Token: b.Name()})
	digest := sha256.Sum256([]byte("a message"))
	for _, k := range []string{"rsa:2048", "ec:p256"} {
		e, err := tok.Generate(b.Context(), spec(b, k), "bench "+k)
		if err != nil {
			b.Fatal(err)
		}
		s, err := tok.Signer(b.Context(), e)
		if err != nil {
			b.Fatal(err)
		}
		m, data, err := s.forDigest(digest[:], crypto.SHA256)
		if err != nil {
			b.Fatal(err)
		}
		bare := p11.New(oracle.SoftHSMModule)
		session, err := bare.OpenSession(tok.Info().Slot, p11.CKF_SERIAL_SESSION)
		if err != nil {
			b.Fatal(err)
		}
		handle := p11.ObjectHandle(e.Private.place.Load().handle)
		b.Run(k, func(b *testing.B) {
			var without, with []time.Duration
			for b.Loop() {
				start := time.Now()
				if err := bare.SignInit(session, []*p11.Mechanism{p11.NewMechanism(m.kind, m.parameter)}, handle); err != nil {
					b.Fatal(err)
				}
				if _, err := bare.Sign(session, data); err != nil {
					b.Fatal(err)
				}
				middle := time.Now()
				if _, err := s.Sign(nil, digest[:], crypto.SHA256); err != nil {
					b.Fatal(err)
				}
				without, with = append(without, middle.Sub(start)), append(with, time.Since(middle))
			}
			slices.Sort(without)
			slices.Sort(with)
			x, y := float64(without[len(without)/2]), float64(with[len(with)/2])
			b.ReportMetric(x, "bare-ns")
			b.ReportMetric(y, "signer-ns")
			b.ReportMetric((y/x-1)*100, "above-%")
			if y > 1.1*x {
				b.Errorf("a signature costs %.0f ns, more than 10 %% above %.0f ns", y, x)
			}
		})
		if err := bare.CloseSession(session); err != nil {
			b.Fatal(err)
		}
	}
}
