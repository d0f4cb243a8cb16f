package store

import (
	"context"
	"time"
)

// Clock returns the time. Operations that refuse all earlier tokens of a user take a clock, not a
// time: they must read it after the rows of the transaction are locked (protocol.md R6).
type Clock func() time.Time

// Truncate returns a time as it is kept: whole milliseconds, UTC.
func Truncate(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

// Timekeeper is an engine that several nodes share: all of them correct their clocks to that of
// its database. protocol.md R6
type Timekeeper interface {
	// Offset returns by how much the database's clock is ahead of this machine's, give or take
	// within.
	Offset(ctx context.Context) (ahead, within time.Duration, err error)
}
