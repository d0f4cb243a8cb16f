package revocation_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/revocation"
)

// TestSweptMeanwhile goes on after entries that a node has never seen were swept: they had expired.
func TestSweptMeanwhile(t *testing.T) {
	n := newNode(t, 2)
	for _, sid := range []string{"s3", "s4", "s5"} {
		n.db.end(sid)
	}
	n.db.sweep(4)
	n.mustCatchUp()
	if !n.refuses("s5") || !n.refuses("s1") || n.Place() != place(5) {
		t.Errorf("at %v, want 5, refusing the old and the new", n.Place())
	}
	n.db.sweep(1)
	n.db.end("s6")
	n.db.sweep(1)
	n.mustCatchUp()
	if n.Place() != place(6) {
		t.Errorf("at %v after all was swept, want 6", n.Place())
	}
}

// TestCatchUpTogether lets many calls share reads, and none return before a read that began after
// it was called.
func TestCatchUpTogether(t *testing.T) {
	n := newNode(t, 0)
	const callers, rounds = 50, 20
	before := n.db.heads
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for r := range rounds {
				sid := fmt.Sprint(c, " ", r)
				n.db.end(sid)
				if err := n.CatchUp(context.Background()); err != nil || !n.refuses(sid) {
					t.Errorf("CatchUp = %v, refuses what was ended before: %v", err, n.refuses(sid))
				}
			}
		})
	}
	all.Wait()
	if asked := n.db.heads - before; asked > callers*rounds {
		t.Errorf("%d calls asked %d times", callers*rounds, asked)
	}
	if n.Place() != place(callers*rounds) {
		t.Errorf("at %v, want %d", n.Place(), callers*rounds)
	}
}

// TestAwaitEnd asks the database unless an entry for the very session has been read since the call
// began, in the same epoch.
func TestAwaitEnd(t *testing.T) {
	n := newNode(t, 2)
	began := n.Place()
	for _, sid := range []string{"a", "b"} {
		n.db.end(sid)
	}
	for _, test := range []struct {
		name    string
		since   revocation.Place
		session string
		asks    int
	}{
		{"nobody has read it", began, "a", 1},
		{"it was read for another", began, "b", 0},
		{"it was read before the call began", n.Place(), "s1", 1},
		{"no such entry", began, "c", 1},
		{"another epoch", revocation.Place{Epoch: startEpoch - 1, Seq: began.Seq}, "b", 1},
		{"beyond the log", place(9), "b", 1},
	} {
		before := n.db.heads
		if err := n.AwaitEnd(t.Context(), test.since, test.session); err != nil {
			t.Errorf("%s: AwaitEnd = %v", test.name, err)
		}
		if asked := n.db.heads - before; asked != test.asks {
			t.Errorf("%s: the database was asked %d times, want %d", test.name, asked, test.asks)
		}
	}
	if !n.refuses("a") || !n.refuses("b") {
		t.Errorf("refuses a: %v, b: %v, want both", n.refuses("a"), n.refuses("b"))
	}
	n.db.end("c")
	n.db.be(gone)
	if err := n.AwaitEnd(t.Context(), n.Place(), "c"); err == nil {
		t.Error("AwaitEnd of what cannot be read: no error, want one")
	}
}

// TestCatchUpGivesUp does not wait for another's read longer than its caller does.
func TestCatchUpGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, 0)
		n.db.be(silent)
		long, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- n.CatchUp(long) }()
		synctest.Wait()
		short, cancelShort := context.WithTimeout(t.Context(), time.Second)
		defer cancelShort()
		began := time.Now()
		if err := n.CatchUp(short); err == nil || time.Since(began) != time.Second {
			t.Errorf("CatchUp = %v after %v, want storage_unavailable after a second", err, time.Since(began))
		}
		cancel()
		<-done
	})
}

// TestCatchUpShares has callers that wait for a read share the next one, if it succeeds: a read
// that failed tells nobody anything.
func TestCatchUpShares(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state state
		asks  int // by three callers, of whom one is under way
	}{{"up", up, 2}, {"gone", gone, 3}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(t, 0)
				before := n.db.heads
				n.db.be(silent)
				underWay, cancel := context.WithCancel(t.Context())
				answers := make(chan error, 3)
				go func() { answers <- n.CatchUp(underWay) }()
				synctest.Wait()
				for range 2 {
					go func() { answers <- n.CatchUp(t.Context()) }()
				}
				synctest.Wait()
				n.db.be(tt.state)
				cancel()
				failed := 0
				for range 3 {
					if err := <-answers; err != nil {
						failed++
					}
				}
				wantFailed := 1
				if tt.state == gone {
					wantFailed = 3
				}
				if asked := n.db.heads - before; asked != tt.asks || failed != wantFailed {
					t.Errorf("asked %d times, %d callers failed, want %d and %d", asked, failed, tt.asks, wantFailed)
				}
			})
		})
	}
}
