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

// TestLostCommits takes back what a node has seen: the next read begins a new epoch, loudly and
// once, listeners are told to take snapshots, and the node forgets no ending.
func TestLostCommits(t *testing.T) {
	tests := []struct {
		name string
		lose func(*database)
		left string // what the listener hears afterwards, but for heartbeats
	}{
		{"the newest", func(d *database) { d.lose(2) }, "reset 3"},
		{"all", func(d *database) { d.lose(5) }, "reset 0"},
		{"some, and others took their numbers", func(d *database) {
			d.lose(2)
			d.end("x4")
			d.end("x5")
			d.end("x6")
		}, "reset 6"},
		{"by a copy of an older epoch", func(d *database) { d.epoch -= 5 }, "reset 5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(t, 5)
				other := &node{revocation.New(n.parts), n.parts, t, n.db, n.said}
				other.mustCatchUp()
				ctx, cancel := context.WithCancel(t.Context())
				e := &ear{}
				done := n.listen(ctx, place(5), e)
				synctest.Wait()
				time.Sleep(time.Second)
				tt.lose(n.db)
				n.mustCatchUp()
				other.mustCatchUp()
				synctest.Wait()
				cancel()
				<-done
				if got := e.told(); got != "heartbeat 5, "+tt.left {
					t.Errorf("the listener was told %s, want a heartbeat and %s", got, tt.left)
				}
				if n.db.epoch <= startEpoch || n.Place().Epoch != n.db.epoch || other.Place() != n.Place() {
					t.Errorf("epoch = %d, nodes at %v and %v, want a later one for all", n.db.epoch, n.Place(), other.Place())
				}
				if lost := n.said.Count("behind what was handed out"); lost < 1 || lost > 2 {
					t.Errorf("said so %d times, want it loud, and not for ever", lost)
				}
				for i := range 5 {
					if sid := fmt.Sprint("s", i+1); !n.refuses(sid) {
						t.Errorf("session %s is let in again", sid)
					}
				}
			})
		})
	}
}

// TestRestored follows a log that somebody has begun anew, as db restore does: entries under the
// same numbers are other entries.
func TestRestored(t *testing.T) {
	n := newNode(t, 5)
	n.db.lose(3)
	n.db.epoch += 1000
	n.db.end("x3")
	n.mustCatchUp()
	if !n.refuses("x3") || !n.refuses("s5") || n.Place() != (revocation.Place{Epoch: startEpoch + 1000, Seq: 3}) {
		t.Errorf("at %v, refuses the new one: %v, the old one: %v, want both", n.Place(), n.refuses("x3"), n.refuses("s5"))
	}
	if n.said.Count("LOST") != 0 {
		t.Error("an epoch that somebody has begun on purpose is told as a loss")
	}
}

// TestListenBeyond takes a listener's word that it was told of more than there is, which a loss
// explains that nobody here has seen: but not twice in a minute, and not of any time to come.
func TestListenBeyond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, 2)
		steps := []struct {
			name   string
			wait   time.Duration
			after  func() revocation.Place
			raises bool
		}{
			{"the head", 0, n.Place, false},
			{"beyond", 0, func() revocation.Place { return revocation.Place{Epoch: n.Place().Epoch, Seq: 3} }, true},
			{"beyond, at once again", 0, func() revocation.Place { return revocation.Place{Epoch: n.Place().Epoch, Seq: 1 << 60} }, false},
			{"beyond, a minute later", time.Minute, func() revocation.Place { return revocation.Place{Epoch: n.Place().Epoch, Seq: 3} }, true},
			{"a later epoch", time.Minute, func() revocation.Place { return revocation.Place{Epoch: n.Place().Epoch + 5, Seq: 1} }, true},
			{"an epoch of the far future", time.Minute, func() revocation.Place {
				return revocation.Place{Epoch: time.Now().Add(2 * time.Hour).UnixMilli(), Seq: 1}
			}, false},
			{"the last number there is", time.Minute, func() revocation.Place { return revocation.Place{Epoch: 1<<63 - 1, Seq: 1<<63 - 1} }, false},
			{"an earlier epoch", time.Minute, func() revocation.Place { return place(1 << 40) }, false},
		}
		for _, step := range steps {
			time.Sleep(step.wait)
			before, after := n.Place().Epoch, step.after()
			ctx, cancel := context.WithCancel(t.Context())
			e := &ear{}
			done := n.listen(ctx, after, e)
			synctest.Wait()
			cancel()
			<-done
			raised := n.Place().Epoch > max(before, after.Epoch)
			if raised != step.raises || !raised && n.Place().Epoch != before {
				t.Errorf("%s: epoch from %d to %d, want a new one: %v", step.name, before, n.Place().Epoch, step.raises)
			}
			want := "reset 2, heartbeat 2"
			if step.name == "the head" {
				want = "heartbeat 2"
			}
			if got := e.told(); got != want {
				t.Errorf("%s: told %s, want %s", step.name, got, want)
			}
		}
	})
}

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

// TestTrim drops what has expired from memory, and asks whoever comes from there to take a snapshot.
func TestTrim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, 1000)
		defer n.follow()()
		time.Sleep(10 * time.Minute)
		n.db.end("late")
		time.Sleep(8 * time.Minute)
		for _, tt := range []struct {
			after int64
			want  string
		}{{999, "reset 1001, heartbeat 1001"}, {1000, "late, heartbeat 1001"}} {
			ctx, cancel := context.WithCancel(t.Context())
			e := &ear{}
			done := n.listen(ctx, place(tt.after), e)
			synctest.Wait()
			cancel()
			<-done
			if got := e.told(); got != tt.want {
				t.Errorf("after %d: %s, want %s", tt.after, got, tt.want)
			}
		}
		if n.refuses("s1") || !n.refuses("late") {
			t.Error("what has expired is refused, or what has not is let in")
		}
	})
}

// TestCatchUpTogether lets many calls share reads, and none return before a read that began after it
// was called.
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

// TestAwaitEnd asks the database unless an entry for the very session has been read since the act began, in the same epoch.
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
		{"it was read before the act began", n.Place(), "s1", 1},
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
