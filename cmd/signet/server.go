package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"signet/backend"
	"signet/ring"
	"signet/serve"
)

// serverFlags say how a server is reached that --db names as https://HOST:PORT.
type serverFlags struct{ cert, key, ca string }

func (s *serverFlags) register(f *pflag.FlagSet) {
	f.StringVar(&s.cert, "tls-cert", s.cert, "file with this client's certificate and its chain, for --db https: (default $SIGNET_TLS_CERT)")
	f.StringVar(&s.key, "tls-key", s.key, "file with its private key, which nobody else may read (default $SIGNET_TLS_KEY)")
	f.StringVar(&s.ca, "tls-ca", s.ca, "file with the authorities to trust for the server (default $SIGNET_TLS_CA, else those of the system)")
}

// tlsConfig reads the files that the flags or the environment name.
func (a *app) tlsConfig(url string) (*tls.Config, error) {
	f := a.flags.server
	for _, one := range []struct {
		value *string
		env   string
	}{{&f.cert, "SIGNET_TLS_CERT"}, {&f.key, "SIGNET_TLS_KEY"}, {&f.ca, "SIGNET_TLS_CA"}} {
		if *one.value == "" {
			*one.value = a.getenv(one.env)
		}
	}
	if f.cert == "" || f.key == "" {
		return nil, usagef("server %s: it knows its clients by their certificates; name yours with --tls-cert FILE and --tls-key FILE", url)
	}
	chain, err := readPEM(os.Open(f.cert))
	if err != nil {
		return nil, fileError(f.cert, err)
	}
	key, err := readPEM(openSecretFile(f.key, "private key"))
	if err != nil {
		return nil, err
	}
	defer clear(key)
	own, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %q with private key %q: %w", f.cert, f.key, err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{own}, Time: a.now}
	if f.ca == "" {
		return c, nil
	}
	authorities, err := readPEM(os.Open(f.ca))
	if err != nil {
		return nil, fileError(f.ca, err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(authorities) {
		return nil, fmt.Errorf("file %q: it holds no certificate in PEM form: %w", f.ca, ring.ErrInvalid)
	}
	return c, nil
}

// maxPEM caps a file with certificates or a key, in bytes.
const maxPEM = 4 << 20

// readPEM reads a file that was opened, if it was.
func readPEM(in *os.File, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxPEM))
	if err != nil {
		return nil, fmt.Errorf("file %q: %w", in.Name(), err)
	}
	return data, nil
}

// openServer reaches the server that a URL names.
func (a *app) openServer(ctx context.Context, url string) (*backend.Opened, error) {
	o := serve.Options{As: a.flags.as, Zone: zoneName(a.zone)}
	if a.flags.hardware.module != "" {
		return nil, usagef("--module: tokens are where the database is, and %s is a server", url)
	}
	if !serve.IsSocket(url) {
		var err error
		if o.TLS, err = a.tlsConfig(url); err != nil {
			return nil, err
		}
	}
	c, err := serve.Dial(ctx, url, o)
	if err != nil {
		return nil, err
	}
	return &backend.Opened{Store: serverStore{c, url}, Name: url}, nil
}

// serverStore is a server in the place of a store. Nobody has the store itself.
type serverStore struct {
	*serve.Client
	url string
}

func (s serverStore) View(context.Context, func(ring.Tx) error) error   { return onServer(s.url) }
func (s serverStore) Update(context.Context, func(ring.Tx) error) error { return onServer(s.url) }

// onServer refuses what needs the database itself.
func onServer(url string) error {
	return fmt.Errorf("server %s: it performs functions and does not give its database away; run this where the database is: %w", url, ring.ErrUnsupported)
}

// actingFor gives the user on whose behalf commands run. A server says itself who its client is.
func (a *app) actingFor(ctx context.Context) (ring.Owner, error) {
	if url, err := a.database(); err != nil || !serve.IsURL(url) {
		return a.issuer()
	}
	m, err := a.open(ctx)
	if err != nil {
		return "", err
	}
	return m.Issuer(), nil
}

// remote gives a manager whose functions the server performs, as the user that it takes this
// client for.
func (a *app) remote(s serverStore) *ring.Manager {
	return ring.NewRemoteManager(s.Client, ring.Config{Issuer: s.As(), Account: s.User(), Now: a.now, Zone: a.zone})
}
