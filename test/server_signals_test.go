package test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// underWay sends the head of a request to a server and waits until it is under way. It returns
// what sends the rest and reports how the answer begins.
func underWay(t *testing.T, address string) (finish func() string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	head := "POST /v1/session HTTP/1.1\r\nHost: localhost\r\n" +
		"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
	if _, err := io.WriteString(c, head); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	return func() string {
		io.WriteString(c, "{}")
		c.SetReadDeadline(time.Now().Add(timeout))
		line, _ := bufio.NewReader(c).ReadString(' ')
		return line
	}
}

// answers reports whether a server answers.
func answers(n *node) bool {
	answer, err := http.Get(n.URL() + "/signin")
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// stopping waits until a server takes no connections any more.
func stopping(t *testing.T, address string) {
	t.Helper()
	for end := time.Now().Add(timeout); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		if c.Close(); time.Now().After(end) {
			t.Fatal("it does not stop")
		}
	}
}

// TestHangup goes on after a hangup, which asks for new settings, and says that it has not read
// them; and a hangup that follows the signal to stop, as systemd may send it, ends no request under
// way.
func TestHangup(t *testing.T) {
	n := newNode(t)
	n.Set("log_level", "warn")
	n.start()
	n.must(syscall.Kill(n.Pid(), syscall.SIGHUP))
	for end := time.Now().Add(timeout); !strings.Contains(n.Said(), "SIGHUP changes nothing"); {
		if time.Sleep(10 * time.Millisecond); time.Now().After(end) {
			t.Fatalf("it does not say what became of the hangup: %s", n.Said())
		}
	}
	if !answers(n) {
		t.Error("it does not answer after a hangup")
	}
	finish := underWay(t, n.Address)
	err := n.StopBy(func(p *os.Process) error {
		if err := p.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		stopping(t, n.Address)
		if err := p.Signal(syscall.SIGHUP); err != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
		if got := finish(); got != "HTTP/1.1 " {
			t.Errorf("what was under way is answered %q", got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestSecondSignal ends a server at once that waits for a request under way.
func TestSecondSignal(t *testing.T) {
	n := newNode(t)
	n.start()
	underWay(t, n.Address)
	began := time.Now()
	err := n.StopBy(func(p *os.Process) error {
		if err := p.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		stopping(t, n.Address)
		return p.Signal(syscall.SIGTERM)
	})
	if err == nil || !strings.Contains(err.Error(), "signal: terminated") {
		t.Errorf("after a second signal: %v, want its end by the signal", err)
	}
	if took := time.Since(began); took > 8*time.Second { // without it, ten
		t.Errorf("it took %v", took)
	}
}

// TestTerminalCloses ends well when the terminal is closed that the server was started at: kernel
// and shell send a hangup each, and what is under way is finished.
func TestTerminalCloses(t *testing.T) {
	n := newNode(t)
	shell := "(echo $BASHPID > pid; exec " + filepath.Join(programs, "handstamp") + " serve); echo status $?"
	n.Command = []string{"script", "-qfec", "bash -c '" + shell + "'", "tty"}
	n.start()
	text, err := os.ReadFile(filepath.Join(n.Folder, "pid"))
	n.must(err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	n.must(err)
	finish := underWay(t, n.Address)
	err = n.StopBy(func(*os.Process) error {
		n.must(syscall.Kill(pid, syscall.SIGHUP))
		stopping(t, n.Address)
		n.must(syscall.Kill(pid, syscall.SIGHUP))
		time.Sleep(100 * time.Millisecond)
		if got := finish(); got != "HTTP/1.1 " {
			t.Errorf("what was under way is answered %q", got)
		}
		return nil
	})
	shown, _ := os.ReadFile(filepath.Join(n.Folder, "tty"))
	if err != nil || !strings.Contains(string(shown), "status 0") {
		t.Errorf("at the terminal: %v, %s", err, shown)
	}
}

// TestReaderOfTheLogGoesAway is serve 2>&1 | head -1: the server answers when the one who read its
// log has ended, and ends well when it is told to.
func TestReaderOfTheLogGoesAway(t *testing.T) {
	n := newNode(t)
	reader, writer, err := os.Pipe()
	n.must(err)
	cmd := exec.Command(filepath.Join(programs, "handstamp"), "serve")
	cmd.Dir, cmd.Env = n.Folder, append(append(cmd.Environ(), n.Env...), "HANDSTAMP_LOG_LEVEL=info")
	cmd.Stdout, cmd.Stderr = writer, writer
	n.must(cmd.Start())
	defer cmd.Process.Kill()
	writer.Close()
	if _, err := bufio.NewReader(reader).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	reader.Close()
	for end := time.Now().Add(timeout); !answers(n); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not answer")
		}
	}
	for range 20 {
		if !answers(n) {
			t.Fatal("it answers no more")
		}
	}
	n.must(cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); err != nil {
		t.Errorf("serve: %v", err)
	}
}

// TestDevLeavesNothing ends dev by closing its terminal, after whoever read its log has ended, and
// finds nothing in the folder for temporary files.
func TestDevLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	cmd := exec.Command(filepath.Join(programs, "handstamp"), "dev", "--verbose", "--listen", "127.0.0.1:0",
		"--app-listen", "127.0.0.1:0")
	cmd.Env = append(cmd.Environ(), "TMPDIR="+folder)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	for text := bufio.NewScanner(said); text.Scan() && !strings.HasPrefix(text.Text(), "Ctrl-C"); {
	}
	log.Close()
	said.Close()
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("dev: %v", err)
	}
	if left, err := os.ReadDir(folder); len(left) > 0 || err != nil {
		t.Errorf("it leaves %v, %v", left, err)
	}
}
