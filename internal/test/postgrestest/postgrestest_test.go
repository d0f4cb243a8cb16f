package postgrestest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// TestServer keeps databases and their address through every kind of end, and goes whole.
func TestServer(t *testing.T) {
	s, err := postgrestest.Options{Settings: map[string]string{"max_connections": "20"}}.Run()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	one, two := s.Database(t), s.Database(t)
	if one == two {
		t.Errorf("Database twice = %s, want two", one)
	}
	exec := func(statement string) {
		t.Helper()
		if err := s.Exec(one, statement); err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE TABLE kept (n INTEGER CHECK (current_setting('fsync') = 'on'))`)
	for _, end := range []struct {
		name string
		call func() error
	}{{"Stop", s.Stop}, {"Kill", s.Kill}} {
		exec(`INSERT INTO kept VALUES (1)`)
		if err := end.call(); err != nil {
			t.Fatalf("%s = %v, want it done", end.name, err)
		}
		if err := s.Exec(one, `SELECT 1`); err == nil {
			t.Errorf("after %s the server answers", end.name)
		}
		if err := s.Start(); err != nil {
			t.Fatalf("Start after %s = %v, want it done", end.name, err)
		}
	}
	if err := s.Restart(); err != nil {
		t.Fatalf("Restart = %v, want it done", err)
	}
	exec(`DO $$ BEGIN ASSERT (SELECT count(*) FROM kept) = 2; END $$`)
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v, want it done", err)
	}
}

// TestWrongPassword refuses who does not know it.
func TestWrongPassword(t *testing.T) {
	s := postgrestest.Shared(t)
	wrong := strings.Replace(s.Database(t), "throwaway", "wrong", 1)
	if err := s.Exec(wrong, `SELECT 1`); err == nil ||
		!strings.Contains(err.Error(), "password authentication failed") {
		t.Errorf("wrong password = %v, want it refused", err)
	}
}

// TestBadSetting says what the server said when it could not start.
func TestBadSetting(t *testing.T) {
	_, err := postgrestest.Options{Settings: map[string]string{"no_such_setting": "1"}}.Run()
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("Run(no_such_setting) = %v, want the server's words", err)
	}
}

// TestOrphan kills a process that has started a server, and waits for the server to go, folder
// and all.
func TestOrphan(t *testing.T) {
	temp, err := os.MkdirTemp("", "orphan-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	if err := os.Chmod(temp, 0o777); err != nil { // as /tmp is
		t.Fatal(err)
	}
	owner := exec.Command(os.Args[0], "-test.run=^$", "-test.v")
	owner.Env = append(os.Environ(), "TMPDIR="+temp, "POSTGRESTEST_OWNER=1")
	said, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 256)
	n, err := said.Read(line) // the database's URL
	if err != nil || !strings.HasPrefix(string(line[:n]), "postgres://") {
		t.Fatalf("the owner said %q, %v, want a URL", line[:n], err)
	}
	owner.Process.Kill()
	owner.Wait()
	for range 600 {
		if left, err := os.ReadDir(temp); err == nil && len(left) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("a server whose owner was killed is still there")
}

// TestMain is also the owner of TestOrphan.
func TestMain(m *testing.M) {
	if os.Getenv("POSTGRESTEST_OWNER") != "" {
		s, err := postgrestest.Options{NoSync: true}.Run()
		if err != nil {
			println(err.Error())
			os.Exit(1)
		}
		os.Stdout.WriteString(s.URL("postgres") + "\n")
		select {}
	}
	os.Exit(m.Run())
}

// TestStandby follows a primary, is cut off from it, and takes its place with what it has; a
// synchronous one has everything.
func TestStandby(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(primary, standby *postgrestest.Server) error
		want    string // how many of the two rows are there afterwards
	}{
		{"cut", func(_, standby *postgrestest.Server) error { return standby.Cut() }, "1"},
		{"synchronous", func(primary, _ *postgrestest.Server) error { return primary.Synchronous() }, "2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			primary := postgrestest.Options{NoSync: true}.Start(t)
			database := primary.Database(t)
			standby := primary.Standby(t)
			either := primary.Either(database, standby)
			must(primary.Exec(either, `CREATE TABLE kept (n INTEGER)`, `INSERT INTO kept VALUES (1)`))
			must(primary.CaughtUp())
			must(tt.prepare(primary, standby))
			must(primary.Exec(either, `INSERT INTO kept VALUES (2)`))
			must(primary.Kill())
			if err := primary.Exec(either, `SELECT 1`); err == nil {
				t.Error("a standby was taken for one that can be written to")
			}
			must(standby.Promote())
			must(primary.Exec(either, `INSERT INTO kept VALUES (3)`,
				`DO $$ BEGIN ASSERT (SELECT count(*) FROM kept WHERE n < 3) = `+tt.want+`; END $$`))
		})
	}
}
