package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// environment is everything that a command takes from the machine it runs on: streams,
// variables, the clock and the facts about the terminal.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	zone           *time.Location
	zoneError      error                  // why zone is not the one that TZ asks for; nil when it is
	account        func() (string, error) // the operating-system account
	host           func() string          // the machine's name, empty when it has none
	dataHome       func() (string, error) // where databases live by default
	terminal       bool                   // stderr is one: progress and colours make sense
	readPassword   func(prompt string) ([]byte, error)
	machine        string // what comes before the machine's own folders, for tests; empty otherwise
}

func systemEnvironment() environment {
	return environment{
		stdin:  os.Stdin,
		stdout: os.Stdout,
		stderr: os.Stderr,
		getenv: os.Getenv,
		now:    time.Now,
		zone:   time.Local,

		zoneError: checkZone(os.Getenv("TZ")),
		account: func() (string, error) {
			u, err := user.Current()
			if err != nil {
				return "", err
			}
			return u.Username, nil
		},
		host: func() string {
			name, err := os.Hostname()
			if err != nil {
				return "" // the trail does without
			}
			return name
		},
		dataHome:     dataHome,
		terminal:     term.IsTerminal(int(os.Stderr.Fd())),
		readPassword: readPassword,
	}
}

// checkZone says why TZ cannot be followed. The runtime takes UTC then, without a word.
func checkZone(tz string) error {
	name := strings.TrimPrefix(tz, ":")
	if name == "" || filepath.IsAbs(name) {
		return nil
	}
	if _, err := time.LoadLocation(name); err != nil {
		return usagef("TZ=%q is not a time zone that is known here; use a name such as Europe/Amsterdam, or UTC", tz)
	}
	return nil
}

// zoneName gives the name of a zone by which other machines know it; empty when it has none.
func zoneName(zone *time.Location) string {
	if name := zone.String(); name != "Local" {
		return name
	}
	target, err := os.Readlink("/etc/localtime")
	if err != nil {
		return ""
	}
	_, name, _ := strings.Cut(target, "zoneinfo/")
	return name
}

// dataHome follows the XDG base directory rules: $XDG_DATA_HOME when it is an absolute path,
// else ~/.local/share.
func dataHome() (string, error) {
	if d := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return d, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "share"), nil
}

// errNoTerminal says that nobody is there to be asked.
var errNoTerminal = errors.New("there is no terminal to ask for the password")

// readPassword asks on the terminal, whatever the standard streams are, and shows nothing of
// the answer: the echo is off before the question appears, for those who type fast.
func readPassword(prompt string) ([]byte, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, errNoTerminal
	}
	defer tty.Close()
	before, err := term.MakeRaw(int(tty.Fd()))
	if err != nil {
		return nil, errNoTerminal
	}
	defer term.Restore(int(tty.Fd()), before)
	if _, err := io.WriteString(tty, prompt); err != nil {
		return nil, err
	}
	defer io.WriteString(tty, "\r\n")
	return readHidden(tty)
}

// The keys that matter in a line that is typed unseen.
const (
	keyInterrupt = 3   // control C
	keyEnd       = 4   // control D
	keyBackspace = 8   // or delete, 127
	keyKill      = 21  // control U
	keyDelete    = 127 //
)

// readHidden reads a line from a terminal in raw mode, and nothing of what comes after it: the
// next question may have been answered already.
func readHidden(tty io.Reader) ([]byte, error) {
	var line []byte
	key := make([]byte, 1)
	for {
		if _, err := io.ReadFull(tty, key); err != nil {
			return nil, fmt.Errorf("no password was given: %w", err)
		}
		switch key[0] {
		case '\r', '\n':
			return line, nil
		case keyInterrupt, keyEnd:
			return nil, errors.New("no password was given")
		case keyKill:
			line = line[:0]
		case keyBackspace, keyDelete:
			_, size := utf8.DecodeLastRune(line)
			line = line[:len(line)-size]
		default:
			if len(line) < maxTyped {
				line = append(line, key[0])
			}
		}
	}
}
