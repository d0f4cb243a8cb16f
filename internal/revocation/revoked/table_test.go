package revoked_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// How much a set is loaded with where size matters.
const (
	manySessions = 1_000_000
	manyUsers    = 100_000
)

// sessionID is one of those that loaded ended, or one beyond; userID likewise.
func sessionID(i int) string { return fmt.Sprintf("%022x", uint64(i)*0x9E3779B97F4A7C15) }

// userID is one of the users whose tokens up to second 1000 loaded ended, or one beyond.
func userID(i int) string { return "usr_" + sessionID(i) }

// loaded is a set of many sessions and users.
func loaded(t testing.TB) *revoked.Set {
	t.Helper()
	s := revoked.NewSet()
	e := revoked.Entry{Epoch: epoch, Expires: 5000, NotBefore: 1000}
	for i := range manySessions + manyUsers {
		e.Seq, e.Prev = int64(i+1), int64(i)
		if e.Kind, e.ID = revoked.Session, sessionID(i); i >= manySessions {
			e.Kind, e.ID = revoked.User, userID(i-manySessions)
		}
		if err := s.Merge(revoked.Snapshot{Epoch: epoch, Seq: e.Seq, Entries: []revoked.Entry{e}}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// heap is how many bytes are in use once the rest is gone.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestMemory holds a million sessions and 100,000 users to 64 MB, before and after a sweep that
// drops none and one that drops all.
func TestMemory(t *testing.T) {
	const limit = 64_000_000
	before := heap()
	s := loaded(t)
	if took := heap() - before; took > limit {
		t.Errorf("%d endings take %d bytes, want at most %d", s.Len(), took, limit)
	}
	t.Logf("%d endings take %.1f MB", s.Len(), float64(heap()-before)/1e6)
	for i := range 1000 {
		if !s.Revoked(revoked.Token{Session: sessionID(i * 1000)}) ||
			!s.Revoked(revoked.Token{Subject: userID(i * 100), IssuedAt: 1000}) {
			t.Fatalf("ending %d is not found among the others", i)
		}
		if s.Revoked(revoked.Token{Session: sessionID(manySessions + i), Subject: userID(i), IssuedAt: 1001}) {
			t.Fatalf("ending %d is found, though there is none such", i)
		}
	}
	if left := s.Sweep(5000); left != manySessions+manyUsers {
		t.Errorf("%d left while none has expired, want all", left)
	}
	if took := heap() - before; took > limit {
		t.Errorf("after a sweep %d endings take %d bytes, want at most %d", s.Len(), took, limit)
	}
	if left := s.Sweep(5001); left != 0 || s.Len() != 0 {
		t.Errorf("%d left after all expired, want 0", left)
	}
	if took := heap() - before; took > 1_000_000 {
		t.Errorf("an emptied set takes %d bytes, want next to nothing", took)
	}
	runtime.KeepAlive(s)
}

// TestIDsOfEveryLength keeps ids apart that are short, long, longer than any text of ids, and
// prefixes of one another.
func TestIDsOfEveryLength(t *testing.T) {
	s := mustSet(t)
	var ids []string
	for _, n := range []int{1, 2, 21, 22, 23, 64, 2047, 2048, 2049, 5000} {
		for _, c := range []string{"a", "b"} {
			ids = append(ids, strings.Repeat(c, n))
		}
	}
	for i, id := range ids {
		for _, other := range ids[i:] {
			if s.Revoked(revoked.Token{Session: other}) {
				t.Errorf("an id of %d bytes is found before it was put", len(other))
			}
		}
		entries := []revoked.Entry{{Kind: revoked.Session, ID: id, Expires: int64(i)}}
		if err := s.Merge(revoked.Snapshot{Epoch: epoch, Entries: entries}); err != nil {
			t.Fatal(err)
		}
	}
	for i, id := range ids {
		s.Sweep(int64(i))
		if s.Len() != len(ids)-i || !s.Revoked(revoked.Token{Session: id}) {
			t.Errorf("an id of %d bytes is lost when those before it expire", len(id))
		}
	}
}

// TestFarTimes takes times beyond 2106, which a rule has no room for, as the strictest there is.
func TestFarTimes(t *testing.T) {
	for _, far := range []int64{math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64} {
		s := mustSet(t, revoked.Entry{Kind: revoked.User, ID: "ada", NotBefore: far, Expires: far})
		late := revoked.Token{Subject: "ada", IssuedAt: 253402300799}
		if s.Sweep(math.MaxUint32); !s.Revoked(late) {
			t.Errorf("a cut at %d does not refuse %d", far, late.IssuedAt)
		}
	}
	s := mustSet(t, revoked.Entry{Kind: revoked.User, ID: "ada", NotBefore: math.MaxUint32 - 1, Expires: -1})
	if s.Revoked(revoked.Token{Subject: "ada", IssuedAt: math.MaxUint32}) {
		t.Error("the last cut that has room refuses a token issued later")
	}
	if left := s.Sweep(1); left != 0 {
		t.Errorf("%d left, want what had expired before 1970 to be gone", left)
	}
}

// TestConcurrentGrowth looks for what is there and what is not while the tables grow and are swept;
// the race detector judges too.
func TestConcurrentGrowth(t *testing.T) {
	s := mustSet(t)
	put := func(id string, expires int64) {
		e := revoked.Entry{Epoch: epoch, Kind: revoked.Session, ID: id, Expires: expires}
		if err := s.Merge(revoked.Snapshot{Epoch: epoch, Entries: []revoked.Entry{e}}); err != nil {
			t.Error(err)
		}
	}
	put("always", math.MaxInt64)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if !s.Revoked(revoked.Token{Session: "always"}) || s.Revoked(revoked.Token{Session: "never"}) {
					t.Error("a look-up during changes is wrong")
					return
				}
				s.Revoked(revoked.Token{Session: sessionID(i % 20_000)})
			}
		})
	}
	for i := range 20_000 {
		put(sessionID(i), int64(i))
		if i%1000 == 999 {
			s.Sweep(int64(i - 3000))
		}
	}
	close(stop)
	readers.Wait()
	if left := s.Sweep(20_000); left != 1 {
		t.Errorf("%d left, want 1", left)
	}
}

// BenchmarkRevoked asks a set with a million sessions and 100,000 users about tokens that are not
// among them, one hot and many in turn. The floor touches the same tokens and asks an empty set:
// the difference is what the endings cost.
func BenchmarkRevoked(b *testing.B) {
	const tokens = 1 << 17
	asked := make([]revoked.Token, tokens)
	for i := range asked {
		asked[i] = revoked.Token{
			Session: sessionID(
				manySessions + i,
			), Subject: userID(manyUsers + i), Client: "first-party", KeyID: "kid", IssuedAt: 2000,
		}
	}
	for i := range asked[:tokens/10] { // has a cut, and is newer
		asked[i].Subject = userID(i)
	}
	rand.Shuffle(tokens, func(i, j int) { asked[i], asked[j] = asked[j], asked[i] })
	empty, full := revoked.NewSet(), loaded(b)
	for _, order := range []struct {
		name string
		mask int
	}{{"hot", 0}, {"many", tokens - 1}} {
		b.Run(order.name+"/floor", func(b *testing.B) {
			i, touched := 0, byte(0)
			for b.Loop() {
				token := &asked[i&order.mask]
				touched ^= token.Session[0] ^ token.Subject[0]
				if empty.Revoked(*token) {
					b.Fatal("revoked", touched)
				}
				i++
			}
		})
		b.Run(order.name+"/whole", func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if full.Revoked(asked[i&order.mask]) {
					b.Fatal("revoked")
				}
				i++
			}
		})
	}
}
