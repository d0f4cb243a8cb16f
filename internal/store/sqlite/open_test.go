package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// TestFileModes makes files that only their owner may read.
func TestFileModes(t *testing.T) {
	path := newPath(t)
	db := mustOpen(t, path)
	must(t, db.CreateUser(background, ada))
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("mode of %s = %v, want 0600", filepath.Base(name), info.Mode().Perm())
		}
	}
}

// TestPaths opens the very file that is named, whatever its name means in an URI.
func TestPaths(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{
		"plain.db", "a b.db", "a?mode=memory.db", "a#b.db", "50%41.db", "é.db", "a&_pragma=x.db", "a;b'.db",
	} {
		db, err := sqlite.Open(background, filepath.Join(folder, name))
		must(t, err)
		must(t, db.CreateUser(background, ada))
		must(t, db.Close())
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
			t.Errorf("Open(%q) left %v, %v, want the file", name, info, err)
		}
	}
	t.Chdir(folder)
	mustOpen(t, "plain.db")
	if db := mustOpen(t, "./50%41.db"); db != nil {
		_, err := db.User(background, ada.ID)
		must(t, err)
	}
	for _, path := range []string{"", ":memory:"} {
		if _, err := sqlite.Open(background, path); err == nil {
			t.Errorf("Open(%q) = nil, want an error", path)
		}
	}
	_, err := sqlite.Open(background, filepath.Join(folder, "nowhere", "a.db"))
	wantUnavailable(t, "Open(in no folder)", err)
}

// TestPragmas is what makes an answer mean "on disk".
func TestPragmas(t *testing.T) {
	db := mustOpenWith(t, newPath(t), sqlite.Options{})
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "2000",
		"secure_delete": "1", "query_only": "0",
	} {
		if got, err := db.WriterPragma(background, name); got != want || err != nil {
			t.Errorf("PRAGMA %s = %s, %v, want %s", name, got, err, want)
		}
	}
	if err := db.ReaderExec(background, `DELETE FROM users`); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("a reader's write = %v, want it refused as read-only", err)
	}
}

// TestReopen finds everything again, and the same log.
func TestReopen(t *testing.T) {
	path := newPath(t)
	db, err := sqlite.Open(background, path)
	must(t, err)
	must(t, db.CreateUser(background, ada))
	lives, ends := mustBegin(t, db, 1), mustBegin(t, db, 2)
	mustRotate(t, db, lives, store.Rotated)
	must(t, db.EndSession(background, store.Ending{Session: ends.Session, Reason: store.SignedOut}, now))
	epoch, _, err := db.Head(background)
	must(t, err)
	must(t, db.Close())

	db = mustOpen(t, path)
	mustRotate(t, db, lives, store.Repeated)
	mustRotate(t, db, ends, store.Ended)
	if again, seq, err := db.Head(background); again != epoch || seq != 1 || err != nil {
		t.Errorf("Head after a restart = %d, %d, %v, want %d, 1", again, seq, err, epoch)
	}
}

// TestOtherProcess sees at once what another handle has written.
func TestOtherProcess(t *testing.T) {
	path := newPath(t)
	a, b := mustOpen(t, path), mustOpen(t, path)
	must(t, a.CreateUser(background, ada))
	p := mustBegin(t, a, 1)
	for range 50 {
		mustRotate(t, a, p, store.Rotated)
		standing, err := b.Session(background, p.Session)
		must(t, err)
		if standing.Session.Line.Generation != p.Generation {
			t.Fatalf("generation = %d, want the %d just written", standing.Session.Line.Generation, p.Generation)
		}
		p.Generation, p.Parent, p.Nonce = p.Generation+1, p.Nonce, store.Nonce{byte(p.Generation), 9}
		a, b = b, a
	}
}

// TestOpenAtOnce starts several processes, and many handles in this one, on a database that
// is not there yet: all of them find it whole.
func TestOpenAtOnce(t *testing.T) {
	const processes, handles = 2, 12
	for range 6 {
		path := newPath(t)
		errs := make(chan error, processes+handles)
		var all sync.WaitGroup
		for range processes {
			all.Go(func() { errs <- elsewhere(path) })
		}
		for range handles {
			all.Go(func() {
				db, err := sqlite.Open(background, path)
				if err == nil {
					err = db.Close()
				}
				errs <- err
			})
		}
		all.Wait()
		close(errs)
		for err := range errs {
			must(t, err)
		}
		users, err := mustOpen(t, path).ListUsers(background, "", 9)
		if len(users) != processes || err != nil {
			t.Errorf("users = %d, %v, want one of each process", len(users), err)
		}
	}
}
