package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// process is a running server, with the shell that watches over it.
type process struct {
	orders io.WriteCloser // takes the name of the signal that ends the server
	done   chan error     // gets the server's end, once
}

// watch runs a server and waits for one line, the signal to end it with. When whoever owes
// that line is gone, a panic and kill -9 included, its end of the pipe is closed: then the
// server is ended at once, and its folder removed. Ctrl-C is for the owner, not for us.
const watch = `
trap '' INT HUP TERM
folder=$1; shift
exec 3<&0
"$@" <&- 3<&- & server=$!
{ read -r signal || { signal=QUIT; : >"$folder/orphaned"; }; kill -s "$signal" $server; } <&3 2>&- & reader=$!
wait $server; status=$?
kill -s KILL $reader 2>&-
[ ! -e "$folder/orphaned" ] || rm -rf "$folder"
exit $status
`

// lookPath finds a program.
func lookPath(name string) (string, error) { return exec.LookPath(name) }

// unprivileged returns the command as another user where we are root, whom PostgreSQL refuses:
// as postgres, or as nobody.
func unprivileged(args ...string) (*exec.Cmd, error) {
	who, err := servant()
	if err != nil {
		return nil, err
	}
	if who != nil {
		args = append([]string{"setpriv", "--reuid=" + who.Uid, "--regid=" + who.Gid, "--clear-groups", "--"}, args...)
	}
	path, err := lookPath(args[0])
	if err != nil {
		return nil, fmt.Errorf("%w; as root on Debian: apt-get install util-linux", err)
	}
	return exec.Command(path, args[1:]...), nil
}

// servant returns the user that the server runs as, or nil for us.
func servant() (*user.User, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		who, err = user.Lookup("nobody")
	}
	return who, err
}

// own makes the server's folder belong to the user whom the server runs as.
func (s *Server) own() error {
	who, err := servant()
	if err != nil || who == nil {
		return err
	}
	uid, _ := strconv.Atoi(who.Uid)
	gid, _ := strconv.Atoi(who.Gid)
	return os.Chown(s.folder, uid, gid)
}

// initialise makes the cluster in the server's folder.
func (s *Server) initialise() error {
	if err := s.own(); err != nil {
		return err
	}
	secret := filepath.Join(s.folder, "password")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o644); err != nil { // the folder is closed to others
		return err
	}
	initdb, err := unprivileged(filepath.Join(s.programs, "initdb"), "--pgdata="+s.data(), "--username="+superuser,
		"--pwfile="+secret, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu",
		"--icu-locale=en", "--no-sync")
	if err != nil {
		return err
	}
	if said, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, said)
	}
	return nil
}

// data returns the folder of the cluster.
func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// Start starts the server again after Stop or Kill, and waits until it answers.
func (s *Server) Start() error {
	if s.running != nil {
		return errors.New("the server runs already")
	}
	server := append([]string{filepath.Join(s.programs, "postgres"), "-D", s.data()}, s.settings()...)
	cmd, err := unprivileged(append([]string{"sh", "-c", watch, "sh", s.folder}, server...)...)
	if err != nil {
		return err
	}
	said, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer said.Close()
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.folder, said, said
	orders, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{orders: orders, done: make(chan error, 1)}
	go func() { p.done <- cmd.Wait() }()
	s.running = p
	return s.answers()
}

// answers waits until the server takes connections.
func (s *Server) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for {
		err := s.Exec(s.URL(superuser), `SELECT 1`)
		if err == nil {
			return nil
		}
		select {
		case died := <-s.running.done:
			s.running = nil
			return fmt.Errorf("the server ended as it started: %w\n%s", died, s.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w\n%s", err, s.lastWords())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// log is where the server says what it does.
func (s *Server) log() string { return filepath.Join(s.folder, "log") }

// lastWords returns the end of the server's log.
func (s *Server) lastWords() string {
	said, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	lines := strings.SplitAfter(string(said), "\n")
	return strings.Join(slices.Clip(lines[max(0, len(lines)-12):]), "")
}

// Stop ends the server in good order: what is under way is rolled back, and connections are
// cut. Stopping what is stopped does nothing.
func (s *Server) Stop() error { return s.end("INT") }

// Kill ends the server at once, as a crash does: the next Start recovers. Killing what is
// stopped does nothing.
func (s *Server) Kill() error {
	err := s.end("QUIT")
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return nil // of its own accord, and not in good order
	}
	return err
}

// Restart stops the server in good order and starts it.
func (s *Server) Restart() error {
	if err := s.Stop(); err != nil {
		return err
	}
	return s.Start()
}

// end ends the server by a signal and waits until it is gone.
func (s *Server) end(signal string) error {
	p := s.running
	if p == nil {
		return nil
	}
	s.running = nil
	if _, err := io.WriteString(p.orders, signal+"\n"); err != nil {
		return fmt.Errorf("the server had ended before: %w\n%s", err, s.lastWords())
	}
	select {
	case err := <-p.done: // which has closed orders
		return err
	case <-time.After(timeout):
		return errors.Join(errors.New("the server does not end"), p.orders.Close()) // which ends it at once
	}
}

// Close ends the server and removes everything of it.
func (s *Server) Close() error {
	return errors.Join(s.Kill(), os.RemoveAll(s.folder))
}
