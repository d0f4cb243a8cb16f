// Package cache remembers the tokens that were verified, so that one which is shown again costs a
// look-up and not a signature check.
//
// This file can only miss, never accept: whoever finds an entry compares the whole text of the
// token with it, and asks again about all that may have changed since: expiry, key, revocation. So
// a wrong entry is as good as none, and a fault here costs time or memory, and lets nobody in. What
// must be right is that an Entry never changes: entry.go.
package cache

import (
	"hash/maphash"
	"sync"

	"github.com/handstamp/handstamp/verify/internal/clock"
)

const (
	// tailLen is how many of a token's last characters are hashed: 96 bits of the signature, which
	// nobody can choose without the issuer's key.
	tailLen = 16
	// maxShards bounds how many maps there are, each with a lock of its own.
	maxShards = 64
	// shardBytes is what a shard should have at least; a smaller cache has fewer shards.
	shardBytes = 256 << 10
	// maxAge is how long entries are added to one generation, in microseconds. Tokens live for ten
	// minutes.
	maxAge = 5 * 60 * 1_000_000
	// ownerParts is the part of a shard's generation that the tokens of one user may take.
	ownerParts = 64
	// ownerBytes is what they may take in any case.
	ownerBytes = 16 << 10
)

// Cache is a bounded memory of tokens. It belongs to one Verifier, and everything that a token was
// judged by (issuer, audience, leeway) is fixed when that is made; what a route demands is never
// remembered.
//
// Each shard has two generations. What is added or found goes to the young one. When that is full,
// or five minutes old, it becomes the old one, and what the old one held is forgotten: it was not
// shown for a whole generation. One user's tokens take at most 1/64 of a generation, so that nobody
// makes room by showing many tokens of their own. Whoever is forgotten or kept out pays with a
// signature check.
type Cache struct {
	seed   maphash.Seed
	clock  *clock.Clock
	half   int64 // bytes that one generation of a shard may take
	shards []shard
}

// Usage is how a cache fares.
type Usage struct {
	Tokens    int
	Bytes     int64
	Evictions int64 // tokens that were forgotten for others before they expired
	Full      int64 // tokens that were not remembered, because their user has many
}

// New makes a Cache of so many bytes. It is nil, which remembers nothing, when they are negative.
func New(bytes int64, c *clock.Clock) *Cache {
	if bytes < 0 {
		return nil
	}
	n := maxShards
	for n > 1 && bytes/int64(n) < shardBytes {
		n /= 2
	}
	all := &Cache{seed: maphash.MakeSeed(), clock: c, half: bytes / int64(2*n), shards: make([]shard, n)}
	now := c.Moment()
	for i := range all.shards {
		all.shards[i].young = newGeneration(now)
	}
	return all
}

// shard is one of the maps that tokens are spread over
type shard struct {
	mu         sync.RWMutex // guards all
	young, old generation
	evictions  int64
	full       int64
}

// generation is the tokens that came to a shard in one stretch of time
type generation struct {
	entries map[uint64]*Entry // by the hash of the token's tail
	owners  map[uint32]int64  // bytes by user
	bytes   int64
	began   int64 // in microseconds since 1970
}

// newGeneration makes one that begins now
func newGeneration(now clock.Moment) generation {
	return generation{entries: map[uint64]*Entry{}, owners: map[uint32]int64{}, began: now.Wall}
}

// shard returns the shard of a token, and its key there; nil for a text that is too short to be a
// token
func (c *Cache) shard(token string) (*shard, uint64) {
	if c == nil || len(token) <= tailLen {
		return nil, 0
	}
	hash := maphash.String(c.seed, token[len(token)-tailLen:])
	return &c.shards[hash&uint64(len(c.shards)-1)], hash // a power of two
}

// Find returns an entry that may be this token's, or nil. The caller compares.
func (c *Cache) Find(token string) *Entry {
	s, hash := c.shard(token)
	if s == nil {
		return nil
	}
	s.mu.RLock()
	e, young := s.young.entries[hash]
	if !young {
		e = s.old.entries[hash]
	}
	s.mu.RUnlock()
	if e != nil && !young {
		c.keep(s, hash, e)
	}
	return e
}

// keep moves an entry that is still in use from the old generation to the young one
func (c *Cache) keep(s *shard, hash uint64, e *Entry) {
	now := c.clock.Moment()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.old.entries[hash] == e && c.fits(&s.young, e) {
		s.old.remove(hash)
		c.put(s, hash, e, now)
	}
}

// Add remembers a token of which subject is the user.
func (c *Cache) Add(e *Entry, subject string) {
	s, hash := c.shard(e.Token())
	if s == nil {
		return
	}
	e.owner = uint32(maphash.String(c.seed, subject))
	now := c.clock.Moment()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.young.remove(hash) // another request was faster
	s.old.remove(hash)
	if !c.fits(&s.young, e) {
		s.full++
		return
	}
	c.put(s, hash, e, now)
}

// fits reports whether an entry may have room in g
func (c *Cache) fits(g *generation, e *Entry) bool {
	return e.size() <= c.half && g.owners[e.owner]+e.size() <= max(c.half/ownerParts, ownerBytes)
}

// put adds an entry to the young generation, or to a new one; the caller holds the lock
func (c *Cache) put(s *shard, hash uint64, e *Entry, now clock.Moment) {
	full := s.young.bytes+e.size() > c.half
	if full || now.Wall-s.young.began >= maxAge {
		if full {
			s.evictions += s.old.alive(now)
		}
		s.old, s.young = s.young, newGeneration(now)
	}
	s.young.entries[hash] = e
	s.young.bytes += e.size()
	s.young.owners[e.owner] += e.size()
}

// alive counts the entries that have not expired
func (g *generation) alive(now clock.Moment) (n int64) {
	for _, e := range g.entries {
		if now.Wall < e.Until {
			n++
		}
	}
	return n
}

// remove forgets the entry under a hash, if there is one
func (g *generation) remove(hash uint64) {
	e := g.entries[hash]
	if e == nil {
		return
	}
	delete(g.entries, hash)
	g.bytes -= e.size()
	if g.owners[e.owner] -= e.size(); g.owners[e.owner] <= 0 {
		delete(g.owners, e.owner)
	}
}

// Drop forgets an entry that was found not to be good any more.
func (c *Cache) Drop(e *Entry) {
	s, hash := c.shard(e.Token())
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range []*generation{&s.young, &s.old} {
		if g.entries[hash] == e {
			g.remove(hash)
		}
	}
}

// Usage returns how the cache fares at the moment.
func (c *Cache) Usage() (u Usage) {
	if c == nil {
		return u
	}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		u.Tokens += len(s.young.entries) + len(s.old.entries)
		u.Bytes += s.young.bytes + s.old.bytes
		u.Evictions += s.evictions
		u.Full += s.full
		s.mu.RUnlock()
	}
	return u
}
