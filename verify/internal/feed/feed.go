// Package feed follows the issuer's log of what ended early (docs/protocol.md §6). It cannot make a
// token good: what it reads only ever adds to what is refused, and whoever relies on it asks how
// long ago that was known to be complete.
package feed

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
	"github.com/handstamp/handstamp/verify/internal/clock"
)

// When the feed is asked for again, and how long anyone waits for it.
const (
	MaxSilence      = 5 * time.Second        // without proof that nothing is missing, a stream is opened anew
	firstReconnect  = 100 * time.Millisecond // after a stream that worked
	longestFeedWait = time.Second            // between two attempts while the server is away
	refusedFeedWait = 30 * time.Second       // while it does not take our key
	firstWait       = 2 * time.Second        // the longest that a request waits for the first snapshot
	feedWarnings    = time.Minute            // between two log lines about the same trouble
	sweepEvery      = time.Minute
	sweepMargin     = 2 * time.Minute // for which endings are kept beyond their time: the clock may be set back
)

// Never is the age of what was never known to be complete.
const Never = time.Duration(math.MaxInt64)

// Options are what a Feed is made of.
type Options struct {
	Issuer   string // its URL
	Key      *ServiceKey
	Client   *http.Client
	Clock    *clock.Clock
	Log      *slog.Logger
	Counts   *Counts
	Withdraw func(kid string) // is called with each signing key that ended

	// StaleAccepted says how many tokens were accepted so far while endings may have been unknown,
	// for the log.
	StaleAccepted func() int64
}

// Counts is what a Feed counts.
type Counts struct {
	Reconnects atomic.Int64 // streams that ended
	Gaps       atomic.Int64 // times that entries were found to be missing
	Snapshots  atomic.Int64 // times that all of them were asked for
}

// Feed follows the log of one issuer. One goroutine does all reading, and is the only one that
// changes the set. Nobody who checks a token waits for it, but for the first snapshot.
type Feed struct {
	Options
	set   *revoked.Set
	stop  context.CancelFunc
	ended chan struct{} // closed when the goroutine has ended

	proof    atomic.Pointer[clock.Moment] // until when nothing is missing from set; nil: there was no snapshot yet
	declined atomic.Bool                  // there is no feed for us: we have no key, and the issuer wants one
	first    chan struct{}                // closed when it is known whether there is a feed
	known    sync.Once                    // closes first

	mu        sync.Mutex // guards err, connected
	err       error      // why the feed cannot be followed; nil when it can
	connected bool       // a stream is open, and was proved to be complete

	// Of the goroutine alone.
	swept  time.Time
	warned time.Time
	told   int64 // of StaleAccepted, in the log
	silent bool  // nothing was said of the trouble at hand yet
}

// Start begins to follow a feed.
func Start(ctx context.Context, o Options) *Feed {
	ctx, stop := context.WithCancel(ctx)
	o.Issuer = strings.TrimSuffix(o.Issuer, "/")
	f := &Feed{
		Options: o, set: revoked.NewSet(), stop: stop, ended: make(chan struct{}), first: make(chan struct{}),
		swept: o.Clock.Now(), silent: true,
	}
	go f.run(ctx)
	return f
}

// Set returns what has ended, as far as is known. The feed goes on adding to it.
func (f *Feed) Set() *revoked.Set { return f.set }

// Declined reports whether there is no feed for us: we have no key, and the issuer wants one.
func (f *Feed) Declined() bool { return f.declined.Load() }

// Begun reports whether there was a snapshot.
func (f *Feed) Begun() bool { return f.proof.Load() != nil }

// Connection reports whether a stream is open that was proved to be complete, and why not.
func (f *Feed) Connection() (connected bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.connected, f.err
}

// Close ends the goroutine.
func (f *Feed) Close() {
	f.stop()
	<-f.ended
}

// run follows one stream after the other until ctx ends
func (f *Feed) run(ctx context.Context) {
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
		f.Counts.Reconnects.Add(1)
	}
}

// reconnectAfter is how long to wait after so many failures in a row. No two verifiers wait equally
// long, so that those of a server which was restarted do not all come back at once.
func (f *Feed) reconnectAfter(failures int, err error) time.Duration {
	wait := min(firstReconnect<<min(failures, 10), longestFeedWait)
	if f.refused(err) {
		wait = refusedFeedWait
	}
	return time.Duration(float64(wait) * (0.5 + rand.Float64()/2))
}

// note keeps how the last stream ended
func (f *Feed) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err, f.connected = err, false
}

// connect notes that a stream is complete
func (f *Feed) connect() {
	f.mu.Lock()
	news := !f.connected
	f.err, f.connected = nil, true
	f.mu.Unlock()
	if news && !f.silent {
		f.silent = true
		f.Log.Info("the revocation feed is back", "issuer", f.Issuer)
	}
}

// decide ends the wait for a first snapshot where a server that wants a key was asked without
// one. It is asked again all the same: it may have become one that wants none.
func (f *Feed) decide(err error) {
	if f.Key != nil || !f.refused(err) || f.proof.Load() != nil {
		return
	}
	if !f.declined.Swap(true) {
		f.Log.Info(
			"no revocation feed: sessions that end early are accepted until their tokens expire",
			"issuer",
			f.Issuer,
			"error",
			err,
		)
	}
	f.known.Do(func() { close(f.first) })
}

// refused reports whether the server does not take us for a service: it wants another key than
// ours, or has no feed for whom has none
func (f *Feed) refused(err error) bool {
	switch status, _ := errors.AsType[StatusError](err); {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return true
	case status == http.StatusTooManyRequests || status >= 500:
		return false
	default: // all else is somebody who does not know what we want
		return f.Key == nil && (status != 0 || errors.Is(err, errNoStream))
	}
}

// warn tells the log of trouble that lasts, and of what was let through meanwhile; once a minute
func (f *Feed) warn(err error) {
	now := f.Clock.Now()
	brief := f.Age(f.Clock.At(now)) < MaxSilence && !f.refused(err)
	if f.declined.Load() || brief || !f.silent && clock.Elapsed(f.warned, now) < feedWarnings {
		return
	}
	accepted := f.StaleAccepted()
	f.Log.Warn(
		"the revocation feed cannot be followed",
		"issuer",
		f.Issuer,
		"error",
		err,
		"accepted_meanwhile",
		accepted-f.told,
	)
	f.warned, f.told, f.silent = now, accepted, false
}

// prove notes that nothing which ended until at is missing from the set. What was proved before
// stays so.
func (f *Feed) prove(at clock.Moment) {
	if before := f.proof.Load(); before == nil || at.Mono >= before.Mono {
		f.proof.Store(&at)
	}
	f.declined.Store(false)
	f.known.Do(func() { close(f.first) })
}

// forget has the keys forget one that ended
func (f *Feed) forget(e revoked.Entry) {
	if e.Kind == revoked.Key {
		f.Withdraw(e.ID)
	}
}

// Age returns how long ago the set was last proved to be complete, by whichever clock saw more of
// it, or Never.
func (f *Feed) Age(now clock.Moment) time.Duration {
	at := f.proof.Load()
	if at == nil {
		return Never
	}
	return at.Until(now)
}

// Await waits until it is known whether there is a feed, but not for long, and reports whether it
// is.
func (f *Feed) Await(ctx context.Context) bool {
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
func (f *Feed) tidy() {
	now := f.Clock.Now()
	if clock.Elapsed(f.swept, now) >= sweepEvery {
		f.swept = now
		f.set.Sweep(now.Add(-sweepMargin).Unix())
	}
}

// ServiceKey is what opens the feed. It is behind a pointer, because fmt prints any other field for
// some verb or other.
type ServiceKey struct{ text *string }

// String keeps the key out of logs, whatever the verb.
func (k *ServiceKey) String() string { return "ServiceKey(secret)" }

// GoString is String: %#v prints no secret either.
func (k *ServiceKey) GoString() string { return k.String() }

// Sign puts the key on a request, if there is one.
func (k *ServiceKey) Sign(r *http.Request) {
	if k != nil {
		r.Header.Set("Authorization", "Bearer "+*k.text)
	}
}

// NewServiceKey returns the key that text is, or nil for an empty one.
func NewServiceKey(text string) *ServiceKey {
	if text == "" {
		return nil
	}
	return &ServiceKey{&text}
}

// CheckServiceKey refuses what cannot be a service key, without repeating it.
func CheckServiceKey(key string) error {
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
