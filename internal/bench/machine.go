package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// machine gives the facts about this machine, the folder of the work and the programs that
// figures depend on.
func (w *workFolder) machine(ctx context.Context) ([]fact, error) {
	sync, err := syncCost(w.dir)
	if err != nil {
		return nil, err
	}
	facts := []fact{
		{"measured", time.Now().UTC().Format("2006-01-02 15:04 UTC")},
		{"processor", fmt.Sprintf("%s, %d cores", entry("/proc/cpuinfo", "model name"), runtime.NumCPU())},
		{"memory", entry("/proc/meminfo", "MemTotal")},
		{"load before", firstLine(file("/proc/loadavg"))},
		{"one write of 4 KiB with fsync, median of 100", duration(sync.Seconds())},
	}
	for _, f := range []struct{ name, script string }{
		{"kernel", "uname -srm"},
		{"file system", "df --output=fstype . | tail -1"},
		{"Go", "go version"},
		{"signet", `git -C "$(dirname "$(command -v signet)")" describe --always --dirty`},
		{"openssl", "openssl version"},
		{"java", "java -version 2>&1"},
		{"cfssl", `go version -m "$(command -v cfssl)" | awk '$1 == "mod" { print $3 }'`},
		{"NSS", "dpkg-query -W -f '${Version}' libnss3-tools"},
		{"opensc", "dpkg-query -W -f '${Version}' opensc"},
		{"softhsm2", "dpkg-query -W -f '${Version}' softhsm2"},
		{"hyperfine", "hyperfine --version"},
	} {
		value := "unknown" // a program that only some rows need may be away
		if out, err := output(w.command(ctx, w.dir, "bash", "-c", f.script)); err == nil {
			value = firstLine(out)
		}
		facts = append(facts, fact{f.name, value})
	}
	return facts, nil
}

// syncCost measures what one durable write costs in a folder.
func syncCost(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	page := make([]byte, 4096)
	took := make([]time.Duration, 100)
	for i := range took {
		begun := time.Now()
		if _, err := f.Write(page); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took[i] = time.Since(begun)
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

// entry gives the value of the first line of a file that begins with a name and a colon.
func entry(name, key string) string {
	for line := range strings.Lines(file(name)) {
		if k, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// file gives what is in a file of the kernel, nothing where there is none.
func file(name string) string {
	data, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(data)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimPrefix(line, "Version: ")
}
