// Package revocation follows the log of what ended early, so that this node refuses from
// memory what any node has ended.
package revocation

import (
	"context"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// batch is how many entries are read at once.
const batch = 1000

// Log is this node's view of the log.
type Log struct {
	store store.Revocations
	set   *revoked.Set

	mu  sync.Mutex // guards seq, and orders the applying
	seq int64      // of the newest entry applied
}

// New makes a view that knows nothing until CatchUp.
func New(s store.Revocations) *Log { return &Log{store: s, set: revoked.NewSet()} }

// Revoked gives the set that verifiers ask.
func (l *Log) Revoked() *revoked.Set { return l.set }

// CatchUp applies every entry that was committed before the call. An act that ends
// something calls it before it answers, so that this node refuses from the answer on;
// Follow calls it for what other nodes and the command line have ended.
func (l *Log) CatchUp(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		entries, err := l.store.RevocationsSince(ctx, l.seq, batch)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return nil
		}
		newest := entries[len(entries)-1]
		if err := l.set.Merge(revoked.Snapshot{Epoch: newest.Epoch, Seq: newest.Seq, At: newest.At, Entries: entries}); err != nil {
			return err
		}
		l.seq = newest.Seq
	}
}

// Follow catches up every interval until ctx ends, and drops what has expired. report gets
// every error; the next round tries again.
func (l *Log) Follow(ctx context.Context, interval time.Duration, report func(error)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if err := l.CatchUp(ctx); err != nil && ctx.Err() == nil {
				report(err)
			}
			l.set.Sweep(now.Unix())
		}
	}
}
