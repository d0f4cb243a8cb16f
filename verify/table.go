package verify

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// tailLen is how many of a token's last characters choose its place: 96 bits of the signature, or of the HMAC
const tailLen = 16

// table remembers the tokens that were verified, so that one which is shown again costs a look-up and not a
// signature check.
//
// A Verifier has one, and everything that Verify decides by (issuer, audience, leeway, keys) is fixed when a Verifier
// is made: so an entry can only be found under the policy it was judged by. What a route demands beyond that is
// never remembered, and checked on each request (JV-24). The seeded hash of a token's tail chooses the
// place where it is looked for; then the whole text is compared, so that a collision can only miss. The time that
// this comparison takes tells nothing to anyone who does not know the tail already.
//
// Looking takes no lock. See admit for who has to leave when there is no room.
type table struct {
	secret  [2]uint64 // keys of the hash of tails
	seed    maphash.Seed
	limit   int64 // bytes that may be used
	metrics *Metrics
	sets    atomic.Pointer[[]set] // a power of two many; replaced whole when they grow

	mu      sync.Mutex // guards what follows, and is held by whoever changes sets
	entries int
	bytes   int64
	shares  shares
	hand    uint64 // the set to look at next when room must be made
}

// ways is how many tokens have room in one set
const ways = 7

// set is the tokens of one place, in one line of a processor's cache. A byte of tags says which of them could be the
// one looked for, so that no other's memory is touched.
type set struct {
	tags atomic.Uint64 // a byte for each way, 0 where it is free; and spilled
	ways [ways]atomic.Pointer[verified]
}

// spilled is the eighth byte of tags where a token has been put into its second set for want of room in this one. It
// stays until the table grows; until then a token that is not in this set may be in the other.
const spilled = 1 << (8 * ways)

// The number of sets that a table begins with, which is 64 KiB, and the size of one.
const (
	firstSets = 1024
	setBytes  = 8 * (1 + ways)
)

// newTable makes a table of so many bytes; nil for none
func newTable(limit int64, m *Metrics) *table {
	if limit < 0 {
		return nil
	}
	t := &table{secret: [2]uint64{rand.Uint64(), rand.Uint64()}, seed: maphash.MakeSeed(), limit: limit, metrics: m, bytes: firstSets * setBytes}
	sets := make([]set, firstSets)
	t.sets.Store(&sets)
	return t
}

// hash is what places a token; 0 for a text that is too short to be one. A tail is as good as random, being part of a
// signature, so one multiplication under secret keys spreads it as well as anything.
func (t *table) hash(token string) uint64 {
	if len(token) <= tailLen {
		return 0
	}
	tail := token[len(token)-tailLen:]
	hi, lo := bits.Mul64(word(tail[:8])^t.secret[0], word(tail[8:])^t.secret[1])
	return hi ^ lo
}

// first is the set in which a token is, unless there was no room
func first(hash uint64, sets []set) *set { return &sets[hash&uint64(len(sets)-1)] }

// second is the set in which it is then
func second(hash uint64, sets []set) *set { return &sets[hash>>28&uint64(len(sets)-1)] }

// places are both
func places(hash uint64, sets []set) [2]*set {
	return [...]*set{first(hash, sets), second(hash, sets)}
}

// word is eight characters as a number
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// find returns what is remembered of a token, or nil
func (t *table) find(token string) *verified {
	if t == nil {
		return nil
	}
	hash := t.hash(token)
	if hash == 0 {
		return nil
	}
	sets := *t.sets.Load()
	s := first(hash, sets)
	if k := s.find(hash, token); k != nil || s.tags.Load()&spilled == 0 {
		return k
	}
	return second(hash, sets).find(hash, token)
}

// find returns the token's entry in this set, or nil
func (s *set) find(hash uint64, token string) *verified {
	for same := zeroBytes(s.tags.Load() ^ tagOf(hash)*lowBits); same != 0; same &= same - 1 {
		way := bits.TrailingZeros64(same) / 8
		if way >= ways {
			break
		}
		if k := s.ways[way].Load(); k != nil && k.is(token) {
			return k
		}
	}
	return nil
}

// tagOf is the byte that stands for a hash; never 0
func tagOf(hash uint64) uint64 { return hash>>56 | 1 }

// Words with the lowest and the highest bit of each byte.
const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// zeroBytes marks the bytes of a word that are zero, by their highest bit. Beyond the lowest of them it may mark one
// that is 1.
func zeroBytes(word uint64) uint64 { return (word - lowBits) &^ word & highBits }

// put places k in a way of a set; first is where it would be looked for first. Whoever sees the tag sees the entry, or
// another one that its text gives away.
func (s *set) put(way int, k *verified, first *set) {
	s.ways[way].Store(k)
	s.tags.Store(s.tags.Load()&^(0xFF<<(8*way)) | tagOf(k.hash)<<(8*way))
	if s != first {
		first.tags.Store(first.tags.Load() | spilled)
	}
}

// clear frees a way
func (s *set) clear(way int) {
	s.tags.Store(s.tags.Load() &^ (0xFF << (8 * way)))
	s.ways[way].Store(nil)
}

// free is a way that is free, or -1, and how many there are
func (s *set) free() (way, count int) {
	way = -1
	for i := range s.ways {
		if s.ways[i].Load() == nil {
			way = i
			count++
		}
	}
	return way, count
}

// drop forgets an entry that was found not to be good any more
func (t *table) drop(k *verified) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(k)
}

// forget removes an entry, if it is there; the caller holds mu
func (t *table) forget(k *verified) {
	for _, s := range places(k.hash, *t.sets.Load()) {
		for way := range s.ways {
			if s.ways[way].Load() == k {
				t.remove(s, way)
			}
		}
	}
}

// remove frees a way and what its entry took; the caller holds mu
func (t *table) remove(s *set, way int) {
	k := s.ways[way].Load()
	s.clear(way)
	t.entries--
	t.bytes -= int64(k.size)
	t.shares.add(k.owner, -k.size)
}

// grow makes new sets once half of the ways are taken; the caller holds mu. What has expired stays behind, and only if
// that does not free half of them are there twice as many. So a rebuilding is paid for by as many admissions as it has
// entries, and nobody else looks for what has expired. An entry that finds no room in the new sets is forgotten.
func (t *table) grow(now moment) {
	old := *t.sets.Load()
	full := len(old) * ways / 2
	if t.entries < full {
		return
	}
	for i := range old {
		for way := range old[i].ways {
			if k := old[i].ways[way].Load(); k != nil && now.wall >= k.until {
				t.remove(&old[i], way)
			}
		}
	}
	if t.entries < full/2 {
		return
	}
	sets := make([]set, 2*len(old))
	for i := range old {
		for way := range old[i].ways {
			k := old[i].ways[way].Load()
			if k == nil {
				continue
			}
			both := places(k.hash, sets)
			if s, free := vacancy(both); s != nil {
				s.put(free, k, both[0])
			} else {
				t.remove(&old[i], way)
			}
		}
	}
	t.sets.Store(&sets)
	t.bytes += int64(len(old)) * setBytes
}

// vacancy is a free way: in the first set, where it is found the soonest; in the one with more of them once the first is
// nearly full; nil when neither has any. So hardly ever are both full before the table grows, and nobody's token is checked
// each time for want of room.
func vacancy(both [2]*set) (*set, int) {
	const nearly = 2
	way, count := both[0].free()
	if count <= nearly {
		if other, more := both[1].free(); more > count {
			return both[1], other
		}
	}
	if way < 0 {
		return nil, -1
	}
	return both[0], way
}

// usage is how many tokens are remembered, and in how many bytes
func (t *table) usage() (entries int, bytes int64) {
	if t == nil {
		return 0, 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.entries, t.bytes
}
