package verify

import (
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify/internal/cache"
	"github.com/handstamp/handstamp/verify/internal/clock"
	"github.com/handstamp/handstamp/verify/internal/feed"
	"github.com/handstamp/handstamp/verify/internal/keyset"
)

// Status is how a verifier fares, for a page or a health check.
type Status struct {
	Issuer      string
	KeyIDs      []string  // the keys it can check with; empty means that every token is answered 503
	KeysFetched time.Time // when they were last had from the issuer; zero when they are not fetched
	KeysError   error     // why they could not be had since; nil when they could
	Endings     int       // how many sessions, users and so on are known to have ended early
	Feed        FeedStatus
	Cache       CacheStatus

	Accepted int64          // how many requests and tokens were let through since it was made
	Refused  map[Code]int64 // and how many were not, by code; all codes are there
}

// FeedStatus is how a verifier hears of what ended early.
type FeedStatus struct {
	On        bool          // there is a feed, or the issuer's own memory; else tokens are good until they expire
	Connected bool          // the feed is being followed at the moment; always so in the issuer's own memory
	Error     error         // why not, since it last was; nil when it is
	Epoch     int64         // of the issuer's log, in Unix milliseconds; 0 before the first snapshot
	Seq       int64         // of the last ending that is known, with all before it
	Age       time.Duration // how long ago that was last known to be all; negative: never

	StaleAccepted    int64 // good tokens that were let through although endings may have been unknown
	Introspected     int64 // questions to the server about a token
	IntrospectErrors int64 // and how many of them had no answer
	Reconnects       int64 // streams that ended
	Gaps             int64 // times that entries were found to be missing
	Snapshots        int64 // times that all of them were asked for
}

// feedStatus is the feed's part of Status
func (v *Verifier) feedStatus() FeedStatus {
	m := v.metrics
	s := FeedStatus{
		StaleAccepted: m.get(countStaleAccepted), Introspected: m.get(countIntrospections),
		IntrospectErrors: m.get(countIntrospectFailures), Reconnects: m.get(countFeedReconnects),
		Gaps: m.get(countFeedGaps), Snapshots: m.get(countFeedSnapshots),
	}
	if s.Age = v.age(v.clock.Moment()); s.Age == feed.Never {
		s.Age = -1
	}
	if v.revoked == nil {
		return s
	}
	s.Epoch, s.Seq = v.revoked.Position()
	if v.feed == nil {
		s.On, s.Connected = true, s.Age >= 0
		return s
	}
	s.On = !v.feed.Declined()
	s.Connected, s.Error = v.feed.Connection()
	return s
}

// CacheStatus is how the memory of verified tokens fares.
type CacheStatus struct {
	Tokens    int   // how many are remembered
	Bytes     int64 // in how many bytes
	Limit     int64 // of how many; negative: nothing is remembered
	Hits      int64 // good tokens that were remembered
	Misses    int64 // good tokens that had to be checked
	Evictions int64 // tokens that were forgotten before they expired, for others
	Full      int64 // tokens that were not remembered, because their user has very many
}

// Status returns how v fares at the moment.
func (v *Verifier) Status() Status {
	m := v.metrics
	s := Status{Issuer: v.config.Issuer, Accepted: m.get(countAccepted), Refused: map[Code]int64{}}
	s.KeysFetched, s.KeysError = v.keys.News()
	if set := v.keys.Current(v.clock.Moment()); set != nil {
		for _, key := range set.Keys() {
			s.KeyIDs = append(s.KeyIDs, key.ID())
		}
	}
	if v.revoked != nil {
		s.Endings = v.revoked.Len()
	}
	for code, a := range answers {
		s.Refused[code] = m.get(a.counter)
	}
	s.Feed = v.feedStatus()
	used := v.cache.Usage()
	s.Cache = CacheStatus{
		Tokens: used.Tokens, Bytes: used.Bytes, Limit: v.config.CacheBytes, Hits: m.get(countCacheHits),
		Misses: m.get(countCacheMisses), Evictions: used.Evictions, Full: used.Full,
	}
	return s
}

// counter is one of the things that Metrics counts
type counter int

// All counters, in the order of Metrics.Do.
const (
	countAccepted counter = iota
	countMissingToken
	countInvalidToken
	countTokenExpired
	countInvalidRequest
	countCrossOrigin
	countScopeMissing
	countRoleMissing
	countReauthentication
	countKeysUnavailable
	countTooManyBadTokens
	countKeyFetches
	countKeyFailures
	countCacheHits
	countCacheMisses
	countCacheEvictions
	countCacheFull
	countRevocationsUnavailable
	countStaleAccepted
	countIntrospections
	countIntrospectFailures
	countFeedReconnects
	countFeedGaps
	countFeedSnapshots
	gaugeFeedEpoch
	gaugeFeedSeq
	gaugeFeedAge
	counters
)

// counterNames are the names that counters have outside; a counter without a name is not shown.
// Names are never changed, and none of them comes from a request.
var counterNames = [counters]string{
	countAccepted:         "accepted",
	countMissingToken:     string(CodeMissingToken),
	countInvalidToken:     string(CodeInvalidToken),
	countTokenExpired:     string(CodeTokenExpired),
	countInvalidRequest:   string(CodeInvalidRequest),
	countCrossOrigin:      string(CodeCrossOrigin),
	countScopeMissing:     string(CodeScopeMissing),
	countRoleMissing:      string(CodeRoleMissing),
	countReauthentication: string(CodeReauthentication),
	countKeysUnavailable:  string(CodeKeysUnavailable),
	countTooManyBadTokens: string(CodeTooManyBadTokens),
	countKeyFetches:       "key_fetches",
	countKeyFailures:      "key_failures",
	countCacheHits:        "cache_hits",
	countCacheMisses:      "cache_misses",
	countCacheEvictions:   "cache_evictions",
	countCacheFull:        "cache_full",

	countRevocationsUnavailable: string(CodeRevocationsUnavailable),
	countStaleAccepted:          "stale_accepted",
	countIntrospections:         "introspections",
	countIntrospectFailures:     "introspection_failures",
	countFeedReconnects:         "feed_reconnects",
	countFeedGaps:               "feed_gaps",
	countFeedSnapshots:          "feed_snapshots",
	gaugeFeedEpoch:              "feed_epoch",
	gaugeFeedSeq:                "feed_seq",
	gaugeFeedAge:                "feed_age_ms",
}

// Metrics counts what a verifier did since it was made. It is an expvar.Var:
//
//	expvar.Publish("handstamp", v.Metrics())
type Metrics struct {
	values  [counters]atomic.Int64 // of what is counted here
	keys    keyset.Counts
	endings feed.Counts
	cache   *cache.Cache
	clock   *clock.Clock
	feed    *feed.Feed // nil: there is none
}

// newMetrics makes counters for all that can happen
func newMetrics() *Metrics { return new(Metrics) }

// add counts one
func (m *Metrics) add(c counter) { m.values[c].Add(1) }

// get returns how often something was counted, or what a gauge shows
func (m *Metrics) get(c counter) int64 {
	switch c {
	case countKeyFetches:
		return m.keys.Fetches.Load()
	case countKeyFailures:
		return m.keys.Failures.Load()
	case countCacheEvictions:
		return m.cache.Usage().Evictions
	case countCacheFull:
		return m.cache.Usage().Full
	case countFeedReconnects:
		return m.endings.Reconnects.Load()
	case countFeedGaps:
		return m.endings.Gaps.Load()
	case countFeedSnapshots:
		return m.endings.Snapshots.Load()
	case gaugeFeedEpoch, gaugeFeedSeq, gaugeFeedAge:
		return m.gauge(c)
	}
	return m.values[c].Load()
}

// gauge returns one of the numbers of the feed, if there is one
func (m *Metrics) gauge(c counter) int64 {
	if m.feed == nil {
		if c == gaugeFeedAge {
			return -1
		}
		return 0
	}
	epoch, seq := m.feed.Set().Position()
	switch c {
	case gaugeFeedEpoch:
		return epoch
	case gaugeFeedSeq:
		return seq
	}
	if age := m.feed.Age(m.clock.Moment()); age != feed.Never {
		return age.Milliseconds()
	}
	return -1
}

// Do calls f with each counter, always in the same order: accepted, one for each code of refusal,
// those of the fetching of keys, those of the cache, and those of the feed: its position (0 when
// there is none), and its age (-1 before the first snapshot, and when there is no feed).
func (m *Metrics) Do(f func(name string, value int64)) {
	for c, name := range counterNames {
		if name != "" {
			f(name, m.get(counter(c)))
		}
	}
}

// String is the counters as a JSON object.
func (m *Metrics) String() string {
	o := jose.NewWriter(1024)
	m.Do(o.Int)
	return string(o.Close())
}

// Metrics returns v's counters, which go on counting.
func (v *Verifier) Metrics() *Metrics { return v.metrics }
