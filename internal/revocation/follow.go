package revocation

import (
	"context"
	"slices"
	"sort"
	"time"
)

// How long a node may be without an answer of its database. docs/protocol.md §6
const (
	// readTimeout is how long one read may take.
	readTimeout = 2 * time.Second

	// DisconnectedAfter is how old the last read may be before this node counts as disconnected.
	DisconnectedAfter = 3 * time.Second

	// maxExpired is how many expired entries stay in memory before the others are copied.
	maxExpired = 512
)

// Follow catches up every interval, and whenever Wake is called, until ctx ends, and drops what
// has expired. report gets every error; the next round tries again.
func (l *Log) Follow(ctx context.Context, interval time.Duration, report func(error)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	disconnected := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-l.wake:
		}
		err := l.catchUpInTime(ctx)
		if err != nil && ctx.Err() == nil {
			report(err)
		}
		disconnected = l.logConnection(disconnected)
		now := l.parts.Now().Unix()
		l.set.Sweep(now)
		l.trim(now)
	}
}

// Wake has Follow read at once: the engine has heard of new entries.
func (l *Log) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// catchUpInTime is CatchUp with readTimeout.
func (l *Log) catchUpInTime(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return l.CatchUp(ctx)
}

// logConnection logs when the node becomes disconnected from its database, and when it is connected
// again. It returns whether it is disconnected now.
func (l *Log) logConnection(was bool) bool {
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

// Fresh reports whether the node is connected: the database has answered lately.
func (l *Log) Fresh() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return time.Since(l.read.began) < DisconnectedAfter
}

// trim drops expired entries from the front, if there are many. Listeners that read the old slice
// keep it.
func (l *Log) trim(now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := slices.IndexFunc(l.entries, func(e entry) bool { return e.Expires > now })
	if n < 0 {
		n = len(l.entries)
	}
	if n >= maxExpired {
		l.floor = l.entries[n-1].Seq
		l.entries = slices.Clone(l.entries[n:])
	}
}

// after returns the entries after a place, and where the log stands. It is not ok if a listener
// cannot go on from there: the place is of another epoch, beyond the log, or older than what is
// kept.
func (l *Log) after(p Place) (tail []entry, place Place, ok bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if p.Epoch != l.place.Epoch || p.Seq > l.place.Seq || p.Seq < l.floor {
		return nil, l.place, false
	}
	from := sort.Search(len(l.entries), func(i int) bool { return l.entries[i].Seq > p.Seq })
	return l.entries[from:len(l.entries):len(l.entries)], l.place, true
}
