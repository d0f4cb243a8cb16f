// Package revocation follows the log of what ended early, so that this node refuses from
// memory what any node has ended, and tells it on to verifiers in other programs.
// docs/protocol.md §6
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

// Log is this node's view of the log: the set that verifiers in this program ask, and the
// entries themselves for verifiers elsewhere. There is one copy of the entries, whoever listens.
type Log struct {
	parts Parts
	set   *revoked.Set

	begun atomic.Int64  // reads of the database so far
	turn  chan struct{} // holds one while somebody reads
	good  int64         // the number of the last read that succeeded; only whose turn it is has it
	wake  chan struct{} // has Follow look at once

	mu      sync.RWMutex    // guards what follows, and is never held while the database is asked
	place   Place           // how far the set and the entries have come
	floor   int64           // the number before the first of entries: nobody can go on from below
	entries []revoked.Entry // changed at its end alone, so that listeners read theirs without a lock
	read    reading
	news    chan struct{} // closed when place moves
	stopped chan struct{} // closed by Stop
	raised  time.Time     // when a listener's word last began an epoch; zero: never
}

// Parts are what a Log works with.
type Parts struct {
	Store  store.Revocations
	Logger *slog.Logger
	Now    func() time.Time // what heartbeats and snapshots say

	// OnEntries is called when this node has read new entries, before it passes them on to listeners:
	// what these do about an entry, such as asking for keys, finds this node ready. Nil: nothing to do.
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

// Revoked gives the set that verifiers ask.
func (l *Log) Revoked() *revoked.Set { return l.set }

// CatchUp applies every entry that was committed before the call. An act that ends
// something calls it before it answers, so that this node refuses from the answer on;
// Follow calls it for what other nodes and the command line have ended. Of many calls at once, those
// that wait for one read share the next.
func (l *Log) CatchUp(ctx context.Context) error {
	asked := l.begun.Load()
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return fault.New(fault.StorageUnavailable).Because(ctx.Err())
	}
	defer func() { <-l.turn }()
	if l.good > asked { // it began after we asked
		return nil
	}
	number := l.begun.Add(1)
	err := errAnotherEpoch
	for tries := 0; errors.Is(err, errAnotherEpoch) && tries < 5; tries++ {
		err = l.look(ctx)
	}
	if err == nil {
		l.good = number
	}
	return err
}

// AwaitEnd is CatchUp for an act that has ended one session, and that began when this node stood at since. Where the
// session's entry has been read meanwhile, with those of other acts, the database is not asked once more.
func (l *Log) AwaitEnd(ctx context.Context, since Place, session string) error {
	tail, _, ok := l.after(since)
	if ok && slices.ContainsFunc(tail, func(e entry) bool { return e.Kind == revoked.Session && e.ID == session }) {
		return nil
	}
	return l.CatchUp(ctx)
}

// errAnotherEpoch says that a new epoch began between two questions: ask again.
var errAnotherEpoch = errors.New("another epoch of the log has begun")

// look reads what is new. Where the log's head lies before what this node holds, or another
// entry has the number of its newest, the database has lost commits.
func (l *Log) look(ctx context.Context) error {
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

// newest gives the last of entries, or one that is none and lies where the node stands.
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

// apply takes what was read: first into the set, then for listeners.
func (l *Log) apply(ctx context.Context, head Place, entries []revoked.Entry, now reading) error {
	here := l.Place()
	if head != here {
		if err := l.set.Merge(revoked.Snapshot{Epoch: head.Epoch, Seq: head.Seq, At: now.at.UnixMilli(), Entries: entries}); err != nil {
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

// raise begins a new epoch because commits were lost: somebody has been given more of the log than
// there is. Verifiers then take snapshots, and refuse on what they know.
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

// Place gives how far this node has come.
func (l *Log) Place() Place {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.place
}

// Changed gives a channel that is closed when this node has come further.
func (l *Log) Changed() <-chan struct{} {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.news
}

// Stop ends all listening, now and later, so that a server can stop.
func (l *Log) Stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.stopped:
	default:
		close(l.stopped)
	}
}
