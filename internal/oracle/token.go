package oracle

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The modules of Debian's packages softhsm2, opencryptoki and libnss3.
const (
	SoftHSMModule      = "/usr/lib/softhsm/libsofthsm2.so"
	OpenCryptokiModule = "/usr/lib/x86_64-linux-gnu/pkcs11/libopencryptoki.so"
	NSSModule          = "/usr/lib/x86_64-linux-gnu/libsoftokn3.so"
)

// The PINs of every token for tests.
const (
	PIN   = "246813"
	SOPIN = "87654321"
)

// SoftHSMHome makes a folder for SoftHSM tokens and points this process at it. The module reads
// the variable once, when it is first loaded, so that one TestMain calls this before any test.
// The function that it returns removes the folder.
func SoftHSMHome() (remove func(), err error) {
	dir, err := os.MkdirTemp("", "softhsm")
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "softhsm2.conf")
	text := fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n", dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if err := os.Setenv("SOFTHSM2_CONF", conf); err != nil {
		return nil, err
	}
	return func() { os.RemoveAll(dir) }, nil
}

// RunWithSoftHSM is a TestMain: it runs the tests with a SoftHSMHome, and gives their return code.
func RunWithSoftHSM(m *testing.M) int {
	remove, err := SoftHSMHome()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	return m.Run()
}

// SoftHSM makes a SoftHSM token with this label, PIN and SOPIN in the folder of SoftHSMHome. It
// is deleted with the test.
func SoftHSM(t testing.TB, label string) {
	t.Helper()
	if os.Getenv("SOFTHSM2_CONF") == "" {
		t.Fatal("call oracle.SoftHSMHome in TestMain first")
	}
	program(t, "", "softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", SOPIN)
	t.Cleanup(func() { program(t, "", "softhsm2-util", "--delete-token", "--token", label) })
}

// PKCS11Tool runs OpenSC's pkcs11-tool, fails the test if it fails, and gives what it printed.
func PKCS11Tool(t testing.TB, dir, module string, args ...string) string {
	t.Helper()
	return program(t, dir, "pkcs11-tool", append([]string{"--module", module}, args...)...)
}

// NSS makes an NSS database with PIN as its password. It gives the folder and the string that
// C_Initialize wants. Its token has the label "NSS Certificate DB".
func NSS(t testing.TB) (dir, init string) {
	t.Helper()
	dir = t.TempDir()
	Write(t, dir, "pin", []byte(PIN+"\n"))
	program(t, dir, "certutil", "-N", "-d", "sql:.", "-f", "pin")
	return dir, fmt.Sprintf("configdir='sql:%s' certPrefix='' keyPrefix='' secmod='secmod.db' flags=", dir)
}

// Certutil runs NSS's certutil in dir, fails the test if it fails, and gives what it printed.
func Certutil(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return program(t, dir, "certutil", args...)
}

// slotDaemon is openCryptoki's daemon, which is one for the machine and keeps its tokens in
// Debian's folder. turn lets one test at a time use them, in this process; a lock on a file
// keeps other processes out.
var slotDaemon struct {
	turn sync.Mutex
}

// OpenCryptoki gives a fresh software token of openCryptoki with this label, PIN and SOPIN, and
// its slot number. It needs root: the daemon runs as that, and is ended with the test if the
// test started it. The token is the only one of its kind on the machine: if it is in use there,
// the test fails and leaves it alone.
func OpenCryptoki(t testing.TB, label string) (slot int) {
	t.Helper()
	slotDaemon.turn.Lock()
	t.Cleanup(slotDaemon.turn.Unlock)
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), "opencryptoki-test.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	// Debian's package makes these at boot, which a container does not have.
	for _, dir := range []string{"", "/swtok", "/tpm", "/icsf", "/ccatok", "/ep11tok", "/lite"} {
		if err := os.MkdirAll("/run/lock/opencryptoki"+dir, 0o770); err != nil {
			t.Fatal(err)
		}
	}
	startSlotDaemon(t)
	slot, used := softSlot(t)
	if _, err := os.Stat(ockMark); used && err != nil {
		t.Fatalf("the software token of openCryptoki on this machine is somebody's: the test would destroy it; if it is not needed, remove what is in %s", ockFolder)
	}
	emptySoftToken(t)
	t.Cleanup(func() { emptySoftToken(t) })
	if err := os.WriteFile(ockMark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	number := strconv.Itoa(slot)
	pkcsconf(t, label+"\n", "-I", "-c", number, "-S", SOPIN)
	pkcsconf(t, "", "-u", "-c", number, "-S", SOPIN, "-n", "135790")
	pkcsconf(t, "", "-p", "-c", number, "-U", "135790", "-n", PIN)
	return slot
}

// startSlotDaemon starts the daemon if none runs.
func startSlotDaemon(t testing.TB) {
	t.Helper()
	if _, err := tryProgram("", "pkcsconf", "-t"); err == nil {
		return
	}
	for _, left := range []string{"/var/run/pkcsslotd.pid", "/var/run/pkcsslotd.socket"} { // of a daemon that was killed
		if err := os.Remove(left); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	daemon := exec.Command("pkcsslotd", "-f")
	daemon.Stdout, daemon.Stderr = &said, &said
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		daemon.Process.Signal(syscall.SIGTERM)
		daemon.Wait()
	})
	var last string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		out, err := tryProgram("", "pkcsconf", "-t")
		if err == nil {
			return
		}
		last = out
	}
	t.Fatalf("pkcsslotd does not answer: %s\n%s", last, said.String())
}

// ockFolder is where openCryptoki keeps its software token, and ockMark says there that a test
// made it.
const (
	ockFolder = "/var/lib/opencryptoki/swtok"
	ockMark   = ockFolder + "/made-by-a-test-of-signet"
)

// emptySoftToken makes the software token what it was when the package was installed.
func emptySoftToken(t testing.TB) {
	t.Helper()
	for _, pattern := range []string{"/TOK_OBJ/*", "/*"} {
		files, err := filepath.Glob(ockFolder + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if filepath.Base(file) == "TOK_OBJ" {
				continue // the package's own folder, with its group
			}
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// softSlot finds the slot of the software token, and whether somebody initialised it.
func softSlot(t testing.TB) (slot int, used bool) {
	t.Helper()
	slot = -1
	soft := false
	for _, line := range strings.Split(program(t, "", "pkcsconf", "-t"), "\n") {
		line = strings.TrimSpace(line)
		if number, ok := strings.CutPrefix(line, "Token #"); ok {
			number, _, _ = strings.Cut(number, " ")
			n, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			slot = n
		}
		soft = soft || strings.HasPrefix(line, "Model: IBM SoftTok")
		if soft && strings.HasPrefix(line, "Flags:") {
			return slot, strings.Contains(line, "TOKEN_INITIALIZED")
		}
	}
	t.Fatal("pkcsconf lists no software token")
	return 0, false
}

// pkcsconf runs openCryptoki's administration program with these lines as its input.
func pkcsconf(t testing.TB, input string, args ...string) {
	t.Helper()
	cmd := exec.Command("pkcsconf", args...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pkcsconf %s: %v\n%s", args[0], err, out)
	}
}
