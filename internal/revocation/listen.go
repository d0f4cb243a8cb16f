package revocation

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// entry is a line of the log.
type entry = revoked.Entry

// What listeners are told, and how often. docs/protocol.md §6
const (
	heartbeatEvery = 2 * time.Second
	retryHeartbeat = 50 * time.Millisecond // while there is nothing to vouch for
	batchSize      = 64                    // entries passed on at once, at most
	claimInterval  = time.Minute           // between two epochs that begin because of what a listener claims
	maxAhead       = time.Hour             // how far an epoch may lie ahead of our clock
)

// Heartbeat vouches that a listener has been told everything that was committed before At.
type Heartbeat struct {
	Place
	At time.Time
}

// Sink is where a listener's events go. An error ends the listening; so does, for the sink's
// own sake, a limit on how long it may take.
type Sink interface {
	// Revoke passes entries on, in the order of the log.
	Revoke(entries []revoked.Entry) error
	// Heartbeat passes a heartbeat on.
	Heartbeat(b Heartbeat) error
	// Reset says that entries are missing up to a place: the listener needs a snapshot, and is
	// told everything after it.
	Reset(p Place) error
}

// Listener is told of entries as they come.
type Listener struct {
	log       *Log
	place     Place     // up to which it was told; the zero Place: it needs a snapshot
	heartbeat time.Time // when the last heartbeat was passed on, or the listening began
	started   bool      // there was a heartbeat
}

// Listen begins to listen after a place, or at the head for the zero Place. A listener that has
// been told of more than there is proves that the database has lost commits.
func (l *Log) Listen(ctx context.Context, after Place) (*Listener, error) {
	if err := l.CatchUp(ctx); err != nil {
		return nil, err
	}
	if here := l.Place(); here.Before(after) && l.believes(after) {
		if err := l.raise(ctx, here, after); err != nil {
			return nil, err
		}
		if err := l.CatchUp(ctx); err != nil {
			return nil, err
		}
	}
	return &Listener{log: l, place: after}, nil
}

// believes reports whether a listener's claim to have been told of a later place is reason enough
// to begin an epoch. A false claim would make all others take snapshots, so there is at most one in
// claimInterval, and none of an epoch that lies ahead of our clock by more than clocks differ.
func (l *Log) believes(seen Place) bool {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if seen.Epoch > l.parts.Now().Add(maxAhead).UnixMilli() || !l.raised.IsZero() && now.Sub(l.raised) < claimInterval {
		return false
	}
	l.raised = now
	return true
}

// ErrDisconnected ends listening if the database has not answered for too long.
var ErrDisconnected = errors.New("disconnected from the database")

// Run passes on what the listener has missed, then a heartbeat, and then everything as it comes,
// with a heartbeat every two seconds, until ctx ends, the log stops, or to returns an error, which
// Run returns. It returns ErrDisconnected if a heartbeat is overdue because no read of the database
// that began after the last heartbeat has succeeded.
func (s *Listener) Run(ctx context.Context, to Sink) error {
	s.heartbeat = time.Now()
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		news := s.log.Changed() // before looking, so that nothing falls between
		if err := s.pass(ctx, to); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.log.stopped:
			return nil
		case <-news:
		case <-due.C:
			wait, err := s.vouch(ctx, to)
			if err != nil {
				return err
			}
			due.Reset(wait)
		}
	}
}

// pass passes new entries on.
func (s *Listener) pass(ctx context.Context, to Sink) error {
	tail, place, ok := s.log.after(s.place)
	if !ok {
		s.place = place
		return to.Reset(place)
	}
	for len(tail) > 0 && ctx.Err() == nil {
		n := min(len(tail), batchSize)
		if err := to.Revoke(tail[:n]); err != nil {
			return err
		}
		s.place.Seq = tail[n-1].Seq
		tail = tail[n:]
	}
	return nil
}

// vouch passes a heartbeat on if there is a read to vouch for, and returns when to call it again.
func (s *Listener) vouch(ctx context.Context, to Sink) (time.Duration, error) {
	s.log.mu.RLock()
	read := s.log.read
	s.log.mu.RUnlock()
	if s.started && !read.began.After(s.heartbeat) || time.Since(read.began) >= DisconnectedAfter {
		if time.Since(s.heartbeat) >= DisconnectedAfter {
			return 0, ErrDisconnected
		}
		return retryHeartbeat, nil
	}
	if err := s.pass(ctx, to); err != nil { // what that read has found
		return 0, err
	}
	if ctx.Err() != nil { // not all was passed on
		return heartbeatEvery, nil
	}
	s.heartbeat, s.started = time.Now(), true
	return heartbeatEvery, to.Heartbeat(Heartbeat{s.place, read.at})
}

// Snapshot is all that is in force at one place of the log.
type Snapshot struct {
	Place
	At      time.Time // when the database was asked
	entries []revoked.Entry
}

// Snapshot returns what is in force now, as the database says.
func (l *Log) Snapshot(ctx context.Context) (Snapshot, error) {
	if err := l.CatchUp(ctx); err != nil {
		return Snapshot{}, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return Snapshot{l.place, l.read.at, l.entries[:len(l.entries):len(l.entries)]}, nil
}

// All returns the entries that have not expired, in the order of the log.
func (s Snapshot) All() iter.Seq[revoked.Entry] {
	return func(yield func(revoked.Entry) bool) {
		for _, e := range s.entries {
			if e.Expires > s.At.Unix() && !yield(e) {
				return
			}
		}
	}
}
