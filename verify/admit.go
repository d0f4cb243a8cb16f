package verify

import "hash/maphash"

// idleAfter is how long a token must not have been shown before another's may take its place, in seconds
const idleAfter = 10

// fairParts is into how many parts the memory is divided of which one user may have one while others want room
const fairParts = 64

// handSteps is how many sets are looked through for room, at most
const handSteps = 32

// leastFair is the least part of the memory that counts as fair: some ten tokens
const leastFair = 16 << 10

// admit remembers k, which token showed, if there is room or room can be made. To make room, only these are forgotten:
//
//   - tokens that have expired;
//   - tokens that nobody has shown for 10 s;
//   - tokens of a user who holds more than a fair part (1/64 of the memory).
//
// And whoever holds more than a fair part has no room made by others: only by what has expired, and by tokens of
// their own.
//
// So a token in use is never forgotten for somebody else's, however many good tokens they collect: with one account
// they take the place of one sixty-fourth of what is idle, and from then on of their own. With very many accounts, all
// of whose tokens they keep in use, they keep new tokens out; these are then checked as if there was no table.
// Whoever is forgotten or kept out pays with a signature check each time, and with nothing else.
func (t *table) admit(k *verified, token string, now moment) {
	if t == nil {
		return
	}
	if k.hash = t.hash(token); k.hash == 0 {
		return
	}
	k.owner = uint32(maphash.String(t.seed, k.token.Subject))
	k.used.Store(now.seconds())
	t.mu.Lock()
	defer t.mu.Unlock()
	t.grow(now)
	both := places(k.hash, *t.sets.Load())
	if same := t.find(token); same != nil { // another request was faster
		t.forget(same)
	}
	w := wish{k, now, t.shares.of(k.owner)+int64(k.size) > t.fair()}
	if !t.makeRoom(w) {
		t.metrics.add(countTableFull)
		return
	}
	s, way := t.place(w, both)
	if s == nil {
		t.metrics.add(countTableFull)
		return
	}
	s.put(way, k, both[0])
	t.entries++
	t.bytes += int64(k.size)
	t.shares.add(k.owner, k.size)
}

// wish is somebody's wish for room
type wish struct {
	*verified
	now    moment
	greedy bool // its user would hold more than a fair part
}

// fair is the part of the memory that a user may hold while others want room
func (t *table) fair() int64 { return max(t.limit/fairParts, leastFair) }

// yields reports whether k must leave for w
func (t *table) yields(k *verified, w wish) bool {
	idle := w.now.seconds()-k.used.Load() >= idleAfter
	switch {
	case w.now.wall >= k.until:
		return true
	case k.token.Subject == w.token.Subject:
		return idle || w.greedy
	case w.greedy:
		return false
	}
	return idle || t.shares.of(k.owner) > t.fair()
}

// makeRoom forgets what must leave for w, until there is memory for it
func (t *table) makeRoom(w wish) bool {
	sets := *t.sets.Load()
	for range handSteps {
		if t.bytes+int64(w.size) <= t.limit {
			return true
		}
		s := &sets[t.hand&uint64(len(sets)-1)]
		t.hand++
		for way := range s.ways {
			if k := s.ways[way].Load(); k != nil && t.yields(k, w) {
				t.evict(s, way)
			}
		}
	}
	return t.bytes+int64(w.size) <= t.limit
}

// place finds a way for w: a free one, else that of the entry which must leave and was shown the longest ago
func (t *table) place(w wish, both [2]*set) (*set, int) {
	if s, way := vacancy(both); s != nil {
		return s, way
	}
	var oldest *verified
	var from *set
	at := -1
	for _, s := range both {
		for way := range s.ways {
			k := s.ways[way].Load()
			if t.yields(k, w) && (oldest == nil || k.used.Load() < oldest.used.Load()) {
				oldest, from, at = k, s, way
			}
		}
	}
	if from != nil {
		t.evict(from, at)
	}
	return from, at
}

// evict removes an entry for another, and counts it
func (t *table) evict(s *set, way int) {
	t.remove(s, way)
	t.metrics.add(countTableEvictions)
}

// shares tells how much the tokens of each user take, in units of shareUnit, or somewhat more: users are counted by two
// parts of a seeded hash, and two that share both are taken for one. All of it is 8 KiB, so that it stays near a
// processor: each new token is counted in two places of it, as good as random.
type shares [2][shareCounters]int32

const (
	shareCounters = 1024 // how many counters users are spread over, each time
	shareUnit     = 64   // bytes; the size of an entry is a multiple
)

// of is how many bytes the tokens of a user take, at most
func (s *shares) of(owner uint32) int64 {
	return shareUnit * int64(min(s[0][owner%shareCounters], s[1][owner>>16%shareCounters]))
}

// add counts the bytes of an entry, or takes them off again
func (s *shares) add(owner uint32, bytes int32) {
	s[0][owner%shareCounters] += bytes / shareUnit
	s[1][owner>>16%shareCounters] += bytes / shareUnit
}
