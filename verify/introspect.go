package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify/internal/cache"
	"github.com/handstamp/handstamp/verify/internal/clock"
	"github.com/handstamp/handstamp/verify/internal/feed"
)

// What asking the server about tokens may take.
const (
	introspectPath = "/oauth2/introspect"
	askTimeout     = 2 * time.Second // waiting for others included
	maxAsks        = 16              // at once
	maxAskAnswer   = 64 << 10        // bytes
	askWarnings    = time.Minute     // between two log lines that say that it cannot be asked
)

// newCaller makes the client for what needs a service key: the feed, and asking about tokens. A
// stream lasts for as long as it proves itself, so there is no time limit here; each use has its
// own. No redirect is followed: the key is for the issuer alone.
func newCaller(c Config) *http.Client {
	client := http.Client{}
	if c.HTTPClient != nil {
		client = *c.HTTPClient
	}
	if client.Transport == nil {
		client.Transport = newTransport()
	}
	client.Timeout = 0
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// newTransport is the usual transport with HTTP/1.1 only: a stream that was cut off takes its
// connection with it, and the next one begins with a new connection, to another node perhaps. With
// HTTP/2 it would wait on the dead one.
func newTransport() *http.Transport {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if usual, ok := http.DefaultTransport.(*http.Transport); ok {
		t = usual.Clone()
	}
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.MaxIdleConnsPerHost = maxAsks
	return t
}

// asker asks the server whether tokens are active (RFC 7662)
type asker struct {
	url     string
	key     *feed.ServiceKey
	client  *http.Client
	clock   *clock.Clock
	log     *slog.Logger
	metrics *Metrics
	slots   chan struct{} // holds one for each question under way
	warned  atomic.Int64  // when the log was last told of a failure, by the monotonic clock; 0: never
}

// newAsker asks the issuer of v
func newAsker(v *Verifier) *asker {
	return &asker{
		url: strings.TrimSuffix(v.config.Issuer, "/") + introspectPath, key: v.service, client: v.caller,
		clock: v.clock, log: v.config.Logger, metrics: v.metrics, slots: make(chan struct{}, maxAsks),
	}
}

// introspect asks the server about a good token. A server that cannot be asked has not said yes.
func (v *Verifier) introspect(ctx context.Context, k *cache.Entry) *Error {
	asked := v.clock.Moment()
	v.metrics.add(countIntrospections)
	active, err := v.asker.ask(ctx, k.Token())
	switch {
	case err != nil:
		v.metrics.add(countIntrospectFailures)
		if ctx.Err() == nil { // else it is the client who went away
			v.asker.warn(err)
		}
		e := outOfDate("the server cannot be asked")
		e.cause = fmt.Errorf("introspection: %w", err)
		return e
	case !active:
		return ofSigned(CodeInvalidToken, errors.New("the server says that it is not active"), v.session(k))
	}
	k.Asked.Store(&asked)
	return nil
}

// confirmed reports whether the server said of k at most d ago that it is active
func (v *Verifier) confirmed(k *cache.Entry, d time.Duration) bool {
	asked := k.Asked.Load()
	return asked != nil && asked.Until(v.clock.Moment()) <= d
}

// ask asks about one token
func (a *asker) ask(ctx context.Context, token string) (active bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-ctx.Done():
		return false, fmt.Errorf("%d questions are under way: %w", maxAsks, ctx.Err())
	}
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}.Encode() // RFC 7662 §2.1
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, strings.NewReader(form))
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	a.key.Sign(request)
	answer, err := a.client.Do(request)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return false, feed.StatusError(answer.StatusCode)
	}
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind != "application/json" {
		return false, fmt.Errorf("the server answered %.40q", kind)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAskAnswer))
	if err != nil {
		return false, err
	}
	return parseActive(string(body))
}

// parseActive reads the answer about a token (RFC 7662 §2.2)
func parseActive(text string) (active bool, err error) {
	said := false
	r := jose.NewReader(text)
	for name := range r.Object() {
		if name == "active" {
			active, said = r.Bool(), true
		}
	}
	if !said {
		r.Fail("active is missing")
	}
	return active, r.Close()
}

// warn tells the log that the server cannot be asked, once a minute
func (a *asker) warn(err error) {
	now, last := max(a.clock.Moment().Mono, 1), a.warned.Load()
	if last != 0 && max(now-last, last-now) < int64(askWarnings) || !a.warned.CompareAndSwap(last, now) {
		return
	}
	a.log.Warn(
		"the server cannot be asked about tokens, answered with 503",
		"code",
		string(CodeRevocationsUnavailable),
		"error",
		err,
	)
}
