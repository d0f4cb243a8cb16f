package verify_test

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/test/logtest"
	"github.com/handstamp/handstamp/verify"
)

// routes are a verifier's, one for each policy.
type routes map[string]http.Handler

// newRoutes makes them.
func newRoutes(v *verify.Verifier) routes {
	return routes{
		"usual":      v.Require(hello),
		"accept":     v.Require(hello, verify.MaxStaleness(5*time.Second, verify.Accept)),
		"introspect": v.Require(hello, verify.MaxStaleness(5*time.Second, verify.Introspect)),
		"refuse":     v.Require(hello, verify.MaxStaleness(5*time.Second, verify.Refuse)),
		"always ask": v.Require(hello, verify.MaxStaleness(0, verify.Introspect)),
	}
}

// want asks each route with a token, and wants these statuses.
func (r routes) want(t *testing.T, token string, statuses map[string]int) {
	t.Helper()
	for name, want := range statuses {
		w := ask(r[name], "GET", "/", "Authorization", "Bearer "+token)
		if w.Code != want {
			t.Errorf("route %q = %d %s, want %d", name, w.Code, w.Body, want)
		}
		if w.Code == http.StatusServiceUnavailable &&
			(w.Header().Get("Retry-After") != "2" || !strings.Contains(w.Body.String(), "revocations_unavailable")) {
			t.Errorf("route %q = %v %s, want revocations_unavailable with Retry-After", name, w.Header(), w.Body)
		}
	}
}

// down is a server that cannot be reached.
func down(*http.Request) *http.Response { return answerOf(http.StatusBadGateway, nil, "") }

// TestServerGoneForAnHour goes on by each route's policy, and recovers by itself (RV-04).
func TestServerGoneForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		v := following(t, s)
		on := newRoutes(v)
		good := map[string]int{"usual": 200, "accept": 200, "introspect": 200, "refuse": 200, "always ask": 200}
		on.want(t, sessionToken("a"), good)

		s.change(func() { s.answer = down })
		s.cutStreams()
		time.Sleep(4 * time.Second)
		on.want(
			t,
			sessionToken("a"),
			map[string]int{"usual": 200, "accept": 200, "introspect": 200, "refuse": 200, "always ask": 503},
		)
		if n := v.Status().Feed.StaleAccepted; n != 0 {
			t.Errorf("%d accepted as stale within 5 s, want none", n)
		}
		time.Sleep(2 * time.Second)
		for range 3 {
			on.want(
				t,
				sessionToken("a"),
				map[string]int{"usual": 200, "accept": 200, "introspect": 503, "refuse": 503, "always ask": 503},
			)
		}
		feed := v.Status().Feed
		if feed.Connected || feed.Error == nil || feed.StaleAccepted != 6 || feed.Age < 5*time.Second ||
			v.Status().Refused[verify.CodeRevocationsUnavailable] != 10 {
			t.Errorf("Status = %+v, %v, want six accepted, and ten refused", feed, v.Status().Refused)
		}
		s.end("a", "b") // nobody hears of it
		time.Sleep(time.Hour)
		on.want(t, sessionToken("a"), map[string]int{"usual": 200, "accept": 200, "introspect": 503, "refuse": 503})
		if _, n := s.last(); n > 1 {
			t.Errorf("%d streams, want the first alone", n)
		}
		if n := v.Status().Feed.Reconnects; n < 60*60 || n > 2*60*60 {
			t.Errorf("%d attempts in an hour, want one every 0.5 to 1 s", n)
		}
		s.change(func() { s.answer = nil })
		time.Sleep(5 * time.Second)
		on.want(t, sessionToken("c"), good)
		for _, sid := range []string{"a", "b"} {
			check(t, v, sessionToken(sid), verify.CodeInvalidToken)
		}
		if feed := v.Status().Feed; !feed.Connected || feed.Error != nil || feed.Snapshots != 1 {
			t.Errorf("Status().Feed = %+v, want it connected, and resumed without a second snapshot", feed)
		}
		if last, _ := s.last(); last != "1000.0" {
			t.Errorf("Last-Event-ID = %q, want where it was", last)
		}
	})
}

// TestSilentServer is cut off and opened anew when it sends bytes and proves nothing.
func TestSilentServer(t *testing.T) {
	for name, stream := range map[string]func(c *connection){
		"nothing":        func(c *connection) { c.begin(); <-c.request.Context().Done() },
		"comments":       func(c *connection) { c.begin(); noise(c, ": still here\n\n") },
		"half a line":    func(c *connection) { c.begin(); noise(c, ":") },
		"unknown events": func(c *connection) { c.begin(); noise(c, "event: hello\ndata: {}\n\n") },
		"heartbeats from back": func(c *connection) {
			c.begin()
			noise(c, "event: heartbeat\ndata: {\"epoch\":999,\"seq\":7,\"at\":1}\n\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFeedServer()
				s.stream = stream
				v := mustNew(t, s.config())
				on := newRoutes(v)
				waitIdle()
				on.want(t, sessionToken("a"), map[string]int{"refuse": 200}) // by the snapshot
				time.Sleep(4900 * time.Millisecond)
				on.want(t, sessionToken("a"), map[string]int{"refuse": 200})
				if _, n := s.last(); n != 1 {
					t.Errorf("%d streams within 5 s, want one", n)
				}
				s.change(
					func() { s.stream = func(c *connection) { <-c.request.Context().Done() } },
				) // the next one: no reset, no snapshot
				time.Sleep(time.Second)
				on.want(t, sessionToken("a"), map[string]int{"refuse": 503, "usual": 200})
				if _, n := s.last(); n != 2 {
					t.Errorf("%d streams after 5 s, want a second", n)
				}
				if err := v.Status().Feed.Error; err == nil || !strings.Contains(err.Error(), "silent") {
					t.Errorf("Error = %v, want that it was silent", err)
				}
				s.change(func() { s.stream = nil })
				time.Sleep(6 * time.Second)
				on.want(t, sessionToken("a"), map[string]int{"refuse": 200})
			})
		})
	}
}

// noise sends text every half second.
func noise(c *connection, text string) {
	for c.raw("%s", text); c.sleep(500 * time.Millisecond); {
		c.raw("%s", text)
	}
}

// TestLateHeartbeats counts how old a heartbeat is when it comes, although the clocks differ by a
// minute: what waited on the way, or in the memory of a verifier that stood still, proves what was
// so then.
func TestLateHeartbeats(t *testing.T) {
	for _, skew := range []time.Duration{0, time.Minute, -time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFeedServer()
				s.stream = func(c *connection) {
					c.heartbeat(1000, 0, time.Now().Add(skew))
					for c.sleep(4 * time.Second) {
						c.heartbeat(1000, 0, time.Now().Add(skew-3*time.Second))
					}
				}
				v := mustNew(t, s.config())
				time.Sleep(4 * time.Second)
				waitIdle()
				if age := v.Status().Feed.Age; age != 3*time.Second {
					t.Errorf("age when a heartbeat of 3 s ago came = %v, want 3 s", age)
				}
			})
		})
	}
}

// TestOlderBackup follows a log that began anew, and forgets nothing that ended in the old one
// (RV-03).
func TestOlderBackup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		s.end("one", "two", "three")
		v := following(t, s)
		s.change(func() { s.log, s.epoch = s.log[:1], 2000 }) // two and three are lost, and the server knows
		s.cutStreams()
		time.Sleep(time.Second)
		waitIdle()
		if feed := v.Status().Feed; feed.Epoch != 2000 || feed.Seq != 1 || !feed.Connected || feed.Snapshots != 2 {
			t.Errorf("Status().Feed = %+v, want position 2000.1 after another snapshot", feed)
		}
		s.end("four")
		for _, sid := range []string{"one", "two", "three", "four"} {
			wantCode(t, v, sessionToken(sid), verify.CodeInvalidToken)
		}
		check(t, v, sessionToken("five"), "")
	})
}

// TestRollback refuses a log and a snapshot of before, from whomever they come: it is not fresh
// then, and says why (RV-03).
func TestRollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		s.end("one", "two")
		v := following(t, s)
		on := newRoutes(v)
		old := []func(){
			func() { s.epoch, s.log = 1000, s.log[:1] },                                // less of the same log
			func() { s.epoch, s.log = 999, nil },                                       // an older one
			func() { s.epoch, s.log = 999, append(s.log, s.entry("x"), s.entry("y")) }, // longer than ours
		}
		for i, roll := range old {
			s.change(roll)
			s.cutStreams()
			time.Sleep(6 * time.Second)
			feed := v.Status().Feed
			if feed.Epoch != 1000 || feed.Seq != 2 || feed.Connected || feed.Error == nil ||
				!strings.Contains(feed.Error.Error(), "before") {
				t.Errorf("%d: Status().Feed = %+v, want it where it was", i, feed)
			}
			on.want(t, sessionToken("a"), map[string]int{"refuse": 503, "usual": 200})
			check(t, v, sessionToken("two"), verify.CodeInvalidToken)
		}
		s.change(func() { s.epoch, s.log = 1001, nil })
		time.Sleep(6 * time.Second)
		on.want(t, sessionToken("a"), map[string]int{"refuse": 200})
		check(t, v, sessionToken("two"), verify.CodeInvalidToken)
	})
}

// TestTwoNodes takes turns between a node that is ahead and one that lags: what one has told stays
// told, and a node that is behind proves nothing.
func TestTwoNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		s.end("one")
		v := following(t, s)
		s.end("two")
		waitIdle()
		s.change(
			func() {
				// The node that lags does not know of two; it takes a resume beyond its head for
				// what will come.
				s.stream = func(c *connection) { heartbeats(c, 1) }
			},
		)
		s.cutStreams()
		time.Sleep(3 * time.Second)
		waitIdle()
		if feed := v.Status().Feed; feed.Age < 3*time.Second || feed.Seq != 2 {
			t.Errorf("Status().Feed = %+v, want a node that is behind to prove nothing", feed)
		}
		check(t, v, sessionToken("two"), verify.CodeInvalidToken)
		time.Sleep(3 * time.Second)
		waitIdle()
		if _, n := s.last(); n != 3 {
			t.Errorf("%d streams, want the node that is behind to be left after 5 s", n)
		}
		s.change(func() { s.stream = nil })
		s.end("three")
		time.Sleep(6 * time.Second)
		waitIdle()
		if feed := v.Status().Feed; feed.Age > 2*time.Second || feed.Seq != 3 || feed.Snapshots != 1 {
			t.Errorf("Status().Feed = %+v, want it resumed at the other node", feed)
		}
	})
}

// TestWrongServiceKey says so once, keeps trying slowly, and works as soon as the key does.
func TestWrongServiceKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		var mu sync.Mutex
		tries := 0
		s.answer = func(r *http.Request) *http.Response {
			mu.Lock()
			defer mu.Unlock()
			tries++
			return answerOf(http.StatusUnauthorized, nil, `{"code":"invalid_service_key"}`)
		}
		var log logtest.Log
		c := s.config()
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		v := mustNew(t, c)
		newRoutes(
			v,
		).want(t, sessionToken("a"),
			map[string]int{"usual": 503, "accept": 200, "introspect": 503, "refuse": 503, "always ask": 503})
		feed := v.Status().Feed
		if !feed.On || feed.Connected || feed.Error == nil || !strings.Contains(feed.Error.Error(), "401") ||
			feed.Age != -1 {
			t.Errorf("Status().Feed = %+v, want 401 and no age", feed)
		}
		mu.Lock()
		tries = 0
		mu.Unlock()
		time.Sleep(10 * time.Minute)
		mu.Lock()
		if tries < 20 || tries > 40 {
			t.Errorf("%d attempts in 10 min, want one every 15 to 30 s", tries)
		}
		mu.Unlock()
		if n := strings.Count(log.String(), "the revocation feed cannot be followed"); n < 5 || n > 12 {
			t.Errorf("%d warnings in 10 min, want one a minute:\n%s", n, &log)
		}
		if strings.Contains(log.String(), "hsk_") {
			t.Error("the log holds the service key")
		}
		s.change(func() { s.answer = nil })
		time.Sleep(31 * time.Second)
		newRoutes(v).want(t, sessionToken("a"), map[string]int{"usual": 200, "refuse": 200})
		if !strings.Contains(log.String(), "the revocation feed is back") {
			t.Errorf("the log does not say that the feed is back:\n%s", &log)
		}
	})
}
