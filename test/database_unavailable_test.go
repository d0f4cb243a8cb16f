package test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	_ "modernc.org/sqlite" // another program that holds the file

	"github.com/handstamp/handstamp/internal/test/postgrestest"
	"github.com/handstamp/handstamp/internal/test/programtest"
)

// mustSignUp returns somebody who is signed in.
func (n *node) mustSignUp(email string) *customer {
	n.t.Helper()
	c := &customer{node: n, email: email}
	status, g, _ := c.ask("POST", "/v1/users", c.credentials())
	if status != http.StatusCreated {
		n.t.Fatalf("sign up = %d, want 201", status)
	}
	c.refresh = g.Refresh
	return c
}

// wantRefresh presents the customer's token, keeps what it gets, and wants a status.
func (c *customer) wantRefresh(when string, want int) {
	c.node.t.Helper()
	status, g, _ := c.ask("POST", "/v1/session/refresh", token(c.refresh))
	if status != want {
		c.node.t.Errorf("%s: refresh = %d, want %d", when, status, want)
	}
	if status == http.StatusOK {
		c.refresh = g.Refresh
	}
}

// wantRefused wants 503 with a time to wait, and says what a person sees.
func (n *node) wantRefused(when, email string) {
	n.t.Helper()
	body := fmt.Sprintf(`{"email":%q,"password":"violet teapots orbit quietly"}`, email)
	answer, err := http.Post(n.URL()+"/v1/session", "application/json", strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		n.t.Errorf("%s: sign in = %d, Retry-After %q, want 503 and when to try again", when, answer.StatusCode,
			answer.Header.Get("Retry-After"))
	}
}

// TestFullDisk lets the disk run full under a server: it answers 503, what it has answered
// before stays, and the tokens that it refused then are good when there is room again.
func TestFullDisk(t *testing.T) {
	limiter, err := exec.LookPath("prlimit")
	if err != nil {
		t.Fatal("prlimit is missing; install it with: apt-get install util-linux")
	}
	n := newNode(t)
	unlimited := n.Command
	n.Command = append([]string{limiter, "--fsize=262144"}, unlimited...) // no file may grow beyond 256 KiB
	n.start()
	c := n.mustSignUp("ada@example.com")
	full := false
	for range 2000 {
		status, g, _ := c.ask("POST", "/v1/session/refresh", token(c.refresh))
		if full = status == http.StatusServiceUnavailable; full {
			break
		}
		if status != http.StatusOK {
			t.Fatalf("refresh = %d, want 200 until the disk is full", status)
		}
		c.refresh = g.Refresh
	}
	if !full {
		t.Fatal("the disk did not run full: the test tests nothing")
	}
	n.wantRefused("full disk", c.email)
	c.wantRefresh("full disk, again", http.StatusServiceUnavailable)
	n.Kill()
	n.Command = unlimited
	n.start()
	c.wantRefresh("with room again", http.StatusOK)
}

// TestLockedFile has another program hold the database: 503, and afterwards all is well.
func TestLockedFile(t *testing.T) {
	n := newNode(t)
	n.start()
	c := n.mustSignUp("ada@example.com")
	db, err := sql.Open("sqlite", filepath.Join(n.Folder, "handstamp.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	n.wantRefused("locked", c.email)
	c.wantRefresh("locked", http.StatusServiceUnavailable)
	if _, err := db.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	c.wantRefresh("free again", http.StatusOK)
}

// TestReadOnlyFile starts a server that may not write its database: it says so, and does not
// serve; with the right back, nobody was signed out.
func TestReadOnlyFile(t *testing.T) {
	n := newNode(t)
	n.start()
	c := n.mustSignUp("ada@example.com")
	n.Kill()
	for _, name := range []string{"handstamp.db-wal", "handstamp.db-shm"} {
		if err := os.Rename(filepath.Join(n.Folder, name), filepath.Join(n.Folder, "kept-"+name)); err != nil {
			t.Fatal(err)
		}
	}
	said := n.startAsNobody(t)
	if !strings.Contains(said, "handstamp.db") ||
		!strings.Contains(said, "permission denied") && !strings.Contains(said, "readonly") {
		t.Errorf("a server without the right to write says %q, want the file and the right", said)
	}
	for _, name := range []string{"handstamp.db-wal", "handstamp.db-shm"} {
		if err := os.Rename(filepath.Join(n.Folder, "kept-"+name), filepath.Join(n.Folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	n.start()
	c.wantRefresh("with the right back", http.StatusOK)
}

// startAsNobody runs the server where it may read and not write, and returns what it says
// before it ends.
func (n *node) startAsNobody(t *testing.T) string {
	t.Helper()
	all := func(mode fs.FileMode) {
		for name, m := range map[string]fs.FileMode{".": mode | 0o111, "handstamp.db": mode, "handstamp.key": mode} {
			if err := os.Chmod(filepath.Join(n.Folder, name), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	all(0o444)
	defer all(0o700)
	cmd := exec.Command(n.Command[0], n.Command[1:]...)
	cmd.Dir, cmd.Env = n.Folder, append(cmd.Environ(), n.Env...)
	if os.Getuid() == 0 { // root may write anything
		for folder := n.Folder; folder != "/"; folder = filepath.Dir(folder) {
			open(t, folder)
		}
		open(t, programs)
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	said, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("the server started and ended well, want a refusal")
	}
	return string(said)
}

// open lets others pass through a folder until the test ends.
func open(t *testing.T, folder string) {
	t.Helper()
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm()&0o011 == 0o011 {
		return
	}
	if err := os.Chmod(folder, info.Mode().Perm()|0o011); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(folder, info.Mode().Perm()) })
}

// TestPostgresAtStart starts the server with a database that it cannot use: it ends at once, says
// what is wrong, and does not say the password.
func TestPostgresAtStart(t *testing.T) {
	const password = "hunter2-hunter2"
	closed, err := programtest.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	there := postgrestest.Shared(t)
	tests := []struct{ name, url, says string }{
		{"nobody there", "postgres://handstamp:" + password + "@" + closed + "/handstamp", "connection refused"},
		{
			"wrong password", "postgres://postgres:" + password + "@" + there.Address() + "/postgres",
			"password authentication failed",
		},
		{"no such database", strings.TrimSuffix(there.URL("x"), "x") + "missing", `database "missing" does not exist`},
		{"no database", "postgres://handstamp:" + password + "@" + there.Address(), "names no database"},
		{
			"not a URL", "postgres://handstamp:" + password + "%@" + there.Address() + "/handstamp",
			"is not a URL of PostgreSQL",
		},
	}
	for _, tt := range tests {
		for _, command := range [][]string{
			{"serve", "--listen", "127.0.0.1:0", "--ops-listen", ""}, {"user", "list"},
			{"session", "list", "ada@example.com"}, {"key", "list"}, {"service", "list"},
		} {
			cmd := exec.Command(filepath.Join(programs, "handstamp"), command...)
			cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "HANDSTAMP_DATABASE="+tt.url)
			said, err := cmd.CombinedOutput()
			exit, failed := errors.AsType[*exec.ExitError](err)
			if !failed || exit.ExitCode() != 1 || !strings.Contains(string(said), tt.says) {
				t.Errorf("%s: %s = %v, want exit code 1 and %q:\n%s", tt.name, command[0], err, tt.says, said)
			}
			for _, hidden := range []string{password, "throwaway"} {
				if strings.Contains(string(said), hidden) {
					t.Errorf("%s: %s shows the password:\n%s", tt.name, command[0], said)
				}
			}
			if left, err := os.ReadDir(cmd.Dir); len(left) > 0 || err != nil {
				t.Errorf("%s: %s leaves %v, %v, want nothing", tt.name, command[0], left, err)
			}
		}
	}
}

// TestPostgresBackup sends whoever wants to back PostgreSQL up to what it has for that.
func TestPostgresBackup(t *testing.T) {
	for command, says := range map[string]string{"backup": "pg_dump", "restore": "pg_restore"} {
		cmd := exec.Command(filepath.Join(programs, "handstamp"), "db", command, "file")
		cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(),
			"HANDSTAMP_DATABASE="+postgrestest.Shared(t).URL("postgres"))
		if said, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(said), says) {
			t.Errorf("db %s = %v %s, want it refused, naming %s", command, err, said, says)
		}
	}
}
