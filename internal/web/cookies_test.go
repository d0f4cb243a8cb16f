package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// setting is a kind of deployment, and what its cookies are called.
type setting struct {
	name            string
	publicURL       string // empty: http on loopback
	domain          string // empty: none
	access, refresh string
	secure          bool
}

// settings are the columns of docs/protocol.md §5.
var settings = []setting{
	{"loopback", "", "", "hs_access", "hs_refresh", false},
	{"https", "https://auth.example.com", "", "__Host-Http-hs_access", "__Host-Http-hs_refresh", true},
	{"https below a path", "https://example.com/auth", "", "__Host-Http-hs_access", "__Host-Http-hs_refresh", true},
	{"apps on sibling hosts", "https://auth.example.com", "example.com", "__Secure-hs_access", "__Host-Http-hs_refresh",
		true},
}

// site is a server under a public URL.
type site struct {
	*handstamptest.Server
	t *testing.T
}

// startSite starts one, with a user.
func startSite(t *testing.T, in setting) site {
	given := map[string]string{}
	if in.publicURL != "" {
		given["public_url"] = in.publicURL
	}
	if in.domain != "" {
		given["cookie.domain"] = in.domain
	}
	s := handstamptest.Start(t, handstamptest.Options{Settings: given})
	s.MustUser("ada@example.com")
	return site{s, t}
}

// ask sends a request from a page of the server, with these cookies and no others.
func (s site) ask(method, path, body string, cookies ...*http.Cookie) handstamptest.Answer {
	s.t.Helper()
	var pairs, headers []string
	for _, c := range cookies {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	if len(pairs) > 0 {
		headers = []string{"Cookie", strings.Join(pairs, "; ")}
	}
	return s.Browser("Firefox").Do(method, path, body, headers...)
}

// signIn signs in and returns the answer.
func (s site) signIn(remember string) handstamptest.Answer {
	s.t.Helper()
	body := `{"email":"ada@example.com","password":"` + handstamptest.GoodPassword + `","remember":` + remember + `}`
	return s.ask("POST", "/v1/session", body).Want(201)
}

// TestCookies holds names and attributes to docs/protocol.md §5, wherever cookies are set
// and where they are cleared. standards CK-01 to CK-05, CK-11
func TestCookies(t *testing.T) {
	for _, in := range settings {
		t.Run(in.name, func(t *testing.T) {
			s := startSite(t, in)
			signedIn := s.signIn("true")
			refreshed := s.ask("POST", "/v1/session/refresh", "", signedIn.Cookies()...)
			signedOut := s.ask("DELETE", "/v1/session", "", refreshed.Cookies()...)
			for _, answer := range []handstamptest.Answer{signedIn, refreshed, signedOut} {
				cookies := answer.Cookies()
				if len(cookies) != 2 {
					t.Fatalf("cookies = %v, want two (status %d)", cookies, answer.Status)
				}
				in.check(t, cookies[0], http.Cookie{Name: in.access, SameSite: http.SameSiteLaxMode, Domain: in.domain})
				in.check(t, cookies[1], http.Cookie{Name: in.refresh, SameSite: http.SameSiteStrictMode})
			}
			for _, c := range signedOut.Cookies() {
				if c.Value != "" || c.MaxAge >= 0 {
					t.Errorf("signed out: %s, want it cleared", c)
				}
			}
		})
	}
}

// check holds one cookie to its attributes: want's, and those that every cookie has.
func (in setting) check(t *testing.T, c *http.Cookie, want http.Cookie) {
	t.Helper()
	if c.Name != want.Name || c.SameSite != want.SameSite || c.Domain != want.Domain || c.Path != "/" || !c.HttpOnly ||
		c.Secure != in.secure || !c.Expires.IsZero() {
		t.Errorf("cookie = %s, want %s with SameSite %v, Domain %q, Path=/, HttpOnly, Secure %v", c, want.Name,
			want.SameSite, want.Domain, in.secure)
	}
	if len(c.Name)+len(c.Value) > 4096 {
		t.Errorf("%s has %d bytes, more than browsers keep", c.Name, len(c.Name)+len(c.Value))
	}
}

// TestCookieAge keeps cookies as long as the session at most, and only when the person
// asked for it. standards CK-08, CK-16
func TestCookieAge(t *testing.T) {
	s := startSite(t, settings[1])
	for _, c := range s.signIn("false").Cookies() {
		if c.MaxAge != 0 {
			t.Errorf("not remembered: %s, want no Max-Age", c)
		}
	}
	cookies := s.signIn("true").Cookies()
	if cookies[0].MaxAge != 600 || cookies[1].MaxAge > 30*24*3600 || cookies[1].MaxAge < 30*24*3600-5 {
		t.Errorf("remembered: Max-Age %d and %d, want 10 min and 30 days", cookies[0].MaxAge, cookies[1].MaxAge)
	}
	s.Clock.Advance(13 * 24 * time.Hour)
	cookies = s.ask("POST", "/v1/session/refresh", "", cookies...).Cookies()
	s.Clock.Advance(13 * 24 * time.Hour)
	cookies = s.ask("POST", "/v1/session/refresh", "", cookies...).Cookies()
	if left := cookies[1].MaxAge; left > 4*24*3600 || left < 4*24*3600-5 {
		t.Errorf("after 26 days: Max-Age %d, want the 4 days that are left", left)
	}
	s.Clock.Advance(4*24*time.Hour - 5*time.Minute)
	cookies = s.ask("POST", "/v1/session/refresh", "", cookies...).Cookies()
	if cookies[0].MaxAge > 300 || cookies[1].MaxAge > 300 {
		t.Errorf("5 min before the end: Max-Age %d and %d, want no more than is left", cookies[0].MaxAge,
			cookies[1].MaxAge)
	}
}

// TestCookieNotElsewhere keeps tokens that travel by cookie out of bodies and of every other
// header. standards CK-03
func TestCookieNotElsewhere(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	ada := s.Browser("Firefox")
	answers := []handstamptest.Answer{ada.SignIn("ada@example.com"), ada.Do("POST", "/v1/session/refresh",
		"").Want(200)}
	for _, path := range []string{"/v1/session", "/v1/user", "/v1/user/sessions", "/v1/user/export", "/account"} {
		answers = append(answers, ada.Do("GET", path, "").Want(200))
	}
	answers = append(answers, ada.Do("DELETE", "/v1/session", "").Want(204))
	for _, a := range answers {
		a.Header.Del("Set-Cookie")
		for name, values := range a.Header {
			if all := strings.Join(values, "\n"); strings.Contains(all, "eyJ") || strings.Contains(all, "hsr_") {
				t.Errorf("header %s holds a token: %s", name, all)
			}
		}
		if strings.Contains(a.Body, "eyJ") || strings.Contains(a.Body, "hsr_") {
			t.Errorf("a body holds a token: %.200s", a.Body)
		}
		if a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("Cache-Control = %q, want no-store", a.Header.Get("Cache-Control"))
		}
	}
}

// TestClearSiteData has the browser forget what it keeps of a host that is ours alone.
// standards SE-24
func TestClearSiteData(t *testing.T) {
	tests := []struct {
		in   setting
		want string
	}{
		{settings[0], ""},
		{settings[1], `"storage"`},
		{settings[2], ""},
		{settings[3], `"storage"`},
	}
	for _, tt := range tests {
		t.Run(tt.in.name, func(t *testing.T) {
			s := startSite(t, tt.in)
			out := s.ask("DELETE", "/v1/session", "", s.signIn("true").Cookies()...)
			if got := out.Header.Get("Clear-Site-Data"); got != tt.want {
				t.Errorf("Clear-Site-Data = %s, want %s", got, tt.want)
			}
		})
	}
}

// TestOtherCookieNames takes no cookie under a name that this deployment does not use: a
// sibling host could have tossed it.
func TestOtherCookieNames(t *testing.T) {
	s := startSite(t, settings[1])
	cookies := s.signIn("true").Cookies()
	for _, name := range []string{"hs_access", "__Secure-hs_access", "__Host-hs_access", "__Http-hs_access",
		"__host-http-hs_access", "__Host-Http-hs_refresh"} {
		r := s.ask("GET", "/v1/session", "", &http.Cookie{Name: name, Value: cookies[0].Value})
		if r.Status != 401 {
			t.Errorf("access token as %s = %d, want 401", name, r.Status)
		}
	}
	for _, name := range []string{"hs_refresh", "__Host-hs_refresh", "__Secure-hs_refresh", "__Host-Http-hs_access"} {
		r := s.ask("POST", "/v1/session/refresh", "", &http.Cookie{Name: name, Value: cookies[1].Value})
		if r.Status != 401 {
			t.Errorf("refresh token as %s = %d, want 401", name, r.Status)
		}
	}
	if r := s.ask("POST", "/v1/session/refresh", "", cookies...); r.Status != 200 {
		t.Errorf("as set = %d, want 200", r.Status)
	}
}

// TestTossedCookie has a sibling host toss the attacker's own access token into a person's
// browser under the name that a whole domain's cookie has. The person goes on as themselves,
// or as nobody; never as the attacker.
func TestTossedCookie(t *testing.T) {
	s := startSite(t, settings[1])
	s.MustUser("mallory@example.com")
	body := `{"email":"mallory@example.com","password":"` + handstamptest.GoodPassword + `","transport":"token"}`
	mallory := s.ask("POST", "/v1/session", body).Want(201)
	tossed := &http.Cookie{Name: "__Secure-hs_access", Value: mallory.Text("access_token")}
	hers := s.signIn("true").Cookies()
	if r := s.ask("GET", "/v1/user", "", tossed, hers[0]); r.Status != 200 {
		t.Errorf("beside hers = %d, want 200", r.Status)
	}
	if r := s.ask("GET", "/v1/user", "", tossed); r.Status != 401 {
		t.Errorf("alone = %d, want 401", r.Status)
	}
	s.Clock.Advance(time.Hour)
	if r := s.ask("GET", "/v1/user", "", hers[0], tossed); r.Status != 401 {
		t.Errorf("beside hers, expired = %d, want 401", r.Status)
	}
	shared := startSite(t, settings[3])
	cookies := shared.signIn("true").Cookies()
	if r := shared.ask("GET", "/v1/user", "", cookies[0]); cookies[0].Name != tossed.Name || r.Status != 200 {
		t.Errorf("%s of a whole domain = %d, want 200", cookies[0].Name, r.Status)
	}
}
