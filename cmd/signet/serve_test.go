package main

import (
	"bytes"
	"net"
	"path/filepath"
	"testing"
	"time"
)

func TestNotify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var stderr bytes.Buffer
	a := &app{environment: environment{stderr: &stderr, getenv: func(name string) string {
		return map[string]string{"NOTIFY_SOCKET": path}[name]
	}}}
	a.notify("READY=1")
	buf := make([]byte, 100)
	_ = l.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := l.Read(buf); err != nil || string(buf[:n]) != "READY=1" {
		t.Errorf("%v: %q", err, buf[:n])
	}
	path += "none" // a manager that is gone stops nothing
	a.notify("STOPPING=1")
	if stderr.Len() == 0 {
		t.Error("nobody is told that the manager is gone")
	}
}

// The port is for this machine alone unless an address says otherwise.
func TestTLSAddress(t *testing.T) {
	for given, want := range map[string]string{
		"7443": "127.0.0.1:7443", ":7443": "127.0.0.1:7443", "0.0.0.0:7443": "0.0.0.0:7443",
		"[::]:7443": "[::]:7443", "keys.example.org:7443": "keys.example.org:7443",
	} {
		if got := tlsAddress(given); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
	}
}
