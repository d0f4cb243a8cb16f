package test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/handstamp/handstamp/internal/test/programtest"
)

// setupLink is what a terminal shows where there is no admin yet.
var setupLink = regexp.MustCompile(`\s(http\S+/setup/\S+)\s`)

// terminal starts the current server as serve does, but at a terminal, by script(1): what is
// shown there is in NAME.tty, and the log still in NAME.log. It sets $SETUP to the link for
// the first admin, empty when none is shown.
func terminal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: terminal")
	}
	s := storyOf(ts)
	name := s.current
	program := filepath.Join(programs, "handstamp")
	shell := "echo $$ > " + name + ".pid; exec " + program + " serve 2>>" + name + ".log"
	start(ts, name,
		&programtest.Program{Command: []string{"script", "-qfec", shell, name + ".tty"}, Address: s.addresses[name]})
	_, port, err := net.SplitHostPort(s.addresses[name])
	ts.Check(err)
	shown, err := awaitText(ts.MkAbs(name+".tty"), port)
	ts.Check(err)
	ts.Setenv("SETUP", "")
	if link := setupLink.FindStringSubmatch(shown); link != nil {
		ts.Setenv("SETUP", link[1])
	}
}

// awaitText waits until a file mentions something, and has not grown for a moment.
func awaitText(file, mention string) (string, error) {
	last := ""
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		read, err := os.ReadFile(file)
		if err == nil && last == string(read) && strings.Contains(last, mention) {
			return last, nil
		}
		last = string(read)
	}
	return "", errors.New("the terminal shows nothing but: " + last)
}

// leave ends the server that was started at a terminal, as an operator does.
func leave(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: leave")
	}
	s := storyOf(ts)
	p := s.take(ts, s.current)
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(s.current + ".pid")))
	ts.Check(err)
	// script(1) does not pass a signal on.
	ts.Check(p.StopBy(func(*os.Process) error { return syscall.Kill(pid, syscall.SIGTERM) }))
}
