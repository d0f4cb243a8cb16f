package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/verify"
)

// follower is a service elsewhere: a verifier that follows the server's feed, and has its first
// snapshot.
func follower(t testing.TB, s *handstamptest.Server, key string) *verify.Verifier {
	t.Helper()
	v := newFollower(t, s, key)
	for deadline := time.Now().Add(timeout); v.Status().Feed.Age < 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no snapshot within %v: %+v", timeout, v.Status().Feed)
		}
	}
	return v
}

// timeout is how long anything may take. The bound is 1 s; machines that test are slow.
const timeout = time.Minute

// newFollower is follower without the snapshot.
func newFollower(t testing.TB, s *handstamptest.Server, key string) *verify.Verifier {
	t.Helper()
	v, err := verify.New(t.Context(), verify.Config{Issuer: s.URL, Audience: s.URL, ServiceKey: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// codeOf is why a verifier refuses a token; empty when it does not.
func codeOf(v *verify.Verifier, token string) verify.Code {
	_, err := v.Verify(context.Background(), token)
	if refused, ok := errors.AsType[*verify.Error](err); ok {
		return refused.Code
	}
	return ""
}

// refusedWithin waits until every verifier refuses a token, and returns how long that took.
func refusedWithin(t testing.TB, bound time.Duration, token string, all ...*verify.Verifier) time.Duration {
	t.Helper()
	start := time.Now()
	for _, v := range all {
		for codeOf(v, token) == "" {
			if time.Since(start) > bound {
				t.Fatalf("a verifier still takes the token after %v: %+v", bound, v.Status().Feed)
			}
			time.Sleep(time.Millisecond)
		}
	}
	return time.Since(start)
}

// makeKey makes a service key.
func makeKey(t testing.TB, s *handstamptest.Server, name string) string {
	t.Helper()
	_, key, err := s.Services.Create(t.Context(), audit.Operator(), name)
	if err != nil {
		t.Fatal(err)
	}
	return key.Reveal()
}

// signIn signs a program in, and returns it with its access token.
func signIn(t testing.TB, s *handstamptest.Server, email string) (*handstamptest.Person, string) {
	t.Helper()
	p := s.Program("test")
	return p, p.SignIn(email).Text("access_token")
}

// TestFeedEndsEverywhere ends a session at the server; two services refuse it, one of which needs
// no key because it is on loopback. Another session of the same user goes on (JV-23, RV-01).
func TestFeedEndsEverywhere(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{Work: true})
	s.MustUser("ada@example.com")
	ada, token := signIn(t, s, "ada@example.com")
	other, kept := signIn(t, s, "ada@example.com")
	one, two := follower(t, s, makeKey(t, s, "one")), follower(t, s, "")
	for _, v := range []*verify.Verifier{one, two} {
		session, err := v.Verify(t.Context(), token)
		if err != nil {
			t.Fatalf("Verify before the end = %v, want the session; %+v", err, v.Status().Feed)
		}
		running := session.Context(t.Context())
		defer func() {
			select {
			case <-running.Done():
			case <-time.After(timeout):
				t.Error("what was running with the session still runs")
			}
		}()
	}
	ada.Do("DELETE", "/v1/session", "").Want(204)
	t.Logf("both refuse %v after the answer", refusedWithin(t, timeout, token, one, two))
	for _, v := range []*verify.Verifier{one, two} {
		if code := codeOf(v, kept); code != "" {
			t.Errorf("Verify(another session) = %s, want none", code)
		}
		if feed := v.Status().Feed; feed.Gaps != 0 || feed.Snapshots != 1 || feed.Seq == 0 {
			t.Errorf("Status().Feed = %+v, want it to have come in order", feed)
		}
	}
	for name, w := range map[string]*verify.Verifier{"with a key": one, "without": two} {
		asks := w.RequireFunc(func(http.ResponseWriter, *http.Request) {}, verify.MaxStaleness(0, verify.Introspect))
		for want, shown := range map[int]string{http.StatusOK: kept, http.StatusUnauthorized: token} {
			got := status(asks, shown)
			deadline := time.Now().Add(timeout)
			for got == http.StatusServiceUnavailable && time.Now().Before(deadline) {
				got = status(asks, shown) // an answer may take 2 s
			}
			if got != want {
				t.Errorf("%s: a route that always asks = %d, want %d", name, got, want)
			}
		}
	}
	other.Do("DELETE", "/v1/session", "").Want(204)
	refusedWithin(t, timeout, kept, one, two)
}

// status is a route's answer to a token.
func status(h http.Handler, token string) int {
	r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
	r.Header.Set("Authorization", "Bearer "+token)
	h.ServeHTTP(w, r)
	return w.Code
}

// TestFeedServiceKey takes no wrong key, and loses a verifier whose key is revoked: it says so, and
// goes on by its policy.
func TestFeedServiceKey(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{Work: true})
	s.MustUser("ada@example.com")
	_, token := signIn(t, s, "ada@example.com")
	wrong := newFollower(t, s, "hsk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	if code := codeOf(wrong, token); code != verify.CodeRevocationsUnavailable {
		t.Errorf("Verify with a wrong service key = %q, want revocations_unavailable", code)
	}
	v := follower(t, s, makeKey(t, s, "mine"))
	if code := codeOf(v, token); code != "" {
		t.Fatalf("Verify = %q, want the session", code)
	}
	if _, err := s.Services.Revoke(t.Context(), audit.Operator(), "mine"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(timeout); v.Status().Feed.Connected; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("Status().Feed = %+v, want it cut off", v.Status().Feed)
		}
	}
}

// BenchmarkFeedEnd ends sessions, and takes the time from the answer until two verifiers refuse.
func BenchmarkFeedEnd(b *testing.B) {
	s := handstamptest.Start(b, handstamptest.Options{Work: true})
	s.MustUser("ada@example.com")
	one, two := follower(b, s, makeKey(b, s, "one")), follower(b, s, makeKey(b, s, "two"))
	var longest time.Duration
	for b.Loop() {
		b.StopTimer()
		ada, token := signIn(b, s, "ada@example.com")
		for _, v := range []*verify.Verifier{one, two} {
			if code := codeOf(v, token); code != "" {
				b.Fatalf("Verify before the end = %q", code)
			}
		}
		ada.Do("DELETE", "/v1/session", "").Want(204)
		b.StartTimer()
		longest = max(longest, refusedWithin(b, time.Minute, token, one, two))
	}
	b.ReportMetric(float64(longest.Microseconds()), "µs-max")
	if feed := one.Status().Feed; feed.Gaps > 0 {
		b.Error(fmt.Sprint("gaps: ", feed.Gaps))
	}
}
