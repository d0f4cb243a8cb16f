// Package programtest builds our programs and runs them as processes of their own, for tests and
// measurements: they are started and awaited, killed as by a power cut, stopped as by an operator,
// and started again at the same address.
//
//	err := programtest.Build(folder, "cmd/handstamp")
//	server, err := programtest.Server(filepath.Join(folder, "handstamp"), t.TempDir())
//	server.Set("database", url)
//	err = server.Start()
//	defer server.Kill()
package programtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// Build makes programs of this module in a folder, each named as in the module, such as
// "cmd/handstamp". It may be called from any module that requires this one.
func Build(folder string, packages ...string) error {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/handstamp/handstamp").Output()
	if err != nil {
		return fmt.Errorf("find the source: %w", err)
	}
	folder, err = filepath.Abs(folder)
	if err != nil {
		return err
	}
	args := []string{"build", "-buildvcs=false", "-o", folder + string(filepath.Separator)}
	for _, name := range packages {
		args = append(args, "./"+name)
	}
	build := exec.Command("go", args...)
	build.Dir = strings.TrimSpace(string(root))
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", strings.Join(packages, ", "), err, said)
	}
	return nil
}

// The ports that FreeAddress returns are below those that the kernel gives to whoever asks for any,
// which begin at 32768.
const (
	firstPort = 10000
	lastPort  = 29999
)

// reserved holds a UDP socket on each port that FreeAddress has given, until the process ends.
// Nobody uses them: they tell the other test binaries of this machine that the port is taken, also
// while the program on it is down.
var reserved struct {
	mu    sync.Mutex // guards ports
	ports []net.PacketConn
}

// FreeAddress returns an address of this machine for TCP, such as 127.0.0.1:12345, that nobody
// listens on, and that nobody comes to listen on by chance: neither before the program that it is
// for, nor between two starts of that.
func FreeAddress() (string, error) {
	reserved.mu.Lock()
	defer reserved.mu.Unlock()
	for range lastPort - firstPort {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort+1)))
		mark, err := net.ListenPacket("udp", address)
		if err != nil {
			continue // somebody else's
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			_ = mark.Close() // it was ours alone
			continue
		}
		reserved.ports = append(reserved.ports, mark)
		return address, listener.Close()
	}
	return "", errors.New("no port is free")
}

// Server returns a server that does not run yet, in a folder that gets its files. By the
// environment it is told to listen on a free address alone, to be known by that, and to say only
// what goes wrong. Set tells it more, and otherwise.
func Server(program, folder string) (*Program, error) {
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	p := &Program{Command: []string{program, "serve"}, Folder: folder, Address: address}
	p.Set("listen", address)
	p.Set("ops_listen", "")
	p.Set("public_url", p.URL())
	p.Set("log_level", "error")
	return p, nil
}

// Set tells the program, from its next start, one of the server's settings by its name in
// docs/config.md.
func (p *Program) Set(name, value string) {
	p.Env = append(p.Env, "HANDSTAMP_"+strings.ToUpper(name)+"="+value)
}

// URL returns the program's address as a browser is told it: cookies are for localhost.
func (p *Program) URL() string {
	return "http://" + strings.Replace(p.Address, "127.0.0.1", "localhost", 1)
}
