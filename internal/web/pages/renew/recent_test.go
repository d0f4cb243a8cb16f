package renew

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// start is when the tests of recent begin.
var start = time.Unix(1_800_000_000, 0)

// sessionNumber returns the id of one of many sessions.
func sessionNumber(n int) (id store.SessionID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

// ask has a session ask to renew for target, and returns what becomes of it.
func (m *recent) ask(session int, target string, at time.Duration) verdict {
	became, _ := m.judge(sessionNumber(session), target, start.Add(at))
	if became != loops {
		m.note(sessionNumber(session), target, start.Add(at))
	}
	return became
}

// TestRecentCopies takes tabs that a browser opens together for one turn, however many there are.
func TestRecentCopies(t *testing.T) {
	for _, apart := range []time.Duration{0, time.Millisecond, 40 * time.Millisecond} {
		m := newRecent()
		for n := range 20 {
			want := waits
			if n == 0 {
				want = renews
			}
			if got := m.ask(1, "/x", time.Duration(n)*apart); got != want {
				t.Errorf("tab %d, each %v after the other = %d, want %d", n, apart, got, want)
			}
		}
	}
	m := newRecent()
	for n := range 60 {
		if got := m.ask(1, "/"+string(rune('A'+n)), 0); got == loops {
			t.Errorf("tab %d of other addresses is taken for a loop", n)
		}
	}
	for n := range 6 { // of an app that is slow to send them here
		if got := m.ask(2, "/x", time.Duration(n)*700*time.Millisecond); got == loops {
			t.Errorf("slow tab %d is taken for a loop", n)
		}
	}
}

// TestRecentWait has copies wait until a second after the turn began, and no longer.
func TestRecentWait(t *testing.T) {
	m := newRecent()
	m.ask(1, "/x", 0)
	for at := time.Duration(0); at < pause; at += 100 * time.Millisecond {
		became, wait := m.judge(sessionNumber(1), "/x", start.Add(at))
		if became != waits || wait != pause-at {
			t.Errorf("%v after the first = %d, %v, want it to wait for %v", at, became, wait, pause-at)
		}
	}
}

// TestRecentLoop ends a loop after some turns, however slow they are, to one address and to ever
// new ones.
func TestRecentLoop(t *testing.T) {
	for _, apart := range []time.Duration{20 * time.Millisecond, time.Second, 4 * time.Second} {
		for _, changing := range []bool{false, true} {
			m, at, target, renewed := newRecent(), time.Duration(0), "/x", 0
			became := renews
			for ; became != loops && renewed < 100; at += apart {
				if changing {
					target += "x"
				}
				if became = m.ask(1, target, at); became == renews {
					renewed++
				}
			}
			most := perPlace + maxTurns
			if changing {
				most = perSession + maxTurns
			}
			if renewed > most {
				t.Errorf("a loop, each time %v later, other addresses %v: renewed %d times, want at most %d", apart,
					changing, renewed, most)
			}
		}
	}
}

// TestRecentOver lets whoever was taken for a loop go on once it is quiet, and others meanwhile.
func TestRecentOver(t *testing.T) {
	m, at := newRecent(), time.Duration(0)
	for m.ask(1, "/x", at) != loops {
		at += pause
	}
	if got := m.ask(1, "/y", at); got != renews {
		t.Errorf("for another address = %d, want it to go on", got)
	}
	if got := m.ask(2, "/x", at); got != renews {
		t.Errorf("another session = %d, want it to go on", got)
	}
	if got := m.ask(1, "/x", at+window); got != renews {
		t.Errorf("%v later = %d, want it to go on", window, got)
	}
	if got := m.ask(2, "/x", at-time.Hour); got != renews { // the clock was set back
		t.Errorf("an hour earlier = %d, want it to go on", got)
	}
}

// TestRecentIsBounded forgets rather than grow, however many sessions renew at once, and
// keeps what counts when there is something else to drop.
func TestRecentIsBounded(t *testing.T) {
	m := newRecent()
	for n := range 3 * maxTrails {
		m.ask(n, "/x", 0)
	}
	if got := len(m.trails); got > maxTrails+2 {
		t.Errorf("trails = %d, want at most %d", got, maxTrails+2)
	}

	m = newRecent()
	for n := range maxTrails/2 - 1 {
		m.ask(n, "/x", 0)
	}
	m.ask(1<<40, "/x", window)
	m.ask(1<<41, "/x", window) // too many trails: the old ones go
	if m.ask(1<<40, "/x", window) == renews || len(m.trails) > 8 {
		t.Errorf("the fresh one is forgotten, or trails = %d, want the old ones gone", len(m.trails))
	}
}
