package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// briefly waits hardly at all.
var briefly = sqlite.Options{Wait: 150 * time.Millisecond}

// wantRefused checks that a token is refused, and that its session is as before and can be read
// meanwhile.
func wantRefused(t *testing.T, db *sqlite.DB, p store.Presented) {
	t.Helper()
	before, err := db.Session(background, p.Session)
	must(t, err)
	_, err = db.Rotate(background, p, now)
	wantUnavailable(t, "Rotate in trouble", err)
	if f := fault.From(err); f.RetryAfter <= 0 || f.Cause == nil {
		t.Errorf("fault = %+v, want when to retry, and a cause for the log", f)
	}
	after, err := db.Session(background, p.Session)
	must(t, err)
	if after.Session.Line != before.Session.Line {
		t.Errorf("line after trouble = %+v, want %+v", after.Session.Line, before.Session.Line)
	}
}

// TestLocked waits no longer than it was told while another process holds the lock. A machine that
// is busy may make it wait longer, but not each time.
func TestLocked(t *testing.T) {
	path := newPath(t)
	usual, db := mustOpen(t, path), mustOpenWith(t, path, briefly)
	must(t, usual.CreateUser(background, ada))
	p := mustBegin(t, usual, 1)
	other := mustConnect(t, path)
	mustExec(t, other, `BEGIN EXCLUSIVE`)
	shortest := time.Hour
	for range 5 {
		began := time.Now()
		wantRefused(t, db, p)
		shortest = min(shortest, time.Since(began))
	}
	if shortest < briefly.Wait || shortest > 10*briefly.Wait {
		t.Errorf("waited %v, want about %v", shortest, briefly.Wait)
	}
	mustExec(t, other, `ROLLBACK`)
	mustRotate(t, usual, p, store.Rotated)
}

// TestLockedBriefly waits for a lock that is given back in time.
func TestLockedBriefly(t *testing.T) {
	path := newPath(t)
	db := mustOpen(t, path)
	must(t, db.CreateUser(background, ada))
	p := mustBegin(t, db, 1)
	other := mustConnect(t, path)
	mustExec(t, other, `BEGIN IMMEDIATE`)
	time.AfterFunc(50*time.Millisecond, func() { _, _ = other.ExecContext(background, `ROLLBACK`) })
	mustRotate(t, db, p, store.Rotated)
}

// TestQueue does not wait for ever behind other writes of this process, nor longer than its caller.
func TestQueue(t *testing.T) {
	path := newPath(t)
	const wait = 300 * time.Millisecond
	usual, db := mustOpen(t, path), mustOpenWith(t, path, sqlite.Options{Wait: wait})
	must(t, usual.CreateUser(background, ada))
	p := mustBegin(t, usual, 1)
	mustExec(t, mustConnect(t, path), `BEGIN IMMEDIATE`) // whoever has the turn waits for this
	took := make(chan time.Duration, 64)
	began := time.Now()
	for range cap(took) {
		go func() {
			_, err := db.Rotate(background, p, now)
			wantUnavailable(t, "Rotate in the queue", err)
			took <- time.Since(began)
		}()
	}
	time.Sleep(20 * time.Millisecond)
	hasty, cancel := context.WithCancel(background)
	time.AfterFunc(20*time.Millisecond, cancel)
	asked := time.Now()
	_, err := db.Rotate(hasty, p, now)
	wantUnavailable(t, "Rotate in haste", err)
	if !errors.Is(err, context.Canceled) && time.Since(asked) < wait { // later, both reasons are good
		t.Errorf("Rotate in haste = %v, want that its caller gave up", err)
	}
	for range cap(took) {
		if waited := <-took; waited > 15*time.Second { // 19 s, if each waited for the lock in turn
			t.Errorf("waited %v, want at most one turn and one lock", waited)
		}
	}
}

// TestReadOnly answers from a database that cannot be written, as far as it can.
func TestReadOnly(t *testing.T) {
	db := mustOpen(t, newPath(t))
	must(t, db.CreateUser(background, ada))
	p := mustBegin(t, db, 1)
	must(t, db.WriterExec(background, `PRAGMA query_only = ON`))
	wantRefused(t, db, p)
	must(t, db.WriterExec(background, `PRAGMA query_only = OFF`))
	mustRotate(t, db, p, store.Rotated)
}

// TestFull refuses what has no room, and nothing else, until there is room again.
func TestFull(t *testing.T) {
	db := mustOpen(t, newPath(t))
	must(t, db.CreateUser(background, ada))
	var tokens []store.Presented
	for n := range byte(60) {
		p := mustBegin(t, db, n+1)
		p.From.Agent = strings.Repeat("x", store.MaxAgent) // the row grows
		tokens = append(tokens, p)
	}
	pages, err := db.WriterPragma(background, "page_count")
	must(t, err)
	must(t, db.WriterExec(background, `PRAGMA max_page_count = `+pages))

	refused := 0
	for n, p := range tokens {
		if o, err := db.Rotate(background, p, now); err == nil {
			if o.Case != store.Rotated {
				t.Fatalf("Rotate %d = %v, want rotated", n, o.Case)
			}
			continue
		}
		refused++
		wantRefused(t, db, p)
		must(t, db.WriterExec(background, `PRAGMA max_page_count = 1000000`))
		mustRotate(t, db, p, store.Rotated)
		must(t, db.WriterExec(background, `PRAGMA max_page_count = `+mustPages(t, db)))
	}
	if refused == 0 {
		t.Fatal("no write was refused: the database was not full")
	}
	u := ada
	for n := range 200 {
		u.ID, u.EmailKey, u.Name = store.UserID(fmt.Sprint("usr_", n)), fmt.Sprint(n), strings.Repeat("x", 1000)
		if err = db.CreateUser(background, u); err != nil {
			break
		}
	}
	wantUnavailable(t, "CreateUser when full", err)
}

// mustPages returns the size of a database.
func mustPages(t *testing.T, db *sqlite.DB) string {
	t.Helper()
	pages, err := db.WriterPragma(background, "page_count")
	must(t, err)
	return pages
}

// TestOurBug does not tell callers to try again what can never work.
func TestOurBug(t *testing.T) {
	db := mustOpen(t, newPath(t))
	must(t, db.CreateUser(background, ada))
	mustBegin(t, db, 1)
	_, err := db.Begin(background, store.Beginning{Session: newSession(1)}, now)
	if f := fault.From(err); f.Code != fault.InternalError {
		t.Errorf("Begin(same id) = %v, want internal", err)
	}
}
