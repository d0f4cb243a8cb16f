package revoked

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"
)

// The sizes that an index is made of.
const (
	groupLen    = 8    // slots
	chunkLen    = 64   // records
	textLen     = 2048 // bytes of ids
	textLenBits = 11
)

// index finds records by the hash of their id. Slots come in groups of eight, whose tags are one
// word: an id that is not there is answered from that word, and a million ids have tags of two
// megabytes, which stay in a processor's cache. An id whose tag is there is compared whole.
//
// One changes an index at a time; all may look meanwhile. Whatever a tag leads to is written before
// the tag is. There are no pointers to single records, so that the garbage collector has nothing to
// follow.
type index struct {
	seed   maphash.Seed
	tags   []atomic.Uint64                     // eight tags a group; 0: free. A power of two
	places []atomic.Uint32                     // the place of each slot's record
	chunks atomic.Pointer[[]*[chunkLen]record] // the records, by place
	texts  atomic.Pointer[[][]byte]            // the ids, by offset
	used   int                                 // records
	room   int                                 // bytes left in the last of texts
}

// record is one rule and where its id is
type record struct {
	rule   atomic.Uint64 // packed
	offset uint32        // place in texts << textLenBits | place in that text
	length uint32
}

// newIndex makes an empty index in which n records and one more do not make looking slow
func newIndex(seed maphash.Seed, n int) *index {
	groups := 1
	for full(n, groups) {
		groups *= 2
	}
	x := &index{seed: seed, tags: make([]atomic.Uint64, groups), places: make([]atomic.Uint32, groups*groupLen)}
	x.chunks.Store(new([]*[chunkLen]record))
	x.texts.Store(new([][]byte))
	return x
}

// full reports whether n records are as many as so many groups should hold
func full(n, groups int) bool { return n >= groups*groupLen*3/4 }

// tag is the part of a hash that a slot keeps, in each byte of a word; never 0. The rest of the
// hash has chosen the shard and the group.
func tag(hash uint64) uint64 { return (hash>>56 | 1) * ones }

// Words with the lowest and the highest bit of each byte.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// group is where a hash belongs, or the place before
func (x *index) group(hash uint64) uint64 { return hash / shards & uint64(len(x.tags)-1) }

// find returns the record of id, or nil
func (x *index) find(hash uint64, id string) *record {
	want, mask := tag(hash), uint64(len(x.tags)-1)
	for group := x.group(hash); ; group = (group + 1) & mask {
		tags := x.tags[group].Load()
		for same := zeros(tags ^ want); same != 0; same &= same - 1 {
			place := x.places[group*groupLen+uint64(bits.TrailingZeros64(same)/8)].Load()
			if r := x.record(int(place)); string(x.text(r)) == id {
				return r
			}
		}
		if zeros(tags) != 0 { // a free slot: it would be there
			return nil
		}
	}
}

// zeros marks the bytes of a word that are zero, by their highest bit. Beyond the lowest of them it
// may mark one that is 1.
func zeros(word uint64) uint64 { return (word - ones) &^ word & highs }

// record is the one at a place
func (x *index) record(place int) *record { return &(*x.chunks.Load())[place/chunkLen][place%chunkLen] }

// text is the id of a record
func (x *index) text(r *record) []byte {
	from := r.offset & (textLen - 1)
	return (*x.texts.Load())[r.offset>>textLenBits][from : from+r.length]
}

// dead counts the records that no longer matter at now
func (x *index) dead(now int64) int {
	n := 0
	for place := range x.used {
		if unpack(x.record(place).rule.Load()).expires < now {
			n++
		}
	}
	return n
}

// add adds the record of an id that has none. The index is not full.
func (x *index) add(hash uint64, id string, r rule) {
	if x.used%chunkLen == 0 {
		chunks := append(*x.chunks.Load(), new([chunkLen]record))
		x.chunks.Store(&chunks)
	}
	to := x.record(x.used)
	to.offset, to.length = x.keep(id), uint32(len(id))
	to.rule.Store(r.pack())
	x.point(hash, x.used)
	x.used++
}

// keep copies an id to texts. A long one has a text of its own.
func (x *index) keep(id string) (offset uint32) {
	texts := *x.texts.Load()
	if len(id) > x.room {
		texts = append(texts, make([]byte, max(textLen, len(id))))
		x.texts.Store(&texts)
		x.room = textLen
	}
	from := textLen - x.room
	copy(texts[len(texts)-1][from:], id)
	x.room = max(x.room-len(id), 0)
	return uint32(len(texts)-1)<<textLenBits | uint32(from)
}

// point has the first free slot for a hash lead to a place
func (x *index) point(hash uint64, place int) {
	mask := uint64(len(x.tags) - 1)
	group := x.group(hash)
	for zeros(x.tags[group].Load()) == 0 {
		group = (group + 1) & mask
	}
	tags := x.tags[group].Load()
	slot := uint64(bits.TrailingZeros64(zeros(tags)) / 8)
	x.places[group*groupLen+slot].Store(uint32(place))
	x.tags[group].Store(tags | tag(hash)&(0xFF<<(8*slot)))
}

// grown is x with twice the slots and the same records
func (x *index) grown() *index {
	next := newIndex(x.seed, x.used)
	next.used, next.room = x.used, x.room
	next.chunks.Store(x.chunks.Load())
	next.texts.Store(x.texts.Load())
	for place := range x.used {
		next.point(maphash.Bytes(x.seed, x.text(x.record(place))), place)
	}
	return next
}

// without is a copy of the kept records of x, those that matter at now
func (x *index) without(now int64, kept int) *index {
	next := newIndex(x.seed, kept)
	for place := range x.used {
		r := x.record(place)
		if rule := unpack(r.rule.Load()); rule.expires >= now {
			id := x.text(r)
			next.add(maphash.Bytes(x.seed, id), string(id), rule)
		}
	}
	return next
}
