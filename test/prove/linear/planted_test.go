package linear

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// loose is an engine that is not linearizable.
type loose struct {
	store.Store
	rotate func(engine store.Store, p store.Presented, now time.Time) (store.Outcome, error) // nil: the engine's
	list   func(engine store.Store, user store.UserID, now time.Time) ([]store.Session, error)
	end    func(engine store.Store, e store.Ending, now time.Time) error
}

// Rotate is the engine's, or the planted one.
func (l loose) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	if l.rotate == nil {
		return l.Store.Rotate(ctx, p, now)
	}
	return l.rotate(l.Store, p, now)
}

// LiveSessions is the engine's, or the planted one.
func (l loose) LiveSessions(ctx context.Context, user store.UserID, now time.Time) ([]store.Session, error) {
	if l.list == nil {
		return l.Store.LiveSessions(ctx, user, now)
	}
	return l.list(l.Store, user, now)
}

// EndSession is the engine's, or the planted one.
func (l loose) EndSession(ctx context.Context, e store.Ending, now time.Time) error {
	if l.end == nil {
		return l.Store.EndSession(ctx, e, now)
	}
	return l.end(l.Store, e, now)
}

// background is for what goes on when its caller has its answer.
var background = context.Background()

// readThenWrite judges by what it read, and others write in between.
func readThenWrite(engine store.Store, p store.Presented, now time.Time) (store.Outcome, error) {
	row, err := engine.Session(background, p.Session)
	if err != nil || store.Judge(row, p, now) != store.Rotated {
		return engine.Rotate(background, p, now)
	}
	time.Sleep(200 * time.Microsecond)
	o, err := engine.Rotate(background, p, now)
	if o.Case == store.Repeated {
		o.Case = store.Rotated // both have seen the row before
	}
	return o, err
}

// fromMemory lists what it has listed before.
func fromMemory() func(store.Store, store.UserID, time.Time) ([]store.Session, error) {
	var mu sync.Mutex // guards known
	known := map[store.UserID][]store.Session{}
	return func(engine store.Store, user store.UserID, now time.Time) ([]store.Session, error) {
		mu.Lock()
		defer mu.Unlock()
		if all, ok := known[user]; ok {
			return all, nil
		}
		all, err := engine.LiveSessions(background, user, now)
		known[user] = all
		return all, err
	}
}

// endLater answers before it has ended anything.
func endLater(under *sync.WaitGroup) func(store.Store, store.Ending, time.Time) error {
	return func(engine store.Store, e store.Ending, now time.Time) error {
		row, err := engine.Session(background, e.Session)
		if err != nil || row.Session.EndReason != "" {
			return engine.EndSession(background, e, now)
		}
		under.Go(func() {
			time.Sleep(2 * time.Millisecond)
			_ = engine.EndSession(background, e, now) // who comes second is not told
		})
		return nil
	}
}

// TestPlanted has rounds played on engines that are not linearizable: the search must find
// that in a few of them.
func TestPlanted(t *testing.T) {
	var under sync.WaitGroup // ends that are still to come
	for name, plant := range map[string]loose{
		"reads, then writes": {rotate: readThenWrite},
		"lists from memory":  {list: fromMemory()},
		"ends later":         {end: endLater(&under)},
	} {
		t.Run(name, func(t *testing.T) {
			engine := mustOpen(t, engines[0].open, engines[0].database(t))
			plant.Store = engine
			defer under.Wait()
			for i := range 500 {
				r := newRound(t, engine, uint64(i))
				r.play(plant)
				if !r.check() {
					t.Logf("found by round %d", i)
					return
				}
			}
			t.Error("500 rounds found nothing")
		})
	}
}
