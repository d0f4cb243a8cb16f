package revocation_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/revocation"
)

// TestListen tells a listener what it has missed, or that it needs a snapshot, and then a
// heartbeat.
func TestListen(t *testing.T) {
	tests := []struct {
		name  string
		after revocation.Place
		want  string
	}{
		{"new", revocation.Place{}, "reset 5, heartbeat 5"},
		{"from the start", place(0), "reset 5, heartbeat 5"}, // the first two are gone
		{"from before what is kept", place(1), "reset 5, heartbeat 5"},
		{"from just before what is kept", place(2), "s3, s4, s5, heartbeat 5"},
		{"from the middle", place(4), "s5, heartbeat 5"},
		{"from the head", place(5), "heartbeat 5"},
		{"from another epoch", revocation.Place{Epoch: startEpoch - 1, Seq: 4}, "reset 5, heartbeat 5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(t, 5)
				n.db.sweep(2)
				restarted := &node{revocation.New(n.parts), n.parts, t, n.db, n.said}
				ctx, cancel := context.WithCancel(t.Context())
				e := &ear{}
				done := restarted.listen(ctx, tt.after, e)
				synctest.Wait()
				if got := e.told(); got != tt.want {
					t.Errorf("Listen(%v) = %s, want %s", tt.after, got, tt.want)
				}
				restarted.db.end("s6")
				restarted.mustCatchUp()
				synctest.Wait()
				if got := e.told(); got != tt.want+", s6" {
					t.Errorf("then = %s, want s6 at once", got)
				}
				cancel()
				if err := <-done; err != nil {
					t.Errorf("Run(cancelled) = %v, want nil", err)
				}
			})
		})
	}
}

// follow runs Follow until the returned function is called.
func (n *node) follow() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Follow(ctx, 250*time.Millisecond, func(error) {})
	}()
	return func() {
		cancel()
		<-done
	}
}

// TestHeartbeats come at once and then every two seconds, and vouch for a read that is no older
// than what nodes follow the log by.
func TestHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, 1)
		defer n.follow()()
		ctx, cancel := context.WithCancel(t.Context())
		began, e := time.Now(), &ear{}
		done := n.listen(ctx, place(1), e)
		time.Sleep(9 * time.Second)
		cancel()
		<-done
		if got := e.told(); got != strings.TrimSuffix(strings.Repeat("heartbeat 1, ", 5), ", ") {
			t.Errorf("in 9 s: %s, want 5 heartbeats", got)
		}
		for i, b := range e.heartbeats {
			sent := began.Add(time.Duration(i) * 2 * time.Second)
			if age := sent.Sub(b.At); age < 0 || age > 250*time.Millisecond || b.Place != place(1) {
				t.Errorf("heartbeat %d = %v, made %v before it was sent, want 250 ms at most", i, b, age)
			}
		}
	})
}

// TestDisconnected has a node whose database is away, or does not answer at all, fall silent: no
// heartbeat after the last read, the streams end after 3 s, and the node says so, once, and when it
// is back.
func TestDisconnected(t *testing.T) {
	tests := []struct {
		name string
		away func(*database)
	}{
		{"gone", func(d *database) { d.be(gone) }},
		{"silent", func(d *database) { d.be(silent) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(t, 1)
				defer n.follow()()
				e := &ear{}
				done := n.listen(t.Context(), place(1), e)
				time.Sleep(time.Second + time.Millisecond)
				tt.away(n.db)
				away := time.Now()
				err := <-done
				// The last read began up to 250 ms before; a heartbeat at 2 s may still vouch for
				// it.
				took, silent := time.Since(away), time.Since(e.last)
				if !errors.Is(err, revocation.ErrDisconnected) || took > 4100*time.Millisecond {
					t.Errorf("Run = %v after %v, want ErrDisconnected within 3 s of the last heartbeat", err, took)
				}
				if silent < 3*time.Second {
					t.Errorf("Run ended %v after the last heartbeat, want not before 3 s", silent)
				}
				if got := e.told(); got != "heartbeat 1, heartbeat 1" && got != "heartbeat 1" {
					t.Errorf("told %s, want nothing that a read does not vouch for", got)
				}
				time.Sleep(5 * time.Second)
				if said := n.said.Count("disconnected from the database"); n.Fresh() || said != 1 {
					t.Errorf("Fresh = %v, said so %d times, want false and once", n.Fresh(), said)
				}
				n.db.be(up)
				time.Sleep(3 * time.Second)
				if said := n.said.Count("connected to the database again"); !n.Fresh() || said != 1 {
					t.Errorf("back again: Fresh = %v, said so %d times, want true and once", n.Fresh(), said)
				}
			})
		})
	}
}

// TestSlowListener does not hold up the others, and then gets what it has missed.
func TestSlowListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, 0)
		ctx, cancel := context.WithCancel(t.Context())
		slow, quick := &ear{hold: make(chan struct{})}, &ear{}
		first := n.listen(ctx, place(0), slow)
		second := n.listen(ctx, place(0), quick)
		synctest.Wait()
		for _, sid := range []string{"a", "b", "c"} {
			n.db.end(sid)
			n.mustCatchUp()
			synctest.Wait()
		}
		if got := quick.told(); got != "heartbeat 0, a, b, c" {
			t.Errorf("the quick one was told %s, want all", got)
		}
		close(slow.hold)
		synctest.Wait()
		if got := slow.told(); got != "heartbeat 0, a, b, c" {
			t.Errorf("the slow one was told %s, want all", got)
		}
		cancel()
		<-first
		<-second
	})
}

// TestListenerLeaves ends with the error of whoever listens, in pieces and in the first.
func TestListenerLeaves(t *testing.T) {
	n := newNode(t, 100)
	gone := errors.New("connection closed")
	for _, after := range []revocation.Place{{}, place(0), place(100)} {
		if err := <-n.listen(t.Context(), after, &ear{fail: gone}); !errors.Is(err, gone) {
			t.Errorf("Run(after %v) = %v, want %v", after, err, gone)
		}
	}
}

// TestManyEntries passes entries on in pieces, each once and in order.
func TestManyEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 5000
		n := newNode(t, many)
		ctx, cancel := context.WithCancel(t.Context())
		e := &ear{}
		done := n.listen(ctx, place(0), e)
		synctest.Wait()
		cancel()
		<-done
		if len(e.heard) != many+1 {
			t.Fatalf("told %d things, want %d entries and a heartbeat", len(e.heard), many)
		}
		if e.heard[0] != "s1" || e.heard[many-1] != "s5000" || e.heard[many] != "heartbeat 5000" {
			t.Errorf("told from %s to %s, then %s", e.heard[0], e.heard[many-1], e.heard[many])
		}
	})
}

// TestStop ends all listening, now and later, and may be called twice.
func TestStop(t *testing.T) {
	n := newNode(t, 1)
	done := n.listen(t.Context(), place(1), &ear{})
	n.Stop()
	n.Stop()
	if err := <-done; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	if err := <-n.listen(t.Context(), place(1), &ear{}); err != nil {
		t.Errorf("Run after Stop = %v, want nil", err)
	}
}

// TestSnapshot returns what has not expired, in order, and says when it was asked for.
func TestSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, 2)
		time.Sleep(10 * time.Minute)
		n.db.end("s3")
		time.Sleep(7*time.Minute - time.Second)
		check := func(want ...string) {
			t.Helper()
			s, err := n.Snapshot(t.Context())
			var got []string
			for e := range s.All() {
				got = append(got, e.ID)
			}
			if err != nil || !slices.Equal(got, want) || s.Place != place(3) || !s.At.Equal(time.Now()) {
				t.Errorf("Snapshot = %v at %v, %v, %v, want %v at 3, now", got, s.Place, s.At, err, want)
			}
		}
		check("s1", "s2", "s3")
		time.Sleep(time.Second) // Expires is when no token is left
		check("s3")
		n.db.be(gone)
		if _, err := n.Snapshot(t.Context()); !errors.Is(err, errGone) {
			t.Errorf("Snapshot of a database that is gone = %v, want its error", err)
		}
		if _, err := n.Listen(t.Context(), place(3)); !errors.Is(err, errGone) {
			t.Errorf("Listen to a database that is gone = %v, want its error", err)
		}
	})
}
