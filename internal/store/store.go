// Package store says what we keep and what every engine promises: one operation for each thing
// that must happen whole, and every decision about the rows. It holds no SQL; records and the
// engines in its folders do.
//
// An engine answers a fault for what the caller may have expected (no such user, address
// taken) and fault.StorageUnavailable for whatever keeps it from answering: a database
// that is locked, full, read-only, gone or slow. After StorageUnavailable nothing was
// changed, or the change is complete; never half.
//
// Times are kept as whole milliseconds. An operation truncates the time that it is given to
// them, and returns all times in UTC.
package store

import (
	"context"
	"io"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// Store is an engine, opened and migrated.
type Store interface {
	Users
	UserChanges
	Sessions
	Keys
	Services
	OneTimeTokens
	Revocations
	Metadata
	Sweeper
	Copying
	io.Closer
}

// RevocationLife is how long an entry of the revocation log lives: the longest life an
// access token may have (15 min), plus leeway and clock skew. protocol.md §6
const RevocationLife = 17 * time.Minute

// EntryExpires returns the second in which no token is left that an entry of now could refuse.
func EntryExpires(e revoked.Entry, now time.Time) int64 {
	last := now.Add(time.Second - time.Nanosecond).Unix() // rounded up
	// NotBefore may lie ahead of the clock.
	return max(last, e.NotBefore) + int64(RevocationLife.Seconds())
}

// Revocations is the log of what was revoked, in the order of commit and without gaps. Entries
// are written by the operations that end things, in their transactions.
type Revocations interface {
	// Head returns the log's epoch and the number of its newest entry, 0 when there is none yet.
	Head(ctx context.Context) (epoch, seq int64, err error)

	// RevocationsSince returns up to limit entries numbered above seq, oldest first.
	// Entries that Sweep has dropped are missing; the first entry's Prev then shows it.
	RevocationsSince(ctx context.Context, seq int64, limit int) ([]revoked.Entry, error)

	// RaiseEpoch begins a new epoch of the log, later than above and than now in Unix
	// milliseconds, unless it is no longer from, and returns the epoch as then kept. Entries keep
	// their numbers. Of any number of concurrent calls with the same from, one begins it.
	RaiseEpoch(ctx context.Context, from, above int64, now time.Time) (int64, error)

	// EndEverything ends every session of everybody for e.Reason, by e.By, and refuses every
	// access token issued so far by one entry of kind all, whose NotBefore is found as in
	// DisableUser, above that of every user. All users' NotBefore becomes the same, and later
	// users begin with it, so that whoever signs in again is let in at once. Users, signing
	// keys and service keys stay. It returns the number of live sessions that it ended.
	EndEverything(ctx context.Context, e Ending, clock Clock) (int, error)
}

// Notifier is an engine that is notified of other nodes' entries. Polling stays the truth: a
// notification only makes it sooner.
type Notifier interface {
	// Notify calls heard soon after entries were committed by any node, until ctx ends. It
	// connects again by itself, and calls report with the reason.
	Notify(ctx context.Context, heard func(), report func(error))
}

// Metadata keeps small values that are set once, such as the check value of the master key.
type Metadata interface {
	// ReadMetadata returns the value kept under name, or nil when there is none. A value is not
	// empty.
	ReadMetadata(ctx context.Context, name string) ([]byte, error)

	// KeepMetadata keeps value under name unless there is one already, and returns what is kept.
	// Of any number of concurrent first calls one wins, and all get its value.
	KeepMetadata(ctx context.Context, name string, value []byte) ([]byte, error)
}

// Sweeper drops rows that are over.
type Sweeper interface {
	// Sweep drops up to s.Limit rows of each kind that nobody needs any more: sessions over for
	// s.Keep or longer, one-time tokens that have expired, and the log's expired entries up to the
	// first that has not expired at now, so that no gap opens inside the log. It returns the number
	// dropped.
	Sweep(ctx context.Context, s Sweeping, now time.Time) (int, error)
}

// Sweeping says how much Sweep may drop at once.
type Sweeping struct {
	Keep  time.Duration // sessions over for less than this stay, so that their reason can be told
	Limit int           // rows of each kind at most
}
