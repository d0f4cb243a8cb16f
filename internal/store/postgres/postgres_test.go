package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/postgres"
	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// background is the context of all calls that no test cancels.
var background = context.Background()

// TestContract holds the engine to the contract.
func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return mustOpen(t, postgrestest.Shared(t).Database(t)) })
}

// patient waits longer than a server does: the machine may be busy with other tests.
var patient = postgres.Options{Wait: time.Minute, Limit: time.Minute}

// mustOpen opens a database, waits for it if need be, and closes it when t ends.
func mustOpen(t testing.TB, url string) *postgres.DB {
	t.Helper()
	return mustOpenWith(t, url, patient)
}

// mustOpenWith opens a database with options and closes it when t ends.
func mustOpenWith(t testing.TB, url string, o postgres.Options) *postgres.DB {
	t.Helper()
	db, err := o.Open(background, url)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

// mustExec runs statements of another program.
func mustExec(t testing.TB, url string, statements ...string) {
	t.Helper()
	must(t, postgrestest.Shared(t).Exec(url, statements...))
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
func mustBegin(t testing.TB, db *postgres.DB, number ...byte) store.Presented {
	t.Helper()
	s := newSession(number...)
	_, err := db.Begin(background, store.Beginning{Session: s}, now)
	must(t, err)
	return store.Presented{Session: s.ID, Generation: 1, Nonce: store.Nonce{1}}
}

// mustRotate presents a token and fails unless the case is want.
func mustRotate(t testing.TB, db *postgres.DB, p store.Presented, want store.Case) store.Outcome {
	t.Helper()
	o, err := db.Rotate(background, p, now)
	must(t, err)
	if o.Case != want {
		t.Fatalf("Rotate(generation %d) = %v, want %v", p.Generation, o.Case, want)
	}
	return o
}
