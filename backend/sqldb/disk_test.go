package sqldb

import (
	"os/exec"
	"testing"
)

// smallDisk gives a folder on a disk of 128 KiB, which only root can mount.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=128k,mode=700", "none", dir).CombinedOutput(); err != nil {
		t.Fatalf("run the tests as root, who can mount a small disk: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return dir
}
