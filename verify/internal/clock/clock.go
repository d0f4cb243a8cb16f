// Package clock reads both clocks that a system has, so that neither a clock that was set back nor
// a machine that slept makes old news new.
package clock

import "time"

// Clock is the time that tokens are judged by. It never changes.
type Clock struct {
	read    func() time.Time
	started time.Time // what the monotonic readings count from
}

// Moment is a reading of both clocks.
type Moment struct {
	Wall int64 // microseconds since 1970
	Mono int64 // nanoseconds since the Clock was made; it stops while a machine sleeps, and is never set back
}

// New makes a Clock that asks now. Nil means time.Now.
func New(now func() time.Time) *Clock {
	if now == nil {
		now = time.Now
	}
	return &Clock{now, now()}
}

// Now reads the clock.
func (c *Clock) Now() time.Time { return c.read() }

// Moment reads both clocks.
func (c *Clock) Moment() Moment { return c.At(c.read()) }

// At returns the Moment of t, which this clock was read at.
func (c *Clock) At(t time.Time) Moment { return Moment{t.UnixMicro(), int64(t.Sub(c.started))} }

// Until returns the time from m to a later moment, by whichever clock saw more of it; never a
// negative one.
func (m Moment) Until(later Moment) time.Duration {
	return max(time.Duration(later.Wall-m.Wall)*time.Microsecond, time.Duration(later.Mono-m.Mono), 0)
}

// Elapsed returns the time from a to b by whichever clock saw more of it: the monotonic one stops
// while a machine sleeps, the other one can be set back.
func Elapsed(a, b time.Time) time.Duration {
	return max(b.Sub(a), b.Round(0).Sub(a.Round(0)))
}
