package server

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestListenOnSocket takes the place of a socket that a crash has left, and of nothing else.
func TestListenOnSocket(t *testing.T) {
	folder := t.TempDir()
	path := func(name string) string { return filepath.Join(folder, name) }
	if err := os.WriteFile(path("file"), []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket := func(name string) *net.UnixListener {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path(name), Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		return l
	}
	defer socket("busy").Close()
	socket("left").Close()
	deaf := socketWithoutQueue(t, path("deaf"))
	defer syscall.Close(deaf)
	for _, test := range []struct{ name, want string }{
		{"file", "there is a file or folder that is no socket"},
		{".", "there is a file or folder that is no socket"},
		{"busy", "address already in use"},
		{"deaf", "listen unix"},
		{"nope/socket", "no such file or directory"},
		{"left", ""},
		{"new", ""},
	} {
		l, err := listen("unix:" + path(test.name))
		if err == nil {
			defer l.Close()
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("listen(%s) = %v, want %q", test.name, err, test.want)
		}
	}
	for _, name := range []string{"file", "busy", "deaf"} {
		if _, err := os.Lstat(path(name)); err != nil {
			t.Errorf("%s is gone: %v", name, err)
		}
	}
}

// socketWithoutQueue makes a socket of a server that is too busy to take anybody: connecting to it
// is not refused, and does not succeed.
func socketWithoutQueue(t *testing.T, path string) int {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for { // until its queue is full
		c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			return fd
		}
		t.Cleanup(func() { c.Close() })
	}
}
