package verify_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/verify"
	"github.com/handstamp/handstamp/verify/verifytest"
)

// life is a token, and how far its end has come.
type life struct {
	token string
	going atomic.Bool // its end has begun: from now on it may be refused
	gone  atomic.Bool // its end was answered: from now on it must be refused
}

// end ends lives by calling revoke.
func end(lives []*life, revoke func()) {
	for _, l := range lives {
		l.going.Store(true)
	}
	revoke()
	for _, l := range lives {
		l.gone.Store(true)
	}
}

// crowd shows tokens all the time.
type crowd struct {
	lives    []*life
	v        *verify.Verifier
	stop     chan struct{}
	shown    atomic.Int64 // times
	accepted atomic.Int64
}

// show shows random tokens, more often those at the beginning, until it is stopped.
func (c *crowd) show(t *testing.T) {
	for !t.Failed() {
		select {
		case <-c.stop:
			return
		default:
		}
		n := rand.IntN(len(c.lives))
		if rand.IntN(2) == 0 {
			n %= 16
		}
		l := c.lives[n]
		gone := l.gone.Load() // before asking
		_, err := c.v.Verify(t.Context(), l.token)
		going := l.going.Load() // after
		switch {
		case err == nil && gone:
			t.Errorf("token %d passed after its end was answered", n)
		case err != nil && !going:
			t.Errorf("token %d = %v (%v), though nothing had happened to it", n, codeOf(err), err)
		case err == nil:
			c.accepted.Add(1)
		}
		c.shown.Add(1)
	}
}

// await waits until so many tokens more were shown.
func (c *crowd) await(t *testing.T, n int64) {
	for before := c.shown.Load(); c.shown.Load() < before+n && !t.Failed(); {
		time.Sleep(50 * time.Microsecond)
	}
}

// count fails the test when there was no crowd, or when the memory was not used as its limit says.
func (c *crowd) count(t *testing.T, limit int64) {
	s := c.v.Status().Cache
	t.Logf("%d shown, %d accepted, %+v", c.shown.Load(), c.accepted.Load(), s)
	if s.Tokens > 0 && limit < 0 || limit >= 0 && s.Hits == 0 || limit > 0 && (s.Evictions == 0 || s.Bytes > limit) {
		t.Errorf("Cache = %+v, want hits, evictions where it is tight, and no more bytes than allowed", s)
	}
	if c.accepted.Load() < 500 {
		t.Errorf("%d tokens accepted, want a crowd", c.accepted.Load())
	}
}

// TestEndingsAtOnce ends sessions and users, withdraws keys, and moves the clock past the expiry of
// some tokens and back a little, while others show tokens to a verifier that has room for a part of
// them: no token passes once its end was answered, and none is refused before it began. Run it with
// the race detector (JV-23, JV-24).
func TestEndingsAtOnce(t *testing.T) {
	for name, limit := range map[string]int64{"tight": 96 << 10, "roomy": 0, "off": -1} {
		t.Run(name, func(t *testing.T) {
			start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
			clock := &hand{at: start}
			iss := verifytest.NewIssuer(t)
			iss.Now = clock.now
			config := iss.Config()
			config.CacheBytes = limit
			c := &crowd{v: mustNew(t, config), stop: make(chan struct{})}
			const each, rounds = 48, 24
			groups := map[string][]*life{}
			add := func(group string, opts ...verifytest.Option) {
				l := &life{token: iss.Token(opts...)}
				groups[group] = append(groups[group], l)
				c.lives = append(c.lives, l)
			}
			for i := range each {
				add("session", verifytest.Session(fmt.Sprint("sid-", i)), verifytest.User(fmt.Sprint("one-", i)))
				add("user", verifytest.User(fmt.Sprint("two-", i/4)))
				// It expires, leeway included, five seconds before the clock comes to round i/2+1.
				ends := time.Duration(i/2+1)*10*time.Second - 5*time.Second
				add(
					"clock",
					verifytest.User(fmt.Sprint("three-", i)),
					verifytest.IssuedAt(start.Add(ends-30*time.Second-10*time.Minute)),
				)
				add("key", verifytest.User(fmt.Sprint("four-", i)))
			}
			rand.Shuffle(len(c.lives), func(i, j int) { c.lives[i], c.lives[j] = c.lives[j], c.lives[i] })
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() { c.show(t) })
			}
			for round := range rounds {
				c.await(t, 80)
				for i := 2 * round; i < 2*round+2; i++ {
					end(groups["session"][i:i+1], func() { iss.End(fmt.Sprint("sid-", i)) })
				}
				if i := 4 * (round / 2); round%2 == 0 {
					end(groups["user"][i:i+4], func() { iss.EndUser(fmt.Sprint("two-", i/4)) })
				}
				if round%8 == 3 {
					iss.RotateKeys() // ends nothing
				}
				end(groups["clock"][2*round:2*round+2], func() { clock.move(10 * time.Second) })
				c.await(t, 20)
				clock.move(-2 * time.Second)
				c.await(t, 20)
				clock.move(2 * time.Second)
			}
			end(c.lives, iss.WithdrawKeys)
			c.await(t, 300)
			close(c.stop)
			all.Wait()
			c.count(t, limit)
		})
	}
}
