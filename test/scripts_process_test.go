package test

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/handstamp/handstamp/internal/test/programtest"
)

// timeout is how long anything may take that happens elsewhere.
const timeout = time.Minute

// slack is how many times as long as promised anything may take here, on a machine that is busy
// with other tests. What is promised is measured by make bench-feed.
const slack = 10

// start runs a program by a name, from the script's folder and with its environment, and waits
// until it listens.
func start(ts *testscript.TestScript, name string, p *programtest.Program) {
	p.Folder, p.Env = ts.MkAbs("."), append(environment(ts), p.Env...)
	storyOf(ts).running[name] = p
	ts.Check(p.Start())
}

// environment returns the script's variables, which only its own commands are told. By a file:
// what they print would stand in every failure.
func environment(ts *testscript.TestScript) []string {
	ts.Check(ts.Exec("sh", "-c", "env > .environment"))
	return strings.Split(strings.TrimSpace(ts.ReadFile(".environment")), "\n")
}

// take returns a running program by name, and forgets it.
func (s *story) take(ts *testscript.TestScript, name string) *programtest.Program {
	p := s.running[name]
	if p == nil {
		ts.Fatalf("%s does not run", name)
	}
	delete(s.running, name)
	return p
}

// serve starts the current server, with these arguments, and waits until it listens and has said
// so. What it says goes to the end of NAME.log.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("a server that shall refuse to start: ! exec handstamp serve")
	}
	s := storyOf(ts)
	p := &programtest.Program{
		Command: append([]string{filepath.Join(programs, "handstamp"), "serve"}, args...),
		Address: s.addresses[s.current], Log: ts.MkAbs(s.current + ".log"),
	}
	before, _ := os.ReadFile(p.Log) // there is none at the first start
	start(ts, s.current, p)
	listens := func() bool { return strings.Contains(p.Said()[len(before):], "handstamp: listening on ") }
	for end := time.Now().Add(timeout); !listens(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("serve: it does not say that it listens, but:\n%s", p.Said())
		}
	}
}

// stop ends the current server as an operator does, who expects it to end well.
func stop(ts *testscript.TestScript, neg bool, args []string) {
	s := storyOf(ts)
	ts.Check(s.take(ts, s.current).Stop())
}

// crash ends the current server as a power cut does.
func crash(ts *testscript.TestScript, neg bool, args []string) {
	s := storyOf(ts)
	s.take(ts, s.current).Kill()
}

// service starts examples/service for users of the current server, and sets $SERVICE to
// its address. It tells the service nothing but the issuer's URL.
func service(ts *testscript.TestScript, neg bool, args []string) {
	address, err := programtest.FreeAddress()
	ts.Check(err)
	p := &programtest.Program{
		Command: []string{filepath.Join(programs, "service")},
		Env:     []string{"ISSUER=" + ts.Getenv("URL"), "LISTEN=" + address},
		Address: address, Log: ts.MkAbs("service.log"),
	}
	start(ts, "service", p)
	ts.Setenv("SERVICE", p.URL())
}
