package storetest

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// rounds is how often each race is run. A missing lock may need some of them to show.
const rounds = 25

// race makes n calls at once, from behind one gate, and waits for all.
func race(n int, call func(i int)) {
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-gate
			call(i)
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
}

// tally counts the cases of outcomes.
func tally(outcomes []store.Outcome) map[store.Case]int {
	n := map[store.Case]int{} // case → how often
	for _, o := range outcomes {
		n[o.Case]++
	}
	return n
}

// raceTokens presents tokens at once and gives their outcomes.
func (w *world) raceTokens(t *testing.T, presented []store.Presented) []store.Outcome {
	t.Helper()
	outcomes := make([]store.Outcome, len(presented))
	race(len(presented), func(i int) {
		var err error
		if outcomes[i], err = w.Rotate(background, presented[i], w.now); err != nil {
			t.Error(err)
		}
	})
	return outcomes
}

// testRaceOneToken rotates once, and shows all others the same row.
func testRaceOneToken(t *testing.T, w *world) {
	u := w.mustUser(t)
	k := w.mustBegin(t, u.ID)
	for range rounds {
		outcomes := w.raceTokens(t, slices.Repeat([]store.Presented{k.from(home)}, 32))
		same(t, "outcomes", tally(outcomes), map[store.Case]int{store.Rotated: 1, store.Repeated: 31})
		row := w.mustStanding(t, k.session)
		for _, o := range outcomes {
			same(t, "outcome", o.Standing, row)
		}
		k = k.next()
	}
	w.wantLogged(t, 0)
}

// testRaceRecoveries counts every fork.
func testRaceRecoveries(t *testing.T, w *world) {
	u := w.mustUser(t)
	for range rounds {
		k := w.mustBegin(t, u.ID)
		w.mustRotate(t, k, store.Rotated)
		outcomes := w.raceTokens(t, slices.Repeat([]store.Presented{k.from(abroad)}, 12))
		var forks []int
		for _, o := range outcomes {
			forks = append(forks, o.Standing.Session.Line.Forks)
		}
		slices.Sort(forks)
		same(t, "forks", forks, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
		same(t, "outcomes", tally(outcomes), map[store.Case]int{store.Recovered: 12})
	}
}

// testRaceSiblings confirms one of several successors of a token, and the next ends the session.
func testRaceSiblings(t *testing.T, w *world) {
	u := w.mustUser(t)
	for range rounds {
		k := w.mustBegin(t, u.ID)
		seq := w.mustHead(t)
		var siblings []store.Presented
		for range 12 {
			siblings = append(siblings, k.sibling().from(home))
		}
		outcomes := w.raceTokens(t, siblings)
		same(t, "outcomes", tally(outcomes), map[store.Case]int{store.Rotated: 1, store.Reused: 1, store.Ended: 10})
		w.wantEnded(t, k.session, store.ReuseDetected, "")
		w.wantLogged(t, seq, k.session)
	}
}

// testRaceEnd lets no refresh through that began after an end was answered, and ends once.
func testRaceEnd(t *testing.T, w *world) {
	u := w.mustUser(t)
	for range rounds {
		k := w.mustBegin(t, u.ID)
		seq := w.mustHead(t)
		var ends, answered atomic.Int32
		race(12, func(i int) {
			if i%4 == 0 {
				err := w.EndSession(background, store.Ending{Session: k.session, Reason: store.SignedOut}, w.now)
				if err == nil {
					ends.Add(1)
				} else {
					wantFault(t, "EndSession", err, fault.SessionNotFound)
				}
				answered.Store(1)
				return
			}
			for range 4 {
				after := answered.Load() == 1
				o, err := w.Rotate(background, k.from(home), w.now)
				if err != nil || after && o.Case != store.Ended {
					t.Errorf("Rotate (ended before: %v) = %v, %v", after, o.Case, err)
				}
			}
		})
		if ends.Load() != 1 {
			t.Errorf("EndSession did it %d times, want once", ends.Load())
		}
		w.mustRotate(t, k, store.Ended)
		w.wantEnded(t, k.session, store.SignedOut, "")
		w.wantLogged(t, seq, k.session)
	}
}

// testRaceReplace ends the replaced session once, though several sign-ins and refreshes
// present it.
func testRaceReplace(t *testing.T, w *world) {
	u := w.mustUser(t)
	for range rounds {
		old := w.mustBegin(t, u.ID)
		seq := w.mustHead(t)
		var answered atomic.Bool
		race(8, func(i int) {
			if i < 3 {
				s := w.newSession(u.ID)
				if _, err := w.Begin(background, store.Beginning{Session: s, Replaces: old.session}, w.now); err != nil {
					t.Error(err)
				}
				answered.Store(true)
				return
			}
			after := answered.Load()
			o, err := w.Rotate(background, old.from(home), w.now)
			if err != nil || after && o.Case != store.Ended {
				t.Errorf("Rotate (replaced before: %v) = %v, %v", after, o.Case, err)
			}
		})
		w.wantEnded(t, old.session, store.EndedReplaced, "")
		w.wantLogged(t, seq, old.session)
	}
}

// granted is what a race about a user's cut-off must know of a success.
type granted struct {
	iat   int64 // the second in which the call began: protocol.md R6
	after bool  // the call began after the cut-off was answered
}

// testRaceDisable grants nothing after a disabling was answered, and covers by its entry
// whatever was granted before.
func testRaceDisable(t *testing.T, w *world) {
	for range rounds {
		u := w.mustUser(t)
		seq := w.mustHead(t)
		tokens := []token{w.mustBegin(t, u.ID), w.mustBegin(t, u.ID)}
		var ticks atomic.Int64 // a clock that moves with every look at it, 300 ms each time
		clock := func() time.Time { return start.Add(time.Duration(ticks.Add(1)) * 300 * moment) }
		var answered atomic.Bool
		grants := make([]granted, 24)
		race(25, func(i int) {
			if i == 24 {
				if did, err := w.DisableUser(background, u.ID, "x", clock); !did || err != nil {
					t.Errorf("DisableUser = %v, %v, want true", did, err)
				}
				answered.Store(true)
				return
			}
			after, now := answered.Load(), clock()
			if at := (&world{Store: w.Store, now: now}); i%3 == 0 && at.signedIn(t, u.ID) || i%3 > 0 && at.refreshed(t, tokens[i%len(tokens)]) {
				grants[i] = granted{now.Unix(), after}
			}
		})
		e := w.mustEntry(t, seq)
		for _, g := range grants {
			if g.after || g.iat > e.NotBefore {
				t.Errorf("granted with iat %d, after the answer: %v; the entry's NotBefore is %d", g.iat, g.after, e.NotBefore)
			}
		}
		if live, err := w.LiveSessions(t.Context(), u.ID, start); len(live) != 0 || err != nil {
			t.Errorf("LiveSessions = %d, %v, want none", len(live), err)
		}
	}
}

// refreshed presents a token and tells whether it was let in.
func (w *world) refreshed(t *testing.T, k token) bool {
	o, err := w.Rotate(background, k.from(home), w.now)
	if err != nil {
		t.Error(err)
	}
	return err == nil && o.Case != store.Ended
}

// signedIn begins a session and tells whether it was let in.
func (w *world) signedIn(t *testing.T, user store.UserID) bool {
	_, err := w.Begin(background, store.Beginning{Session: w.newSession(user), Password: oldHash}, w.now)
	if err != nil {
		wantFault(t, "Begin", err, fault.InvalidCredentials)
	}
	return err == nil
}

// testRaceDisableTwice disables once, under one entry.
func testRaceDisableTwice(t *testing.T, w *world) {
	for range rounds {
		u := w.mustUser(t)
		seq := w.mustHead(t)
		var n atomic.Int32
		race(8, func(int) {
			did, err := w.DisableUser(background, u.ID, "x", func() time.Time { return start })
			if err != nil {
				t.Error(err)
			}
			if did {
				n.Add(1)
			}
		})
		w.mustEntry(t, seq)
		if n.Load() != 1 {
			t.Errorf("DisableUser did it %d times, want once", n.Load())
		}
	}
}
