package store

import (
	"context"
	"time"
)

// Clock tells the time. Verbs that refuse all earlier tokens of a user take a clock, not a
// time: they must read it after the rows of the act are locked (protocol.md R6).
type Clock func() time.Time

// Timekeeper is what an engine is besides when several nodes share it: its database's clock is the
// one that all of them correct their own to. protocol.md R6
type Timekeeper interface {
	// Offset tells by how much the database's clock is ahead of this machine's, give or take
	// within.
	Offset(ctx context.Context) (ahead, within time.Duration, err error)
}
