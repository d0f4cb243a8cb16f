package verify_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/test/logtest"
	"github.com/handstamp/handstamp/verify"
	"github.com/handstamp/handstamp/verify/verifytest"
)

// TestBeforeFirstSnapshot answers 503 until it is known what ended, but on routes that chose
// otherwise (RV-19).
func TestBeforeFirstSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		s.end("ended")
		s.answer = func(r *http.Request) *http.Response {
			if strings.HasPrefix(r.URL.Path, "/v1/revocations") {
				return down(r)
			}
			return nil
		}
		v := mustNew(t, s.config())
		on := newRoutes(v)
		start := time.Now()
		on.want(t, sessionToken("a"), map[string]int{"accept": 200, "introspect": 200, "always ask": 200})
		if took := time.Since(start); took != 0 {
			t.Errorf("routes that need no snapshot waited %v, want no wait", took)
		}
		on.want(t, sessionToken("a"), map[string]int{"usual": 503})
		on.want(t, sessionToken("a"), map[string]int{"refuse": 503})
		if took := time.Since(start); took != 4*time.Second {
			t.Errorf("two requests waited %v, want 2 s each", took)
		}
		check(t, v, sessionToken("a"), verify.CodeRevocationsUnavailable)
		check(t, v, "garbage", verify.CodeInvalidToken)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start = time.Now()
		if _, err := v.Verify(ctx, sessionToken("a")); codeOf(err) != verify.CodeRevocationsUnavailable ||
			time.Since(start) != 0 {
			t.Errorf("Verify for a client who has gone = %v after %v, want no wait", err, time.Since(start))
		}
		var requests sync.WaitGroup
		for sid, want := range map[string]verify.Code{"ended": verify.CodeInvalidToken, "other": ""} {
			requests.Go(func() { check(t, v, sessionToken(sid), want) })
		}
		waitIdle()
		s.change(func() { s.answer = nil })
		requests.Wait() // the snapshot came while they waited, and ended one of them
		if at := time.Since(start); at > 5*time.Second {
			t.Errorf("the requests waited %v", at)
		}
	})
}

// TestNoFeed goes by tokens alone where there is no key for a feed, says so once, and asks nobody.
func TestNoFeed(t *testing.T) {
	for _, test := range []struct {
		name string
		keys verify.KeySource
		says bool
	}{
		{"keys from the network", nil, true},
		{"static keys", verify.StaticJWKS(publicJWKS()), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPublisher(t)
				var log logtest.Log
				c := p.config()
				c.Logger = slog.New(slog.NewTextHandler(&log, nil))
				token := p.token()
				if c.Keys = test.keys; c.Keys != nil {
					token = sessionToken("a")
				}
				v := mustNew(t, c)
				on := newRoutes(v)
				on.want(
					t,
					token,
					map[string]int{"usual": 200, "accept": 200, "refuse": 503, "introspect": 503, "always ask": 503},
				)
				feed := v.Status().Feed
				if feed.On || feed.Age != -1 || feed.StaleAccepted != 1 {
					t.Errorf("Status().Feed = %+v, want none, and one accepted that asked for a feed", feed)
				}
				p.mu.Lock()
				defer p.mu.Unlock()
				for path := range p.asked {
					if strings.Contains(path, "revocations") {
						t.Errorf("asked for %s without a key", path)
					}
				}
				if n := strings.Count(log.String(), "no service key"); n != 1 && test.says || n != 0 && !test.says {
					t.Errorf("the log says %d times that there is no feed:\n%s", n, &log)
				}
			})
		})
	}
}

// TestLoopbackNeedsNoKey follows the feed of an issuer on loopback without a key, and does without
// one where it has none, or wants a key.
func TestLoopbackNeedsNoKey(t *testing.T) {
	for name, test := range map[string]struct {
		answer *http.Response // to everything but keys; nil: a feed
		on     bool
		want   map[string]int
	}{
		"a feed":           {nil, true, map[string]int{"usual": 200, "refuse": 200, "always ask": 200}},
		"no feed":          {answerOf(404, nil, ""), false, map[string]int{"usual": 200, "accept": 200, "refuse": 503}},
		"wants a key":      {answerOf(401, nil, ""), false, map[string]int{"usual": 200, "accept": 200, "refuse": 503}},
		"wants no reading": {answerOf(405, nil, ""), false, map[string]int{"usual": 200, "accept": 200, "refuse": 503}},
		"answers with JSON": {answerOf(200, http.Header{"Content-Type": {"application/json"}}, "{}"), false,
			map[string]int{"usual": 200, "accept": 200, "refuse": 503}},
		"is down": {answerOf(502, nil, ""), true, map[string]int{"usual": 503, "accept": 200, "refuse": 503}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const local = "http://localhost:8787"
				s := newFeedServer()
				keys := publicJWKS()
				s.answer = func(r *http.Request) *http.Response {
					if r.URL.Path == "/jwks" {
						return answerOf(200, nil, string(keys))
					}
					if test.answer == nil {
						return nil
					}
					again := *test.answer
					return &again
				}
				c := s.config()
				c.Issuer, c.Keys, c.ServiceKey = local, verify.JWKS(local+"/jwks"), ""
				v := mustNew(t, c)
				claims := goodClaims().with("iss", quote(local)).
					with("iat", fmt.Sprint(time.Now().Unix())).
					with("exp", fmt.Sprint(time.Now().Unix()+600))
				newRoutes(v).want(t, forge(goodHeader("ES256"), claims), test.want)
				if feed := v.Status().Feed; feed.On != test.on {
					t.Errorf("Status().Feed.On = %v, want %v", feed.On, test.on)
				}
				for _, key := range s.keys {
					if key != "" {
						t.Errorf("Authorization = %q without a service key", key)
					}
				}
			})
		})
	}
}

// TestServiceKeys refuses what cannot be one, and prints none.
func TestServiceKeys(t *testing.T) {
	for _, key := range []string{"hsm_master", "x", "hsk_a b", "hsk_a\n", "hsk_ä", " hsk_a"} {
		c := testConfig()
		c.ServiceKey = key
		_, err := verify.New(context.Background(), c)
		if err == nil || !strings.Contains(err.Error(), "Config.ServiceKey") {
			t.Errorf("New with the service key %q = %v, want a refusal", key, err)
		} else if strings.Contains(err.Error(), key) && key != "x" {
			t.Errorf("the error holds the key: %v", err)
		}
	}
	iss := verifytest.NewIssuer(t)
	c := iss.Config()
	c.ServiceKey = "hsk_needless"
	if _, err := verify.New(context.Background(), c); err == nil || strings.Contains(err.Error(), "needless") {
		t.Errorf("New with the issuer's own memory and a service key = %v, want a refusal without the key", err)
	}
	c = testConfig()
	c.ServiceKey, c.HTTPClient = "hsk_hidden", &http.Client{Transport: newFeedServer()}
	v := mustNew(t, c)
	v.Close() // so that nothing changes what is printed
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		if text := fmt.Sprintf(verb, v); strings.Contains(text, "hidden") ||
			strings.Contains(text, fmt.Sprintf("%x", "hidden")) {
			t.Errorf("a verifier prints its service key with %s", verb)
		}
	}
}

// TestMaxStaleness decides by each policy, on an issuer in memory that is cut off (RV-04).
func TestMaxStaleness(t *testing.T) {
	iss := verifytest.NewIssuer(t)
	v := iss.Verifier(t)
	on := newRoutes(v)
	kept, ended := iss.Token(), iss.Token(verifytest.Session("ended"))
	all := map[string]int{"usual": 200, "accept": 200, "introspect": 200, "refuse": 200, "always ask": 200}
	on.want(t, kept, all)
	on.want(t, ended, map[string]int{"usual": 200, "accept": 200, "introspect": 200, "refuse": 200})
	iss.CutFeed()
	iss.End("ended")
	on.want(t, kept, map[string]int{"usual": 200, "accept": 200, "introspect": 200, "refuse": 503, "always ask": 200})
	on.want(t, ended, map[string]int{"usual": 200, "accept": 200, "introspect": 401, "refuse": 503, "always ask": 401})
	if feed := v.Status().Feed; feed.StaleAccepted != 4 || feed.Connected || feed.Age != -1 || feed.Introspected < 4 {
		t.Errorf("Status().Feed = %+v, want four accepted as stale, and four questions", feed)
	}
	iss.RestoreFeed()
	on.want(t, kept, all)
	on.want(t, ended, map[string]int{"usual": 401, "accept": 401, "introspect": 401, "refuse": 401, "always ask": 401})
	both := v.Require(
		hello,
		verify.MaxStaleness(time.Minute, verify.Accept),
		verify.MaxStaleness(time.Minute, verify.Refuse),
	)
	routes{"both": both}.want(t, kept, map[string]int{"both": 200})
	iss.CutFeed()
	routes{
		"both":    both,
		"unknown": v.Require(hello, verify.MaxStaleness(time.Minute, 7)),
	}.want(
		t,
		kept,
		map[string]int{"both": 503, "unknown": 503},
	)
}

// TestShortStaleness does not take the time between two heartbeats for a cut.
func TestShortStaleness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		v := following(t, s)
		on := routes{
			"short": v.Require(hello, verify.MaxStaleness(time.Millisecond, verify.Refuse)),
			"two":   v.Require(hello, verify.MaxStaleness(2*time.Second, verify.Refuse)),
		}
		for range 100 {
			time.Sleep(99 * time.Millisecond)
			on.want(t, sessionToken("a"), map[string]int{"short": 200, "two": 200})
		}
		s.change(func() { s.answer = down })
		s.cutStreams()
		time.Sleep(3100 * time.Millisecond)
		on.want(t, sessionToken("a"), map[string]int{"short": 503, "two": 503})
	})
}
