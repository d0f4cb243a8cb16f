package storetest

import (
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// sweep sweeps at a time after start and gives the number dropped.
func (w *world) sweep(t *testing.T, after time.Duration, limit int) int {
	t.Helper()
	n, err := w.Sweep(t.Context(), store.Sweeping{Keep: 24 * time.Hour, Limit: limit}, start.Add(after))
	must(t, err)
	return n
}

// testSweepSessions drops a session when it has been over for as long as it is kept, however
// it came to be over, and whatever refreshed it before.
func testSweepSessions(t *testing.T, w *world) {
	const keep = 24 * time.Hour
	u := w.mustUser(t)
	ended, idle, used := w.mustBegin(t, u.ID), w.mustBegin(t, u.ID), w.mustBegin(t, u.ID)
	long := w.newSession(u.ID)
	long.IdleLimit = 1000 * time.Hour
	w.mustKeep(t, long) // over at its lifetime
	longer := long
	longer.ID, longer.ExpiresAt = store.SessionID{1}, start.Add(1000*time.Hour)
	w.mustKeep(t, longer)
	w.mustEnd(t, ended.session)
	w.pass(time.Hour)
	w.mustRotate(t, used, store.Rotated)
	w.pass(time.Hour)
	w.mustRotate(t, idle, store.Ended) // found over at its limit
	w.sweep(t, 3*time.Hour, 100)       // the log's entries: not what this test counts

	steps := []struct {
		after time.Duration
		gone  store.SessionID
	}{
		{keep, ended.session},
		{keep + idleLimit, idle.session},
		{keep + time.Hour + idleLimit, used.session},
		{keep + lifetime, long.ID},
	}
	for _, step := range steps {
		if n := w.sweep(t, step.after-moment, 100); n != 0 {
			t.Errorf("Sweep(a moment before %v) = %d, want 0", step.after, n)
		}
		w.mustStanding(t, step.gone)
		if n := w.sweep(t, step.after, 100); n != 1 {
			t.Errorf("Sweep(%v) = %d, want 1", step.after, n)
		}
		_, err := w.Session(t.Context(), step.gone)
		wantFault(t, "Session(swept)", err, fault.SessionNotFound)
	}
	w.mustRotate(t, first(longer), store.Rotated)
}

// testSweepInParts drops at most Limit at once, and finds what is over behind what is not.
func testSweepInParts(t *testing.T, w *world) {
	u := w.mustUser(t)
	for range 12 { // they would be over after 2 h, but are used for 15 h
		s := w.newSession(u.ID)
		s.ExpiresAt = start.Add(1000 * time.Hour)
		w.mustKeep(t, s)
		for k := first(s); w.now.Before(start.Add(15 * time.Hour)); k = k.next() {
			w.pass(time.Hour)
			w.mustRotate(t, k, store.Rotated)
		}
		w.now = start
	}
	w.pass(3 * time.Hour)
	for range 10 {
		w.mustEnd(t, w.mustBegin(t, u.ID).session)
	}
	w.sweep(t, 4*time.Hour, 100) // the log's entries: not what this test counts

	for i, want := range []int{4, 4, 2, 0} {
		if n := w.sweep(t, 27*time.Hour, 4); n != want {
			t.Errorf("Sweep %d of the ended = %d, want %d", i+1, n, want)
		}
	}
	const over = 15*time.Hour + idleLimit + 24*time.Hour
	if n := w.sweep(t, over-moment, 5); n != 0 {
		t.Errorf("Sweep(a moment early) = %d, want 0", n)
	}
	for i, want := range []int{5, 5, 2, 0} {
		if n := w.sweep(t, over, 5); n != want {
			t.Errorf("Sweep %d of the others = %d, want %d", i+1, n, want)
		}
	}
}

// testSweepLog drops expired entries from the log's start, so that the rest has no gap, and
// leaves its head where it is.
func testSweepLog(t *testing.T, w *world) {
	u := w.mustUser(t)
	end := func() { w.mustEnd(t, w.mustBegin(t, u.ID).session) }
	const life = store.RevocationLife
	end()
	w.pass(time.Minute)
	end()
	end()
	w.pass(-time.Minute) // the clock steps back
	end()

	wantFirst := func(after time.Duration, limit int, want int64) {
		t.Helper()
		w.sweep(t, after, limit)
		entries := w.mustEntries(t, 0)
		first := int64(5) // none
		if len(entries) > 0 {
			first = entries[0].Seq
		}
		if first != want || len(entries) != int(5-want) {
			t.Errorf("Sweep(%v): %d entries from %d on, want all from %d on", after, len(entries), first, want)
		}
	}
	wantFirst(life-moment, 100, 1)
	wantFirst(life, 100, 2) // the fourth has expired too, and stays behind those that have not
	wantFirst(time.Minute+life-moment, 100, 2)
	wantFirst(time.Minute+life, 1, 3)
	wantFirst(time.Minute+life, 2, 5)

	end()
	entries := w.mustEntries(t, 0)
	if len(entries) != 1 || entries[0].Seq != 5 || entries[0].Prev != 4 {
		t.Errorf("entries after a sweep = %v, want one, 5 after 4", entries)
	}
}
