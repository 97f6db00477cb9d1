package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signet/export"
	"signet/ring"
)

// javaFolders are where Java is installed, each folder of them or of those by itself; fixed are
// truststores that systems keep for all of them.
var (
	javaFolders = []string{"/usr/lib/jvm", "/usr/lib64/jvm", "/usr/java", "/usr/local", "/opt", "/opt/*", "/usr/local/*",
		"/Library/Java/JavaVirtualMachines", "/Library/Internet Plug-Ins", "/Library/Java"}
	fixedStores = []string{"/etc/ssl/certs/java/cacerts", "/etc/pki/java/cacerts", "/etc/pki/ca-trust/extracted/java/cacerts",
		"/var/lib/ca-certificates/java-cacerts"}
)

// Where a truststore is below the folder of a Java.
var (
	javaHomes   = []string{"", "jre", "Contents/Home", "Contents/Home/jre"}
	storeFolder = "lib/security"
	storeNames  = []string{"cacerts", "jssecacerts"}
)

func (a *app) trustFindCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "find",
		Short: "Find the truststores of the Java installations on this machine",
		Long: `Find the truststores (cacerts and jssecacerts) of JDKs and JREs: that of $JAVA_HOME, of the
java on the PATH, of what is in /usr/lib/jvm, /usr/java, /usr/local, /opt, /Library/Java and
$HOME/.sdkman, and those that the system keeps for all. A file that several links lead to is
listed once, with every path.

The column PASSWORD says what opens it: none, a well-known password, or another. Where an
installation has jssecacerts, Java reads that in place of cacerts.

Return codes: 0 found; 4 there is none, or one could not be read.`,
		Example: `  signet trust find
  signet trust find --output json`,
		Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return a.trustFind() },
	}
}

// truststoreJSON is a truststore of Java as programs see it.
type truststoreJSON struct {
	Path     string      `json:"path"`            // without links
	Paths    []string    `json:"paths,omitempty"` // those that lead to it
	Format   string      `json:"format,omitempty"`
	Entries  int         `json:"entries"`
	Password export.Lock `json:"password,omitempty"`
	Known    string      `json:"wellKnown,omitempty"` // the well-known password
	Writable bool        `json:"writable"`
	Problem  string      `json:"problem,omitempty"` // why it cannot be read
}

func (a *app) trustFind() error {
	var all []truststoreJSON
	places := map[string]int{}
	for _, path := range a.storePaths() {
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			continue
		}
		at, seen := places[real]
		if !seen {
			at = len(all)
			places[real] = at
			all = append(all, describeTruststore(real))
		}
		if path != real && !slices.Contains(all[at].Paths, path) {
			all[at].Paths = append(all[at].Paths, path)
		}
	}
	slices.SortFunc(all, func(x, y truststoreJSON) int { return strings.Compare(x.Path, y.Path) })
	if len(all) == 0 {
		a.raise(ring.Warning)
	}
	for _, s := range all {
		if s.Problem != "" {
			a.raise(ring.Warning)
		}
	}
	if a.json() {
		return a.print(answer{Truststores: all})
	}
	if len(all) == 0 {
		a.say("no Java with a truststore was found")
		return nil
	}
	t := a.table()
	fmt.Fprintln(t, "TRUSTSTORE\tFORMAT\tENTRIES\tPASSWORD\tWRITABLE")
	for _, s := range all {
		password := string(s.Password)
		if s.Password == export.LockWellKnown {
			password = s.Known
		}
		if s.Problem != "" {
			password = s.Problem
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\n", oneLine(s.Path), orDash(s.Format), s.Entries, orDash(password), yesNo(s.Writable))
		for _, p := range s.Paths {
			fmt.Fprintf(t, "  from %s\n", oneLine(p))
		}
	}
	return t.Flush()
}

// describeTruststore looks into a truststore.
func describeTruststore(path string) truststoreJSON {
	s := truststoreJSON{Path: path, Writable: writable(path)}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		s.Problem = fileError(path, err).Error()
		return s
	case info.Size() > export.MaxInspect:
		s.Problem = fmt.Sprintf("it is larger than %d bytes", export.MaxInspect)
		return s
	}
	data, err := os.ReadFile(path)
	if err != nil {
		s.Problem = fileError(path, err).Error()
		return s
	}
	r := export.Inspect(data, export.Inspection{})
	s.Format, s.Entries, s.Password, s.Known = r.Format, len(r.Items), r.Lock, r.WellKnown
	for _, f := range r.Findings {
		if f.Word == export.Unreadable {
			s.Problem = f.Text
		}
	}
	if r.Format == "" {
		s.Problem = "it is no keystore"
	}
	return s
}

// writable reports whether signet could write a file anew: beside it and then in its place.
func writable(path string) bool {
	if f, err := os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		return false
	} else {
		f.Close()
	}
	return folderWritable(filepath.Dir(path))
}

// storePaths gives the paths of truststores, as far as they are there. Relative ones are left
// out: they would be another file elsewhere.
func (a *app) storePaths() []string {
	homes := []string{a.getenv("JAVA_HOME"), a.javaOnPath()}
	if home := a.getenv("HOME"); home != "" {
		homes = append(homes, subfolders(filepath.Join(home, ".sdkman/candidates/java"))...)
	}
	for _, pattern := range javaFolders {
		dirs, err := filepath.Glob(filepath.Join(a.machine, pattern))
		if err != nil {
			continue
		}
		for _, dir := range dirs {
			homes = append(homes, subfolders(dir)...)
		}
	}
	var out []string
	add := func(path string) {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && !slices.Contains(out, path) {
			out = append(out, path)
		}
	}
	for _, home := range homes {
		if !filepath.IsAbs(home) {
			continue
		}
		for _, inner := range javaHomes {
			for _, name := range storeNames {
				add(filepath.Join(home, inner, storeFolder, name))
			}
		}
	}
	for _, path := range fixedStores {
		add(filepath.Join(a.machine, path))
	}
	return out
}

// subfolders gives what is in a folder, by path.
func subfolders(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		out = append(out, filepath.Join(dir, e.Name()))
	}
	return out
}

// javaOnPath gives the folder of the Java whose program is found first; empty if there is none.
// A JRE inside a JDK has its own.
func (a *app) javaOnPath() string {
	for _, dir := range filepath.SplitList(a.getenv("PATH")) {
		real, err := filepath.EvalSymlinks(filepath.Join(dir, "java"))
		if err != nil || !filepath.IsAbs(real) {
			continue
		}
		return filepath.Dir(filepath.Dir(real))
	}
	return ""
}
