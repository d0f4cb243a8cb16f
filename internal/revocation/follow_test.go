package revocation_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/revocation"
)

// TestTrim drops what has expired from memory, and asks whoever comes from there to take a
// snapshot.
func TestTrim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, 1000)
		defer n.follow()()
		time.Sleep(10 * time.Minute)
		if got := n.heard(t, place(998)); got != "s999, s1000, heartbeat 1000" {
			t.Errorf("before anything has expired: %s, want all that is missing", got)
		}
		n.db.end("late")
		time.Sleep(8 * time.Minute)
		for _, tt := range []struct {
			after int64
			want  string
		}{{999, "reset 1001, heartbeat 1001"}, {1000, "late, heartbeat 1001"}} {
			if got := n.heard(t, place(tt.after)); got != tt.want {
				t.Errorf("after %d: %s, want %s", tt.after, got, tt.want)
			}
		}
		if n.refuses("s1") || !n.refuses("late") {
			t.Error("what has expired is refused, or what has not is let in")
		}
	})
}

// heard returns what a listener that comes from a place is told at once.
func (n *node) heard(t *testing.T, after revocation.Place) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	e := &ear{}
	done := n.listen(ctx, after, e)
	synctest.Wait()
	cancel()
	<-done
	return e.told()
}
