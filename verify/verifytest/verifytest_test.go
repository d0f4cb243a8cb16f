package verifytest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/handstamp/handstamp/verify"
	"github.com/handstamp/handstamp/verify/verifytest"
)

// hello greets the session of the request.
var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	s := verify.FromContext(r.Context())
	fmt.Fprint(w, "hello ", s.Subject)
})

// TestHandlerInFourLines is what a user of the package writes.
func TestHandlerInFourLines(t *testing.T) {
	iss := verifytest.NewIssuer(t)
	h := iss.Verifier(t).Require(hello, verify.Role("admin"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, iss.Request("GET", "/admin/", verifytest.User("ada"), verifytest.Role("admin")))
	if w.Code != 200 || w.Body.String() != "hello ada" {
		t.Errorf("answer = %d %s, want hello ada", w.Code, w.Body)
	}
}

// TestOptions makes a token with each option, and looks at what a verifier makes of it.
func TestOptions(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	iss := verifytest.NewIssuer(t)
	iss.Now = func() time.Time { return now }
	v := iss.Verifier(t)
	for _, test := range []struct {
		name string
		opts []verifytest.Option
		want func(s *verify.Session) bool
	}{
		{"none", nil, func(s *verify.Session) bool {
			return s.Subject == "usr_test" && len(s.ID) == 22 && len(s.TokenID) == 22 && s.ClientID == "first-party" &&
				s.ACR == "aal1" && fmt.Sprint(s.AMR) == "[pwd]" && s.Roles == nil && s.Scope == nil &&
				s.AuthTime.Equal(now) && s.IssuedAt.Equal(now) && s.ExpiresAt.Equal(now.Add(10*time.Minute))
		}},
		{"user", []verifytest.Option{verifytest.User("ada")},
			func(s *verify.Session) bool { return s.Subject == "ada" }},
		{"roles", []verifytest.Option{verifytest.Role("a"), verifytest.Role("b")},
			func(s *verify.Session) bool { return s.HasRole("a") && s.HasRole("b") }},
		{"scopes", []verifytest.Option{verifytest.Scope("a", "b"), verifytest.Scope("c")},
			func(s *verify.Session) bool { return fmt.Sprint(s.Scope) == "[a b c]" }},
		{"session", []verifytest.Option{verifytest.Session("sid")},
			func(s *verify.Session) bool { return s.ID == "sid" }},
		{"audiences", []verifytest.Option{verifytest.Audience("x", iss.Audience)},
			func(s *verify.Session) bool { return len(s.Audience) == 2 }},
		{"client", []verifytest.Option{verifytest.Client("app")},
			func(s *verify.Session) bool { return s.ClientID == "app" }},
		{"auth time", []verifytest.Option{verifytest.AuthTime(now.Add(-time.Hour))},
			func(s *verify.Session) bool { return s.AuthTime.Equal(now.Add(-time.Hour)) }},
		{"acr", []verifytest.Option{verifytest.ACR("aal2", "pwd", "otp")},
			func(s *verify.Session) bool { return s.ACR == "aal2" && len(s.AMR) == 2 }},
		{"issued", []verifytest.Option{verifytest.IssuedAt(now.Add(-time.Minute))},
			func(s *verify.Session) bool { return s.ExpiresAt.Equal(now.Add(9 * time.Minute)) }},
		{"claim", []verifytest.Option{verifytest.Claim("plan", map[string]int{"seats": 5})},
			func(s *verify.Session) bool {
				var c struct {
					Plan struct {
						Seats int `json:"seats"`
					} `json:"plan"`
				}
				return s.Claims(&c) == nil && c.Plan.Seats == 5
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := v.Verify(context.Background(), iss.Token(test.opts...))
			if err != nil {
				t.Fatal(err, errors.Unwrap(err))
			}
			if !test.want(s) {
				t.Errorf("session = %+v", s)
			}
		})
	}
}

// TestRefusals makes tokens that are not good, and ends those that were.
func TestRefusals(t *testing.T) {
	iss := verifytest.NewIssuer(t)
	v := iss.Verifier(t)
	code := func(token string) verify.Code {
		_, err := v.Verify(context.Background(), token)
		var e *verify.Error
		if errors.As(err, &e) {
			return e.Code
		}
		return ""
	}
	one, ada := iss.Token(verifytest.Session("one")), iss.Token(verifytest.User("ada"))
	for _, test := range []struct {
		name, token string
		act         func()
		want        verify.Code
	}{
		{"expired", iss.Token(verifytest.Expired()), nil, verify.CodeTokenExpired},
		{"for another audience", iss.Token(verifytest.Audience("x")), nil, verify.CodeInvalidToken},
		{"of another issuer", verifytest.NewIssuer(t).Token(), nil, verify.CodeInvalidToken},
		{"before its end", one, nil, ""},
		{"after its end", one, func() { iss.End("one") }, verify.CodeInvalidToken},
		{"another session", ada, nil, ""},
		{"after the end of its user", ada, func() { iss.EndUser("ada") }, verify.CodeInvalidToken},
		{"under the old key", iss.Token(), iss.RotateKeys, ""},
		{"under the new key", iss.Token(), nil, ""},
		{"under a key withdrawn", iss.Token(), iss.WithdrawKeys, verify.CodeInvalidToken},
	} {
		if test.act != nil {
			test.act()
		}
		if got := code(test.token); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if got := code(iss.Token(verifytest.Session("two"))); got != "" {
		t.Errorf("a new session after all that: %q, want no error", got)
	}
}

// ready waits until a verifier has keys and, if there is a feed, a snapshot. A token would wait for
// two seconds, which may be too short while a machine is busy.
func ready(v *verify.Verifier) {
	for s := v.Status(); len(s.KeyIDs) == 0 || s.Feed.On && s.Feed.Age < 0; s = v.Status() {
		time.Sleep(time.Millisecond)
	}
}

// TestServe is reached over the network, by metadata.
func TestServe(t *testing.T) {
	iss := verifytest.Serve(t)
	v, err := verify.New(context.Background(), verify.Config{Issuer: iss.Issuer, Audience: iss.Audience})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	ready(v)
	if _, err := v.Verify(context.Background(), iss.Token()); err != nil {
		t.Errorf("Verify = %v, want no error", err)
	}
	answer, err := http.Get(iss.Issuer + "/elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("status of an unknown path = %d, want 404", answer.StatusCode)
	}
}

// TestClient finds keys by metadata in memory.
func TestClient(t *testing.T) {
	iss := verifytest.NewIssuer(t)
	c := iss.Config()
	c.Keys = nil
	v, err := verify.New(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	ready(v)
	if _, err := v.Verify(context.Background(), iss.Token()); err != nil {
		t.Errorf("Verify = %v, want no error", err)
	}
	if v.Status().KeysFetched.IsZero() {
		t.Error("the keys were not fetched")
	}
}

// TestCutFeed keeps endings from verifiers in memory until the feed is restored, and answers
// questions all along.
func TestCutFeed(t *testing.T) {
	iss := verifytest.NewIssuer(t)
	v := iss.Verifier(t)
	token := iss.Token(verifytest.Session("one"))
	status := func(demands ...verify.Demand) int {
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header.Set("Authorization", "Bearer "+token)
		v.Require(hello, demands...).ServeHTTP(w, r)
		return w.Code
	}
	refuse, ask := verify.MaxStaleness(time.Minute, verify.Refuse), verify.MaxStaleness(0, verify.Introspect)
	for _, step := range []struct {
		name                string
		act                 func()
		usual, refuse, asks int
	}{
		{"at first", func() {}, 200, 200, 200},
		{"cut", iss.CutFeed, 200, 503, 200},
		{"ended while cut", func() { iss.End("one") }, 200, 503, 401},
		{"cut twice", iss.CutFeed, 200, 503, 401},
		{"restored", iss.RestoreFeed, 401, 401, 401},
		{"restored twice", iss.RestoreFeed, 401, 401, 401},
	} {
		step.act()
		if a, b, c := status(), status(refuse), status(ask); a != step.usual || b != step.refuse || c != step.asks {
			t.Errorf("%s: %d, %d, %d, want %d, %d, %d", step.name, a, b, c, step.usual, step.refuse, step.asks)
		}
	}
}

// TestFeedByHTTP follows the feed as a verifier in another program does, in memory and over the
// network.
func TestFeedByHTTP(t *testing.T) {
	for name, iss := range map[string]*verifytest.Issuer{
		"in memory": verifytest.NewIssuer(t), "over the network": verifytest.Serve(t),
	} {
		c := iss.Config()
		c.Keys, c.ServiceKey = nil, "hsk_any"
		v, err := verify.New(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		await := func(what string, ok func() bool) {
			t.Helper()
			for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%s: %s: %+v", name, what, v.Status().Feed)
				}
			}
		}
		ready(v)
		one, two := iss.Token(verifytest.Session("one")), iss.Token(verifytest.Session("two"))
		refused := func(token string) bool { _, err := v.Verify(context.Background(), token); return err != nil }
		if refused(one) || refused(two) {
			t.Fatalf("%s: a good token is refused", name)
		}
		iss.End("one")
		await("the end is not heard", func() bool { return refused(one) })
		iss.CutFeed()
		iss.End("two")
		await("it is still connected", func() bool { return !v.Status().Feed.Connected })
		if refused(two) {
			t.Errorf("%s: heard while cut", name)
		}
		iss.RestoreFeed()
		await("what ended meanwhile is not heard", func() bool { return refused(two) })
	}
}
