package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
)

// Status is how a verifier fares, for a page or a health check.
type Status struct {
	Issuer      string
	KeyIDs      []string  // the keys it can check with; empty means that every token is answered 503
	KeysFetched time.Time // when they were last had from the issuer; zero when they are not fetched
	KeysError   error     // why they could not be had since; nil when they could
	Endings     int       // how many sessions, users and so on are known to have ended early
}

// Status returns how v fares at the moment.
func (v *Verifier) Status() Status {
	s := Status{Issuer: v.config.Issuer}
	s.KeysFetched, s.KeysError = v.keys.news()
	if set := v.keys.keySet(); set != nil {
		for _, key := range set.Keys() {
			s.KeyIDs = append(s.KeyIDs, key.ID())
		}
	}
	if v.revoked != nil {
		s.Endings = v.revoked.Len()
	}
	return s
}

// Metrics counts what a verifier did since it was made. It is an expvar.Var:
//
//	expvar.Publish("handstamp", v.Metrics())
type Metrics struct {
	names    []string // in the order of Do
	counters map[string]*atomic.Int64
}

// The names of counters that are no codes of refusals.
const (
	metricAccepted    = "accepted"
	metricKeyFetches  = "key_fetches"
	metricKeyFailures = "key_failures"
)

// newMetrics makes counters for all that can happen
func newMetrics() *Metrics {
	m := &Metrics{counters: map[string]*atomic.Int64{}}
	for _, name := range []string{
		metricAccepted,
		string(CodeMissingToken), string(CodeInvalidToken), string(CodeTokenExpired), string(CodeInvalidRequest),
		string(CodeCrossOrigin), string(CodeScopeMissing), string(CodeRoleMissing), string(CodeReauthentication),
		string(CodeKeysUnavailable),
		metricKeyFetches, metricKeyFailures,
	} {
		m.names = append(m.names, name)
		m.counters[name] = new(atomic.Int64)
	}
	return m
}

// add counts one
func (m *Metrics) add(name string) { m.counters[name].Add(1) }

// Do calls f with each counter, always in the same order: accepted, one for each code of refusal, and those
// of the fetching of keys.
func (m *Metrics) Do(f func(name string, value int64)) {
	for _, name := range m.names {
		f(name, m.counters[name].Load())
	}
}

// String is the counters as a JSON object.
func (m *Metrics) String() string {
	b := []byte{'{'}
	m.Do(func(name string, value int64) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(jose.AppendString(b, name), ':')
		b = jose.AppendInt(b, value)
	})
	return string(append(b, '}'))
}

// Metrics returns v's counters, which go on counting.
func (v *Verifier) Metrics() *Metrics { return v.metrics }

// settle counts and logs a decision once it is final, and completes the refusal. A nil e is an acceptance.
func (v *Verifier) settle(e *Error, token string) *Error {
	if e == nil {
		v.metrics.add(metricAccepted)
		return nil
	}
	e.realm = v.config.Audience
	v.metrics.add(string(e.Code))
	if log := v.config.Logger; e.Code != CodeMissingToken && log.Enabled(context.Background(), slog.LevelDebug) {
		log.Debug("access refused", "code", string(e.Code), "token", fingerprint(token), "why", e.cause)
	}
	return e
}

// fingerprint tells tokens apart in a log without giving one away
func fingerprint(token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:6])
}
