package sqlite_test

import (
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// crowd is how many wait together.
const crowd = 20

// together holds the writer back until everybody waits for it, and returns what came of each
// operation.
func together(t *testing.T, db *sqlite.DB, do func(i int) error) [crowd]error {
	t.Helper()
	release, err := db.HoldWriter(background)
	must(t, err)
	var errs [crowd]error
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() { errs[i] = do(i) })
	}
	time.Sleep(50 * time.Millisecond) // whoever comes later is in another batch, and treated the same
	must(t, release())
	all.Wait()
	return errs
}

// gathering is a database with sessions whose tokens have not been presented.
func gathering(t *testing.T) (path string, db *sqlite.DB, tokens [crowd]store.Presented) {
	t.Helper()
	path = newPath(t)
	db = mustOpen(t, path)
	must(t, db.CreateUser(background, ada))
	for i := range tokens {
		tokens[i] = mustBegin(t, db, byte(i+1))
	}
	return path, db, tokens
}

// unlucky is the one of the crowd whose operation fails.
const unlucky = 7

// TestNeighbours has an operation fail in the middle of others: they are done all the same, whether
// the failure undoes its own statement or the whole transaction.
func TestNeighbours(t *testing.T) {
	for _, how := range []string{"ABORT", "ROLLBACK"} {
		t.Run(how, func(t *testing.T) {
			path, db, tokens := gathering(t)
			mustExec(
				t,
				mustConnect(t, path),
				`CREATE TRIGGER trouble BEFORE UPDATE ON sessions WHEN NEW.id = '`+tokens[unlucky].Session.String()+`'
				BEGIN SELECT RAISE(`+how+`, 'no'); END`,
			)
			errs := together(t, db, func(i int) error {
				o, err := db.Rotate(background, tokens[i], now)
				if err == nil && o.Case != store.Rotated {
					t.Errorf("Rotate(%d) = %v, want rotated", i, o.Case)
				}
				return err
			})
			for i, err := range errs {
				if (err != nil) != (i == unlucky) {
					t.Errorf("Rotate(%d) = %v, want an error for %d alone", i, err, unlucky)
				}
			}
			mustExec(t, mustConnect(t, path), `DROP TRIGGER trouble`)
			mustRotate(t, db, tokens[unlucky], store.Rotated)
		})
	}
}

// TestCommitFails changes nothing for anybody when the transaction that they share cannot be
// committed.
func TestCommitFails(t *testing.T) {
	path, db, tokens := gathering(t)
	other := mustConnect(t, path)
	mustExec(t, other, `CREATE TABLE debts (owner TEXT REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)`,
		`CREATE TRIGGER trouble AFTER UPDATE ON sessions BEGIN INSERT INTO debts VALUES ('nobody'); END`)
	errs := together(t, db, func(i int) error { _, err := db.Rotate(background, tokens[i], now); return err })
	for i, err := range errs {
		if err == nil {
			t.Errorf("Rotate(%d) = nil, want an error", i)
		}
	}
	mustExec(t, other, `DROP TRIGGER trouble`)
	for _, p := range tokens {
		mustRotate(t, db, p, store.Rotated)
	}
}

// TestDecisions sees everybody get their own answer: a fault is no failure of the transaction.
func TestDecisions(t *testing.T) {
	_, db, _ := gathering(t)
	errs := together(t, db, func(i int) error {
		switch i % 4 {
		case 0: // a password that is no longer the user's
			_, err := db.Begin(background, store.Beginning{Session: newSession(100, byte(i)), Password: "old"}, now)
			return err
		case 1:
			u := ada
			u.ID = store.UserID("usr_" + string(rune('a'+i)))
			return db.CreateUser(background, u)
		case 2:
			return db.EndSession(background, store.Ending{Session: store.SessionID{200}, Reason: store.SignedOut}, now)
		}
		_, err := db.Begin(background, store.Beginning{Session: newSession(100, byte(i))}, now)
		return err
	})
	want := []fault.Code{fault.InvalidCredentials, fault.EmailTaken, fault.SessionNotFound, ""}
	for i, err := range errs {
		if code := want[i%4]; code == "" && err != nil || code != "" && !fault.HasCode(err, code) {
			t.Errorf("operation %d = %v, want %q", i, err, code)
		}
	}
	live, err := db.LiveSessions(background, ada.ID, now)
	must(t, err)
	if len(live) != crowd+crowd/4 {
		t.Errorf("live sessions = %d, want %d", len(live), crowd+crowd/4)
	}
}

// TestCloseWhileWaiting answers everybody who waits, done or not, and what was answered is kept.
func TestCloseWhileWaiting(t *testing.T) {
	path, db, tokens := gathering(t)
	closed := make(chan error, 1)
	time.AfterFunc(20*time.Millisecond, func() { closed <- db.Close() })
	errs := together(t, db, func(i int) error { _, err := db.Rotate(background, tokens[i], now); return err })
	must(t, <-closed)
	again := mustOpen(t, path)
	for i, err := range errs {
		if err != nil {
			wantUnavailable(t, "Rotate while closing", err)
			mustRotate(t, again, tokens[i], store.Rotated)
		} else {
			mustRotate(t, again, tokens[i], store.Repeated)
		}
	}
}
