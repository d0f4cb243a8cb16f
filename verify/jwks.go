package verify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
)

// When keys are fetched, and how long a request waits for them.
const (
	kidCoolDown   = 10 * time.Second // between two fetches for unknown kids
	kidWait       = 2 * time.Second  // the longest that a token waits for one
	minRefresh    = 30 * time.Second
	maxRefresh    = time.Hour
	noMaxAge      = 5 * time.Minute // the life of keys whose answer does not say
	firstRetry    = time.Second
	longestRetry  = time.Minute
	retryKeysHint = 2 * time.Second // Retry-After while there are none
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
	now      func() time.Time
	log      *slog.Logger
	metrics  *Metrics
	maxAge   time.Duration // beyond which kept keys are not used
	stop     context.CancelFunc
	finished chan struct{} // closed when the goroutine has ended
	ask      chan struct{} // asks the goroutine to fetch now; holds one

	mu       sync.Mutex    // guards all below
	set      *jose.KeySet  // the last good keys; nil before the first
	fetched  time.Time     // when they were had
	err      error         // why they could not be had since
	underway chan struct{} // closed when the fetch at hand ends; nil when there is none
	asked    time.Time     // when an unknown kid last made them be fetched
}

// startRemote begins to fetch from keyURL, or from where the issuer's metadata says when it is empty
func startRemote(ctx context.Context, v *Verifier, keyURL string) *remote {
	ctx, stop := context.WithCancel(ctx)
	k := &remote{
		fetcher:  newFetcher(v.config, keyURL),
		now:      v.config.Now,
		log:      v.config.Logger,
		metrics:  v.metrics,
		maxAge:   v.config.MaxKeyAge,
		stop:     stop,
		finished: make(chan struct{}),
		ask:      make(chan struct{}, 1),
		underway: make(chan struct{}),
	}
	go k.run(ctx)
	return k
}

// run fetches until ctx ends: before the keys' max-age runs out, when asked, and after
// failures at growing intervals
func (k *remote) run(ctx context.Context) {
	defer close(k.finished)
	failures := 0
	for {
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
		if ctx.Err() != nil {
			return
		}
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
	k.mu.Lock()
	if k.underway == nil {
		k.underway = make(chan struct{})
	}
	k.mu.Unlock()

	k.metrics.add(metricKeyFetches)
	got, err := k.fetch(ctx)

	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.underway)
	k.underway = nil
	k.err = err
	if err != nil {
		if ctx.Err() == nil {
			k.metrics.add(metricKeyFailures)
			k.log.Warn("keys of the issuer cannot be had", "issuer", k.issuer, "error", err)
		}
		return 0, err
	}
	for _, why := range got.skipped {
		k.log.Warn("a key of the issuer is not used", "issuer", k.issuer, "why", why)
	}
	if got.set != nil {
		k.set = got.set
	}
	k.fetched = k.now()
	return got.life, nil
}

// current returns the keys that may be used, or nil
func (k *remote) current() *jose.KeySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.set == nil || k.set.Len() == 0 || elapsed(k.fetched, k.now()) > k.maxAge {
		return nil
	}
	return k.set
}

// elapsed is the time from a to b by whichever clock saw more of it: the monotonic one stops while a
// machine sleeps, the other one can be set back
func elapsed(a, b time.Time) time.Duration {
	return max(b.Sub(a), b.Round(0).Sub(a.Round(0)))
}

// find looks kid up, and has the keys fetched once if it is not there
func (k *remote) find(ctx context.Context, kid string) (*jose.Key, *Error) {
	set := k.current()
	if set != nil {
		if key := set.Lookup(kid); key != nil {
			return key, nil
		}
	}
	if fetching := k.wake(); fetching != nil {
		timer := time.NewTimer(kidWait)
		defer timer.Stop()
		select {
		case <-fetching:
		case <-timer.C:
		case <-ctx.Done():
		}
		set = k.current()
	}
	if set == nil {
		e := newError(CodeKeysUnavailable, errors.New("no keys, or too old ones"))
		e.RetryAfter = retryKeysHint
		return nil, e
	}
	return set.Lookup(kid), nil
}

// wake has the keys fetched, and returns what is closed when that is done. It returns the fetch under way if
// there is one, and nil when the last such wish is too recent.
func (k *remote) wake() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.underway != nil {
		return k.underway
	}
	if now := k.now(); k.asked.IsZero() || elapsed(k.asked, now) >= kidCoolDown {
		k.asked = now
		k.underway = make(chan struct{})
		k.ask <- struct{}{} // has room: underway was nil, so the last wish was taken
		return k.underway
	}
	return nil
}

func (k *remote) keySet() *jose.KeySet { return k.current() }

func (k *remote) news() (time.Time, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.fetched, k.err
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
