package renew

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// How much renewing is more than people do. docs/protocol.md §5
const (
	window   = 10 * time.Second // of two renewals that are further apart, neither follows from the other
	pause    = time.Second      // how long copies of a renewal wait, after it
	maxTurns = 3                // after the first. The next is a loop; browsers give up after twenty redirects

	perPlace   = 1  // renewals of a session for one address that make a turn
	perSession = 20 // for all addresses together: a browser may open many tabs at once

	maxTrails = 8192
)

// verdict is what becomes of a request to renew.
type verdict int

// The verdicts.
const (
	renews verdict = iota // at once
	waits                 // for what another request of the same turn was given, then goes back
	loops                 // no more
)

// recent remembers the renewals of the last seconds, so that a loop between an app and us ends.
// Tabs that a browser opens together ask together, and none comes back once the browser holds what
// one of them was given: they are one turn, and all but the first wait. A loop comes back although
// it was given something and had the time to keep it: that is the next turn, and some of them are
// too many. It is a courtesy to one browser, held by this node alone, and forgets everything rather
// than grow.
type recent struct {
	seed maphash.Seed

	mu     sync.Mutex       // guards trails
	trails map[trail]course // whose and where to → how it goes
}

// trail is whose renewals are watched.
type trail struct {
	session store.SessionID
	place   uint64 // the hash of where to; 0: anywhere
}

// course is how the requests of a trail go.
type course struct {
	last  time.Time // the last one
	first int       // how many made the first turn
	turns int       // how many turns came after it
	turn  time.Time // when the last of them began
}

// newRecent remembers nothing yet.
func newRecent() *recent {
	return &recent{seed: maphash.MakeSeed(), trails: map[trail]course{}}
}

// place returns the trail of a session to one address.
func (m *recent) place(id store.SessionID, target string) trail {
	return trail{id, maphash.String(m.seed, target) | 1} // never that of anywhere
}

// judge returns what becomes of another request of the session for target, and how long it waits,
// if it does.
func (m *recent) judge(id store.SessionID, target string, now time.Time) (became verdict, wait time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	here, placed := m.trails[m.place(id, target)].next(perPlace, now)
	all, anywhere := m.trails[trail{session: id}].next(perSession, now)
	if placed == waits {
		wait = pause - now.Sub(here.turn)
	}
	if anywhere == waits {
		wait = max(wait, pause-now.Sub(all.turn))
	}
	return max(placed, anywhere), wait
}

// note remembers a request that was renewed or waits.
func (m *recent) note(id store.SessionID, target string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.trails) >= maxTrails {
		m.forget(now)
	}
	place, anywhere := m.place(id, target), trail{session: id}
	m.trails[place], _ = m.trails[place].next(perPlace, now)
	m.trails[anywhere], _ = m.trails[anywhere].next(perSession, now)
}

// next returns how c goes after a request at now, and what becomes of that one, where so many make
// the first turn.
func (c course) next(atOnce int, now time.Time) (course, verdict) {
	if c.over(now) {
		c = course{}
	}
	c.last = now
	switch {
	case c.first < atOnce:
		c.first++
	case now.Sub(c.turn) < pause:
		return c, waits
	default:
		c.turns++
	}
	c.turn = now
	if c.turns > maxTurns {
		return c, loops
	}
	return c, renews
}

// over reports whether nothing that comes now follows from what was. A clock that was set back ends
// it too.
func (c course) over(now time.Time) bool { return now.Sub(c.last).Abs() >= window }

// forget drops what is over, or everything when that does not help. The caller holds mu.
func (m *recent) forget(now time.Time) {
	for t, c := range m.trails {
		if c.over(now) {
			delete(m.trails, t)
		}
	}
	if len(m.trails) >= maxTrails {
		clear(m.trails)
	}
}
