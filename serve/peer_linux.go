package serve

import (
	"fmt"
	"net"
	"syscall"
)

// peerUID gives the user number of the process at the other end of a Unix socket, as the kernel
// took it down when the process connected (unix(7), SO_PEERCRED).
func peerUID(c net.Conn) (uint32, error) {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *syscall.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if credErr != nil {
		return 0, fmt.Errorf("SO_PEERCRED: %w", credErr)
	}
	return cred.Uid, nil
}
