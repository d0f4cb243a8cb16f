// Package throttle counts the bad tokens of each client address, and says which of them are
// answered and logged like the first. It can slow an answer that refuses, and nothing else: it
// never sees a good token.
package throttle

import (
	"hash/maphash"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/verify/internal/clock"
)

// How many bad tokens an address may send before they are slowed (RL-09).
const (
	badBurst = 100                    // at once
	badEvery = 100 * time.Millisecond // and one more each
	warnings = time.Minute            // between two log lines that say so
)

// The size of a throttle: 65,536 addresses in one mebibyte.
const (
	cellSets  = 8192
	cellsEach = 8
	cellLocks = 64
)

// Throttle counts the bad tokens of each client address. A good token is found to be good before a
// Throttle is asked, so that nobody suffers from whom they share an address with.
//
// What it bounds is what bad tokens fill: logs, and the alarms of whoever counts 401s. It cannot
// bound what it costs to find out that a token is bad, because a good one that was never seen looks
// the same until its signature was checked. That stays what the signature check takes, and far less
// for all that is no token of the issuer's by its form, its base64url or its kid.
type Throttle struct {
	seed  maphash.Seed
	clock *clock.Clock
	code  string // of the answer, for the log
	log   *slog.Logger
	locks [cellLocks]sync.Mutex // each guards a part of cells
	cells atomic.Pointer[[cellSets]cellSet]

	slowed atomic.Int64 // since the last warning
	warned atomic.Int64 // one more than when that was, by the monotonic clock; 0: never
}

// cell is one address and its account by GCRA: the time at which it will have been quiet for long
// enough to be forgotten. A cell whose time has come is as good as none.
type cell struct {
	address uint64 // its seeded hash
	quiet   int64  // by the monotonic clock
}

// cellSet is the cells that an address may have
type cellSet [cellsEach]cell

// New makes a Throttle that counts by a clock, and warns a log of answers with this code.
func New(c *clock.Clock, code string, log *slog.Logger) *Throttle {
	return &Throttle{seed: maphash.MakeSeed(), clock: c, code: code, log: log}
}

// Allow counts one bad token from an address, and reports whether it may be answered like the first
// one.
func (t *Throttle) Allow(address netip.Addr) bool {
	now := t.clock.Moment().Mono
	address = network(address)
	ok := false
	t.at(address, now, func(c *cell) { ok = c.count(now) })
	if !ok {
		t.warn(address, now)
	}
	return ok
}

// Slows reports whether a bad token from an address would be one too many. It counts none.
func (t *Throttle) Slows(address netip.Addr) bool {
	now := t.clock.Moment().Mono
	slow := false
	t.at(network(address), now, func(c *cell) { slow = c.full(now) })
	return slow
}

// at does something with the cell of an address
func (t *Throttle) at(address netip.Addr, now int64, do func(*cell)) {
	if t.cells.Load() == nil { // made for the first bad token
		t.cells.CompareAndSwap(nil, new([cellSets]cellSet))
	}
	bytes := address.As16()
	hash := maphash.Bytes(t.seed, bytes[:])
	place := hash % cellSets
	lock := &t.locks[place%cellLocks]
	lock.Lock()
	defer lock.Unlock()
	do(t.cells.Load()[place].find(hash, now))
}

// network is what counts as one address: an IPv4 address however it is written, and a /64 of IPv6,
// which is what one customer has at least
func network(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		prefix, _ := a.Prefix(64) // no error: 64 bits are there
		return prefix.Addr()
	}
	return a
}

// find returns the cell of an address. When all are taken it is that of the address which will be
// forgotten the soonest: those who send the most are kept.
func (set *cellSet) find(hash uint64, now int64) *cell {
	soonest := &set[0]
	for i := range set {
		switch c := &set[i]; {
		case c.address == hash:
			return c
		case c.quiet < soonest.quiet:
			soonest = c
		}
	}
	*soonest = cell{hash, now}
	return soonest
}

// full reports whether one bad token more would be too many
func (c *cell) full(now int64) bool { return c.quiet+int64(badEvery) > now+badBurst*int64(badEvery) }

// count takes one bad token into account, unless there were too many. One that is refused does not
// count, so that waiting helps. An account from the future, of a clock that was set back, is one
// that is just full.
func (c *cell) count(now int64) bool {
	c.quiet = min(max(c.quiet, now), now+badBurst*int64(badEvery))
	if c.full(now) {
		return false
	}
	c.quiet += int64(badEvery)
	return true
}

// warn tells the log of a bad token that was slowed, once a minute
func (t *Throttle) warn(address netip.Addr, now int64) {
	t.slowed.Add(1)
	last := t.warned.Load()
	since := now - (last - 1)
	if last != 0 && 0 <= since && since < int64(warnings) || !t.warned.CompareAndSwap(last, now+1) {
		return
	}
	t.log.Warn("too many bad tokens, answered with 429", "code", t.code,
		"client", address.String(), "slowed", t.slowed.Swap(0))
}
