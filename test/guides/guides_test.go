// Package guides does what the guides tell a reader to do, and compares what comes of it
// with what they say.
package guides

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/repo"
	"github.com/handstamp/handstamp/internal/test/programtest"
)

// root is the tree that the guides are run from.
const root = "../.."

// readGuide returns the blocks of a guide.
func readGuide(t *testing.T, name string) []repo.Block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return repo.Blocks(string(text))
}

// freeAddress returns an address on this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := programtest.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// local returns the URL of an address that names this machine.
func local(address string) string {
	return "http://" + strings.Replace(address, "127.0.0.1", "localhost", 1)
}

// awaitAnswer waits until somebody listens on an address.
func awaitAnswer(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("nobody listens on %s", address)
}

// background runs a command as a reader does in a terminal of its own, until the test ends.
func background(t *testing.T, command string, env []string) {
	t.Helper()
	cmd := exec.Command("bash", "-c", command)
	cmd.Dir, cmd.Env = root, append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what go run starts ends with it
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		cmd.Wait()
	})
}

// terminal is a shell in which blocks are run one after the other.
type terminal struct {
	t      *testing.T
	input  io.Writer
	output *bufio.Reader
}

// openTerminal starts a shell that ends with the test. A command that fails ends it too.
func openTerminal(t *testing.T) *terminal {
	t.Helper()
	shell := exec.Command("bash", "-eu", "-o", "pipefail")
	shell.Dir, shell.Stderr = root, os.Stderr
	input, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		input.Close()
		shell.Wait()
	})
	return &terminal{t, input, bufio.NewReader(output)}
}

// run runs one block and returns what it prints.
func (s *terminal) run(block string) string {
	s.t.Helper()
	const end = '\x1e' // a separator that no answer holds
	if _, err := fmt.Fprintf(s.input, "%s\nprintf '\\x1e'\n", block); err != nil {
		s.t.Fatal(err)
	}
	printed, err := s.output.ReadString(end)
	if err != nil {
		s.t.Fatalf("the shell ended in:\n%s\nafter printing: %s", block, printed)
	}
	return strings.TrimSuffix(printed, string(end))
}

// space is what does not count when answers are compared.
var space = regexp.MustCompile(`\s+`)

// likeness makes a pattern of an answer in a guide, where … stands for anything.
func likeness(expected string) *regexp.Regexp {
	parts := strings.Split(space.ReplaceAllString(expected, ""), "…")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*?") + "$")
}

// TestLikeness takes what a guide means, and nothing else.
func TestLikeness(t *testing.T) {
	tests := []struct {
		name, expected, got string
		want                bool
	}{
		{"the same", `{"a": 1}`, `{"a":1}`, true},
		{"anything", `{"a": "…", "b": 2}`, `{"a":"x y","b":2}`, true},
		{"another value", `{"a": 1}`, `{"a":2}`, false},
		{"more before", `b`, `ab`, false},
		{"more behind", `a`, `ab`, false},
		{"a dot is a dot", `a.b`, `acb`, false},
	}
	for _, tt := range tests {
		if got := likeness(tt.expected).MatchString(space.ReplaceAllString(tt.got, "")); got != tt.want {
			t.Errorf("%s: likeness(%q) of %q = %v, want %v", tt.name, tt.expected, tt.got, got, tt.want)
		}
	}
}

// serverEnvironment returns the settings of a server that listens on an address and keeps its files
// in a folder.
func serverEnvironment(address, folder string) []string {
	return []string{
		"HANDSTAMP_LISTEN=" + address, "HANDSTAMP_OPS_LISTEN=", "HANDSTAMP_PUBLIC_URL=" + local(address),
		"HANDSTAMP_LOG_LEVEL=error", "HANDSTAMP_DATABASE=sqlite:" + filepath.Join(folder, "handstamp.db"),
		"HANDSTAMP_MASTER_KEY_FILE=" + filepath.Join(folder, "handstamp.key"),
	}
}

// TestCurl walks through docs/guide-curl.md, on ports of its own.
func TestCurl(t *testing.T) {
	t.Parallel() // it sleeps for most of its time
	server, service, folder := freeAddress(t), freeAddress(t), t.TempDir()
	elsewhere := strings.NewReplacer("http://localhost:8787", local(server), "http://localhost:8081", local(service))
	env := []string{
		"LISTEN=" + service, "ISSUER=" + local(server),
	}
	env = append(env, serverEnvironment(server, folder)...)
	w := walk{guide: "guide-curl.md", elsewhere: elsewhere, env: env, starts: []string{server, service}}
	if answers := w.run(t); answers < 15 {
		t.Errorf("the guide has %d answers, want 15 or more", answers)
	}
}

// walk does what a guide says, elsewhere than the guide does it.
type walk struct {
	guide     string
	elsewhere *strings.Replacer
	env       []string // of its terminals
	starts    []string // what the terminals of the guide listen on, in order
	skip      []string // blocks that are looked at by other tests
}

// run goes through the guide, and returns how many answers it compared.
func (w walk) run(t *testing.T) (answers int) {
	t.Helper()
	shell, printed := openTerminal(t), ""
	for _, b := range readGuide(t, w.guide) {
		text := w.elsewhere.Replace(b.Text)
		switch b.Info {
		case "bash terminal":
			background(t, text, w.env)
			awaitAnswer(t, w.starts[0])
			w.starts = w.starts[1:]
		case "bash":
			printed = shell.run(text)
		case "json", "text":
			answers++
			if !likeness(text).MatchString(space.ReplaceAllString(printed, "")) {
				t.Errorf("docs/%s:%d: got\n%s\nwant\n%s", w.guide, b.Line, printed, text)
			}
		default:
			if !slices.Contains(w.skip, b.Info) {
				t.Errorf("docs/%s:%d: a block of %q, which this test does not know", w.guide, b.Line, b.Info)
			}
		}
	}
	if len(w.starts) != 0 {
		t.Errorf("docs/%s leaves %d programs unstarted", w.guide, len(w.starts))
	}
	return answers
}
