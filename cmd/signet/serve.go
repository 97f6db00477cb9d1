package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"signet/ring"
	"signet/serve"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	socket, group string
	tls, ring     string
	limits        serve.Limits
}

func (a *app) serveCommand() *cobra.Command {
	f := serveFlags{limits: serve.DefaultLimits()}
	c := &cobra.Command{
		Use:   "serve {--socket PATH | --tls [HOST:]PORT --ring USER/RING}...",
		Short: "Hold the database and perform functions for others",
		Long: `Hold the database under the account that runs this, and perform functions for others, who
need no access to its files: on a Unix socket for the accounts of this machine, and on a TLS
port for those whose client certificate maps to a user. They name the server with
--db unix:PATH or --db https://HOST:PORT, or in SIGNET_DB.

The TLS port takes its identity from a ring of the database: the default certificate is the
server's, and those with usage CERTAUTH issue client certificates. Whose a certificate is, is
decided as whois does. The port listens on this machine alone unless HOST says otherwise.

SIGTERM and control C let what runs come to an end; SIGHUP reads the ring anew at once.`,
		Example: `  signet serve --socket /run/signet/signet.sock
  signet serve --socket /run/signet/signet.sock --tls 0.0.0.0:7443 --ring SIGNET/SERVER
  signet --db unix:/run/signet/signet.sock listring WEBSRV/TLSRING`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return a.serve(c.Context(), f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.socket, "socket", "", "Unix socket to listen on; its folder may be writable for this account alone")
	fl.StringVar(&f.group, "group", "", "group whose members may use the socket (default: everybody)")
	fl.StringVar(&f.tls, "tls", "", "port to listen on with TLS, perhaps with the address before it (default address 127.0.0.1)")
	fl.StringVar(&f.ring, "ring", "", "ring with the server's certificate and the authorities of its clients")
	registerLimits(fl, &f.limits)
	return c
}

// registerLimits adds a flag for each limit.
func registerLimits(f *pflag.FlagSet, l *serve.Limits) {
	f.Int64Var(&l.RequestBytes, "max-request", l.RequestBytes, "longest request, in bytes")
	f.IntVar(&l.HeaderBytes, "max-header", l.HeaderBytes, "longest header of a request, in bytes")
	f.IntVar(&l.Connections, "max-connections", l.Connections, "connections at a time, on each of socket and port")
	f.IntVar(&l.UserConnections, "max-user-connections", l.UserConnections, "connections of one user on the socket at a time")
	f.IntVar(&l.UserRequests, "max-user-requests", l.UserRequests, "requests of one user at a time")
	f.Float64Var(&l.Rate, "rate", l.Rate, "requests of one user each second, in the long run")
	f.IntVar(&l.Burst, "burst", l.Burst, "requests of one user that may come at once")
	f.DurationVar(&l.ReadTime, "read-time", l.ReadTime, "time for a request to arrive")
	f.DurationVar(&l.RequestTime, "request-time", l.RequestTime, "time for a function to be done")
	f.DurationVar(&l.WriteTime, "write-time", l.WriteTime, "time for a part of an answer to be taken")
	f.DurationVar(&l.IdleTime, "idle-time", l.IdleTime, "time that a connection may be idle")
	f.DurationVar(&l.TransactionIdle, "transaction-idle", l.TransactionIdle, "time that a transaction (run --atomic) may be idle while all others wait")
	f.DurationVar(&l.TransactionTime, "transaction-time", l.TransactionTime, "time that a transaction may take in all")
	f.DurationVar(&l.ShutdownTime, "shutdown-time", l.ShutdownTime, "time for running functions when the server stops")
	f.DurationVar(&l.CertificateCheck, "ring-check", l.CertificateCheck, "how often the ring of the TLS port is looked at")
}

func (a *app) serve(ctx context.Context, f serveFlags) error {
	switch {
	case a.place != "":
		return usagef("serve: it does not belong in a script")
	case a.flags.as != "":
		return usagef("serve: its clients say --as, each for itself")
	case f.socket == "" && f.tls == "":
		return usagef("serve: say where to listen, with --socket PATH, or with --tls PORT and --ring USER/RING")
	case (f.tls == "") != (f.ring == ""):
		return usagef("serve: --tls PORT and --ring USER/RING go together")
	case f.group != "" && f.socket == "":
		return usagef("serve: --group is for the socket")
	}
	if err := f.limits.Check(); err != nil {
		return usagef("serve: %v", err)
	}
	if _, err := a.open(ctx); err != nil {
		return err
	}
	switch {
	case a.onServer() != nil:
		return usagef("serve: %s is a server already", a.store.Name)
	case a.store.Format != "":
		return usagef("serve: %s is a store of one ring; it has no users and no authority, and so it is not served", a.store.Name)
	}
	// A passphrase is asked for now or never.
	if err := a.store.Database.Unlock(ctx); err != nil {
		return err
	}
	codec, err := a.flags.keystore.codec()
	if err != nil {
		return err
	}
	common := ring.Config{Store: a.store.Store, Codec: codec, Now: a.now, Zone: a.zone, Hardware: a.hardwareOf(a.store)}
	c := serve.Config{
		Manager: func(p serve.Peer) *ring.Manager { return managerFor(common, p, a.host()) },
		Own: func() *ring.Manager {
			own := common
			own.Issuer, own.System = a.manager.Issuer(), true
			return ring.NewManager(own)
		},
		Account: accountOf, Limits: f.limits, Version: version(), Log: a.stderr, Quiet: a.flags.quiet, Now: a.now,
	}
	if f.ring != "" {
		if c.Ring, err = ring.ParseRingRef(f.ring, a.manager.Issuer()); err != nil {
			return err
		}
	}
	return a.listen(ctx, c, f)
}

// managerFor gives what performs the functions of a peer.
func managerFor(c ring.Config, p serve.Peer, machine string) *ring.Manager {
	c.Issuer, c.Account, c.Via, c.Host = p.As, p.User, p.Via, p.Host
	if c.Host == "" {
		c.Host = machine
	}
	if p.Zone != nil {
		c.Zone = p.Zone
	}
	return ring.NewManager(c)
}

// listen makes socket and port, and serves on them until it is told to stop.
func (a *app) listen(ctx context.Context, c serve.Config, f serveFlags) error {
	gid, err := groupOf(f.group)
	if err != nil {
		return err
	}
	var unix, port net.Listener
	var places []string
	if f.socket != "" {
		s, err := serve.ListenUnix(f.socket, gid)
		if err != nil {
			return err
		}
		defer s.Close()
		unix = s
		places = append(places, "unix:"+s.Path())
	}
	if f.tls != "" {
		if port, err = net.Listen("tcp", tlsAddress(f.tls)); err != nil {
			return fmt.Errorf("port %s: %w", f.tls, err)
		}
		defer port.Close()
		places = append(places, "https://"+port.Addr().String())
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	refresh := make(chan struct{})
	c.Refresh = refresh
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
			}
			select {
			case <-ctx.Done():
			case refresh <- struct{}{}:
			case <-hangup: // one is as good as two
			}
		}
	}()
	err = serve.New(c).Serve(ctx, unix, port, func() {
		fmt.Fprintf(a.stderr, "signet: serving %s on %s\n", a.store.Name, strings.Join(places, " and "))
		a.notify("READY=1")
	})
	a.notify("STOPPING=1")
	return err
}

// tlsAddress gives the address of the port: this machine alone, unless another is named.
func tlsAddress(s string) string {
	s = strings.TrimPrefix(s, ":")
	if _, err := strconv.Atoi(s); err == nil {
		return net.JoinHostPort("127.0.0.1", s)
	}
	return s
}

// accountOf gives the account of a user number.
func accountOf(uid uint32) (string, error) {
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return "", err
	}
	return u.Username, nil
}

// groupOf gives the number of a group; -1 for none.
func groupOf(name string) (int, error) {
	if name == "" {
		return -1, nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return -1, fmt.Errorf("group %q: not known on this machine: %w", name, ring.ErrNotFound)
	}
	return strconv.Atoi(g.Gid)
}

// notify tells systemd what becomes of the service, if it wants to know (sd_notify(3)).
func (a *app) notify(state string) {
	path := a.getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err == nil {
		_, err = c.Write([]byte(state))
		c.Close()
	}
	if err != nil {
		a.say("NOTIFY_SOCKET: %v", err)
	}
}

// onServer gives the server that --db names; nil for a database that is here.
func (a *app) onServer() *serverStore {
	if a.store == nil {
		return nil
	}
	if s, ok := a.store.Store.(serverStore); ok {
		return &s
	}
	return nil
}
