package verify

import (
	"context"
	"errors"
	"time"

	"github.com/handstamp/handstamp/verify/internal/cache"
	"github.com/handstamp/handstamp/verify/internal/clock"
	"github.com/handstamp/handstamp/verify/internal/feed"
	"github.com/handstamp/handstamp/verify/internal/keyset"
)

// WhenStale is what a route does while this verifier may not have heard of the newest endings. The
// zero value is the safest.
type WhenStale int

// What there is to do. See MaxStaleness.
const (
	Refuse     WhenStale = iota // answer 503 until the feed is back
	Introspect                  // ask the server about each token (RFC 7662); 503 when it cannot be asked
	Accept                      // go by the token alone, until it expires
)

// How old what we know of endings may be.
const (
	// shortestStaleness is the least that a feed can keep: between two of its heartbeats lie 2 s
	// and what a slow server adds, which falls silent at 3 s.
	shortestStaleness = 3 * time.Second
	// usualStaleness is what counts as stale on routes that do not say.
	usualStaleness = feed.MaxSilence
)

// MaxStaleness demands that what this verifier knows of endings is at most d old, and says what to
// do when it is older, because the feed is cut off or there is none: Refuse, Introspect or Accept.
// While the feed is connected, endings take effect within a second; d says how long a lost
// connection may go unnoticed. A d of less than 3 s is taken for 3 s, because the feed proves
// itself every 2 s.
//
// MaxStaleness(0, Introspect) relies on no feed at all: it asks the server about each request, like
// a plain server-side session. With a longer d, the server's answer about a token is good for d.
//
// A route without this demand accepts, and counts as stale after 5 s; but it answers 503 before the
// first snapshot of a feed. A verifier without a service key has no feed: routes without this
// demand then go by the token alone, and those with it do as if the feed was cut off.
func MaxStaleness(d time.Duration, then WhenStale) Demand {
	always := d <= 0 && then == Introspect
	return Demand{func(p *policy) { p.stale = append(p.stale, staleness{max(d, shortestStaleness), then, always}) }}
}

// staleness is one demand by MaxStaleness
type staleness struct {
	limit  time.Duration
	then   WhenStale
	always bool // ask on each request
}

// listen begins to follow the issuer's feed, if there is one, and says so if there is none although
// it would be of use
func (v *Verifier) listen(ctx context.Context) {
	switch v.config.Keys.(type) {
	case discovered, listed:
		if v.service == nil && !keyset.Loopback(v.issuer.Hostname()) {
			v.config.Logger.Info(
				"no service key: sessions that end early are accepted until their tokens expire",
				"issuer", v.config.Issuer,
			)
			return
		}
	default:
		if v.service == nil || v.revoked != nil {
			return
		}
	}
	v.feed = feed.Start(ctx, feed.Options{
		Issuer: v.config.Issuer, Key: v.service, Client: v.caller, Clock: v.clock, Log: v.config.Logger,
		Counts: &v.metrics.endings, Withdraw: v.keys.Withdraw,
		StaleAccepted: func() int64 { return v.metrics.get(countStaleAccepted) },
	})
	v.revoked = v.feed.Set()
}

// upToDate holds a token that is good now to what its route demands of our knowledge of endings
func (v *Verifier) upToDate(ctx context.Context, p *policy, k *cache.Entry, now clock.Moment) *Error {
	for _, s := range p.stale {
		if e := v.meet(ctx, s, k); e != nil {
			return e
		}
	}
	if len(p.stale) > 0 || v.feed == nil && v.memory == nil {
		return nil
	}
	return v.usual(ctx, k, now)
}

// usual is upToDate where a route demands nothing, and there is a feed or a memory that can be cut
// off. Once there was a snapshot it only counts, so now may be when the token was found to be good.
func (v *Verifier) usual(ctx context.Context, k *cache.Entry, now clock.Moment) *Error {
	if v.age(now) <= usualStaleness {
		return nil
	}
	if v.feed != nil && !v.feed.Begun() {
		if v.feed.Declined() {
			return nil // plain JWT
		}
		return v.beginning(ctx, k)
	}
	v.metrics.add(countStaleAccepted)
	return nil
}

// beginning lets a token wait for the first snapshot, which may have ended it
func (v *Verifier) beginning(ctx context.Context, k *cache.Entry) *Error {
	switch {
	case !v.feed.Await(ctx):
		return outOfDate("no snapshot of what ended yet")
	case v.revoked.Revoked(identity(k)):
		return v.ended(v.session(k))
	}
	return nil
}

// meet holds a good token to one demand
func (v *Verifier) meet(ctx context.Context, s staleness, k *cache.Entry) *Error {
	if s.always {
		return v.introspect(ctx, k)
	}
	age := v.age(v.clock.Moment())
	if age == feed.Never && s.then == Refuse && v.feed != nil {
		if e := v.beginning(ctx, k); e != nil {
			return e
		}
		age = v.age(v.clock.Moment())
	}
	switch {
	case age <= s.limit:
		return nil
	case s.then == Accept:
		v.metrics.add(countStaleAccepted)
		return nil
	case s.then == Introspect:
		if v.confirmed(k, s.limit) {
			return nil
		}
		return v.introspect(ctx, k)
	}
	return outOfDate("the revocation feed is cut off")
}

// age is how long before now we were last sure to know of all endings
func (v *Verifier) age(now clock.Moment) time.Duration {
	switch {
	case v.feed != nil:
		return v.feed.Age(now)
	case v.memory != nil && v.memory.FeedIsCut(), v.revoked == nil:
		return feed.Never
	}
	return 0 // the issuer's own memory
}

// outOfDate is the refusal while endings may be unknown
func outOfDate(why string) *Error {
	e := newError(CodeRevocationsUnavailable, errors.New(why))
	e.RetryAfter = retryFeed
	return e
}

// retryFeed is how soon it is worth to ask again then: after the next heartbeat
const retryFeed = 2 * time.Second
