package revoked

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
)

// shards is how many parts a table has. Growing and sweeping copy one part at a time, so that a
// million rules neither keep a change waiting nor take their memory twice over.
const shards = 64

// rule refuses an id's tokens issued up to notBefore, and matters until expires; unix seconds
type rule struct{ notBefore, expires int64 }

// table is the rules of one kind. Looking takes no lock.
type table struct {
	size  atomic.Int64 // how many rules there are in all shards
	seed  maphash.Seed
	parts [shards]shard
}

// shard is one part of a table
type shard struct {
	mu    sync.Mutex            // held by whoever changes the shard
	index atomic.Pointer[index] // nil: no rules
}

// newTable makes an empty table
func newTable() *table { return &table{seed: maphash.MakeSeed()} }

// put adds a rule. Two rules for one id become one: the later cut and the later
// end of both, for the strictest counts and none may die early.
func (t *table) put(id string, next rule) {
	hash := maphash.String(t.seed, id)
	p := &t.parts[hash%shards]
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.index.Load()
	if x == nil {
		x = newIndex(t.seed, 0)
		p.index.Store(x)
	}
	if r := x.find(hash, id); r != nil {
		before := unpack(r.rule.Load())
		r.rule.Store(rule{max(before.notBefore, next.notBefore), max(before.expires, next.expires)}.pack())
		return
	}
	if full(x.used, len(x.tags)) {
		x = x.grown()
		p.index.Store(x)
	}
	x.add(hash, id, next)
	t.size.Add(1)
}

// ends reports whether a rule refuses id's token issued at iat
func (t *table) ends(id string, iat int64) bool {
	if t.size.Load() == 0 {
		return false
	}
	hash := maphash.String(t.seed, id)
	x := t.parts[hash%shards].index.Load()
	if x == nil {
		return false
	}
	r := x.find(hash, id)
	return r != nil && iat <= unpack(r.rule.Load()).notBefore
}

// sweep drops the rules that ended before now, and returns how many are left
func (t *table) sweep(now int64) int {
	left := 0
	for i := range t.parts {
		kept, dropped := t.parts[i].sweep(now)
		t.size.Add(-int64(dropped))
		left += kept
	}
	return left
}

// sweep puts a copy of the living rules in the place of all. Who looks meanwhile may still find a
// dead one, which refuses what has expired.
func (p *shard) sweep(now int64) (kept, dropped int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.index.Load()
	if x == nil {
		return 0, 0
	}
	dropped = x.dead(now)
	kept = x.used - dropped
	switch {
	case kept == 0:
		p.index.Store(nil)
	case dropped > 0:
		p.index.Store(x.without(now, kept))
	}
	return kept, dropped
}

// forever stands for every time from the year 2106 on
const forever = math.MaxUint32

// pack fits a rule into one word, so that it is read and replaced whole. A time that does not fit
// becomes a later one: stricter, and kept for longer.
func (r rule) pack() uint64 { return uint64(seconds(r.notBefore))<<32 | uint64(seconds(r.expires)) }

// unpack is the rule that pack made
func unpack(packed uint64) rule {
	return rule{beyond(uint32(packed >> 32)), beyond(uint32(packed))}
}

// seconds fits a time into 32 bits
func seconds(t int64) uint32 { return uint32(min(max(t, 0), forever)) }

// beyond is the time that seconds made
func beyond(t uint32) int64 {
	if t == forever {
		return math.MaxInt64
	}
	return int64(t)
}
