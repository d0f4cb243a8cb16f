package verify_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestCrossOrigin lets no other site act with our cookie (XO-01, XO-02, XO-07, XO-13).
func TestCrossOrigin(t *testing.T) {
	c := testConfig()
	c.TrustedOrigins = []string{"https://app.example.com"}
	c.PublicURL = "https://public.example.com/svc"
	h := mustNew(t, c).Require(hello)
	const own = "https://svc.example.com"
	for _, test := range []struct {
		name, method string
		headers      []string
		want         int
	}{
		{"same origin", "POST", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"typed by the person", "POST", []string{"Sec-Fetch-Site", "none"}, 200},
		{"a sibling", "POST", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://evil.example.com"}, 403},
		{"another site", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
		{"an unknown relation", "POST", []string{"Sec-Fetch-Site", "moon"}, 403},
		{"our Origin", "POST", []string{"Origin", own}, 200},
		{"another Origin", "POST", []string{"Origin", "https://evil.example"}, 403},
		{"our name as a prefix", "POST", []string{"Origin", own + ".evil.example"}, 403},
		{"no origin", "POST", []string{"Origin", "null"}, 403},
		{"neither", "POST", nil, 403},
		{"neither, PUT", "PUT", nil, 403},
		{"neither, an unknown method", "FROB", nil, 403},
		{"a trusted origin", "POST", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://app.example.com"}, 200},
		{"a trusted origin without metadata", "POST", []string{"Origin", "https://app.example.com"}, 200},
		{"a trusted origin in http", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "http://app.example.com"}, 403},
		{"a trusted origin on another port", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://app.example.com:8443"}, 403},
		{"below a trusted origin", "POST", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://x.app.example.com"}, 403},
		{"our public origin, though the proxy says another host", "POST", []string{"Origin", "https://public.example.com"}, 200},
		{"same origin, without referrer", "POST", []string{"Sec-Fetch-Site", "same-origin", "Origin", "null"}, 200},
		{"same origin, by both", "POST", []string{"Sec-Fetch-Site", "same-origin", "Origin", own}, 200},
		{"our Origin in http", "POST", []string{"Origin", "http://svc.example.com"}, 403},
		{"our Origin with a user", "POST", []string{"Origin", "https://x@svc.example.com"}, 403},
		{"our Origin with a path", "POST", []string{"Origin", own + "/path"}, 403},
		{"our Origin on another port", "POST", []string{"Origin", own + ":8443"}, 403},
		{"another site with our Origin", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", own}, 403},
		{"a sibling with our Origin", "POST", []string{"Sec-Fetch-Site", "same-site", "Origin", own}, 403},
		{
			"same origin with another Origin", "POST",
			[]string{"Sec-Fetch-Site", "same-origin", "Origin", "https://evil.example"}, 403,
		},
		{"DELETE from another site", "DELETE", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"GET from another site", "GET", []string{"Sec-Fetch-Site", "cross-site"}, 200},
		{"GET with neither", "GET", nil, 200},
		{"HEAD from another site", "HEAD", []string{"Sec-Fetch-Site", "cross-site"}, 200},
		{"a WebSocket of our own", "GET", []string{"Upgrade", "websocket", "Connection", "Upgrade", "Origin", own},
			200},
		{"a WebSocket of another site", "GET",
			[]string{"Upgrade", "websocket", "Connection", "Upgrade", "Origin", "https://evil.example"}, 403},
		{"a WebSocket of nobody", "GET", []string{"Upgrade", "websocket", "Connection", "Upgrade"}, 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			cookie := append([]string{"Cookie", accessCookie(goodToken())}, test.headers...)
			if w := ask(h, test.method, own+"/", cookie...); w.Code != test.want {
				t.Errorf("by cookie: %d %s, want %d", w.Code, w.Body, test.want)
			}
			bearer := append([]string{"Authorization", "Bearer " + goodToken()}, test.headers...)
			if w := ask(h, test.method, own+"/", bearer...); w.Code != 200 {
				t.Errorf("by header: %d %s, want 200", w.Code, w.Body)
			}
		})
	}
	w := ask(h, "POST", own+"/", "Cookie", accessCookie(goodToken()))
	if !strings.Contains(w.Body.String(), `"code":"cross_origin"`) || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf(
			"answer = %s with challenge %q, want cross_origin and none",
			w.Body,
			w.Header().Get("WWW-Authenticate"),
		)
	}
}

// TestCrossOriginHeadersTwice refuses two headers where browsers send one (XO-01).
func TestCrossOriginHeadersTwice(t *testing.T) {
	h := mustNew(t, testConfig()).Require(hello)
	const own = "https://svc.example.com"
	for _, headers := range []http.Header{
		{"Origin": {own, "https://evil.example"}},
		{"Origin": {"https://evil.example", own}},
		{"Origin": {own}, "Sec-Fetch-Site": {"same-origin", "cross-site"}},
		{"Sec-Fetch-Site": {"same-origin", "same-origin"}},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", own+"/", nil)
		r.Header = headers
		r.Header.Set("Cookie", accessCookie(goodToken()))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 403 {
			t.Errorf("%q = %d %s, want 403", headers, w.Code, w.Body)
		}
	}
}

// TestCrossOriginPort takes the port that a scheme has anyway for none, as browsers do, in Host and
// on the way back from signing in.
func TestCrossOriginPort(t *testing.T) {
	h := mustNew(t, testConfig()).Require(hello)
	for host, want := range map[string]int{"svc.example.com:443": 200, "svc.example.com:8443": 403} {
		w := ask(h, "POST", "https://"+host+"/", "Cookie", accessCookie(goodToken()), "Origin", "https://svc.example.com")
		if w.Code != want {
			t.Errorf("Host %s = %d %s, want %d", host, w.Code, w.Body, want)
		}
	}
	w := ask(h, "GET", "https://svc.example.com:443/page", "Accept", "text/html")
	if got := w.Header().Get("Location"); !strings.HasSuffix(got, "?return_to=https%3A%2F%2Fsvc.example.com%2Fpage") {
		t.Errorf("sent to %q, want a way back without the port", got)
	}
}
