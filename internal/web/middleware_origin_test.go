package web_test

import (
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// friend is an origin that the server of TestOrigin lets in by name.
const friend = "https://app.example.com"

// from is one combination of what browsers say of where a request comes from.
type from struct {
	name    string
	headers []string // name, value, …; an empty value takes the header away
	change  int      // PATCH with the cookie
	signIn  int      // POST /v1/session
	signOut int      // DELETE /v1/session with the cookie
}

// origins is the table of combinations. standards XO-01, XO-02, XO-04, XO-07
var origins = []from{
	{"own page", []string{"Sec-Fetch-Site", "same-origin"}, 200, 201, 204},
	{"typed address", []string{"Sec-Fetch-Site", "none"}, 200, 201, 204},
	{"another site", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403, 403, 403},
	{"another site, without Fetch Metadata", []string{"Origin", "https://evil.example"}, 403, 403, 403},
	{"sibling host", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://app.example.org"}, 403, 403, 403},
	{"Fetch Metadata alone", []string{"Sec-Fetch-Site", "cross-site"}, 403, 403, 403},
	{"Fetch Metadata unknown to us", []string{"Sec-Fetch-Site", "same-planet"}, 403, 403, 403},
	{"sandboxed frame", []string{"Sec-Fetch-Site", "cross-site", "Origin", "null"}, 403, 403, 403},
	{"opaque origin, without Fetch Metadata", []string{"Origin", "null"}, 403, 403, 403},
	{"allowed origin", []string{"Sec-Fetch-Site", "cross-site", "Origin", friend}, 200, 201, 204},
	{"allowed origin, other scheme", []string{"Sec-Fetch-Site", "cross-site", "Origin", "http://app.example.com"}, 403,
		403, 403},
	{"allowed origin, other port", []string{"Sec-Fetch-Site", "cross-site", "Origin", friend + ":444"}, 403, 403, 403},
	{"allowed origin as a prefix", []string{"Sec-Fetch-Site", "cross-site", "Origin", friend + ".evil.example"}, 403,
		403, 403},
	{"host below the allowed one", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://x.app.example.com"}, 403,
		403, 403},
	{"allowed origin in capitals", []string{"Sec-Fetch-Site", "cross-site", "Origin", "HTTPS://APP.EXAMPLE.COM"}, 403,
		403, 403},
	{"allowed origin with a path", []string{"Sec-Fetch-Site", "cross-site", "Origin", friend + "/"}, 403, 403, 403},
	{"two origins in one header", []string{"Sec-Fetch-Site", "cross-site", "Origin", friend + " https://evil.example"},
		403, 403, 403},

	// A proxy's password prompt makes the browser add Basic credentials to every request,
	// those that another site forged included.
	{"another site, behind a password prompt", []string{"Sec-Fetch-Site", "cross-site", "Authorization", "Basic YTpi"},
		403, 403, 403},
	{"another site, Negotiate", []string{"Sec-Fetch-Site", "cross-site", "Authorization", "Negotiate YTpi"}, 403, 403,
		403},
	{"own page, behind a password prompt", []string{"Sec-Fetch-Site", "same-origin", "Authorization", "Basic YTpi"},
		200, 201, 204},

	// A program may sign in, and gets no cookie; what it sends with a cookie is refused.
	{"says nothing", nil, 403, 201, 403},
}

// TestOrigin refuses what another site makes a browser do, and lets in those named.
func TestOrigin(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{Settings: map[string]string{"allowed_origins": friend}})
	s.MustUser("ada@example.com")
	for _, tt := range origins {
		t.Run(tt.name, func(t *testing.T) {
			check := func(method, path, body string, want int) {
				t.Helper()
				victim := s.Browser("Firefox")
				victim.SignIn("ada@example.com")
				victim.Header.Del("Sec-Fetch-Site")
				victim.Header.Del("Origin")
				got := victim.Do(method, path, body, tt.headers...)
				if got.Status != want {
					t.Errorf("%s %s = %d, want %d: %s", method, path, got.Status, want, got.Body)
				}
				if got.Status == 403 && (got.Text("code") != "cross_origin" ||
					len(got.Header.Values("Set-Cookie")) > 0) {
					t.Errorf("%s %s: code %s, cookies %q, want cross_origin and no cookie", method, path,
						got.Text("code"), got.Header.Values("Set-Cookie"))
				}
			}
			check("PATCH", "/v1/user", `{"name":"Ada"}`, tt.change)
			check("POST", "/v1/session", `{"email":"ada@example.com","password":"`+handstamptest.GoodPassword+`"}`,
				tt.signIn)
			check("DELETE", "/v1/session", "", tt.signOut)
		})
	}
}

// TestCookiesNeedOrigin sends cookies only to a request that says where it comes from.
func TestCookiesNeedOrigin(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	in := `{"email":"ada@example.com","password":"` + handstamptest.GoodPassword + `","transport":"cookie"}`
	got := s.Program("curl").Do("POST", "/v1/session", in).Want(403)
	if got.Text("code") != "cross_origin" || len(got.Header.Values("Set-Cookie")) > 0 {
		t.Errorf("POST = %s with cookies %q, want cross_origin and none", got.Body, got.Header.Values("Set-Cookie"))
	}
}

// cors is one request from another origin.
type cors struct {
	name   string
	method string
	path   string
	origin string
	allow  string // Access-Control-Allow-Origin; empty: none
}

// TestCORS answers the allowed origins alone, exactly, and only about sessions and users; and
// everybody, without credentials, about what is public.
// standards XO-08, XO-09
func TestCORS(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{Settings: map[string]string{"allowed_origins": friend}})
	tests := []cors{
		{"allowed", "GET", "/v1/session", friend, friend},
		{"preflight", "OPTIONS", "/v1/session", friend, friend},
		{"preflight of a user's route", "OPTIONS", "/v1/user/sessions", friend, friend},
		{"another", "GET", "/v1/session", "https://evil.example", ""},
		{"preflight of another", "OPTIONS", "/v1/session", "https://evil.example", ""},
		{"null", "OPTIONS", "/v1/session", "null", ""},
		{"suffix", "OPTIONS", "/v1/session", friend + ".evil.example", ""},
		{"below", "OPTIONS", "/v1/session", "https://x.app.example.com", ""},
		{"http", "OPTIONS", "/v1/session", "http://app.example.com", ""},
		{"capitals", "OPTIONS", "/v1/session", "https://APP.example.com", ""},
		{"keys are for everybody", "GET", "/.well-known/jwks.json", "https://evil.example", "*"},
		{"preflight of keys", "OPTIONS", "/.well-known/jwks.json", "https://evil.example", "*"},
		{"metadata is for everybody", "GET", "/.well-known/oauth-authorization-server", friend, "*"},
		{"and by its other name", "GET", "/.well-known/openid-configuration", "null", "*"},
		{"so is the description", "GET", "/openapi.json", friend, "*"},
		{"nowhere", "GET", "/signin", friend, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.Program("Firefox").Do(tt.method, tt.path, "", "Origin", tt.origin, "Access-Control-Request-Method",
				"POST")
			if allow := got.Header.Get("Access-Control-Allow-Origin"); allow != tt.allow {
				t.Errorf("%s %s from %s: Allow-Origin = %q, want %q", tt.method, tt.path, tt.origin, allow, tt.allow)
			}
			credentials := got.Header.Get("Access-Control-Allow-Credentials")
			if (credentials == "true") != (tt.allow == friend) {
				t.Errorf("%s %s from %s: Allow-Credentials = %q, want it with one origin alone", tt.method, tt.path,
					tt.origin, credentials)
			}
			if strings.HasPrefix(tt.path, "/v1/") && !strings.Contains(strings.Join(got.Header.Values("Vary"), ","),
				"Origin") {
				t.Errorf("%s %s from %s: Vary = %q, want Origin", tt.method, tt.path, tt.origin,
					got.Header.Values("Vary"))
			}
		})
	}
}
