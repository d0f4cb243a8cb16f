package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// How this node's time and the database's are held together.
const (
	compareEvery = 5 * time.Second
	maxOff       = 500 * time.Millisecond // a node whose own clock is further off is not ready
)

// clock is the time that all nodes of a database share: this machine's, corrected to the
// database's. protocol.md R6
type clock struct {
	own    func() time.Time // nil: this machine's
	keeper store.Timekeeper // nil: this machine's clock is the only one
	ahead  atomic.Int64     // nanoseconds by which the database's clock is ahead of our own
	log    *slog.Logger
}

// newClock returns a clock that is not corrected yet. own nil means this machine's.
func newClock(own func() time.Time, keeper store.Timekeeper, log *slog.Logger) *clock {
	return &clock{own: own, keeper: keeper, log: log}
}

// now returns the time, in UTC.
func (c *clock) now() time.Time {
	own := time.Now
	if c.own != nil {
		own = c.own
	}
	return own().Add(time.Duration(c.ahead.Load())).UTC()
}

// forVerifiers returns what a verifier in this program tells the time by. Nil, where this machine's
// clock is the only one: that it reads at less cost.
func (c *clock) forVerifiers() func() time.Time {
	if c.own == nil && c.keeper == nil {
		return nil
	}
	return c.now
}

// compare corrects the clock. A correction that the comparison does not prove wrong stays, so that
// time does not tremble with the network.
func (c *clock) compare(ctx context.Context) error {
	if c.keeper == nil {
		return nil
	}
	ahead, within, err := c.keeper.Offset(ctx)
	if err != nil {
		return err
	}
	was := c.off()
	if (ahead - time.Duration(c.ahead.Load())).Abs() > within {
		c.ahead.Store(int64(ahead))
	}
	switch is := c.off(); {
	case is != "" && was == "":
		c.log.Error(is + ": this node is not ready until its clock is set, by NTP for example")
	case is == "" && was != "":
		c.log.Warn("this machine's clock agrees with the database's again")
	}
	return nil
}

// off says how far this machine's own clock is off, or nothing when that is no more than allowed.
func (c *clock) off() string {
	ahead := time.Duration(c.ahead.Load())
	side := "behind"
	if ahead < 0 {
		side = "ahead of"
	}
	if ahead.Abs() <= maxOff {
		return ""
	}
	return fmt.Sprintf("this machine's clock is %v %s the database's", ahead.Abs().Round(time.Millisecond), side)
}
