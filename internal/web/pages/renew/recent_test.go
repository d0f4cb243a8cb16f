package renew

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// sessionNumber returns the id of one of many sessions.
func sessionNumber(n int) (id store.SessionID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

// TestRecentIsBounded forgets rather than grow, however many sessions renew at once, and
// keeps what counts when there is something else to drop.
func TestRecentIsBounded(t *testing.T) {
	m, now := newRecent(), time.Unix(1_800_000_000, 0)
	for n := range 3 * maxTrails {
		m.note(sessionNumber(n), "/x", now)
	}
	if got := len(m.trails); got > maxTrails+2 {
		t.Errorf("trails = %d, want at most %d", got, maxTrails+2)
	}

	m = newRecent()
	for n := range maxTrails/2 - 1 {
		m.note(sessionNumber(n), "/x", now)
	}
	later := now.Add(window)
	for range perPlace {
		m.note(sessionNumber(1<<40), "/x", later)
	}
	m.note(sessionNumber(1<<41), "/x", later) // too many trails: the old ones go
	if !m.looping(sessionNumber(1<<40), "/x", later) || len(m.trails) > 8 {
		t.Errorf("looping = false or trails = %d, want the fresh ones kept and the old ones gone", len(m.trails))
	}
}

// TestRecentClockBack counts nothing from a future that the clock has left.
func TestRecentClockBack(t *testing.T) {
	m, now := newRecent(), time.Unix(1_800_000_000, 0)
	for range perPlace {
		m.note(sessionNumber(1), "/x", now)
	}
	if m.looping(sessionNumber(1), "/x", now.Add(-time.Hour)) {
		t.Error("looping = true an hour earlier, want false")
	}
}
