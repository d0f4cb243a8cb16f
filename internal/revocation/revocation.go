// Package revocation follows the revocation log, so that this node refuses from memory what any
// node has ended, and passes the log on to verifiers in other programs. docs/protocol.md §6
package revocation

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// batch is how many entries are read at once.
const batch = 1000

// Log is this node's view of the revocation log: the set that verifiers in this program ask, and
// the entries themselves for verifiers elsewhere. All listeners share one copy of the entries.
type Log struct {
	parts Parts
	set   *revoked.Set

	begun atomic.Int64  // reads of the database so far
	turn  chan struct{} // holds one value while a call reads
	last  int64         // the number of the last read that succeeded; turn guards it
	wake  chan struct{} // has Follow read at once

	mu      sync.RWMutex    // guards what follows, and is never held while the database is asked
	place   Place           // how far the set and the entries have come
	floor   int64           // the number before the first of entries: nobody can go on from below
	entries []revoked.Entry // changed at its end alone, so that listeners read theirs without a lock
	read    reading
	news    chan struct{} // closed when place moves
	stopped chan struct{} // closed by Stop
	raised  time.Time     // when an epoch last began because of what a listener claimed; zero: never
}

// Parts are what a Log works with.
type Parts struct {
	Store  store.Revocations
	Logger *slog.Logger
	Now    func() time.Time // what heartbeats and snapshots say

	// OnEntries is called when this node has read new entries, before it passes them on to
	// listeners: what they do about an entry, such as fetching keys, finds this node ready.
	// Nil: nothing to do.
	OnEntries func(context.Context)
}

// reading is a read of the database that succeeded.
type reading struct {
	began time.Time // when it began, on this machine's steady clock; zero: there was none
	at    time.Time // the same by Parts.Now
}

// New makes a view that knows nothing until CatchUp.
func New(p Parts) *Log {
	return &Log{
		parts: p, set: revoked.NewSet(), turn: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		news: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// Revoked returns the set that verifiers in this program ask.
func (l *Log) Revoked() *revoked.Set { return l.set }

// CatchUp applies every entry that was committed before the call. Whatever ends something calls it
// before it answers, so that this node refuses from the answer on; Follow calls it for what other
// nodes and the command line have ended. Concurrent calls that wait for one read share the next.
func (l *Log) CatchUp(ctx context.Context) error {
	asked := l.begun.Load()
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return fault.New(fault.StorageUnavailable).Because(ctx.Err())
	}
	defer func() { <-l.turn }()
	if l.last > asked { // it began after we asked
		return nil
	}
	number := l.begun.Add(1)
	err := errAnotherEpoch
	for tries := 0; errors.Is(err, errAnotherEpoch) && tries < 5; tries++ {
		err = l.readNew(ctx)
	}
	if err == nil {
		l.last = number
	}
	return err
}

// AwaitEnd is CatchUp for a call that has ended one session and began when this node stood at
// since. If the session's entry has been read meanwhile, together with others, the database is not
// asked again.
func (l *Log) AwaitEnd(ctx context.Context, since Place, session string) error {
	tail, _, ok := l.after(since)
	if ok && slices.ContainsFunc(tail, func(e entry) bool { return e.Kind == revoked.Session && e.ID == session }) {
		return nil
	}
	return l.CatchUp(ctx)
}

// errAnotherEpoch says that a new epoch began between two questions: ask again.
var errAnotherEpoch = errors.New("another epoch of the log has begun")

// readNew reads the new entries. If the log's head lies before what this node holds, or another
// entry has the number of its newest, the database has lost commits.
func (l *Log) readNew(ctx context.Context) error {
	now := reading{time.Now(), l.parts.Now()}
	epoch, seq, err := l.parts.Store.Head(ctx)
	if err != nil {
		return err
	}
	head, here := Place{epoch, seq}, l.Place()
	if head.Before(here) {
		return cmp.Or(l.raise(ctx, head, here), errAnotherEpoch)
	}
	if head == here {
		return l.apply(ctx, head, nil, now)
	}
	from, newest := Place{Epoch: epoch}, l.newest()
	if head.Epoch == here.Epoch {
		from.Seq = newest.Prev // once more what we have, to compare
	}
	entries, err := l.since(ctx, from)
	if err != nil {
		return err
	}
	if len(entries) > 0 && entries[0].Seq == newest.Seq && head.Epoch == here.Epoch {
		if entries[0] != newest {
			return cmp.Or(l.raise(ctx, head, here), errAnotherEpoch)
		}
		entries = entries[1:]
	}
	if n := len(entries); n > 0 { // some may have been committed after we read the head
		head.Seq = max(head.Seq, entries[n-1].Seq)
	}
	return l.apply(ctx, head, entries, now)
}

// newest returns the last of entries. Without entries it returns a zero one with the number of
// place.
func (l *Log) newest() revoked.Entry {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if n := len(l.entries); n > 0 {
		return l.entries[n-1]
	}
	return revoked.Entry{Seq: l.place.Seq, Prev: l.place.Seq}
}

// since reads the entries after a place to their end.
func (l *Log) since(ctx context.Context, p Place) ([]revoked.Entry, error) {
	var all []revoked.Entry
	for {
		entries, err := l.parts.Store.RevocationsSince(ctx, p.Seq, batch)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Epoch != p.Epoch {
				return nil, errAnotherEpoch
			}
		}
		all = append(all, entries...)
		if len(entries) < batch {
			return all, nil
		}
		p.Seq = entries[len(entries)-1].Seq
	}
}

// apply adds what was read to the set, and then to what listeners are told.
func (l *Log) apply(ctx context.Context, head Place, entries []revoked.Entry, now reading) error {
	here := l.Place()
	if head != here {
		read := revoked.Snapshot{Epoch: head.Epoch, Seq: head.Seq, At: now.at.UnixMilli(), Entries: entries}
		if err := l.set.Merge(read); err != nil {
			return err
		}
		if l.parts.OnEntries != nil {
			l.parts.OnEntries(ctx)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read = now
	if head == here {
		return nil
	}
	if head.Epoch == here.Epoch && len(entries) > 0 && entries[0].Prev == here.Seq {
		l.entries = append(l.entries, entries...)
	} else { // another epoch, or entries that were swept before we came
		l.entries, l.floor = entries, head.Seq
		if len(entries) > 0 {
			l.floor = entries[0].Prev
		}
	}
	l.place = head
	close(l.news)
	l.news = make(chan struct{})
	return nil
}

// raise begins a new epoch because commits were lost: more of the log has been handed out than
// there is. Verifiers then take snapshots, and keep refusing what they know of.
func (l *Log) raise(ctx context.Context, head, seen Place) error {
	epoch, err := l.parts.Store.RaiseEpoch(ctx, head.Epoch, seen.Epoch, l.parts.Now())
	if err != nil {
		return err
	}
	l.parts.Logger.Error(
		"revocation log is behind what was handed out: restored from a backup or failed over to a stale standby? "+
			"Sessions ended since then may be valid again; started a new epoch",
		"handed_out", seen.String(), "found", head.String(), "epoch", epoch)
	return nil
}

// Place returns up to which entry this node has read the log.
func (l *Log) Place() Place {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.place
}

// Changed returns a channel that is closed when Place moves.
func (l *Log) Changed() <-chan struct{} {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.news
}

// Stop ends all listening, now and later, so that the server can stop.
func (l *Log) Stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.stopped:
	default:
		close(l.stopped)
	}
}
