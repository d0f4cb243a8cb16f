package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// What is over is swept.
var _ = register(subject{
	name: "session",
	tests: []test{
		{"sweep", testSweepSessions},
		{"sweep in parts", testSweepInParts},
	},
	operations: []operation{
		writing(OpSweep, func(t *testing.T, f *fixture) call {
			f.mustBegin(t, f.mustUser(t).ID)
			return func(ctx context.Context) error {
				_, err := f.Sweep(ctx, store.Sweeping{Limit: 9}, f.now.Add(100*lifetime))
				return err
			}
		}),
	},
})

// OpSweep is its operation.
const OpSweep Operation = "Sweep"

// sweep sweeps at a time after start and returns the number dropped.
func (f *fixture) sweep(t *testing.T, after time.Duration, limit int) int {
	t.Helper()
	n, err := f.Sweep(t.Context(), store.Sweeping{Keep: 24 * time.Hour, Limit: limit}, start.Add(after))
	must(t, err)
	return n
}

// testSweepSessions drops a session when it has been over for as long as it is kept, however
// it came to be over, and whatever refreshed it before.
func testSweepSessions(t *testing.T, f *fixture) {
	const keep = 24 * time.Hour
	u := f.mustUser(t)
	ended, idle, used := f.mustBegin(t, u.ID), f.mustBegin(t, u.ID), f.mustBegin(t, u.ID)
	long := f.newSession(u.ID)
	long.IdleLimit = 1000 * time.Hour
	f.mustKeep(t, long) // over at its lifetime
	longer := long
	longer.ID, longer.ExpiresAt = store.SessionID{1}, start.Add(1000*time.Hour)
	f.mustKeep(t, longer)
	f.mustEnd(t, ended.session)
	f.pass(time.Hour)
	f.mustRotate(t, used, store.Rotated)
	f.pass(time.Hour)
	f.mustRotate(t, idle, store.Ended) // found over at its limit
	f.sweep(t, 3*time.Hour, 100)       // the log's entries: not what this test counts

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
		if n := f.sweep(t, step.after-moment, 100); n != 0 {
			t.Errorf("Sweep(a moment before %v) = %d, want 0", step.after, n)
		}
		f.mustStanding(t, step.gone)
		if n := f.sweep(t, step.after, 100); n != 1 {
			t.Errorf("Sweep(%v) = %d, want 1", step.after, n)
		}
		_, err := f.Session(t.Context(), step.gone)
		wantFault(t, "Session(swept)", err, fault.SessionNotFound)
	}
	f.mustRotate(t, first(longer), store.Rotated)
}

// testSweepInParts drops at most Limit at once, and finds what is over behind what is not.
func testSweepInParts(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	for range 12 { // they would be over after 2 h, but are used for 15 h
		s := f.newSession(u.ID)
		s.ExpiresAt = start.Add(1000 * time.Hour)
		f.mustKeep(t, s)
		for k := first(s); f.now.Before(start.Add(15 * time.Hour)); k = k.next() {
			f.pass(time.Hour)
			f.mustRotate(t, k, store.Rotated)
		}
		f.now = start
	}
	f.pass(3 * time.Hour)
	for range 10 {
		f.mustEnd(t, f.mustBegin(t, u.ID).session)
	}
	f.sweep(t, 4*time.Hour, 100) // the log's entries: not what this test counts

	for i, want := range []int{4, 4, 2, 0} {
		if n := f.sweep(t, 27*time.Hour, 4); n != want {
			t.Errorf("Sweep %d of the ended = %d, want %d", i+1, n, want)
		}
	}
	const over = 15*time.Hour + idleLimit + 24*time.Hour
	if n := f.sweep(t, over-moment, 5); n != 0 {
		t.Errorf("Sweep(a moment early) = %d, want 0", n)
	}
	for i, want := range []int{5, 5, 2, 0} {
		if n := f.sweep(t, over, 5); n != want {
			t.Errorf("Sweep %d of the others = %d, want %d", i+1, n, want)
		}
	}
}

// Sweep calls the engine, unless it shall fail.
func (fs *FaultStore) Sweep(ctx context.Context, s store.Sweeping, now time.Time) (int, error) {
	return through(fs, OpSweep, func() (int, error) { return fs.engine.Sweep(ctx, s, now) })
}
