package verification

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/bench/peers"
	handstamp "github.com/handstamp/handstamp/verify"
)

// Request is the name of the group that measures what a check costs a whole request.
const Request = "request"

// The cases of a request.
const (
	requestBare       = "a bare handler"
	requestRepeat     = "`Require`, a token seen before"
	requestFirst      = "`Require`, a token never seen before"
	requestGolang     = "golang-jwt, which keeps nothing"
	requestRedis      = "a look-up in Redis"
	requestPostgres   = "a look-up in PostgreSQL"
	requestIntrospect = "asking a server about the token (RFC 7662)"
)

// Requests makes the cases of whole requests over one connection on loopback, each of which is let
// through. done ends what they need.
func Requests(pool *Pool) (cases []Case, done func(), err error) {
	var ends []func()
	done = func() {
		for i := range ends {
			ends[len(ends)-1-i]()
		}
	}
	checks, err := requestChecks(pool, func(end func()) { ends = append(ends, end) })
	if err != nil {
		done()
		return nil, nil, err
	}
	for _, c := range checks {
		server := httptest.NewServer(c.handler)
		ends = append(ends, server.Close)
		client := &http.Client{Transport: &http.Transport{}}
		one := Case{Group: Request, Name: c.name, Goroutines: 1}
		tokens := []string{strings.Clone(pool.Tokens[0])}
		if c.name == requestFirst {
			tokens = pool.Tokens
		}
		one.Prepare = func() (Work, func(), error) {
			c.renew()
			return func(from, n int) error {
				for i := from; i < from+n; i++ {
					if err := send(client, server.URL, tokens[i%len(tokens)]); err != nil {
						return err
					}
				}
				return nil
			}, nil, nil
		}
		if c.name == requestFirst {
			one.Most = len(tokens)
		}
		cases = append(cases, one)
	}
	return cases, done, nil
}

// send sends one request, which must be let through
func send(client *http.Client, url, token string) error {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %d", answer.StatusCode)
	}
	return nil
}

// checked is a handler behind one way to check requests
type checked struct {
	name    string
	handler http.Handler
	renew   func() // before each round
}

// requestChecks makes them; each calls later with what ends it
func requestChecks(pool *Pool, later func(end func())) ([]checked, error) {
	ctx := context.Background()
	good := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "good") })
	cache, err := startRedis()
	if err != nil {
		return nil, err
	}
	later(cache.Close)
	db, err := startPostgres(ctx)
	if err != nil {
		return nil, err
	}
	later(db.Close)
	golang, err := peers.GolangJWT().New(*pool.Trust)
	if err != nil {
		return nil, err
	}
	asking, end, err := introspecting(pool, good)
	if err != nil {
		return nil, err
	}
	later(end)
	// behind lets a request through when look finds no fault
	behind := func(name string, look func(r *http.Request) error) checked {
		return checked{name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := look(r); err != nil {
				http.Error(w, err.Error(), http.StatusUnauthorized)
				return
			}
			good(w, r)
		}), func() {}}
	}
	repeat, err := requireBy(pool, good)
	if err != nil {
		return nil, err
	}
	first := &renewed{}
	return []checked{
		{requestBare, good, func() {}},
		{requestRepeat, repeat, func() {}},
		{requestFirst, first, func() { first.Handler, _ = requireBy(pool, good) }},
		behind(requestGolang, func(r *http.Request) error {
			return golang.Verify(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		}),
		behind(requestRedis, func(*http.Request) error { _, err := cache.get(lookupID); return err }),
		behind(requestPostgres, func(r *http.Request) error { _, err := db.get(r.Context(), lookupID); return err }),
		{requestIntrospect, asking, func() {}},
	}, nil
}

// renewed is a handler that is made anew for each round
type renewed struct{ http.Handler }

// requireBy is a handler behind a verifier that has seen no token
func requireBy(pool *Pool, h http.Handler) (http.Handler, error) {
	v, err := handstamp.New(context.Background(), handstamp.Config{
		Issuer: mint.Issuer, Audience: mint.Audience, Keys: handstamp.StaticJWKS(pool.Trust.JWKS()),
	})
	if err != nil {
		return nil, err
	}
	return v.Require(h), nil
}

// toServer sends all requests to one server, whatever they call it
type toServer struct{ to *url.URL }

// RoundTrip is as http.RoundTripper has it.
func (t toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = t.to.Scheme, t.to.Host
	return http.DefaultTransport.RoundTrip(r)
}

// introspecting is a handler that asks a server on loopback about each token, which says yes at
// once
func introspecting(pool *Pool, h http.Handler) (http.Handler, func(), error) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"active":true}`)
	}))
	to, err := url.Parse(server.URL)
	if err != nil {
		return nil, nil, err
	}
	v, err := handstamp.New(context.Background(), handstamp.Config{
		Issuer: mint.Issuer, Audience: mint.Audience, Keys: handstamp.StaticJWKS(pool.Trust.JWKS()),
		HTTPClient: &http.Client{Transport: toServer{to}, Timeout: time.Minute},
	})
	if err != nil {
		return nil, nil, err
	}
	return v.Require(h, handstamp.MaxStaleness(0, handstamp.Introspect)), server.Close, nil
}
