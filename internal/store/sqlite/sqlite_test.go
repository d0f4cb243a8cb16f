package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
	"github.com/handstamp/handstamp/internal/store/storetest"
)

// otherProcess names the environment variable that makes the test binary a process that
// opens the database it names, keeps a user there, and does nothing else.
const otherProcess = "HANDSTAMP_TEST_DATABASE"

// background is the context of all calls that no test cancels.
var background = context.Background()

// TestMain is also that other process.
func TestMain(m *testing.M) {
	path := os.Getenv(otherProcess)
	if path == "" {
		os.Exit(m.Run())
	}
	db, err := sqlite.Options{Wait: time.Minute}.Open(background, path)
	if err == nil {
		u := ada
		u.ID, u.EmailKey = store.UserID(fmt.Sprint("usr_", os.Getpid())), fmt.Sprint(os.Getpid())
		err = errors.Join(db.CreateUser(background, u), db.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// elsewhere opens a database in another process, which keeps a user there.
func elsewhere(path string) error {
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), otherProcess+"="+path)
	if said, err := other.CombinedOutput(); err != nil {
		return errors.New(string(said))
	}
	return nil
}

// TestContract holds the engine to the contract.
func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return mustOpen(t, newPath(t)) })
}

// newPath returns the path of a database that is not there yet.
func newPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "test.db")
}

// mustOpen opens a database and closes it when t ends. It waits longer than a server does: the
// machine may be busy with other tests.
func mustOpen(t testing.TB, path string) *sqlite.DB {
	t.Helper()
	return mustOpenWith(t, path, sqlite.Options{Wait: time.Minute})
}

// mustOpenWith opens a database with options and closes it when t ends.
func mustOpenWith(t testing.TB, path string, o sqlite.Options) *sqlite.DB {
	t.Helper()
	db, err := o.Open(background, path)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

// mustConnect connects to a database without the engine, as another program would.
func mustConnect(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

// mustExec runs statements of another program.
func mustExec(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		_, err := db.ExecContext(background, s)
		must(t, err)
	}
}

// must fails on any error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantUnavailable checks for the fault storage_unavailable.
func wantUnavailable(t *testing.T, call string, err error) {
	t.Helper()
	if !fault.HasCode(err, fault.StorageUnavailable) {
		t.Errorf("%s = %v, want %s", call, err, fault.StorageUnavailable)
	}
}

// now is when everything happens here.
var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// ada is a user.
var ada = store.User{ID: "usr_ada", Email: "Ada@example.com", EmailKey: "ada@example.com", CreatedAt: now}

// newSession returns a session of ada's, of this number; nobody keeps it yet.
func newSession(number ...byte) store.Session {
	var id store.SessionID
	copy(id[:], number)
	return store.Session{
		ID: id, User: ada.ID, CreatedAt: now, LastUsedAt: now,
		IdleLimit: time.Hour, ExpiresAt: now.Add(24 * time.Hour), AuthTime: now, AMR: []string{"pwd"}, ACR: "aal1",
	}
}

// mustBegin keeps a session and returns its first token.
func mustBegin(t testing.TB, db *sqlite.DB, number ...byte) store.Presented {
	t.Helper()
	s := newSession(number...)
	_, err := db.Begin(background, store.Beginning{Session: s}, now)
	must(t, err)
	return store.Presented{Session: s.ID, Generation: 1, Nonce: store.Nonce{1}}
}

// mustRotate presents a token and fails unless the case is want.
func mustRotate(t testing.TB, db *sqlite.DB, p store.Presented, want store.Case) {
	t.Helper()
	o, err := db.Rotate(background, p, now)
	must(t, err)
	if o.Case != want {
		t.Fatalf("Rotate(generation %d) = %v, want %v", p.Generation, o.Case, want)
	}
}
