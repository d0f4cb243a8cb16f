package verify_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/verify"
)

// TestIdentityIsFromTheTokenAlone lets a client claim to be somebody in every header there is
// (JV-33, JV-34).
func TestIdentityIsFromTheTokenAlone(t *testing.T) {
	var got http.Header
	h := mustNew(t, testConfig()).Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		hello(w, r)
	}))
	sent := []string{
		"Authorization", "Bearer " + goodToken(), "Connection", "Authorization, X-Auth-User",
		"X-Auth-User", "root", "X-User", "root", "X_user", "root", "X-Forwarded-User", "root", "Remote-User", "root",
	}
	w := ask(h, "GET", "/", sent...)
	if w.Body.String() != "hello ada" {
		t.Errorf("answer = %s, want hello ada", w.Body)
	}
	if len(got) != len(sent)/2 {
		t.Errorf("the handler saw headers %v, want what was sent and no more", got)
	}
}

// TestRefuseOtherErrors answers errors that are not ours as a bad token, without their text.
func TestRefuseOtherErrors(t *testing.T) {
	v := mustNew(t, testConfig())
	w := httptest.NewRecorder()
	v.Refuse(w, httptest.NewRequest("GET", "/", nil), errors.New("secret text"))
	if w.Code != 401 || strings.Contains(w.Body.String(), "secret text") || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("answer = %d %s, want a plain 401", w.Code, w.Body)
	}
}

// TestMetrics counts decisions, and writes them as JSON.
func TestMetrics(t *testing.T) {
	v := mustNew(t, testConfig())
	h := v.Require(hello, verify.Role("member"))
	token := goodToken()
	for _, header := range []string{"Bearer " + token, "Bearer " + token, "Bearer x", "Basic x", "Bearer"} {
		ask(h, "GET", "/", "Authorization", header)
	}
	ask(h, "POST", "/", "Cookie", accessCookie(token))
	ask(v.Require(hello, verify.Role("admin")), "GET", "/", "Authorization", "Bearer "+token)
	want := `{"accepted":2,"missing_token":1,"invalid_token":1,"token_expired":0,"invalid_request":1,"cross_origin":1,` +
		`"insufficient_scope":0,"insufficient_role":1,"reauthentication_required":0,"keys_unavailable":0,"too_many_bad_tokens":0,` +
		`"key_fetches":0,"key_failures":0,"cache_hits":2,"cache_misses":1,"cache_evictions":0,"cache_full":0,"revocations_unavailable":0,` +
		`"stale_accepted":0,"introspections":0,"introspection_failures":0,"feed_reconnects":0,"feed_gaps":0,"feed_snapshots":0,"feed_epoch":0,"feed_seq":0,"feed_age_ms":-1}`
	if got := v.Metrics().String(); got != want {
		t.Errorf("Metrics = %s, want %s", got, want)
	}
}
