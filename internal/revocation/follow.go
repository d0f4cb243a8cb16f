package revocation

import (
	"context"
	"slices"
	"sort"
	"time"
)

// How long a node may be without word from its database. docs/protocol.md §6
const (
	// readTimeout is how long one read may take.
	readTimeout = 2 * time.Second

	// DisconnectedAfter is how old the last read may be before this node must not look fresh.
	DisconnectedAfter = 3 * time.Second

	// trimmed is how many entries that have expired stay before the others are copied.
	trimmed = 512
)

// Follow catches up every interval, and whenever Wake is called, until ctx ends, and drops what
// has expired. report gets every error; the next round tries again.
func (l *Log) Follow(ctx context.Context, interval time.Duration, report func(error)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	cut := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-l.wake:
		}
		err := l.catchUpSoon(ctx)
		if err != nil && ctx.Err() == nil {
			report(err)
		}
		cut = l.tell(cut)
		now := l.parts.Now().Unix()
		l.set.Sweep(now)
		l.trim(now)
	}
}

// Wake has Follow look at once: an engine has heard of entries.
func (l *Log) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// catchUpSoon is CatchUp for as long as a read may take.
func (l *Log) catchUpSoon(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return l.CatchUp(ctx)
}

// tell says in the log when the node is cut off from its database, and when it no longer is.
func (l *Log) tell(was bool) bool {
	is := !l.Fresh()
	switch {
	case is && !was:
		l.parts.Logger.Error("disconnected from the database: this node does not see what other nodes end, "+
			"so it sends no heartbeats and is not ready", "after", DisconnectedAfter.String())
	case was && !is:
		l.parts.Logger.Warn("connected to the database again: this node is up to date", "place", l.Place().String())
	}
	return is
}

// Fresh tells whether the node has heard from its database lately.
func (l *Log) Fresh() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return time.Since(l.read.began) < DisconnectedAfter
}

// trim drops the entries that have expired from the front, when there are many. Listeners that
// read the old slice go on with it.
func (l *Log) trim(now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := slices.IndexFunc(l.entries, func(e entry) bool { return e.Expires > now })
	if n < 0 {
		n = len(l.entries)
	}
	if n >= trimmed {
		l.floor = l.entries[n-1].Seq
		l.entries = slices.Clone(l.entries[n:])
	}
}

// after gives the entries after a place, and where the log stands. It is not ok when nobody can
// go on from there: it is of another epoch, beyond the log, or older than what is kept.
func (l *Log) after(p Place) (tail []entry, place Place, ok bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if p.Epoch != l.place.Epoch || p.Seq > l.place.Seq || p.Seq < l.floor {
		return nil, l.place, false
	}
	from := sort.Search(len(l.entries), func(i int) bool { return l.entries[i].Seq > p.Seq })
	return l.entries[from:len(l.entries):len(l.entries)], l.place, true
}
