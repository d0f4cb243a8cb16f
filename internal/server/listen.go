package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// listen opens host:port, or a unix socket that everybody on the machine may connect to: its folder
// decides who gets there. What an earlier process has left at its path is removed, if nobody
// answers.
func listen(address string) (net.Listener, error) {
	path, isSocket := strings.CutPrefix(address, "unix:")
	if !isSocket {
		return net.Listen("tcp", address)
	}
	if err := removeLeft(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if reason := syscall.Errno(0); errors.As(err, &reason) { // which names no path
		err = &fs.PathError{Op: "listen unix", Path: path, Err: reason}
	}
	if err != nil {
		return nil, err
	}
	return socket{l}, os.Chmod(path, 0o666)
}

// removeLeft removes a socket that nobody listens on any more. Anything else at its path stays: a
// file of somebody's, or a server that is too busy to answer or not ours to ask.
func removeLeft(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil // listening says it
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("listen unix %s: there is a file or folder that is no socket\n"+
			"hint: name another path, or move it away", path)
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return os.Remove(path)
	}
	if err != nil {
		return fmt.Errorf("listen unix %s: %w", path, err)
	}
	c.Close()
	return fmt.Errorf("listen unix %s: %w", path, syscall.EADDRINUSE)
}

// socket is a unix socket whose peers count as peers on the loopback: they are on this machine.
type socket struct{ net.Listener }

// Accept returns the next connection.
func (s socket) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return localConn{c}, nil
}

// localConn is a connection from this machine.
type localConn struct{ net.Conn }

// RemoteAddr returns the loopback.
func (localConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
