package verify

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// TestingOnlyEvents reads a stream to its end, and gives name, id and data of each event.
func TestingOnlyEvents(text string) (events [][3]string, err error) {
	r := newEventReader(strings.NewReader(text))
	for {
		e, err := r.next()
		if err != nil {
			return events, err
		}
		events = append(events, [3]string{e.name, e.id, e.data})
	}
}

// TestingOnlyEntry reads the data of an entry.
func TestingOnlyEntry(text string) (revoked.Entry, error) { return parseEntry(text) }

// TestingOnlySnapshot merges a snapshot into an empty set.
func TestingOnlySnapshot(text string) (*revoked.Set, error) {
	f := &feed{set: revoked.NewSet()}
	return f.set, f.merge(strings.NewReader(text))
}

// TestingOnlyTable is a table of verified tokens, whose places in it a test chooses.
type TestingOnlyTable struct {
	t   *table
	Now time.Duration // since 1970
}

// TestingOnlyHeadLen is how much of a token lies beside its entry.
const TestingOnlyHeadLen = headLen

// What an entry is said to take in memory, and what it takes with the eight bytes that the allocator puts before it.
const (
	TestingOnlyEntrySaid = verifiedBytes
	TestingOnlyEntryTook = 8 + unsafe.Sizeof(verified{})
)

// TestingOnlyNewTable makes one with room for any test.
func TestingOnlyNewTable() *TestingOnlyTable {
	t := newTable(1<<30, newMetrics())
	t.secret = [2]uint64{} // a tail's hash is now the product of its halves
	return &TestingOnlyTable{t: t}
}

// Sets is how many sets it has.
func (x *TestingOnlyTable) Sets() int { return len(*x.t.sets.Load()) }

// Admit remembers a token for an hour whose place is in one of two sets, and returns it. n tells it from others.
func (x *TestingOnlyTable) Admit(first, second, n int) string {
	tail := binary.LittleEndian.AppendUint64(nil, uint64(first)|uint64(second)<<28)
	tail = binary.LittleEndian.AppendUint64(tail, 1)
	token := strconv.Itoa(n) + string(tail)
	k := &verified{until: (x.Now + time.Hour).Microseconds()}
	k.hold(token, nil)
	x.t.admit(k, token, moment{wall: x.Now.Microseconds()})
	return token
}

// Remembers reports whether a token is found.
func (x *TestingOnlyTable) Remembers(token string) bool { return x.t.find(token) != nil }

// Entries is how many tokens it says that it has.
func (x *TestingOnlyTable) Entries() int { return x.t.entries }

// TestingOnlyWish is what a token does that names kid and did not find it a moment ago. It reports whether that has the
// keys fetched.
func TestingOnlyWish(v *Verifier, kid string) bool { return v.keys.(*remote).wake(kid) != nil }
