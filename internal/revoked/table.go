package revoked

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// shards is how many parts a table has, so that a sweep of a million entries holds each look-up for
// a fraction of a millisecond at most
const shards = 64

// rule refuses an id's tokens issued up to notBefore, and matters until expires; unix seconds
type rule struct{ notBefore, expires int64 }

// table is the rules of one kind
type table struct {
	size  atomic.Int64 // how many rules there are in all shards
	seed  maphash.Seed
	parts [shards]shard
}

// shard is one part of a table
type shard struct {
	mu    sync.RWMutex    // guards rules
	rules map[string]rule // id → its rule
}

// newTable makes an empty table
func newTable() *table {
	t := &table{seed: maphash.MakeSeed()}
	for i := range t.parts {
		t.parts[i].rules = map[string]rule{}
	}
	return t
}

// part is where id belongs
func (t *table) part(id string) *shard {
	return &t.parts[maphash.String(t.seed, id)%shards]
}

// put adds a rule. Two rules for one id become one: the later cut and the later
// end of both, for the strictest counts and none may die early.
func (t *table) put(id string, next rule) {
	p := t.part(id)
	p.mu.Lock()
	defer p.mu.Unlock()
	before, known := p.rules[id]
	if !known {
		t.size.Add(1)
	}
	p.rules[id] = rule{
		notBefore: max(before.notBefore, next.notBefore),
		expires:   max(before.expires, next.expires),
	}
}

// ends reports whether a rule refuses id's token issued at iat
func (t *table) ends(id string, iat int64) bool {
	if t.size.Load() == 0 {
		return false
	}
	p := t.part(id)
	p.mu.RLock()
	r, known := p.rules[id]
	p.mu.RUnlock()
	return known && iat <= r.notBefore
}

// sweep drops the rules that ended before now, and returns how many are left
func (t *table) sweep(now int64) int {
	left := 0
	for i := range t.parts {
		left += t.parts[i].sweep(now, &t.size)
	}
	return left
}

// sweep drops the rules of one part, counting them off size
func (p *shard) sweep(now int64, size *atomic.Int64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, r := range p.rules {
		if r.expires < now {
			delete(p.rules, id)
			size.Add(-1)
		}
	}
	return len(p.rules)
}
