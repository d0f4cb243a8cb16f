package revocation_test

import (
	"context"
	"fmt"
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
					t.Errorf("epoch = %d, nodes at %v and %v, want a later one for all",
						n.db.epoch, n.Place(), other.Place())
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
		t.Errorf("at %v, refuses the new one: %v, the old one: %v, want both",
			n.Place(), n.refuses("x3"), n.refuses("s5"))
	}
	if n.said.Count("behind what was handed out") != 0 {
		t.Error("an epoch that somebody has begun on purpose is told as a loss")
	}
}

// TestListenBeyond takes a listener's word that it was told of more than there is, which a loss
// explains that nobody here has seen: but not twice in a minute, and not of any time to come.
func TestListenBeyond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, 2)
		here := func(seq int64) revocation.Place { return revocation.Place{Epoch: n.Place().Epoch, Seq: seq} }
		steps := []struct {
			name   string
			wait   time.Duration
			after  func() revocation.Place
			raises bool
		}{
			{"the head", 0, n.Place, false},
			{"beyond", 0, func() revocation.Place { return here(3) }, true},
			{"beyond, at once again", 0, func() revocation.Place { return here(1 << 60) }, false},
			{"beyond, a minute later", time.Minute, func() revocation.Place { return here(3) }, true},
			{"a later epoch", time.Minute, func() revocation.Place {
				return revocation.Place{Epoch: n.Place().Epoch + 5, Seq: 1}
			}, true},
			{"an epoch of the far future", time.Minute, func() revocation.Place {
				return revocation.Place{Epoch: time.Now().Add(2 * time.Hour).UnixMilli(), Seq: 1}
			}, false},
			{"the last number there is", time.Minute, func() revocation.Place {
				return revocation.Place{Epoch: 1<<63 - 1, Seq: 1<<63 - 1}
			}, false},
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
