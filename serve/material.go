package serve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"signet/ring"
)

// material is what the TLS port takes from its ring: the certificate that it shows, and the
// authorities whose client certificates it accepts.
type material struct {
	certificate tls.Certificate
	clients     *x509.CertPool
}

// loadMaterial reads a ring of the database: its default certificate is the server's, and what is
// connected with usage CERTAUTH and trusted are the authorities.
func loadMaterial(ctx context.Context, m *ring.Manager, ref ring.RingRef) (*material, error) {
	rings, err := m.ListRing(ctx, ref)
	if err != nil {
		return nil, err
	}
	out := &material{clients: x509.NewCertPool()}
	var own *ring.Certificate
	authorities := 0
	for _, r := range rings {
		for _, c := range r.Connections {
			switch {
			case c.Cert.Status == ring.NoTrust:
			case c.Default:
				own = c.Cert
			case c.Usage == ring.UsageCertAuth:
				x, err := c.Cert.X509()
				if err != nil {
					return nil, err
				}
				out.clients.AddCert(x)
				authorities++
			}
		}
	}
	switch {
	case own == nil:
		return nil, fmt.Errorf("ring %s: no trusted certificate is its default; connect the server's with --default: %w", ref, ring.ErrNotFound)
	case authorities == 0:
		return nil, fmt.Errorf("ring %s: no trusted certificate in it has usage CERTAUTH, and so no client could be accepted: %w", ref, ring.ErrNotFound)
	}
	taken, err := m.Take(ctx, ring.Take{Certs: []ring.CertRef{own.Ref()}})
	if err != nil {
		return nil, err
	}
	if len(taken.Credentials) != 1 || taken.Credentials[0].Key == nil {
		return nil, fmt.Errorf("certificate %s: the server cannot use it without its private key: %w", own.Ref(), ring.ErrNotFound)
	}
	id := taken.Credentials[0]
	out.certificate = tls.Certificate{PrivateKey: id.Key, Leaf: id.Chain[0]}
	for i, x := range id.Chain {
		if i == 0 || string(x.RawSubject) != string(x.RawIssuer) { // clients have the root, or should not believe it
			out.certificate.Certificate = append(out.certificate.Certificate, x.Raw)
		}
	}
	return out, nil
}

// verify checks a client certificate again after the ring has changed.
func (m *material) verify(chain []*x509.Certificate, now time.Time) error {
	intermediates := x509.NewCertPool()
	for _, x := range chain[1:] {
		intermediates.AddCert(x)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: m.clients, Intermediates: intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err
}

// keyring keeps the material of a ring up to date.
type keyring struct {
	manager func() *ring.Manager // the server's own
	ref     ring.RingRef
	log     *logger
	now     func() time.Time
	current atomic.Pointer[material] // nil: nobody is let in
}

// load reads the ring anew. What the rules no longer give, such as a ring that was deleted, closes
// the port until it is mended; when only the database cannot be read, all stays as it was.
func (k *keyring) load(ctx context.Context) error {
	m, err := loadMaterial(ctx, k.manager(), k.ref)
	switch {
	case err == nil:
		k.current.Store(m)
	case ring.CodeOf(err) < ring.Failed:
		k.current.Store(nil)
	}
	return err
}

// watch looks at the ring from time to time, and when it is told to, until ctx ends.
func (k *keyring) watch(ctx context.Context, every time.Duration, now <-chan struct{}) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-now:
		}
		if err := guard(func() error { return k.load(ctx) }); err != nil && ctx.Err() == nil {
			k.log.trouble(fmt.Sprintf("ring %s", k.ref), err)
		}
	}
}

var errClosed = errors.New("the ring of the TLS port does not let it serve")

// config gives the settings of TLS: version 1.3 alone, and no connection without a client
// certificate.
func (k *keyring) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			m := k.current.Load()
			if m == nil {
				return nil, errClosed
			}
			return &tls.Config{
				MinVersion:             tls.VersionTLS13,
				Certificates:           []tls.Certificate{m.certificate},
				ClientAuth:             tls.RequireAndVerifyClientCert,
				ClientCAs:              m.clients,
				NextProtos:             []string{"http/1.1"},
				Time:                   k.now,
				SessionTicketsDisabled: true, // each connection shows its certificate
			}, nil
		},
	}
}
