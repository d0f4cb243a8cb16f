package server_test

import (
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/handstamp/handstamp/internal/server"
)

// TestShareFinely gives threads short turns, and those that they begin. sched_setattr(2)
func TestShareFinely(t *testing.T) {
	before, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := server.Turn
	if before.Policy != unix.SCHED_NORMAL || before.Runtime == 0 { // another regime, or a kernel that has no turns
		want = before.Runtime
	}
	server.ShareFinely()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			runtime.LockOSThread() // and never unlock: each has a thread of its own, most of them new
			if how, err := unix.SchedGetAttr(0, 0); err != nil || how.Runtime != want {
				t.Errorf("a turn is %+v, %v, want %d ns", how, err, want)
			}
		})
	}
	all.Wait()
}
