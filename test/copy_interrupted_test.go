package test

import (
	"database/sql"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store/postgres"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// someSessions begins some more sessions of a database's only user.
const someSessions = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
	INSERT INTO sessions SELECT printf('%021dA', i), user_id, generation, nonce, parent, parent_forked, forks, rotated_at,
		created_at, created_ip, created_agent, last_used_at, last_used_ip, last_used_agent, idle_limit, expires_at, auth_time, amr, acr,
		remember, ended_at, end_reason, ended_by, sweep_at FROM (SELECT * FROM sessions LIMIT 1), n`

// pause has a database stand still for whoever brings it the session in the middle.
var pause = []string{
	`CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3600); RETURN NEW; END $$`,
	`CREATE TRIGGER pause BEFORE INSERT ON sessions FOR EACH ROW
		WHEN (NEW.id = '000000000000000001500A') EXECUTE FUNCTION pause()`,
}

// TestCopyInterrupted kills a copy in the middle, and asks it to stop: the database holds nothing
// afterwards, says so, and takes it all the next time. Who was signed in before still is.
func TestCopyInterrupted(t *testing.T) {
	n := newNode(t)
	n.start()
	c := n.mustSignUp("ada@example.com")
	n.Kill()
	file, err := sql.Open("sqlite", filepath.Join(n.Folder, "handstamp.db"))
	n.must(err)
	_, err = file.Exec(someSessions)
	n.must(err)
	n.must(file.Close())

	server := postgrestest.Shared(t)
	database := server.Database(t)
	schema, err := postgres.Open(t.Context(), database)
	n.must(err)
	n.must(schema.Close())
	n.must(server.Exec(database, pause...))
	copying := func() *exec.Cmd {
		cmd := exec.Command(filepath.Join(programs, "handstamp"), "db", "copy", "--to", database)
		cmd.Dir = n.Folder
		return cmd
	}
	const ours = `FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`
	for _, how := range []os.Signal{os.Kill, os.Kill, syscall.SIGINT} {
		cmd := copying()
		var said strings.Builder
		cmd.Stdout, cmd.Stderr = &said, &said
		n.must(cmd.Start())
		await(t, server, database, `EXISTS (SELECT `+ours+`)`)
		n.must(cmd.Process.Signal(how))
		if err := cmd.Wait(); err == nil {
			t.Fatal("the copy was done though it was interrupted")
		}
		if how == syscall.SIGINT && !strings.Contains(said.String(), "holds nothing, run this again") {
			t.Errorf("an interrupted copy says %q, want what is there now", said.String())
		}
		// A backend that sleeps does not notice that its client has gone.
		n.must(server.Exec(database, `SELECT pg_terminate_backend(pid) `+ours))
		await(t, server, database, `NOT EXISTS (SELECT `+ours+`)`)
		n.must(server.Exec(database,
			`DO $$ BEGIN ASSERT (SELECT count(*) FROM users) + (SELECT count(*) FROM sessions) = 0; END $$`))
	}
	n.must(server.Exec(database, `DROP TRIGGER pause ON sessions`))
	if out, err := copying().CombinedOutput(); err != nil || !strings.Contains(string(out), "users 1, sessions 3001") {
		t.Fatalf("the copy after all: %v, %s, want everything", err, out)
	}
	n.Set("database", database)
	n.start()
	c.wantRefresh("after the copy", http.StatusOK)
}

// await waits until a condition holds in a database.
func await(t *testing.T, server *postgrestest.Server, database, condition string) {
	t.Helper()
	for end := time.Now().Add(timeout); ; time.Sleep(5 * time.Millisecond) {
		err := server.Exec(database, `DO $$ BEGIN ASSERT `+condition+`; END $$`)
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", timeout, condition)
		}
	}
}
