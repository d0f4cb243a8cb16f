package browser_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// stripping is a proxy that takes Fetch Metadata away, and notes where forms say they come from.
type stripping struct {
	*httptest.Server
	mu      sync.Mutex // guards origins
	origins []string   // of the forms that came by
}

// startStripping starts a server behind one.
func startStripping(t *testing.T) *stripping {
	t.Helper()
	p := &stripping{}
	var behind *url.URL
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		r.Out.Host = r.In.Host
		for name := range r.Out.Header {
			if strings.HasPrefix(name, "Sec-") {
				r.Out.Header.Del(name)
			}
		}
	}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			p.mu.Lock()
			p.origins = append(p.origins, r.Header.Get("Origin"))
			p.mu.Unlock()
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	s := handstamptest.Start(t, handstamptest.Options{Settings: map[string]string{"public_url": p.URL}})
	behind, _ = url.Parse(s.Local)
	return p
}

// TestFormsWithoutFetchMetadata sends every kind of form as Chromium does, less Fetch Metadata:
// Origin is all that says where it comes from, as in older browsers and behind proxies that strip
// the rest.
func TestFormsWithoutFetchMetadata(t *testing.T) {
	t.Parallel()
	proxy := startStripping(t)
	p := newProfile(t, proxy.URL)
	p.visit("/signup")
	p.fill("email", "ada@example.com", "name", "Ada", "password", handstamptest.GoodPassword)
	p.press("Create account", "/account")
	p.press("Sign out", "/signin?reason=signed_out")
	p.signIn("ada@example.com", handstamptest.GoodPassword, "/account")
	p.shows("ada@example.com")
	proxy.mu.Lock()
	defer proxy.mu.Unlock()
	if len(proxy.origins) != 3 {
		t.Errorf("%d forms were sent, want 3", len(proxy.origins))
	}
	for _, origin := range proxy.origins {
		if origin != proxy.URL {
			t.Errorf("a form came with Origin: %s, want %s", origin, proxy.URL)
		}
	}
}
