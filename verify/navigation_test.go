package verify_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// TestNavigation sends browsers that open a page to the issuer, and nobody else (ER-04).
func TestNavigation(t *testing.T) {
	h := mustNew(t, testConfig()).Require(hello)
	const html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, test := range []struct {
		name, method string
		headers      []string
		want         int
	}{
		{"a page opened", "GET", []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Accept", html},
			303},
		{"a page opened, whatever it accepts", "GET", []string{"Sec-Fetch-Mode", "navigate"}, 303},
		{"its head", "HEAD", []string{"Sec-Fetch-Mode", "navigate"}, 303},
		{"an old browser", "GET", []string{"Accept", html}, 303},
		{"an old browser, in capitals", "GET", []string{"Accept", "Text/HTML"}, 303},
		{"an old browser, weighing", "GET", []string{"Accept", "application/json, text/html; q=0.1"}, 303},
		{"two Accept headers", "GET", []string{"Accept", "application/json", "Accept", "text/html"}, 303},
		{"a form sent", "POST",
			[]string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-origin", "Accept", html}, 401},
		{"fetch", "GET", []string{"Sec-Fetch-Mode", "cors", "Accept", html}, 401},
		{"fetch, same origin", "GET", []string{"Sec-Fetch-Mode", "same-origin", "Accept", html}, 401},
		{"an image", "GET", []string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, 401},
		{"a WebSocket", "GET", []string{"Sec-Fetch-Mode", "websocket", "Upgrade", "websocket"}, 401},
		{"an upgrade that says it navigates", "GET", []string{"Sec-Fetch-Mode", "navigate", "Upgrade", "websocket"},
			401},
		{"XMLHttpRequest", "GET", []string{"Accept", html, "X-Requested-With", "XMLHttpRequest"}, 401},
		{"XMLHttpRequest that navigates", "GET",
			[]string{"Sec-Fetch-Mode", "navigate", "X-Requested-With", "XMLHttpRequest"}, 401},
		{"a prefetch", "GET", []string{"Sec-Fetch-Mode", "navigate", "Sec-Purpose", "prefetch;prerender"}, 401},
		{"half of the metadata", "GET", []string{"Sec-Fetch-Site", "same-origin", "Accept", html}, 401},
		{"curl", "GET", []string{"Accept", "*/*"}, 401},
		{"nothing said", "GET", nil, 401},
		{"JSON", "GET", []string{"Accept", "application/json"}, 401},
		{"no HTML, please", "GET", []string{"Accept", "application/json, text/html;q=0"}, 401},
		{"no HTML, in decimals", "GET", []string{"Accept", "text/html;q=0.000"}, 401},
		{"something like HTML", "GET", []string{"Accept", "text/htmlx"}, 401},
		{"any text", "GET", []string{"Accept", "text/*"}, 401},
		{"OPTIONS", "OPTIONS", []string{"Accept", html}, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			credentials := map[string]string{
				"none": "", "expired": accessCookie(expiredToken()), "bad": accessCookie("x"),
			}
			for name, credential := range credentials {
				headers := test.headers
				if credential != "" {
					headers = append([]string{"Cookie", credential}, headers...)
					if !slices.Contains(headers, "Sec-Fetch-Site") {
						headers = append(headers, "Sec-Fetch-Site", "same-origin")
					}
				}
				if credential != "" && !strings.Contains(fmt.Sprint(headers), "Sec-Fetch-Mode") {
					continue // metadata is absent in these rows
				}
				w := ask(h, test.method, "https://app.example.com/a?b=c", headers...)
				if w.Code != test.want {
					t.Errorf("credential %s: %d, want %d", name, w.Code, test.want)
				}
				want := ""
				if test.want == 303 {
					want = "https://auth.example.com/session/renew?return_to=https%3A%2F%2Fapp.example.com%2Fa%3Fb%3Dc"
				}
				if got := w.Header().Get("Location"); got != want || w.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("credential %s: Location = %q, want %q, and no-store", name, got, want)
				}
			}
		})
	}
}

// TestNavigationElsewhere lists refusals that renewing does not cure.
func TestNavigationElsewhere(t *testing.T) {
	v := mustNew(t, testConfig())
	at := func(ago time.Duration) string { return fmt.Sprint(now.Add(-ago).Unix()) }
	other := goodClaims().with("aud", `"other"`)
	for _, test := range []struct {
		name, token string
		h           http.Handler
		status      int
		location    string
	}{
		{"another audience, just made: the next would be the same",
			forge(goodHeader("ES256"), other.with("iat", at(9*time.Second))), v.Require(hello), 401, ""},
		{"another audience, made before", forge(goodHeader("ES256"), other.with("iat", at(10*time.Second))),
			v.Require(hello), 303, "/session/renew?return_to="},
		{"a clock ahead of ours", claimed("iat", at(-time.Hour)), v.Require(hello), 401, ""},
		{"signed by nobody", goodToken()[:100] + ".", v.Require(hello), 303, "/session/renew?return_to="},
		{"a role missing", goodToken(), v.Require(hello, verify.Role("admin")), 403, ""},
		{"signed in too long ago", goodToken(), v.Require(hello, verify.Fresh(time.Minute)), 303,
			"/signin?reason=reauthentication_required&return_to="},
		{"not strongly enough", goodToken(), v.Require(hello, verify.ACR("aal2")), 303,
			"/signin?reason=reauthentication_required&return_to="},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := ask(
				test.h,
				"GET",
				"https://app.example.com/",
				"Sec-Fetch-Mode",
				"navigate",
				"Cookie",
				accessCookie(test.token),
			)
			want := ""
			if test.location != "" {
				want = issuer + test.location + "https%3A%2F%2Fapp.example.com%2F"
			}
			if got := w.Header().Get("Location"); w.Code != test.status || got != want {
				t.Errorf("answer = %d to %q, want %d to %q", w.Code, got, test.status, want)
			}
		})
	}
	c := testConfig()
	c.NoRedirect = true
	if w := ask(mustNew(t, c).Require(hello), "GET", "/", "Sec-Fetch-Mode", "navigate"); w.Code != 401 {
		t.Errorf("with NoRedirect: %d, want 401", w.Code)
	}
}

// TestReturnTo finds the address that the browser knows.
func TestReturnTo(t *testing.T) {
	for _, test := range []struct {
		name, issuer, public string
		change               func(r *http.Request)
		want                 string
	}{
		{"behind TLS that ends in front of us", "https://auth.example.com", "", nil, "https://app.example.com/a%20b?c=d&e"},
		{"on loopback", "http://localhost:8787", "", nil, "http://app.example.com/a%20b?c=d&e"},
		{"on loopback with TLS", "http://localhost:8787", "", func(r *http.Request) { r.TLS = &tls.ConnectionState{} }, "https://app.example.com/a%20b?c=d&e"},
		{"where a router cut a prefix off", "https://auth.example.com", "", func(r *http.Request) { r.URL.Path = "/cut" }, "https://app.example.com/a%20b?c=d&e"},
		{"as configured", "https://auth.example.com", "https://public.example.com/svc/", nil, "https://public.example.com/svc/a%20b?c=d&e"},
		{"forwarded headers are anybody's", "https://auth.example.com", "", func(r *http.Request) {
			r.Header.Set("X-Forwarded-Host", "evil.example")
			r.Header.Set("X-Forwarded-Proto", "http")
			r.Header.Set("Forwarded", "host=evil.example")
		}, "https://app.example.com/a%20b?c=d&e"},
		{"a path that looks like a host", "https://auth.example.com", "", func(r *http.Request) { r.RequestURI = "//evil.example/x" }, "https://app.example.com//evil.example/x"},
		{"an absolute request line", "https://auth.example.com", "", func(r *http.Request) { r.RequestURI = "http://evil.example/x" }, "https://app.example.com/a%20b?c=d&e"},
		{"no host", "https://auth.example.com", "", func(r *http.Request) { r.Host = "" }, ""},
		{"a host with a path", "https://auth.example.com", "", func(r *http.Request) { r.Host = "evil.example/x" }, ""},
		{"a host with a user", "https://auth.example.com", "", func(r *http.Request) { r.Host = "a@evil.example" }, ""},
		{"a host with a line end", "https://auth.example.com", "", func(r *http.Request) { r.Host = "a\r\nb" }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := testConfig()
			c.Issuer, c.PublicURL = test.issuer, test.public
			r := httptest.NewRequest("GET", "/a%20b?c=d&e", nil)
			r.Host = "app.example.com"
			r.Header.Set("Sec-Fetch-Mode", "navigate")
			if test.change != nil {
				test.change(r)
			}
			w := httptest.NewRecorder()
			mustNew(t, c).Require(hello).ServeHTTP(w, r)
			location, err := w.Result().Location()
			if err != nil {
				t.Fatal(err)
			}
			if got := location.Query().Get("return_to"); got != test.want {
				t.Errorf("return_to = %q, want %q", got, test.want)
			}
			if !strings.HasPrefix(location.String(), test.issuer+"/session/renew?") {
				t.Errorf("Location = %s, want the issuer's", location)
			}
		})
	}
}
