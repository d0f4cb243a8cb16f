package verify_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/logtest"
	"github.com/handstamp/handstamp/verify"
)

// burst is how many bad tokens an address may send at once, as verify's documentation says.
const burst = 100

// nuisance sends bad tokens from addresses of its own choice.
type nuisance struct {
	clock *hand
	v     *verify.Verifier
	h     http.Handler
}

// newNuisance is one before a verifier that c describes, by a clock that is set by hand.
func newNuisance(t *testing.T, c verify.Config) *nuisance {
	t.Helper()
	n := &nuisance{clock: &hand{at: now}}
	c.Now = n.clock.now
	n.v = mustNew(t, c)
	n.h = n.v.Require(hello)
	return n
}

// send sends one request from an address; headers are pairs of name and value.
func (n *nuisance) send(address string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = address
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	n.h.ServeHTTP(w, r)
	return w
}

// bad sends one bad token, and returns the status of the answer.
func (n *nuisance) bad(address string) int { return n.send(address, "Authorization", "Bearer x").Code }

// fill sends as many bad tokens as an address may.
func (n *nuisance) fill(t *testing.T, address string) {
	t.Helper()
	for i := range burst {
		if got := n.bad(address); got != http.StatusUnauthorized {
			t.Fatalf("bad token %d from %s = %d, want 401", i+1, address, got)
		}
	}
}

// TestBadTokensAreSlowed answers 429 to the first bad token too many, and to no good one (RL-09).
func TestBadTokensAreSlowed(t *testing.T) {
	const here, elsewhere = "198.51.100.7:4711", "198.51.100.8:4711"
	n := newNuisance(t, testConfig())
	n.fill(t, here)
	w := n.send(here, "Authorization", "Bearer x")
	const want = `{"type":"urn:handstamp:error:too_many_bad_tokens","title":"Too many invalid tokens have come from your address.","status":429,"code":"too_many_bad_tokens"}` + "\n"
	if w.Code != http.StatusTooManyRequests || w.Body.String() != want || w.Header().Get("Retry-After") != "1" ||
		w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("answer = %d %v %s, want 429 with Retry-After: 1 and %s", w.Code, w.Header(), w.Body, want)
	}
	if got := w.Header().Values("WWW-Authenticate"); len(got) > 0 {
		t.Errorf("WWW-Authenticate of a 429 = %q, want none", got)
	}
	for _, test := range []struct {
		name, from string
		headers    []string
		want       int
	}{
		{"a good token, never seen", here, []string{"Authorization", "Bearer " + tokenOf("bob")}, 200},
		{"a good token", here, []string{"Authorization", "Bearer " + goodToken()}, 200},
		{"the same again", here, []string{"Authorization", "Bearer " + goodToken()}, 200},
		{"a good cookie", here, []string{"Cookie", accessCookie(goodToken())}, 200},
		{"a good cookie beside a bad one", here,
			[]string{"Cookie", accessCookie("x") + "; " + accessCookie(goodToken())}, 200},
		{"no token", here, nil, 401},
		{"a token that is only too old", here, []string{"Authorization", "Bearer " + expiredToken()}, 401},
		{"a signed token for somebody else", here, []string{"Authorization", "Bearer " + claimed("aud", `"x"`)}, 401},
		{"a bad cookie", here, []string{"Cookie", accessCookie("x")}, 429},
		{"two bad cookies", here, []string{"Cookie", accessCookie("x") + "; " + accessCookie("y")}, 429},
		{"an unknown key", here,
			[]string{"Authorization", "Bearer " + forge(goodHeader("ES256").with("kid", `"unknown"`), goodClaims())},
			429},
		{"another port", "198.51.100.7:1", []string{"Authorization", "Bearer x"}, 429},
		{"another address", elsewhere, []string{"Authorization", "Bearer x"}, 401},
		{"another address that claims to be the first", elsewhere,
			[]string{"Authorization", "Bearer x", "X-Forwarded-For", "198.51.100.7"}, 401},
		{"the first, claiming to be another", here,
			[]string{"Authorization", "Bearer x", "X-Forwarded-For", "203.0.113.1", "Forwarded", "for=203.0.113.1",
				"X-Real-IP", "203.0.113.1"}, 429},
	} {
		if w := n.send(test.from, test.headers...); w.Code != test.want {
			t.Errorf("%s: %d %s, want %d", test.name, w.Code, w.Body, test.want)
		}
	}
}

// TestWaitingHelps lets an address send one more bad token each tenth of a second, and after
// Retry-After for sure, although it went on all the time; and as many as at first once it has been
// quiet for long.
func TestWaitingHelps(t *testing.T) {
	const here = "198.51.100.7:4711"
	n := newNuisance(t, testConfig())
	n.fill(t, here)
	for range 20 {
		for range 9 {
			if got := n.bad(here); got != http.StatusTooManyRequests {
				t.Fatalf("one too many = %d, want 429", got)
			}
		}
		n.clock.move(100 * time.Millisecond)
		if got := n.bad(here); got != http.StatusUnauthorized {
			t.Fatalf("after a tenth of a second = %d, want 401", got)
		}
	}
	n.clock.move(time.Second)
	if got := n.bad(here); got != http.StatusUnauthorized {
		t.Errorf("after Retry-After = %d, want 401", got)
	}
	n.clock.move(time.Hour)
	n.fill(t, here)
	if got := n.bad(here); got != http.StatusTooManyRequests {
		t.Errorf("one too many after an hour = %d, want 429", got)
	}
	n.clock.move(-24 * time.Hour) // the account is from the future now: it counts as just full
	if got := n.bad(here); got != http.StatusTooManyRequests {
		t.Errorf("after the clock was set back = %d, want 429", got)
	}
	n.clock.move(time.Second)
	if got := n.bad(here); got != http.StatusUnauthorized {
		t.Errorf("a second later = %d, want 401", got)
	}
}

// TestSlowedAddresses counts an address as one however it is written, and with it all that one
// customer has (RL-03).
func TestSlowedAddresses(t *testing.T) {
	for _, test := range []struct {
		name, first, second string
		together            bool
	}{
		{"one address of IPv4", "198.51.100.7:1", "198.51.100.7:2", true},
		{"neighbours in IPv4", "198.51.100.7:1", "198.51.100.8:1", false},
		{"IPv4 written as IPv6", "198.51.100.7:1", "[::ffff:198.51.100.7]:1", true},
		{"one /64", "[2001:db8:1:2::1]:1", "[2001:db8:1:2:ffff:ffff:ffff:ffff]:1", true},
		{"another /64", "[2001:db8:1:2::1]:1", "[2001:db8:1:3::1]:1", false},
		{"one link, two interfaces", "[fe80::1%eth0]:1", "[fe80::1%eth1]:1", true},
		{"a socket without address", "@", "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := newNuisance(t, testConfig())
			n.fill(t, test.first)
			if got := n.bad(test.second) == http.StatusTooManyRequests; got != test.together {
				t.Errorf("%s after %s is slowed: %v, want %v", test.second, test.first, got, test.together)
			}
			for _, address := range []string{test.first, test.second} {
				if got := n.send(address, "Authorization", "Bearer "+goodToken()).Code; got != 200 {
					t.Errorf("a good token from %s = %d, want 200", address, got)
				}
			}
		})
	}
}

// TestSlowedBehindProxy takes the address from where Config.ClientAddress finds it.
func TestSlowedBehindProxy(t *testing.T) {
	c := testConfig()
	c.ClientAddress = func(r *http.Request) netip.Addr {
		address, _ := netip.ParseAddr(r.Header.Get("X-Proxy-Says"))
		return address
	}
	n := newNuisance(t, c)
	for range burst {
		n.send("10.0.0.1:1", "Authorization", "Bearer x", "X-Proxy-Says", "198.51.100.7")
	}
	for says, want := range map[string]int{"198.51.100.7": 429, "198.51.100.8": 401} {
		if got := n.send("10.0.0.1:1", "Authorization", "Bearer x", "X-Proxy-Says", says).Code; got != want {
			t.Errorf("a bad token from %s = %d, want %d", says, got, want)
		}
	}
}

// TestSlowedTogether sends bad tokens at once: exactly as many as may be are answered as such.
func TestSlowedTogether(t *testing.T) {
	n := newNuisance(t, testConfig())
	var refused, slowed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				switch n.bad("198.51.100.7:1") {
				case http.StatusUnauthorized:
					refused.Add(1)
				case http.StatusTooManyRequests:
					slowed.Add(1)
				}
				if got := n.send("198.51.100.7:1", "Authorization", "Bearer "+goodToken()).Code; got != 200 {
					t.Errorf("a good token in between = %d, want 200", got)
				}
			}
		})
	}
	all.Wait()
	if refused.Load() != burst || slowed.Load() != 300 {
		t.Errorf("%d answered 401 and %d 429, want %d and 300", refused.Load(), slowed.Load(), burst)
	}
	if got := n.v.Status().Refused[verify.CodeTooManyBadTokens]; got != 300 {
		t.Errorf("%d counted as too many, want 300", got)
	}
}

// TestSlowedLog warns once a minute, with the address and how many there were, and logs no single
// token of an address that is slowed: a flood does not fill the log.
func TestSlowedLog(t *testing.T) {
	var log logtest.Log
	c := testConfig()
	c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	n := newNuisance(t, c)
	n.fill(t, "[2001:db8:1:2::1]:1")
	for range 500 {
		n.bad("[2001:db8:1:2::2]:1")
	}
	if got := strings.Count(log.String(), "level=DEBUG"); got != burst {
		t.Errorf("%d debug lines, want one for each of the first %d", got, burst)
	}
	if got := strings.Count(log.String(), "level=WARN"); got != 1 ||
		!strings.Contains(log.String(), "code=too_many_bad_tokens client=2001:db8:1:2:: slowed=1\n") {
		t.Errorf("%d warnings, want one with code, client and count:\n%.300s", got, log.String())
	}
	log.Take()
	n.clock.move(59 * time.Second)
	n.fill(t, "203.0.113.1:1")
	n.bad("203.0.113.1:1")
	n.clock.move(time.Second)
	n.fill(t, "203.0.113.2:1")
	n.bad("203.0.113.2:1")
	if got := strings.Count(log.String(), "level=WARN"); got != 1 ||
		!strings.Contains(log.String(), "client=203.0.113.2 slowed=501\n") {
		t.Errorf("%d warnings after a minute, want one for all 501:\n%s", got, log.String())
	}
}
