package keyset

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify/internal/clock"
)

// When keys are fetched, and how long a request waits for them.
const (
	kidCoolDown  = 10 * time.Second // between two fetches for unknown kids
	kidWait      = 2 * time.Second  // the longest that a token waits for one
	minRefresh   = 30 * time.Second // the shortest life that is believed
	maxRefresh   = time.Hour        // and the longest: a withdrawn key is gone by then
	noMaxAge     = 5 * time.Minute  // the life of keys whose answer does not say
	firstRetry   = time.Second
	longestRetry = time.Minute
)

// Options are what a Remote is made of.
type Options struct {
	Issuer string
	URL    string       // of the key set; empty: the issuer's metadata names it
	Client *http.Client // nil: the usual one
	Clock  *clock.Clock
	Log    *slog.Logger
	MaxAge time.Duration // beyond which kept keys are not used
	Counts *Counts
}

// Counts is what a Remote counts.
type Counts struct{ Fetches, Failures atomic.Int64 }

// Remote keeps the keys that the issuer publishes. One goroutine does all fetching, so that there
// is never more than one fetch under way.
type Remote struct {
	Options
	fetcher
	stop     context.CancelFunc
	finished chan struct{} // closed when the goroutine has ended
	ask      chan struct{} // wakes the goroutine to fetch now; holds one

	held    atomic.Pointer[heldKeys] // the last good keys; nil before the first
	holding sync.Mutex               // held by whoever replaces them

	mu       sync.Mutex    // guards err, underway, asked, closed
	err      error         // why keys could not be had since; nil when they could
	underway chan struct{} // closed when the fetch at hand ends; nil when there is none
	asked    time.Time     // when an unknown kid last made them be fetched
	closed   bool          // no fetch will come any more
}

// heldKeys are keys, when they were had, and until when they may be used
type heldKeys struct {
	set   *jose.KeySet
	at    time.Time
	until clock.Moment // they are good at that very moment, and no longer
}

// hold keeps a set that was had now
func (k *Remote) hold(set *jose.KeySet) {
	now := k.Clock.Now()
	until := k.Clock.At(now)
	until.Wall += k.MaxAge.Microseconds()
	until.Mono += int64(k.MaxAge)
	k.held.Store(&heldKeys{set, now, until})
}

// NewRemote begins to fetch.
func NewRemote(ctx context.Context, o Options) *Remote {
	ctx, stop := context.WithCancel(ctx)
	k := &Remote{
		Options: o, fetcher: newFetcher(o), stop: stop, finished: make(chan struct{}), ask: make(chan struct{}, 1),
		underway: make(chan struct{}), // at once: the first request waits for it
	}
	go k.run(ctx)
	return k
}

// run fetches until ctx ends: before the keys' max-age runs out, when woken, and after failures at
// growing intervals
func (k *Remote) run(ctx context.Context) {
	defer close(k.finished)
	failures := 0
	for ctx.Err() == nil {
		life, err := k.refresh(ctx)
		wait := refreshAfter(life)
		if err != nil {
			wait = retryAfter(failures)
			failures++
		} else {
			failures = 0
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-k.ask:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	if k.underway != nil {
		close(k.underway)
	}
}

// refreshAfter is a moment well before keys of this life run out, another one each time so that
// a fleet of services does not ask at once
func refreshAfter(life time.Duration) time.Duration {
	life = min(max(life, minRefresh), maxRefresh)
	return time.Duration(float64(life) * (0.75 + 0.15*rand.Float64()))
}

// retryAfter doubles with each failure in a row
func retryAfter(failures int) time.Duration {
	wait := min(firstRetry<<min(failures, 10), longestRetry)
	return time.Duration(float64(wait) * (0.75 + 0.5*rand.Float64()))
}

// refresh fetches once, and keeps the result
func (k *Remote) refresh(ctx context.Context) (life time.Duration, err error) {
	k.begin()
	k.Counts.Fetches.Add(1)
	got, err := k.fetch(ctx)
	k.holding.Lock()
	switch held := k.held.Load(); {
	case err == nil && got.set != nil && held != nil:
		k.hold(got.set.After(held.set))
	case err == nil && got.set != nil:
		k.hold(got.set)
	case err == nil && held != nil:
		k.hold(held.set)
	case err != nil && ctx.Err() == nil:
		k.Counts.Failures.Add(1)
		k.Log.Warn("keys of the issuer cannot be had", "issuer", k.Issuer, "error", err)
	}
	k.holding.Unlock()
	for _, why := range got.skipped {
		k.Log.Warn("a key of the issuer is not used", "issuer", k.Issuer, "error", why)
	}
	k.end(err)
	return got.life, err
}

// begin marks that a fetch is under way, which answers every request so far
func (k *Remote) begin() {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.ask:
	default:
	}
	if k.underway == nil {
		k.underway = make(chan struct{})
	}
}

// end tells those who wait that the fetch is over
func (k *Remote) end(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
	close(k.underway)
	k.underway = nil
}

// wake has the keys fetched for one called kid, and returns what is closed when that is done. It
// returns the fetch under way if there is one, and nil when one that ended meanwhile has brought
// the key, or the last request is too recent.
func (k *Remote) wake(kid string) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.Clock.Now()
	switch set := k.current(k.Clock.At(now)); {
	case k.closed:
		return nil
	case k.underway != nil:
		return k.underway
	case set != nil && set.Lookup(kid) != nil:
		return nil
	case !k.asked.IsZero() && clock.Elapsed(k.asked, now) < kidCoolDown:
		return nil
	}
	k.asked = now
	k.start()
	return k.underway
}

// start has the keys fetched; the caller holds mu, and no fetch is under way
func (k *Remote) start() {
	k.underway = make(chan struct{})
	k.ask <- struct{}{} // has room: begin took the last one before underway could be nil again
}

// withdraw forgets a key that ended early, so that it is not taken back from here when the issuer
// cannot be reached for longer than its ending is kept; and has the keys fetched, for the one that
// signs now. No stranger asked for that, so it leaves the next unknown kid its own.
func (k *Remote) withdraw(kid string) {
	k.holding.Lock()
	defer k.holding.Unlock()
	held := k.held.Load()
	if held == nil || held.set.Lookup(kid) == nil {
		return
	}
	rest := slices.DeleteFunc(held.set.Keys(), func(key *jose.Key) bool { return key.ID() == kid })
	k.held.Store(&heldKeys{jose.NewKeySet(rest...), held.at, held.until})
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed && k.underway == nil {
		k.start()
	}
}

// find looks kid up, and has the keys fetched if it is not there
func (k *Remote) find(ctx context.Context, kid string) (*jose.Key, error) {
	set := k.current(k.Clock.Moment())
	if set != nil {
		if key := set.Lookup(kid); key != nil {
			return key, nil
		}
	}
	if fetching := k.wake(kid); fetching != nil {
		timer := time.NewTimer(kidWait)
		defer timer.Stop()
		select {
		case <-fetching:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if set = k.current(k.Clock.Moment()); set == nil {
		return nil, ErrNone
	}
	return set.Lookup(kid), nil
}

// current returns the keys that may be used, or nil
func (k *Remote) current(now clock.Moment) *jose.KeySet {
	held := k.held.Load()
	if held == nil || held.set.Len() == 0 || now.Wall > held.until.Wall || now.Mono > held.until.Mono {
		return nil
	}
	return held.set
}

// news returns when keys were last had, and what went wrong since
func (k *Remote) news() (fetched time.Time, err error) {
	if held := k.held.Load(); held != nil {
		fetched = held.at
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return fetched, k.err
}

// close ends the goroutine
func (k *Remote) close() {
	k.stop()
	<-k.finished
}
