package verify

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// When the feed is asked for again, and how long anyone waits for it.
const (
	cutAfter        = 5 * time.Second        // without proof that nothing is missing, a stream is cut off and opened anew
	firstReconnect  = 100 * time.Millisecond // after a stream that worked
	longestFeedWait = time.Second            // between two attempts while the server is away: it is back for all within the bound
	refusedFeedWait = 30 * time.Second       // while it does not take our key
	firstWait       = 2 * time.Second        // the longest that a request waits for the first snapshot
	feedWarnings    = time.Minute            // between two log lines about the same trouble
	sweepEvery      = time.Minute
	sweepMargin     = 2 * time.Minute // for which endings are kept beyond their time: the clock may be set back
)

// never is the age of what was never heard
const never = time.Duration(math.MaxInt64)

// feed follows the issuer's log of what ended early (docs/protocol.md §6). One goroutine does all reading, and is
// the only one that changes the set. Nobody who checks a token waits for it, but for the first snapshot.
type feed struct {
	issuer  string // without a slash at its end
	key     *serviceKey
	client  *http.Client
	clock   *clock
	log     *slog.Logger
	metrics *Metrics
	set     *revoked.Set
	keys    *remote // that forget what ended; nil: they are not fetched
	stop    context.CancelFunc
	ended   chan struct{} // closed when the goroutine has ended

	proof    atomic.Pointer[moment] // until when nothing that ended is missing from set; nil: there was no snapshot yet
	declined atomic.Bool            // there is no feed for us: we have no key, and the issuer wants one
	first    chan struct{}          // closed when it is known whether there is a feed
	known    sync.Once              // closes first

	mu        sync.Mutex // guards err, connected
	err       error      // why the feed cannot be followed; nil when it can
	connected bool       // a stream is open, and was proved to be complete

	// Of the goroutine alone.
	swept  time.Time
	warned time.Time
	told   int64 // of countStaleAccepted, in the log
	silent bool  // nothing was said of the trouble at hand yet
}

// startFeed begins to follow the feed of v's issuer
func startFeed(ctx context.Context, v *Verifier) *feed {
	ctx, stop := context.WithCancel(ctx)
	f := &feed{
		issuer:  strings.TrimSuffix(v.config.Issuer, "/"),
		key:     v.service,
		client:  v.caller,
		clock:   v.clock,
		log:     v.config.Logger,
		metrics: v.metrics,
		set:     revoked.NewSet(),
		stop:    stop,
		ended:   make(chan struct{}),
		first:   make(chan struct{}),
		swept:   v.clock.now(),
		silent:  true,
	}
	f.keys, _ = v.keys.(*remote)
	go f.run(ctx)
	return f
}

// close ends the goroutine
func (f *feed) close() {
	f.stop()
	<-f.ended
}

// run follows one stream after the other until ctx ends
func (f *feed) run(ctx context.Context) {
	defer close(f.ended)
	failures := 0
	for {
		good, err := f.follow(ctx)
		if ctx.Err() != nil {
			f.note(ctx.Err())
			return
		}
		if good {
			failures = 0
		}
		f.note(err)
		f.decide(err)
		f.warn(err)
		timer := time.NewTimer(f.reconnectAfter(failures, err))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		failures++
		f.tidy()
		f.metrics.add(countFeedReconnects)
	}
}

// reconnectAfter is how long to wait after so many failures in a row. No two verifiers wait equally long, so that
// those of a server which was restarted do not all come back at once.
func (f *feed) reconnectAfter(failures int, err error) time.Duration {
	wait := min(firstReconnect<<min(failures, 10), longestFeedWait)
	if f.refused(err) {
		wait = refusedFeedWait
	}
	return time.Duration(float64(wait) * (0.5 + rand.Float64()/2))
}

// note keeps how the last stream ended
func (f *feed) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err, f.connected = err, false
}

// connect notes that a stream is complete
func (f *feed) connect() {
	f.mu.Lock()
	news := !f.connected
	f.err, f.connected = nil, true
	f.mu.Unlock()
	if news && !f.silent {
		f.silent = true
		f.log.Info("the revocation feed is back", "issuer", f.issuer)
	}
}

// decide gives up waiting for a first snapshot where a server that wants a key was asked without one. It is asked again
// all the same: it may have become one that wants none.
func (f *feed) decide(err error) {
	if f.key != nil || !f.refused(err) || f.proof.Load() != nil {
		return
	}
	if !f.declined.Swap(true) {
		f.log.Info("no revocation feed: sessions that end early are accepted until their tokens expire", "issuer", f.issuer, "why", err)
	}
	f.known.Do(func() { close(f.first) })
}

// refused reports whether the server does not take us for a service: it wants another key than ours, or has no feed for
// whom has none
func (f *feed) refused(err error) bool {
	switch status, _ := errors.AsType[statusError](err); {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return true
	case status == http.StatusTooManyRequests || status >= 500:
		return false
	default: // all else is somebody who does not know what we want
		return f.key == nil && (status != 0 || errors.Is(err, errNoStream))
	}
}

// warn tells the log of trouble that lasts, and of what was let through meanwhile; once a minute
func (f *feed) warn(err error) {
	now := f.clock.now()
	brief := f.age(f.clock.moment(now)) < cutAfter && !f.refused(err)
	if f.declined.Load() || brief || !f.silent && elapsed(f.warned, now) < feedWarnings {
		return
	}
	accepted := f.metrics.get(countStaleAccepted)
	f.log.Warn("the revocation feed cannot be followed", "issuer", f.issuer, "error", err, "accepted_meanwhile", accepted-f.told)
	f.warned, f.told, f.silent = now, accepted, false
}

// prove notes that nothing which ended until at is missing from the set. What was proved before stays so.
func (f *feed) prove(at moment) {
	if before := f.proof.Load(); before == nil || at.mono >= before.mono {
		f.proof.Store(&at)
	}
	f.declined.Store(false)
	f.known.Do(func() { close(f.first) })
}

// forget has the keys forget one that ended
func (f *feed) forget(e revoked.Entry) {
	if e.Kind == revoked.Key && f.keys != nil {
		f.keys.withdraw(e.ID)
	}
}

// age is how long ago the set was last proved to be complete, by whichever clock saw more of it
func (f *feed) age(now moment) time.Duration {
	at := f.proof.Load()
	if at == nil {
		return never
	}
	return at.until(now)
}

// until is the time from m to a later moment, by whichever clock saw more of it; never negative. A clock that was set
// back does not make old news new: the monotonic one goes on.
func (m moment) until(later moment) time.Duration {
	return max(time.Duration(later.wall-m.wall)*time.Microsecond, time.Duration(later.mono-m.mono), 0)
}

// begun waits until it is known whether there is a feed, but not for long, and reports whether it is
func (f *feed) begun(ctx context.Context) bool {
	select {
	case <-f.first:
		return true
	default:
	}
	timer := time.NewTimer(firstWait)
	defer timer.Stop()
	select {
	case <-f.first:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// tidy drops what has expired, now and then
func (f *feed) tidy() {
	now := f.clock.now()
	if elapsed(f.swept, now) >= sweepEvery {
		f.swept = now
		f.set.Sweep(now.Add(-sweepMargin).Unix())
	}
}

// serviceKey is what opens the feed. It is behind a pointer, because fmt prints any other field for some verb or
// other.
type serviceKey struct{ text *string }

// String keeps the key out of logs, whatever the verb.
func (k *serviceKey) String() string { return "ServiceKey(secret)" }

// GoString is String: %#v prints no secret either.
func (k *serviceKey) GoString() string { return k.String() }

// sign puts the key on a request, if there is one
func (k *serviceKey) sign(r *http.Request) {
	if k != nil {
		r.Header.Set("Authorization", "Bearer "+*k.text)
	}
}

// newServiceKey takes a key out of a Config; nil for none
func newServiceKey(text string) *serviceKey {
	if text == "" {
		return nil
	}
	return &serviceKey{&text}
}

// checkServiceKey refuses what cannot be a service key, without repeating it
func checkServiceKey(key string) error {
	switch {
	case key == "":
		return nil
	case !strings.HasPrefix(key, "hsk_"):
		return errors.New("it does not begin with hsk_; handstamp service create makes one")
	case strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c >= 0x7F }):
		return errors.New("it holds a blank, a line end or a character beyond ASCII")
	}
	return nil
}
