package test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long a program may take to start, and to stop.
const patience = 20 * time.Second

// process is a program in the background.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how; not to be read before done
}

// start runs a program from the script's folder, with its environment and more. What it
// says goes to the end of NAME.log.
func start(ts *testscript.TestScript, name string, command []string, more ...string) *process {
	log, err := os.OpenFile(ts.MkAbs(name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	defer log.Close() // the program has its own handle
	cmd := exec.Command(filepath.Join(programs, command[0]), command[1:]...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), append(environment(ts), more...)
	cmd.Stdout, cmd.Stderr = log, log
	ts.Check(cmd.Start())
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	storyOf(ts).running[name] = p
	return p
}

// environment gives the script's variables, which only its own commands are told. By a file:
// what they print would stand in every failure.
func environment(ts *testscript.TestScript) []string {
	ts.Check(ts.Exec("sh", "-c", "env > .environment"))
	return strings.Split(strings.TrimSpace(ts.ReadFile(".environment")), "\n")
}

// awaitListening waits until the program listens on an address.
func (p *process) awaitListening(address string) error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		select {
		case <-p.done:
			return errors.Join(errors.New("it ended before it listened"), p.err)
		case <-time.After(5 * time.Millisecond):
		}
		if conn, err := net.Dial("tcp", address); err == nil {
			return conn.Close()
		}
	}
	return errors.New("it does not listen on " + address)
}

// kill ends a program at once.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// take gives a running program by name, and forgets it.
func (s *story) take(ts *testscript.TestScript, name string) *process {
	p := s.running[name]
	if p == nil {
		ts.Fatalf("%s does not run", name)
	}
	delete(s.running, name)
	return p
}

// serve starts the current server, with these arguments, and waits until it listens.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("a server that shall refuse to start: ! exec handstamp serve")
	}
	s := storyOf(ts)
	p := start(ts, s.current, append([]string{"handstamp", "serve"}, args...))
	if err := p.awaitListening("127.0.0.1:" + s.ports[s.current]); err != nil {
		ts.Fatalf("serve: %v; it says:\n%s", err, ts.ReadFile(s.current+".log"))
	}
}

// stop ends the current server as an operator does, who expects it to end well.
func stop(ts *testscript.TestScript, neg bool, args []string) {
	s := storyOf(ts)
	p := s.take(ts, s.current)
	ts.Check(p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.done:
		ts.Check(p.err)
	case <-time.After(patience):
		p.kill()
		ts.Fatalf("%s does not stop", s.current)
	}
}

// crash ends the current server as a power cut does.
func crash(ts *testscript.TestScript, neg bool, args []string) {
	s := storyOf(ts)
	s.take(ts, s.current).kill()
}

// service starts examples/service for users of the current server, and sets $SERVICE to
// its address. It tells the service nothing but the issuer's URL.
func service(ts *testscript.TestScript, neg bool, args []string) {
	port, err := freePort()
	ts.Check(err)
	listen := "127.0.0.1:" + port
	p := start(ts, "service", []string{"service"}, "ISSUER="+ts.Getenv("URL"), "LISTEN="+listen)
	ts.Check(p.awaitListening(listen))
	ts.Setenv("SERVICE", "http://localhost:"+port) // as the cookies are for localhost
}
