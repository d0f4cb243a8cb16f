package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// mustConnect connects to a database without the engine, as another program would.
func mustConnect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(background, database)
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close(background)) })
	return conn
}

// hold runs statements in a transaction of another program, and commits when it is released.
func hold(t *testing.T, database string, statements ...string) (release func()) {
	t.Helper()
	tx, err := mustConnect(t, database).Begin(background)
	must(t, err)
	for _, statement := range statements {
		_, err := tx.Exec(background, statement)
		must(t, err)
	}
	release = sync.OnceFunc(func() { must(t, tx.Commit(background)) })
	t.Cleanup(release)
	return release
}

// awaitLocks waits until so many connections to a database wait for locks.
func awaitLocks(t *testing.T, database string, n int) {
	t.Helper()
	conn := mustConnect(t, database)
	got := -1
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		must(t, conn.QueryRow(background, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`).Scan(&got))
		if got == n {
			return
		}
	}
	t.Fatalf("%d connections wait for locks, want %d", got, n)
}
