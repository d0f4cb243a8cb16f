package verify_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/verify"
)

// waitIdle waits until everything that can happen at this time has happened.
func waitIdle() { synctest.Wait() }

// following is a verifier that follows a server's feed, and has its first snapshot.
func following(t *testing.T, s *feedServer, c ...verify.Config) *verify.Verifier {
	t.Helper()
	v := mustNew(t, append(c, s.config())[0])
	waitIdle()
	if feed := v.Status().Feed; !feed.On || !feed.Connected || feed.Error != nil || feed.Age != 0 {
		t.Fatalf("Status().Feed = %+v, want it connected", feed)
	}
	return v
}

// TestFeedEnds refuses what ended elsewhere as soon as the feed says so, remembered or not (JV-23,
// RV-05).
func TestFeedEnds(t *testing.T) {
	for _, test := range []struct {
		name  string
		entry revoked.Entry
		ends  bool
	}{
		{"the session", revoked.Entry{Kind: revoked.Session, ID: "mine"}, true},
		{"another session", revoked.Entry{Kind: revoked.Session, ID: "other"}, false},
		{"the user", revoked.Entry{Kind: revoked.User, ID: "ada", NotBefore: 1 << 31}, true},
		{"the user, until before", revoked.Entry{Kind: revoked.User, ID: "ada", NotBefore: 1}, false},
		{"the client", revoked.Entry{Kind: revoked.Client, ID: "first-party", NotBefore: 1 << 31}, true},
		{"the key", revoked.Entry{Kind: revoked.Key, ID: signingKeys()["ES256"].ID()}, true},
		{"everything", revoked.Entry{Kind: revoked.All, NotBefore: 1 << 31}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFeedServer()
				s.end("before")
				v := following(t, s)
				token := sessionToken("mine")
				check(t, v, token, "")
				s.write(test.entry)
				want := verify.Code("")
				if test.ends {
					want = verify.CodeInvalidToken
				}
				wantCode(t, v, token, want)
				check(t, v, sessionToken("before"), verify.CodeInvalidToken)
				if feed := v.Status().Feed; feed.Epoch != 1000 || feed.Seq != 2 || feed.Gaps != 0 ||
					feed.Snapshots != 1 {
					t.Errorf("Status().Feed = %+v, want position 1000.2 after one snapshot", feed)
				}
			})
		})
	}
}

// TestFeedKey sends the service key with every request, and shows it to nobody else.
func TestFeedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		v := following(t, s)
		if _, err := v.Authenticate(bearer(sessionToken("a")), verify.MaxStaleness(0, verify.Introspect)); err != nil {
			t.Error(err)
		}
		if len(s.keys) != 3 {
			t.Errorf("%d requests, want a stream, a snapshot and a question", len(s.keys))
		}
		for _, key := range s.keys {
			if key != "Bearer hsk_test" {
				t.Errorf("Authorization = %q, want the service key", key)
			}
		}
	})
}

// TestFeedBrokenFrames loses no ending to frames that are lost, doubled, swapped or cut (RV-02).
func TestFeedBrokenFrames(t *testing.T) {
	tests := []struct {
		name    string
		stream  func(c *connection) // of the first connection; later ones behave
		gaps    int64
		streams int
	}{
		{"an entry is lost", func(c *connection) { c.serve([]string{"one"}) }, 1, 1},
		{"two entries are lost", func(c *connection) { c.serve([]string{"one", "two"}) }, 1, 1},
		{"the last entry is lost, and the heartbeat tells", func(c *connection) { c.serve([]string{"three"}) }, 1, 1},
		{"entries come twice", func(c *connection) { twice(c) }, 0, 1},
		{"entries come in another order", func(c *connection) { swapped(c) }, 1, 1},
		{"half an entry comes, and the stream ends", func(c *connection) { half(c) }, 0, 2},
		{
			"the stream ends after each entry",
			func(c *connection) { c.begin(); waitFor(c, 3); c.send("two", "three") },
			0,
			2,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFeedServer()
				first := true
				s.stream = func(c *connection) {
					s.mu.Lock()
					mine := first
					first = false
					s.mu.Unlock()
					if !mine {
						c.behave()
						return
					}
					test.stream(c)
				}
				v := mustNew(t, s.config())
				waitIdle()
				tokens := map[string]string{
					"one":   sessionToken("one"),
					"two":   sessionToken("two"),
					"three": sessionToken("three"),
				}
				for sid, token := range tokens {
					if sid != "" {
						check(t, v, token, "")
					}
				}
				s.end("one")
				waitIdle()
				s.end("two", "three")
				time.Sleep(2100 * time.Millisecond) // one heartbeat: the slowest way to learn of a loss
				for _, token := range tokens {
					wantCode(t, v, token, verify.CodeInvalidToken)
				}
				wantCode(t, v, sessionToken("four"), "")
				if feed := v.Status().Feed; feed.Seq != 3 || feed.Gaps != test.gaps ||
					feed.Age > 2500*time.Millisecond {
					t.Errorf("Status().Feed = %+v, want seq 3 and %d gaps", feed, test.gaps)
				}
				if _, n := s.last(); n != test.streams {
					t.Errorf("%d streams were opened, want %d", n, test.streams)
				}
			})
		})
	}
}

// waitFor waits until the log has so many entries.
func waitFor(c *connection, n int) []revoked.Entry {
	for {
		rest, changed := c.rest()
		if len(rest) >= n {
			return rest
		}
		<-changed
	}
}

// heartbeats keeps a stream alive.
func heartbeats(c *connection, seq int64) {
	for c.heartbeat(1000, seq, time.Now()); c.sleep(2 * time.Second); {
		c.heartbeat(1000, seq, time.Now())
	}
}

// twice sends each entry twice, and all of them once more.
func twice(c *connection) {
	c.begin()
	c.heartbeat(1000, 0, time.Now())
	rest := waitFor(c, 3)
	for range 2 {
		for _, e := range rest {
			c.revoke(e)
			c.revoke(e)
		}
	}
	heartbeats(c, 3)
}

// swapped sends the second entry before the first.
func swapped(c *connection) {
	c.begin()
	c.heartbeat(1000, 0, time.Now())
	rest := waitFor(c, 3)
	for _, i := range []int{1, 0, 2} {
		c.revoke(rest[i])
	}
	heartbeats(c, 3)
}

// half sends one entry and the half of another.
func half(c *connection) {
	c.begin()
	c.heartbeat(1000, 0, time.Now())
	rest := waitFor(c, 3)
	c.revoke(rest[0])
	text := mustJSON(rest[1])
	c.raw("event: revoke\nid: 1000.2\ndata: %s", text[:len(text)/2])
}

// TestFeedForgetsKeys has a key that ended forgotten, and the next one fetched at once; it is not
// taken back when the issuer cannot be reached for longer than its ending is kept (KY-05).
func TestFeedForgetsKeys(t *testing.T) {
	for _, how := range []string{"stream", "snapshot"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, s := newPublisher(t), newFeedServer()
				s.answer = func(r *http.Request) *http.Response {
					if strings.HasPrefix(r.URL.Path, "/v1/") {
						return nil
					}
					answer, err := p.RoundTrip(r)
					if err != nil {
						return down(r)
					}
					return answer
				}
				c := s.config()
				c.Keys = nil
				v := following(t, s, c)
				p.add(t)
				old := p.tokenOf(p.keys[1])
				check(t, v, old, "")
				fetches := p.count()
				stolen := revoked.Entry{Kind: revoked.Key, ID: p.keys[1].ID()}
				p.change(func() { p.keys = p.keys[:1] })
				if how == "snapshot" {
					s.change(func() { s.epoch++ })
					s.cutStreams()
				}
				s.write(stolen)
				time.Sleep(time.Second)
				wantCode(t, v, old, verify.CodeInvalidToken)
				if ids := v.Status().KeyIDs; len(ids) != 1 || ids[0] != p.keys[0].ID() {
					t.Errorf("keys = %v, want the new one alone", ids)
				}
				if n := p.count() - fetches; n != 1 {
					t.Errorf("%d fetches, want one for the key that signs now", n)
				}
				check(t, v, p.token(), "")
				p.change(func() { p.down = errors.New("no route to host") })
				s.change(func() { s.answer = down })
				s.cutStreams()
				time.Sleep(time.Hour)
				check(t, v, p.tokenOf(p.keys[0]), "")
				if ids := v.Status().KeyIDs; len(ids) != 1 {
					t.Errorf("keys after an hour without the issuer = %v, want the withdrawn one not to be back", ids)
				}
			})
		})
	}
}
