package storetest

import (
	"context"
	"testing"
	"time"
)

// The log begins a new epoch.
var _ = register(subject{
	name: "log",
	tests: []test{
		{"epoch", testRaiseEpoch},
		{"race/epoch", testRaceEpoch},
	},
	operations: []operation{
		writing(OpRaiseEpoch, func(t *testing.T, f *fixture) call {
			epoch, _, err := f.Head(t.Context())
			must(t, err)
			return func(ctx context.Context) error { _, err := f.RaiseEpoch(ctx, epoch, 1, f.now); return err }
		}),
	},
})

// OpRaiseEpoch is its operation.
const OpRaiseEpoch Operation = "RaiseEpoch"

// testRaiseEpoch begins a new epoch later than all that is named, unless somebody else did, and
// leaves the entries and their numbers.
func testRaiseEpoch(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	f.mustEnd(t, f.mustBegin(t, u.ID).session)
	first, _, err := f.Head(t.Context())
	must(t, err)
	ahead := first + 1_000_000_000_000
	steps := []struct {
		name        string
		from, above int64
		now         time.Time
		want        int64
	}{
		{"no longer from", first - 1, 0, time.UnixMilli(first + 5), first},
		{"by the clock", first, 0, time.UnixMilli(first + 5), first + 6},
		{"again from the first", first, 0, time.UnixMilli(first + 50), first + 6},
		{"with the clock behind", first + 6, 0, time.UnixMilli(first), first + 7},
		{"above", first + 7, ahead, time.UnixMilli(first), ahead + 1},
	}
	for _, step := range steps {
		got, err := f.RaiseEpoch(t.Context(), step.from, step.above, step.now)
		if got != step.want || err != nil {
			t.Errorf("RaiseEpoch(%s) = %d, %v, want %d", step.name, got, err, step.want)
		}
	}
	epoch, seq, err := f.Head(t.Context())
	if e := f.mustEntry(t, 0); epoch != ahead+1 || seq != 1 || err != nil || e.Epoch != epoch || e.Seq != 1 {
		t.Errorf("Head = %d, %d, %v, entry %+v, want all in epoch %d", epoch, seq, err, e, ahead+1)
	}
}

// testRaceEpoch begins one epoch for all who found out at once.
func testRaceEpoch(t *testing.T, f *fixture) {
	for range rounds {
		from, _, err := f.Head(t.Context())
		must(t, err)
		got := make([]int64, 8)
		race(len(got), func(i int) {
			var err error
			if got[i], err = f.RaiseEpoch(background, from, 0, time.UnixMilli(from+int64(i)*10)); err != nil {
				t.Error(err)
			}
		})
		epoch, _, err := f.Head(t.Context())
		must(t, err)
		for _, g := range got {
			if g != epoch || g <= from {
				t.Fatalf("RaiseEpoch = %v, want %d for all", got, epoch)
			}
		}
	}
}

// RaiseEpoch calls the engine, unless it shall fail.
func (fs *FaultStore) RaiseEpoch(ctx context.Context, from, above int64, now time.Time) (int64, error) {
	return through(fs, OpRaiseEpoch, func() (int64, error) { return fs.engine.RaiseEpoch(ctx, from, above, now) })
}
