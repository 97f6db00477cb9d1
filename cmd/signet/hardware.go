package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"signet/backend/token"
	"signet/pkcs11"
	"signet/ring"
)

// hardwareFlags say which PKCS #11 tokens there are and where their PIN comes from.
type hardwareFlags struct {
	module  string
	pinFile string
	pinFD   int
	soFile  string
}

func (f *hardwareFlags) register(fl *pflag.FlagSet) {
	fl.StringVar(&f.module, "module", f.module, "PKCS #11 module, for keys in tokens (default $SIGNET_PKCS11_MODULE)")
	fl.StringVar(&f.pinFile, "pin-file", f.pinFile, "file with the PIN of the token, which nobody else may read (default $SIGNET_PKCS11_PIN_FILE)")
	fl.StringVar(&f.soFile, "so-pin-file", f.soFile, "file with the PIN of the token's security officer, for addtoken (default $SIGNET_PKCS11_SO_PIN_FILE)")
	if f.pinFD == 0 {
		f.pinFD = -1
	}
	fl.IntVar(&f.pinFD, "pin-fd", f.pinFD, "number of an open descriptor to read the PIN of the token from")
}

// tokenOptions gives what opens tokens. The PIN is asked for when a token wants it.
func (a *app) tokenOptions() token.Options {
	f := a.flags.hardware
	o := token.Options{Module: f.module, Default: a.getenv("SIGNET_PKCS11_TOKEN")}
	if o.Module == "" {
		o.Module = a.getenv("SIGNET_PKCS11_MODULE")
	}
	file := f.pinFile
	if file == "" && f.pinFD < 0 {
		file = a.getenv("SIGNET_PKCS11_PIN_FILE")
	}
	o.PIN = func(_ context.Context, at pkcs11.Attempt) ([]byte, error) { return a.pin(at, file, f.pinFD) }
	o.PINFile = func(file string) ([]byte, error) { return readSecretFile(file, "PIN") }
	o.NewPINs = func() (officer, user []byte, err error) { return a.newPINs(file, f.pinFD) }
	o.ConfirmLast = a.confirmLastPIN
	return o
}

// pin gives the PIN of a token: from the file, the descriptor or the terminal. One that was wrong
// and comes again is not sent again.
func (a *app) pin(at pkcs11.Attempt, file string, fd int) ([]byte, error) {
	switch {
	case file != "" && fd >= 0:
		return nil, usagef("the PIN comes from file %q or from descriptor %d, not from both", file, fd)
	case fd >= 0:
		if a.descriptorPIN == nil {
			p, err := readSecret(os.NewFile(uintptr(fd), "descriptor"), fmt.Sprintf("descriptor %d", fd), "PIN")
			if err != nil {
				return nil, err
			}
			a.descriptorPIN = p
		}
		return bytes.Clone(a.descriptorPIN), nil
	case file != "":
		return readSecretFile(file, "PIN")
	}
	warning := ""
	if at.Token.PINCountLow {
		warning = ", which was given a wrong one before"
	}
	p, err := a.askFor(fmt.Sprintf("PIN of token %q%s: ", at.Token.Label, warning), "--pin-file FILE")
	if err != nil {
		return nil, err
	}
	return p, nil
}

// newPINs gives the PINs for a token that is made ready for use, neither from the terminal.
func (a *app) newPINs(file string, fd int) (officer, user []byte, err error) {
	so := a.flags.hardware.soFile
	if so == "" {
		so = a.getenv("SIGNET_PKCS11_SO_PIN_FILE")
	}
	if so == "" || file == "" && fd < 0 {
		return nil, nil, usagef("addtoken: a token of the module takes two PINs; give that of its security officer with --so-pin-file FILE and that of its user with --pin-file FILE or --pin-fd N")
	}
	if officer, err = readSecretFile(so, "PIN"); err != nil {
		return nil, nil, err
	}
	user, err = a.pin(pkcs11.Attempt{}, file, fd)
	return officer, user, err
}

// maxSecret caps what is read as a PIN or a passphrase, in bytes.
const maxSecret = 4096

// readSecretFile reads a PIN or a passphrase from a file that nobody else may read.
func readSecretFile(file, what string) ([]byte, error) {
	in, err := openSecretFile(file, what)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return readSecret(in, fmt.Sprintf("%s file %q", what, file), what)
}

// openSecretFile opens a file that nobody else may read.
func openSecretFile(file, what string) (*os.File, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, fileError(file, err)
	}
	info, err := in.Stat()
	if err != nil {
		in.Close()
		return nil, fileError(file, err)
	}
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 {
		in.Close()
		return nil, fmt.Errorf("%s file %q: others may read it (mode %04o): %w; run: chmod 600 %s", what, file, mode.Perm(), ring.ErrRefused, file)
	}
	return in, nil
}

// readSecret reads the first line.
func readSecret(in io.Reader, source, what string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch {
	case len(data) > maxSecret:
		return nil, fmt.Errorf("%s: larger than %d bytes: %w", source, maxSecret, ring.ErrInvalid)
	case len(line) == 0:
		return nil, fmt.Errorf("%s: the %s is empty: %w", source, what, ring.ErrInvalid)
	}
	return line, nil
}

// confirmLastPIN asks whether the last attempt before a PIN is locked may be spent.
func (a *app) confirmLastPIN(_ context.Context, i pkcs11.TokenInfo) (bool, error) {
	answer, err := a.askFor(fmt.Sprintf("One more wrong PIN locks token %q. Type its label to try: ", i.Label), "the PIN by hand")
	if err != nil {
		return false, err
	}
	return strings.TrimSpace(string(answer)) == i.Label, nil
}
