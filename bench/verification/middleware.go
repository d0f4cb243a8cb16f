package verification

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/bench/page"
	handstamp "github.com/handstamp/handstamp/verify"
)

// Middleware is the name of the group that measures our middleware around a token seen before.
const Middleware = "middleware"

// The cases of the middleware.
const (
	bareHandler   = "a bare handler"
	withContext   = "a bare handler, and http.Request.WithContext"
	verifyAndWith = "a bare handler, Verify and http.Request.WithContext"
	require       = "a handler behind Require"
)

// bare is a handler that does nothing. It is a variable, so that the compiler cannot know that and
// leave out what is done for it.
var bare http.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// Behind makes the cases of a handler without us before it, with a call of Verify, and with our
// middleware.
func Behind(pool *Pool) ([]Case, error) {
	v, err := handstamp.New(context.Background(), handstamp.Config{
		Issuer: mint.Issuer, Audience: mint.Audience, Keys: handstamp.StaticJWKS(pool.Trust.JWKS()),
	})
	if err != nil {
		return nil, err
	}
	token := strings.Clone(pool.Warm) // as in a request: never the very bytes that are remembered
	if _, err := v.Verify(context.Background(), pool.Warm); err != nil {
		return nil, err
	}
	r := httptest.NewRequest(http.MethodGet, mint.Audience+"/things", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, 1)
	var cases []Case
	add := func(name string, h http.Handler) {
		work := func(_, n int) error {
			for range n {
				h.ServeHTTP(nothing{}, r)
			}
			return nil
		}
		cases = append(
			cases,
			Case{
				Group:      Middleware,
				Name:       name,
				Goroutines: 1,
				Prepare:    func() (Work, func(), error) { return work, nil, nil },
			},
		)
	}
	with := func(w http.ResponseWriter, r *http.Request) { bare.ServeHTTP(w, r.WithContext(ctx)) }
	add(bareHandler, bare)
	add(withContext, http.HandlerFunc(with))
	add(verifyAndWith, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := v.Verify(r.Context(), token); err != nil {
			w.WriteHeader(http.StatusUnauthorized) // which fails the measurement
		}
		with(w, r)
	}))
	add(require, v.Require(bare))
	return cases, nil
}

// often is the plan of this group: turns a twentieth as long, and as many more. Where memory is
// taken, a collection of garbage takes longer than all that is compared here, and the turn that it
// falls into says little; so it shall fall into few of them. What it costs goes with the bytes that
// are taken. Nobody hears of so many rounds: all are over in seconds.
func (p Plan) often() Plan {
	const times = 20
	return Plan{Rounds: times * p.Rounds, Slice: p.Slice / times}
}

// beyond is what Require takes beyond finding the token and handing a context on, round by round
func (r Results) beyond() page.Spread {
	of := func(name string) []Sample { return r.find(Middleware, name, "", 1).Samples }
	var rest []float64
	for i, whole := range of(require) {
		rest = append(rest, whole.Nanos-of(verifyAndWith)[i].Nanos)
	}
	return page.SpreadOf(rest)
}

// nothing is a response that goes nowhere
type nothing struct{}

// Header is empty.
func (nothing) Header() http.Header { return http.Header{} }

// Write takes everything.
func (nothing) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader fails the measurement: nothing is answered where all goes well.
func (nothing) WriteHeader(status int) { panic(fmt.Sprintf("verify: answered with %d", status)) }
