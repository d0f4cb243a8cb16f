package renew

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// How much renewing is more than people do. docs/protocol.md §5
const (
	window     = 10 * time.Second
	perPlace   = 2  // renewals of a session for one address within window; the next is a loop
	perSession = 20 // for all addresses together: a browser may open many tabs at once
	maxTrails  = 8192
)

// recent remembers the renewals of the last seconds, so that a loop between an app and us
// ends. It is a courtesy to one browser, held by this node alone, and forgets everything
// rather than grow.
type recent struct {
	seed maphash.Seed

	mu     sync.Mutex            // guards trails
	trails map[trail][]time.Time // whose and where to → when, oldest first
}

// trail is whose renewals are counted.
type trail struct {
	session store.SessionID
	place   uint64 // the hash of where to; 0: anywhere
}

// newRecent remembers nothing yet.
func newRecent() *recent {
	return &recent{seed: maphash.MakeSeed(), trails: map[trail][]time.Time{}}
}

// place returns the trail of a session to one address.
func (m *recent) place(id store.SessionID, target string) trail {
	return trail{id, maphash.String(m.seed, target) | 1} // never that of anywhere
}

// looping reports whether another renewal of the session for target would be one too many.
func (m *recent) looping(id store.SessionID, target string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.within(m.place(id, target), now)) >= perPlace || len(m.within(trail{session: id}, now)) >= perSession
}

// note remembers a renewal.
func (m *recent) note(id store.SessionID, target string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.trails) >= maxTrails {
		m.forget(now)
	}
	for _, t := range []trail{m.place(id, target), {session: id}} {
		m.trails[t] = append(m.within(t, now), now)
	}
}

// within returns the times of a trail that count at now. The caller holds mu.
func (m *recent) within(t trail, now time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(m.trails[t]), func(at time.Time) bool { return now.Sub(at).Abs() >= window })
}

// forget drops what is over, or everything when that does not help. The caller holds mu.
func (m *recent) forget(now time.Time) {
	for t := range m.trails {
		if len(m.within(t, now)) == 0 {
			delete(m.trails, t)
		}
	}
	if len(m.trails) >= maxTrails {
		clear(m.trails)
	}
}
