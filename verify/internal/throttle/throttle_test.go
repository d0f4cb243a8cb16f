package throttle_test

import (
	"encoding/binary"
	"log/slog"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/handstamp/handstamp/verify/internal/clock"
	"github.com/handstamp/handstamp/verify/internal/throttle"
)

// TestMillionAddresses has a million addresses send bad tokens: what is remembered of them stays
// within two megabytes, and the one that sent too many is not forgotten for them (RL-10).
func TestMillionAddresses(t *testing.T) {
	before := heapInUse()
	now := time.Now()
	allow := throttle.New(clock.New(func() time.Time { return now }), "code", slog.New(slog.DiscardHandler)).Allow
	loudest := netip.MustParseAddr("198.51.100.7")
	for range 100 {
		allow(loudest)
	}
	for n := range uint64(1_000_000) {
		if n%50_000 == 0 && allow(loudest) {
			t.Fatalf("after %d others the loudest is no longer slowed", n)
		}
		bytes := [16]byte{0: 0x20}
		binary.BigEndian.PutUint64(bytes[:8], 0x20<<56|n)
		if !allow(netip.AddrFrom16(bytes)) {
			t.Fatalf("the first bad token of address %d is slowed", n)
		}
	}
	if grew := heapInUse() - before; grew > 2<<20 {
		t.Errorf("a million addresses take %d bytes, want at most 2 MiB", grew)
	}
	if allow(loudest) {
		t.Error("after a million others the loudest is no longer slowed")
	}
	runtime.KeepAlive(allow)
}

// heapInUse is how many bytes are in use once the rest is gone.
func heapInUse() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
