package verify

import (
	"log/slog"
	"net/netip"
	"time"
)

// TestingOnlyThrottle makes a throttle of its own, and returns what asks it whether one bad token more from an address is
// answered like the first: a million times, without as many requests around it.
func TestingOnlyThrottle(now func() time.Time) (allow func(netip.Addr) bool) {
	return newThrottle(newClock(now), slog.New(slog.DiscardHandler)).allow
}
