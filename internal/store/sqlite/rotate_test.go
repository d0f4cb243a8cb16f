package sqlite_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// TestTwoProcesses races two handles on one file: the lock is the file's, not the process's.
func TestTwoProcesses(t *testing.T) {
	path := newPath(t)
	a, b := mustOpen(t, path), mustOpen(t, path)
	must(t, a.CreateUser(background, ada))
	for n := range byte(25) {
		p := mustBegin(t, a, n, 99)
		cases := make(chan store.Case, 16)
		gate := make(chan struct{})
		var all sync.WaitGroup
		for i := range cap(cases) {
			db := a
			if i%2 == 1 {
				db = b
			}
			all.Go(func() {
				<-gate
				o, err := db.Rotate(background, p, now)
				cases <- o.Case
				// Begin reads, then writes: what it has read must still be so.
				_, err2 := db.Begin(background, store.Beginning{Session: newSession(100+n, byte(i))}, now)
				if err := errors.Join(err, err2); err != nil {
					t.Error(err)
				}
			})
		}
		close(gate)
		all.Wait()
		close(cases)
		count := map[store.Case]int{} // case → how often
		for c := range cases {
			count[c]++
		}
		if count[store.Rotated] != 1 || count[store.Repeated] != cap(cases)-1 {
			t.Errorf("cases = %v, want one rotated, the rest repeated", count)
		}
	}
}

// TestDisabledByHand refuses a user whom an operator disabled in the database itself, where
// nothing has ended the user's sessions.
func TestDisabledByHand(t *testing.T) {
	path := newPath(t)
	db := mustOpen(t, path)
	must(t, db.CreateUser(background, ada))
	p := mustBegin(t, db, 1)
	mustExec(t, mustConnect(t, path), `UPDATE users SET disabled_at = 1`)
	mustRotate(t, db, p, store.Ended)
	standing, err := db.Session(background, p.Session)
	must(t, err)
	if standing.Session.EndReason != store.UserDisabled {
		t.Errorf("reason = %q, want %s", standing.Session.EndReason, store.UserDisabled)
	}
	if entries, err := db.RevocationsSince(background, 0, 9); len(entries) != 1 || err != nil {
		t.Errorf("log = %v, %v, want one entry", entries, err)
	}
}

// TestRefreshTouchesNoIndex holds the schema to the promise that an ordinary refresh changes
// one row and nothing beside it.
func TestRefreshTouchesNoIndex(t *testing.T) {
	path := newPath(t)
	mustOpen(t, path)
	_, set, _ := strings.Cut(sqlite.RefreshSQL, "SET")
	set, _, _ = strings.Cut(set, "WHERE")
	written := map[string]bool{} // column → whether a refresh writes it
	for _, m := range regexp.MustCompile(`(\w+) = `).FindAllStringSubmatch(set, -1) {
		written[m[1]] = true
	}
	if len(written) != 9 {
		t.Fatalf("a refresh writes %v, want nine columns", written)
	}
	rows, err := mustConnect(t, path).QueryContext(background,
		`SELECT i.name, c.name FROM pragma_index_list('sessions') i, pragma_index_info(i.name) c`)
	must(t, err)
	defer func() { _ = rows.Close() }()
	indexed := 0
	for rows.Next() {
		var index, column string
		must(t, rows.Scan(&index, &column))
		if indexed++; written[column] {
			t.Errorf("index %s is on %s, which every refresh writes", index, column)
		}
	}
	must(t, rows.Err())
	if indexed < 3 {
		t.Errorf("sessions have %d indexed columns, want id, user_id and sweep_at", indexed)
	}
}
