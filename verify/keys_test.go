package verify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// publisher is an issuer in memory whose answers a test decides, and counts. It is an
// http.RoundTripper.
type publisher struct {
	mu       sync.Mutex // guards all below
	metadata string
	keys     []*jose.PrivateKey
	header   http.Header                      // of the key set
	down     error                            // what every request meets; nil: an answer
	delay    time.Duration                    // before every answer
	asked    map[string]int                   // host and path → how often
	answered func(path string) *http.Response // in place of all above, unless it is nil or returns nil
}

// newPublisher publishes one new key.
func newPublisher(t *testing.T) *publisher {
	p := &publisher{
		metadata: `{"issuer":` + quote(issuer) + `,"jwks_uri":` + quote(issuer+"/jwks") + `}`,
		header:   http.Header{"Cache-Control": {"public, max-age=300"}},
		asked:    map[string]int{},
	}
	p.add(t)
	return p
}

// add publishes one more key, which signs from now on.
func (p *publisher) add(t *testing.T) {
	t.Helper()
	key, err := jose.Generate(jose.ES256)
	if err != nil {
		t.Fatal(err)
	}
	p.change(func() { p.keys = append([]*jose.PrivateKey{key}, p.keys...) })
}

// change does f while no request looks.
func (p *publisher) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// count is how often the key set was asked for.
func (p *publisher) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked["auth.example.com/jwks"]
}

// token is one that the newest key signs at this time.
func (p *publisher) token() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tokenOf(p.keys[0])
}

// tokenOf is one that this key signs at this time.
func (p *publisher) tokenOf(key *jose.PrivateKey) string {
	claims := goodClaims().with("iat", fmt.Sprint(time.Now().Unix())).
		with("exp", fmt.Sprint(time.Now().Add(10*time.Minute).Unix()))
	return sign(key, members{"alg": `"ES256"`, "kid": quote(key.ID()), "typ": `"at+jwt"`}.String(), claims.String())
}

// RoundTrip answers one request.
func (p *publisher) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	delay := p.delay
	p.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[r.URL.Host+r.URL.Path]++
	if p.down != nil {
		return nil, p.down
	}
	answer := p.answer(r)
	answer.Request = r
	return answer, nil
}

// answer is what a request gets while the issuer is up
func (p *publisher) answer(r *http.Request) *http.Response {
	if p.answered != nil {
		if answer := p.answered(r.URL.Path); answer != nil {
			return answer
		}
	}
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server":
		return answerOf(http.StatusOK, nil, p.metadata)
	case "/jwks":
		if etag := p.header.Get("ETag"); etag != "" && r.Header.Get("If-None-Match") == etag {
			return answerOf(http.StatusNotModified, p.header, "")
		}
		var keys []*jose.Key
		for _, key := range p.keys {
			keys = append(keys, key.Public())
		}
		return answerOf(http.StatusOK, p.header, string(jose.NewKeySet(keys...).JSON()))
	}
	return answerOf(http.StatusNotFound, nil, "")
}

// answerOf is a response.
func answerOf(status int, header http.Header, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: header.Clone(), Body: io.NopCloser(strings.NewReader(body))}
}

// config trusts the publisher by its metadata, and has the clock of the bubble.
func (p *publisher) config() verify.Config {
	c := testConfig()
	c.Keys, c.Now, c.HTTPClient = nil, nil, &http.Client{Transport: p}
	return c
}

// check verifies a token and wants this code; empty wants it accepted.
func check(t *testing.T, v *verify.Verifier, token string, want verify.Code) {
	t.Helper()
	if _, err := v.Verify(t.Context(), token); codeOf(err) != want {
		t.Errorf("Verify = %q (%v), want %q", codeOf(err), errors.Unwrap(err), want)
	}
}

// TestKeysArrive waits for the first keys, which are there for the first request.
func TestKeysArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		p.delay = 500 * time.Millisecond
		v := mustNew(t, p.config())
		check(t, v, p.token(), "")
		if s := v.Status(); len(s.KeyIDs) != 1 || s.KeysFetched.IsZero() || s.KeysError != nil {
			t.Errorf("Status = %+v, want one key", s)
		}
		if p.count() != 1 {
			t.Errorf("%d fetches, want 1", p.count())
		}
	})
}

// TestRotationIsSeamless publishes a key at least max-age before it signs: nobody is refused, and
// no request has to wait for it (KY-04).
func TestRotationIsSeamless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		v := mustNew(t, p.config())
		for range 10 {
			old := p.keys[0]
			p.add(t)
			for range 30 { // the old key goes on signing for max-age
				check(t, v, p.tokenOf(old), "")
				time.Sleep(10 * time.Second)
			}
			before := p.count()
			check(t, v, p.token(), "")
			if p.count() != before {
				t.Error("the new key had to be fetched when it was first used")
			}
		}
	})
}

// TestRefreshBeforeMaxAge fetches before the keys' life runs out, and not much more often.
func TestRefreshBeforeMaxAge(t *testing.T) {
	for _, test := range []struct {
		name     string
		header   http.Header
		min, max int // fetches in an hour
	}{
		{"5 min", http.Header{"Cache-Control": {"public, max-age=300"}}, 13, 16},
		{"in capitals", http.Header{"Cache-Control": {"Public", "MAX-AGE=300"}}, 13, 16},
		{"not said", http.Header{}, 13, 16},
		{"nonsense", http.Header{"Cache-Control": {"max-age=x"}}, 13, 16},
		{"a day", http.Header{"Cache-Control": {"max-age=86400"}}, 2, 2},
		{"a century", http.Header{"Cache-Control": {"max-age=3155760000"}}, 2, 16},
		{"none", http.Header{"Cache-Control": {"max-age=0"}}, 130, 165},
		{"almost used up in a cache", http.Header{"Cache-Control": {"max-age=86400"}, "Age": {"86100"}}, 13, 16},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPublisher(t)
				p.header = test.header
				mustNew(t, p.config())
				time.Sleep(time.Hour)
				synctest.Wait()
				if n := p.count(); n < test.min || n > test.max {
					t.Errorf("%d fetches in an hour, want %d to %d", n, test.min, test.max)
				}
			})
		})
	}
}

// TestUnknownKid fetches once for a key that appeared out of turn, and once for a flood (JV-25).
func TestUnknownKid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		v := mustNew(t, p.config())
		check(t, v, p.token(), "")
		p.add(t)
		check(t, v, p.token(), "")
		if p.count() != 2 {
			t.Fatalf("%d fetches, want 2: at start, and for the new key", p.count())
		}
		flood(t, v, 100)
		if p.count() != 2 {
			t.Errorf("%d fetches right after, want no more", p.count())
		}
		time.Sleep(10 * time.Second)
		flood(t, v, 10_000)
		if p.count() != 3 {
			t.Errorf("%d fetches after 10 s and 10,000 unknown kids, want 3", p.count())
		}
		check(t, v, p.token(), "")
	})
}

// flood verifies n tokens at once that all name unknown keys.
func flood(t *testing.T, v *verify.Verifier, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			header := goodHeader("ES256").with("kid", quote(fmt.Sprint("kid", i)))
			token := jose.EncodeBase64(
				[]byte(header.String()),
			) + "." + jose.EncodeBase64(
				[]byte("{}"),
			) + "." + strings.Repeat(
				"A",
				86,
			)
			if _, err := v.Verify(context.Background(), token); codeOf(err) != verify.CodeInvalidToken {
				t.Errorf("Verify = %v, want invalid_token", err)
			}
		})
	}
	all.Wait()
}

// TestNoFetchForNonsense asks the issuer nothing for tokens that no key could save.
func TestNoFetchForNonsense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		v := mustNew(t, p.config())
		check(t, v, p.token(), "")
		tried := 0
		for _, a := range attacks(t) {
			switch a.why { // what is found out before any key is looked for
			case "alg", "must be understood", "typ is not at+jwt", "bytes long", "three parts":
				check(t, v, a.token, verify.CodeInvalidToken)
				tried++
			}
		}
		if p.count() != 1 || tried < 50 {
			t.Errorf("%d fetches for %d tokens, want 1 for at least 50", p.count(), tried)
		}
	})
}

// TestEmbeddedKeysAreNotFetched sends tokens that point to keys, and finds nobody asked but the
// issuer (JV-04).
func TestEmbeddedKeysAreNotFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		v := mustNew(t, p.config())
		for _, a := range embeddedKeyAttacks() {
			check(t, v, a.token, verify.CodeInvalidToken)
			time.Sleep(time.Minute)
		}
		p.change(func() {
			for from := range p.asked {
				if from != "auth.example.com/jwks" &&
					from != "auth.example.com/.well-known/oauth-authorization-server" {
					t.Errorf("%s was asked", from)
				}
			}
		})
	})
}

// TestWithdrawnKey refuses a key's tokens from the next refresh on.
func TestWithdrawnKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		v := mustNew(t, p.config())
		old := p.keys[0]
		check(t, v, p.token(), "")
		p.add(t)
		p.change(func() { p.keys = p.keys[:1] })
		time.Sleep(5 * time.Minute)
		check(t, v, p.tokenOf(old), verify.CodeInvalidToken)
		check(t, v, p.token(), "")
	})
}

// TestEmptyKeySet has an issuer publish no key that can be used, after a good one: that is a fault
// of its server's, and no answer. The keys it had go on for as long as when it cannot be reached,
// and Status says what is wrong.
func TestEmptyKeySet(t *testing.T) {
	for name, text := range map[string]string{
		"no key":            `{"keys":[]}`,
		"none that we know": `{"keys":[{"kty":"OKP","crv":"X448","kid":"k","x":"AA","alg":"none"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPublisher(t)
				v := mustNew(t, p.config())
				check(t, v, p.token(), "")
				p.change(func() {
					p.answered = func(path string) *http.Response {
						if path != "/jwks" {
							return nil
						}
						return &http.Response{
							StatusCode: http.StatusOK,
							Header:     p.header,
							Body:       io.NopCloser(strings.NewReader(text)),
						}
					}
				})
				time.Sleep(10 * time.Minute)
				check(t, v, p.token(), "")
				if s := v.Status(); s.KeysError == nil || len(s.KeyIDs) != 1 {
					t.Errorf("Status = %v, %v, want the key and what is wrong", s.KeyIDs, s.KeysError)
				}
				time.Sleep(24 * time.Hour)
				check(t, v, p.token(), verify.CodeKeysUnavailable)
				p.change(func() { p.answered = nil })
				time.Sleep(2 * time.Minute)
				check(t, v, p.token(), "")
			})
		})
	}
}

// TestClosedVerifier fetches no more, makes nobody wait, and still knows its keys.
func TestClosedVerifier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		v := mustNew(t, p.config())
		check(t, v, p.token(), "")
		v.Close()
		fetches := p.count()
		check(t, v, p.token(), "")
		p.add(t)
		start := time.Now()
		check(t, v, p.token(), verify.CodeInvalidToken)
		if time.Since(start) != 0 || p.count() != fetches {
			t.Errorf("waited %v for %d fetches after Close", time.Since(start), p.count()-fetches)
		}
	})
}
