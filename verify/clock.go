package verify

import (
	"sync/atomic"
	"time"
)

// How a reading of the clock is used again.
const (
	// clockLease is how long a reading is good for. What is decided by one is decided this much on the safe side.
	clockLease = time.Millisecond
	// clockRush is how close two readings are when it pays to use one again.
	clockRush = 10 * time.Microsecond
)

// clock tells the time that tokens are judged by. Reading the system's clock takes longer than all else that a
// remembered token needs, so in a rush one reading is used for a millisecond.
//
// A reading is never from the future, and at most clockLease old, plus the time that the runtime takes to run the
// timer that ends it: as long as goroutines wait for a processor. A step of the clock is seen as late, and a
// machine that wakes from sleep may use a reading from before for what was left of its millisecond. Only what is
// remembered is judged so, and only in the middle of its life; everything else reads the clock itself.
type clock struct {
	read    func() time.Time
	slack   int64     // how old a glance may be, in µs. 0: readings are not used again; somebody else's clock may jump
	started time.Time // what the monotonic readings count from
	last    atomic.Int64
	lent    atomic.Pointer[moment] // the reading to use; nil: none
}

// moment is a reading of both clocks that a system has
type moment struct {
	wall int64 // microseconds since 1970
	mono int64 // nanoseconds since the clock was made; stops while a machine sleeps, and is never set back
}

// seconds is the wall clock's reading in seconds
func (m moment) seconds() int64 { return m.wall / 1_000_000 }

// newClock makes a clock of Config.Now
func newClock(now func() time.Time) *clock {
	c := &clock{read: now}
	if now == nil {
		c.read, c.slack = time.Now, clockLease.Microseconds()
	}
	c.started = c.read()
	return c
}

// now reads the clock
func (c *clock) now() time.Time { return c.read() }

// glance is the time, to a millisecond
func (c *clock) glance() moment {
	if m := c.lent.Load(); m != nil {
		return *m
	}
	return c.look()
}

// look reads the clock, and lends the reading out if many ask
func (c *clock) look() moment {
	m := c.moment(c.read())
	if c.slack > 0 && m.mono-c.last.Swap(m.mono) < int64(clockRush) {
		c.lend(m)
	}
	return m
}

// lend lets m be used until its time is over
func (c *clock) lend(m moment) {
	if c.lent.CompareAndSwap(nil, &m) {
		time.AfterFunc(clockLease, func() { c.lent.CompareAndSwap(&m, nil) })
	}
}

// moment is t as this clock's moments are
func (c *clock) moment(t time.Time) moment {
	return moment{wall: t.UnixMicro(), mono: int64(t.Sub(c.started))}
}
