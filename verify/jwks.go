package verify

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
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

// discovered is the source of a Config without Keys: the issuer's metadata says where
type discovered struct{}

func (discovered) open(ctx context.Context, v *Verifier) (keyFinder, error) {
	return startRemote(ctx, v, ""), nil
}

// listed is the source that JWKS makes
type listed struct{ url string }

// JWKS fetches keys from a JWK Set at url, which must be https, or http on loopback where the issuer is
// too. They are refreshed before their max-age runs out, so that a new key is known before it signs. A
// token that names an unknown key makes them be fetched at once, but not twice in 10 s.
func JWKS(url string) KeySource { return listed{url} }

func (l listed) open(ctx context.Context, v *Verifier) (keyFinder, error) {
	if err := checkKeyURL(l.url, v.issuer); err != nil {
		return nil, fmt.Errorf("Config.Keys: %w", err)
	}
	return startRemote(ctx, v, l.url), nil
}

// checkKeyURL refuses to have keys brought by a way on which they could be changed
func checkKeyURL(text string, issuer *url.URL) error {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return fmt.Errorf("%q is not the URL of a key set", text)
	}
	if issuer.Scheme == "https" && u.Scheme != "https" {
		return fmt.Errorf("%q must be https, as the issuer is", text)
	}
	return checkScheme(u)
}

// remote keeps the keys that the issuer publishes. One goroutine does all fetching, so that
// there is never more than one fetch under way.
type remote struct {
	fetcher
	clock    *clock
	log      *slog.Logger
	metrics  *Metrics
	maxAge   time.Duration // beyond which kept keys are not used
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
	until moment
}

// hold keeps a set that was had now
func (k *remote) hold(set *jose.KeySet) {
	now := k.clock.now()
	until := k.clock.moment(now)
	until.wall += k.maxAge.Microseconds()
	until.mono += int64(k.maxAge)
	k.held.Store(&heldKeys{set, now, until})
}

// startRemote begins to fetch from keyURL, or from where the issuer's metadata says when it is empty
func startRemote(ctx context.Context, v *Verifier, keyURL string) *remote {
	ctx, stop := context.WithCancel(ctx)
	k := &remote{
		fetcher:  newFetcher(v.config, keyURL),
		clock:    v.clock,
		log:      v.config.Logger,
		metrics:  v.metrics,
		maxAge:   v.config.MaxKeyAge,
		stop:     stop,
		finished: make(chan struct{}),
		ask:      make(chan struct{}, 1),
		underway: make(chan struct{}), // at once: the first request waits for it
	}
	go k.run(ctx)
	return k
}

// run fetches until ctx ends: before the keys' max-age runs out, when woken, and after failures at
// growing intervals
func (k *remote) run(ctx context.Context) {
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
func (k *remote) refresh(ctx context.Context) (life time.Duration, err error) {
	k.begin()
	k.metrics.add(countKeyFetches)
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
		k.metrics.add(countKeyFailures)
		k.log.Warn("keys of the issuer cannot be had", "issuer", k.issuer, "error", err)
	}
	k.holding.Unlock()
	for _, why := range got.skipped {
		k.log.Warn("a key of the issuer is not used", "issuer", k.issuer, "why", why)
	}
	k.end(err)
	return got.life, err
}

// begin marks that a fetch is under way, which answers every wish so far
func (k *remote) begin() {
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
func (k *remote) end(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
	close(k.underway)
	k.underway = nil
}

// wake has the keys fetched for one called kid, and returns what is closed when that is done. It returns the fetch under
// way if there is one, and nil when one that ended meanwhile has brought the key, or the last wish is too recent.
func (k *remote) wake(kid string) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.clock.now()
	switch set := k.keySet(); {
	case k.closed:
		return nil
	case k.underway != nil:
		return k.underway
	case set != nil && set.Lookup(kid) != nil:
		return nil
	case !k.asked.IsZero() && elapsed(k.asked, now) < kidCoolDown:
		return nil
	}
	k.asked = now
	k.start()
	return k.underway
}

// start has the keys fetched; the caller holds mu, and no fetch is under way
func (k *remote) start() {
	k.underway = make(chan struct{})
	k.ask <- struct{}{} // has room: begin took the last one before underway could be nil again
}

// withdraw forgets a key that ended early, so that it is not taken back from here when the issuer cannot be reached for longer
// than its ending is kept; and has the keys fetched, for the one that signs now. That is no stranger's wish, so it
// leaves the next unknown kid its own.
func (k *remote) withdraw(kid string) {
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
func (k *remote) find(ctx context.Context, kid string) (*jose.Key, *Error) {
	set := k.keySet()
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
	if set = k.keySet(); set == nil {
		return nil, noKeys("no keys, or too old ones")
	}
	return set.Lookup(kid), nil
}

// keySet returns the keys that may be used, or nil
func (k *remote) keySet() *jose.KeySet {
	held := k.held.Load()
	if held == nil || held.set.Len() == 0 || elapsed(held.at, k.clock.now()) > k.maxAge {
		return nil
	}
	return held.set
}

func (k *remote) current(now moment) *jose.KeySet {
	held := k.held.Load()
	if held == nil || now.wall+k.clock.slack >= held.until.wall || now.mono+k.clock.slack*1000 >= held.until.mono {
		return nil
	}
	return held.set
}

// elapsed is the time from a to b by whichever clock saw more of it: the monotonic one stops while a
// machine sleeps, the other one can be set back
func elapsed(a, b time.Time) time.Duration {
	return max(b.Sub(a), b.Round(0).Sub(a.Round(0)))
}

func (k *remote) news() (fetched time.Time, err error) {
	if held := k.held.Load(); held != nil {
		fetched = held.at
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return fetched, k.err
}

func (k *remote) close() {
	k.stop()
	<-k.finished
}

// fetched is what one fetch brought
type fetched struct {
	set     *jose.KeySet // nil: as before
	skipped []error
	life    time.Duration
}

// fetcher gets keys over HTTP. Its methods are called by one goroutine.
type fetcher struct {
	issuer string
	url    string // where the keys are; empty when not known yet
	found  bool   // url came from metadata, and is asked for again after a failure
	etag   string // of the keys last had
	client *http.Client
}
