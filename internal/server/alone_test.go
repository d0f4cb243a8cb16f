package server_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/server"
)

// TestProcessors has one processor more for each that there is, and one for the disk, while
// anything is hashed, and for a moment after.
func TestProcessors(t *testing.T) {
	usual := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(usual)
	want := func(when string, n int) {
		t.Helper()
		if got := runtime.GOMAXPROCS(0); got != n {
			t.Errorf("%s: %d processors, want %d", when, got, n)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var p server.Processors
		for range 2 {
			first := p.Raise()
			second := p.Raise()
			want("two hashes", 2*usual+1)
			first()
			time.Sleep(time.Second)
			want("one hash, long after", 2*usual+1)
			second()
			time.Sleep(server.RestoreAfter - time.Millisecond)
			want("just after the last", 2*usual+1)
			long := p.Raise()
			time.Sleep(2 * server.RestoreAfter)
			want("one that began just after, and goes on", 2*usual+1)
			long()
			time.Sleep(server.RestoreAfter - time.Millisecond)
			want("just after it", 2*usual+1)
			time.Sleep(2 * time.Millisecond)
			want("later", usual)
		}
	})
}
