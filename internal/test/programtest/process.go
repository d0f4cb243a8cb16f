package programtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/handstamp/handstamp/internal/test/logtest"
)

// timeout is how long a program may take to start, and to stop.
const timeout = time.Minute

// Program is one that can be started again and again. Its fields hold from the next start on.
type Program struct {
	Command []string // the program and its arguments
	Folder  string   // where it runs; empty: where we do
	Env     []string // NAME=value beside our own environment, of which a later one wins; nil: none
	Address string   // where it is to listen, as host:port
	Log     string   // a file that gets what it says, at its end; empty: it is kept in memory

	said logtest.Log

	mu      sync.Mutex // guards running
	running *running   // nil: it does not run
}

// running is a program between its start and its end.
type running struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed at the end
	how   error         // how it ended; not to be read before
}

// Start starts the program and waits until it listens.
func (p *Program) Start() error {
	r, err := p.begin()
	if err != nil {
		return err
	}
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if conn, err := net.Dial("tcp", p.Address); err == nil {
			return conn.Close()
		}
		select {
		case <-r.ended:
			p.Kill() // which forgets it
			return fmt.Errorf("%s ended before it listened: %w; it said:\n%s", strings.Join(p.Command, " "), r.how,
				p.Said())
		default:
		}
	}
	p.Kill()
	return fmt.Errorf("%s does not listen on %s; it said:\n%s", strings.Join(p.Command, " "), p.Address, p.Said())
}

// begin starts the program.
func (p *Program) begin() (*running, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running != nil {
		return nil, errors.New("it runs already")
	}
	cmd := exec.Command(p.Command[0], p.Command[1:]...)
	cmd.Dir = p.Folder
	cmd.Env = append(cmd.Environ(), p.Env...)
	cmd.Stdout, cmd.Stderr = &p.said, &p.said
	if p.Log != "" {
		file, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		defer file.Close() // the program has its own handle
		cmd.Stdout, cmd.Stderr = file, file
	}
	if _, err := cmd.StdinPipe(); err != nil { // open as long as we live, so that a program can end with us
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &running{cmd: cmd, ended: make(chan struct{})}
	go func() {
		r.how = cmd.Wait()
		close(r.ended)
	}()
	p.running = r
	return r, nil
}

// Said returns all that the program has said, at all its starts.
func (p *Program) Said() string {
	if p.Log == "" {
		return p.said.String()
	}
	text, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Pid returns the number of the running program's process.
func (p *Program) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running.cmd.Process.Pid
}

// Memory returns what the running program has in memory, in MB, on Linux.
func (p *Program) Memory() (megabytes float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			var kilobytes float64
			_, err := fmt.Sscan(value, &kilobytes)
			return kilobytes / 1000, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", p.Pid())
}

// Kill ends the program as a power cut does, and waits until it has ended. It does nothing where
// none runs.
func (p *Program) Kill() {
	if r := p.take(); r != nil {
		r.kill()
	}
}

// Stop ends the program as an operator does, and waits until it has ended. The error says that it
// did not end well. It does nothing where none runs.
func (p *Program) Stop() error {
	return p.StopBy(func(program *os.Process) error { return program.Signal(syscall.SIGTERM) })
}

// StopBy is like Stop, with a way of its own to tell the program.
func (p *Program) StopBy(tell func(program *os.Process) error) error {
	r := p.take()
	if r == nil {
		return nil
	}
	if err := tell(r.cmd.Process); err != nil {
		r.kill()
		return err
	}
	select {
	case <-r.ended:
		if r.how != nil {
			return fmt.Errorf("%s ended badly: %w; it said:\n%s", strings.Join(p.Command, " "), r.how, p.Said())
		}
		return nil
	case <-time.After(timeout):
		r.kill()
		return fmt.Errorf("%s does not stop; it said:\n%s", strings.Join(p.Command, " "), p.Said())
	}
}

// take returns what runs, and forgets it.
func (p *Program) take() *running {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.running
	p.running = nil
	return r
}

// kill ends it at once.
func (r *running) kill() {
	_ = r.cmd.Process.Kill() // it may have ended by itself
	<-r.ended
}
