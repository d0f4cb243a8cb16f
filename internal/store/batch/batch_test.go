package batch_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/store/batch"
)

// recorder does batches of numbers, an hour each, and remembers them.
type recorder struct {
	batch.Batcher[int]
	panics int // the item that work panics at; 0: at none

	mu      sync.Mutex // guards what follows
	closed  error      // what Turn answers; nil: a turn
	batches [][]int    // what was done, in order
}

// newRecorder returns a recorder whose batches have at most so many items.
func newRecorder(most int) *recorder {
	d := &recorder{}
	d.Size = most
	d.Turn = func(ctx context.Context) (func([]int), error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if err := errors.Join(d.closed, ctx.Err()); err != nil {
			return nil, err
		}
		return d.work, nil
	}
	return d
}

// work takes an hour.
func (d *recorder) work(items []int) {
	time.Sleep(time.Hour)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, item := range items {
		if item == d.panics && item > 0 {
			panic("spilt coffee")
		}
	}
	d.batches = append(d.batches, items)
}

// shut has Turn return an error; nil: no longer.
func (d *recorder) shut(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = err
}

// wantBatches compares what was done.
func (d *recorder) wantBatches(t *testing.T, want ...[]int) {
	t.Helper()
	if diff := cmp.Diff(want, d.batches); diff != "" {
		t.Errorf("batches, got +, want -:\n%s", diff)
	}
}

// queue has items come one after the other while the first is being done, each with its own
// context, and returns where their errors will be.
func (d *recorder) queue(ctxs ...context.Context) []error {
	errs := make([]error, len(ctxs))
	for i, ctx := range ctxs {
		go func() {
			defer func() {
				if recover() != nil {
					errs[i] = errors.New("panicked itself")
				}
			}()
			errs[i] = d.Do(ctx, i+1)
		}()
		synctest.Wait()
	}
	return errs
}

// pass lets time pass, and then waits until everybody waits.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestAlone does what comes by itself at once.
func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, began := newRecorder(9), time.Now()
		for n := range 3 {
			if err := d.Do(t.Context(), n); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took != 3*time.Hour {
			t.Errorf("three by themselves took %v, want an hour each", took)
		}
		d.wantBatches(t, []int{0}, []int{1}, []int{2})
	})
}

// TestTogether does what came meanwhile in the next batch, in its order, and no more at once than
// allowed.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, ctx := newRecorder(3), t.Context()
		errs := d.queue(ctx, ctx, ctx, ctx, ctx, ctx)
		pass(5 * time.Hour)
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		d.wantBatches(t, []int{1}, []int{2, 3, 4}, []int{5, 6})
	})
}

// TestGiveUp lets a caller go whose batch has not begun, whether the next batch was its to do or
// not, and disturbs nobody else.
func TestGiveUp(t *testing.T) {
	for _, place := range []int{1, 2, 3} {
		synctest.Test(t, func(t *testing.T) {
			d, began := newRecorder(9), time.Now()
			ctxs := []context.Context{t.Context(), t.Context(), t.Context(), t.Context()}
			hasty, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			ctxs[place] = hasty
			errs := d.queue(ctxs...)
			pass(time.Until(began.Add(2 * time.Minute)))
			if !errors.Is(errs[place], context.DeadlineExceeded) {
				t.Errorf("Do after a minute = %v, want deadline exceeded", errs[place])
			}
			pass(5 * time.Hour)
			rest := []int{2, 3, 4}
			d.wantBatches(t, []int{1}, append(rest[:place-1:place-1], rest[place:]...))
			for i, err := range errs {
				if i != place && err != nil {
					t.Errorf("Do(%d) = %v, want nil", i+1, err)
				}
			}
		})
	}
}

// TestTooLateToGiveUp has a caller wait for a batch that has begun with its item.
func TestTooLateToGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newRecorder(9)
		late, cancel := context.WithTimeout(t.Context(), 90*time.Minute)
		defer cancel()
		errs := d.queue(t.Context(), late, late)
		pass(3 * time.Hour)
		if err := errors.Join(errs...); err != nil {
			t.Errorf("Do in a batch that had begun = %v, want nil", err)
		}
		d.wantBatches(t, []int{1}, []int{2, 3})
	})
}

// TestLedByWhoGaveUp hands the lead on when a caller gives up in the moment in which it gets it.
func TestLedByWhoGaveUp(t *testing.T) {
	for range 50 { // both are ready then: which a select takes is chance
		synctest.Test(t, func(t *testing.T) {
			d := newRecorder(9)
			hasty, cancel := context.WithTimeout(t.Context(), time.Hour) // when the first batch ends
			defer cancel()
			errs := d.queue(t.Context(), hasty, t.Context())
			pass(3 * time.Hour)
			if errs[2] != nil || errs[1] != nil && !errors.Is(errs[1], context.DeadlineExceeded) {
				t.Errorf("Do = %v and %v, want nil for whoever waited", errs[1], errs[2])
			}
			if last := d.batches[len(d.batches)-1]; last[len(last)-1] != 3 {
				t.Errorf("batches = %v, want the last item done", d.batches)
			}
		})
	}
}

// TestClosed answers everybody who waits when there are no turns any more.
func TestClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newRecorder(9)
		ctx := t.Context()
		errs := d.queue(ctx, ctx, ctx, ctx)
		closed := errors.New("closed")
		d.shut(closed)
		pass(2 * time.Hour)
		for i, err := range errs {
			if i > 0 && !errors.Is(err, closed) || i == 0 && err != nil {
				t.Errorf("Do(%d) = %v, want %v but for the first", i+1, err, closed)
			}
		}
		d.shut(nil)
		if err := d.Do(ctx, 5); err != nil {
			t.Errorf("Do when there are turns again = %v", err)
		}
		d.wantBatches(t, []int{1}, []int{5})
	})
}

// TestPanic lets a panic out where the batch was done, tells the others of the batch, and goes on.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, ctx := newRecorder(2), t.Context()
		d.panics = 3
		errs := d.queue(ctx, ctx, ctx, ctx)
		pass(5 * time.Hour)
		if errs[1] == nil || errs[1].Error() != "panicked itself" ||
			!errors.Is(errs[2], batch.ErrPanicked) || errs[3] != nil {
			t.Errorf("Do = %v, want the second to panic, and the third to be told", errs)
		}
		d.wantBatches(t, []int{1}, []int{4})
	})
}

// TestMany has many come and go, and counts: whoever got nil was done once, whoever got an error
// was not, and no two batches were done at once.
func TestMany(t *testing.T) {
	const callers, each = 16, 200
	var done [callers * each]atomic.Int32
	var working atomic.Int32
	b := batch.Batcher[int]{Size: 5, Turn: func(ctx context.Context) (func([]int), error) {
		return func(items []int) {
			if working.Add(1) > 1 || len(items) == 0 || len(items) > 5 {
				t.Errorf("a batch of %d beside another", len(items))
			}
			for _, item := range items {
				done[item].Add(1)
			}
			time.Sleep(10 * time.Microsecond)
			working.Add(-1)
		}, ctx.Err()
	}}
	var all sync.WaitGroup
	var gaveUp atomic.Int32
	for c := range callers {
		all.Go(func() {
			for n := range each {
				item := c*each + n
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(400))*time.Microsecond)
				err := b.Do(ctx, item)
				cancel()
				if err != nil {
					gaveUp.Add(1)
				}
				if want := err == nil; (done[item].Load() == 1) != want || done[item].Load() > 1 {
					t.Errorf("Do(%d) = %v, and it was done %d times", item, err, done[item].Load())
				}
			}
		})
	}
	all.Wait()
	if n := gaveUp.Load(); n == 0 || n == callers*each {
		t.Errorf("%d of %d gave up, want some", n, callers*each)
	}
}

// TestOverlapAfter begins a batch beside one that takes long, when somebody has waited long enough,
// and not because of those whose batch has begun.
func TestOverlapAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, began := newRecorder(9), time.Now()
		d.OverlapAfter = 10 * time.Minute
		d.Turn = func(context.Context) (func([]int), error) {
			return func(items []int) {
				d.mu.Lock()
				d.batches = append(d.batches, append(items, int(time.Since(began).Minutes())))
				d.mu.Unlock()
				time.Sleep(time.Hour)
			}, nil
		}
		var all sync.WaitGroup
		for i, minute := range []time.Duration{0, 0, 5, 14} {
			time.Sleep(time.Until(began.Add(minute * time.Minute)))
			all.Go(func() {
				if err := d.Do(t.Context(), i+1); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		d.wantBatches(t, []int{1, 0}, []int{2, 3, 10}, []int{4, 24})
	})
}

// TestNextGoesAhead has the next batch begin before those go on who were in the last one, also
// where there is one processor for all: what it waits for, such as a disk, it waits for meanwhile.
// Chance has a say in who runs first, so most rounds count.
func TestNextGoesAhead(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const rounds, together = 20, 8
	ahead := 0
	for range rounds {
		synctest.Test(t, func(t *testing.T) {
			d := newRecorder(together)
			var wentOn atomic.Int32 // of the second batch
			d.Turn = func(context.Context) (func([]int), error) {
				return func(items []int) {
					if items[0] == together+1 && wentOn.Load() <= together/2 {
						ahead++
					}
					time.Sleep(time.Hour)
				}, nil
			}
			for n := range together + 2 { // alone, together, and alone
				go func() {
					if err := d.Do(t.Context(), n); err != nil {
						t.Error(err)
					}
					if 0 < n && n <= together {
						wentOn.Add(1)
					}
				}()
				synctest.Wait()
			}
			pass(4 * time.Hour)
		})
	}
	if ahead < rounds*3/4 {
		t.Errorf("the next batch began first in %d of %d rounds, want most", ahead, rounds)
	}
}
