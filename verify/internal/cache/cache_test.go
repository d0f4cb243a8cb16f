package cache_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/verify/internal/cache"
	"github.com/handstamp/handstamp/verify/internal/clock"
)

// scene is a cache by a clock that stands still until the test moves it.
type scene struct {
	*cache.Cache
	now time.Time
}

// newScene makes a cache of so many bytes.
func newScene(bytes int64) *scene {
	s := &scene{now: time.Unix(1_800_000_000, 0)}
	s.Cache = cache.New(bytes, clock.New(func() time.Time { return s.now }))
	return s
}

// token is the n-th of a user, of 600 characters.
func token(user string, n int) string {
	text := fmt.Sprint(user, ".", n, ".")
	return strings.Repeat("t", 570) + strings.Repeat("x", 30-len(text)) + text
}

// add remembers the n-th token of a user for ten minutes.
func (s *scene) add(user string, n int) {
	k := cache.NewEntry(token(user, n), []byte("says"))
	k.Until = s.now.Add(10 * time.Minute).UnixMicro()
	s.Add(k, user)
}

// has reports whether the n-th token of a user is found.
func (s *scene) has(user string, n int) bool { return s.Find(token(user, n)) != nil }

// TestFind finds what was added until it is dropped.
func TestFind(t *testing.T) {
	s := newScene(1 << 20)
	s.add("ada", 1)
	good := token("ada", 1)
	k := s.Find(good)
	if k == nil || k.Token() != good || k.Says() != "says" {
		t.Fatalf("Find = %v, want the entry", k)
	}
	for i := range len(good) {
		before, after := good[:i], good[i+1:]
		for _, other := range []string{before + "z" + after, before + after, before + "z" + good[i:], after} {
			if k := s.Find(other); k != nil && k.Token() == other {
				t.Fatalf("a text that differs at %d is found", i)
			}
		}
	}
	s.Drop(k)
	if s.has("ada", 1) || s.Usage().Tokens != 0 || s.Usage().Bytes != 0 {
		t.Errorf("after Drop: %+v, want nothing", s.Usage())
	}
}

// TestInUseIsKept has many users fill the cache many times over: a token that is shown all along
// stays, one that is not is forgotten, and the bound is kept at every moment.
func TestInUseIsKept(t *testing.T) {
	const limit = 1 << 20
	s := newScene(limit)
	s.add("ada", 1)
	s.add("bob", 1)
	for n := range 10_000 {
		s.add(fmt.Sprint("user-", n), n)
		if n%100 == 0 && !s.has("ada", 1) {
			t.Fatalf("after %d others the token in use is forgotten", n)
		}
		if u := s.Usage(); u.Bytes > limit {
			t.Fatalf("after %d tokens: %+v, want at most %d bytes", n, u, limit)
		}
	}
	if s.has("bob", 1) {
		t.Error("the token that nobody showed is still there")
	}
	if u := s.Usage(); u.Evictions < 8000 || u.Full > 0 {
		t.Errorf("%+v, want most of 10,000 evicted and none refused", u)
	}
}

// TestOneUserMakesNoRoom has one user show very many tokens: they take a small part of the memory,
// and nobody else's is forgotten for them.
func TestOneUserMakesNoRoom(t *testing.T) {
	s := newScene(8 << 20)
	for n := range 1000 {
		s.add(fmt.Sprint("user-", n), n)
	}
	for n := range 50_000 {
		s.add("loud", n)
	}
	for n := range 1000 {
		if !s.has(fmt.Sprint("user-", n), n) {
			t.Fatalf("token %d of another user is forgotten", n)
		}
	}
	if u := s.Usage(); u.Evictions > 0 || u.Tokens > 1000+32*20 {
		t.Errorf("%+v, want no evictions and some 500 tokens of the loud one", u)
	}
}

// TestOldAreForgotten forgets what was not shown for two generations, without anybody else wanting
// its room.
func TestOldAreForgotten(t *testing.T) {
	s := newScene(256 << 10)
	s.add("ada", 1)
	s.add("bob", 1)
	for range 2 {
		s.now = s.now.Add(5 * time.Minute)
		s.has("ada", 1)
		s.add("cyd", 1)
		s.now = s.now.Add(time.Second)
	}
	if !s.has("ada", 1) || s.has("bob", 1) || s.Usage().Evictions != 0 {
		t.Errorf(
			"in use: %v, not shown: %v, %+v; want true, false and no evictions",
			s.has("ada", 1),
			s.has("bob", 1),
			s.Usage(),
		)
	}
}

// TestNone remembers nothing, and asks for nothing to be there.
func TestNone(t *testing.T) {
	for _, bytes := range []int64{-1, 0, 1} {
		s := newScene(bytes)
		s.add("ada", 1)
		if s.has("ada", 1) || s.Find("") != nil || s.Usage().Tokens > 0 {
			t.Errorf("a cache of %d bytes remembers", bytes)
		}
	}
}

// TestBytes holds what is said of the memory to what is taken: at most a tenth more.
func TestBytes(t *testing.T) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, says := range []int{0, 100, 700, 6000} {
		s := newScene(64 << 20)
		before := heap()
		for n := range 2000 {
			k := cache.NewEntry(token("u", n), make([]byte, says))
			k.Until = 1 << 62
			s.Add(k, fmt.Sprint("user-", n))
		}
		took, said := heap()-before, s.Usage()
		if said.Tokens != 2000 || took > said.Bytes+said.Bytes/10 {
			t.Errorf("%+v of %d bytes more take %d bytes", said, says, took)
		}
		runtime.KeepAlive(s)
	}
}
