package server

import (
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
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket != 0 {
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return nil, fmt.Errorf("listen unix %s: %w", path, syscall.EADDRINUSE)
		}
		os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return socket{l}, os.Chmod(path, 0o666)
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
