package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web/pages"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
)

// callerOf returns the caller that is a user.
func callerOf(t *testing.T, p *place, email string) audit.Caller {
	t.Helper()
	u, err := p.Users.Find(t.Context(), audit.Operator(), email)
	if err != nil {
		t.Fatal(err)
	}
	return callerFor(u.ID)
}

// callerFor returns the caller that is the user of an id.
func callerFor(id store.UserID) audit.Caller { return audit.Caller{User: id} }

// countUsers returns how many users there are.
func countUsers(t *testing.T, p *place) int {
	t.Helper()
	users, err := p.Users.List(t.Context(), audit.Operator(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(users)
}

// contains reports whether a header's value holds part.
func contains(value, part string) bool { return strings.Contains(value+";", part) }

// TestHeaders holds every answer of the surface to its headers, redirects and refusals
// included. standards PG-01 to PG-08, PG-17
func TestHeaders(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	in := p.browser(t, firefox)
	in.signIn("ada@example.com")
	out := p.browser(t, firefox)
	answers := map[string]answer{
		"home": in.get("/"), "signin": out.get("/signin"), "signup": out.get("/signup"), "signout": in.get("/signout"),
		"account": in.get("/account"),
		"devices": in.get("/account/sessions"), "security": in.get("/account/security"),
		"delete": in.get("/account/delete"),
		"setup":  out.get("/setup/" + p.Users.SetupToken().Reveal()), "setup, bad": out.get("/setup/x"),
		"change password": out.get("/.well-known/change-password"),
		"account, nobody": out.get("/account"), "renew": in.get("/session/renew"),
		"renew, stranger": in.get("/session/renew", "Sec-Fetch-Site", "none"),
		"missing":         out.get("/nothing"), "missing below": in.get("/account/x.css"), "method": out.send("DELETE",
			"/signin", ""),
		"host": out.get("/signin", "Host", "evil.example"), "wrong": out.post("/signin", "email", "x@example.com",
			"password", "y"),
		"signed out": in.post("/signout"), "cross-site": out.send("POST", "/signin", "", "Sec-Fetch-Site",
			"cross-site"),
		"trace": out.send("TRACE", "/signin", ""),
	}
	for name, got := range answers {
		t.Run(name, func(t *testing.T) {
			for header, want := range map[string]string{
				"Cache-Control": "no-store",
				"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action " +
					"'self' " + friend + "; base-uri 'none'; frame-ancestors 'none'",
				"Cross-Origin-Opener-Policy":   "same-origin",
				"Cross-Origin-Resource-Policy": "same-origin",
				"Referrer-Policy":              "same-origin",
				"Strict-Transport-Security":    "max-age=31536000",
				"X-Content-Type-Options":       "nosniff",
				"X-Robots-Tag":                 "noindex",
				"Access-Control-Allow-Origin":  "",
				"Server":                       "",
			} {
				if value := got.Header.Get(header); value != want {
					t.Errorf("%s = %q, want %q", header, value, want)
				}
			}
			if got.Status != http.StatusSeeOther {
				pagestest.Sound(t, []byte(got.Body))
			}
		})
	}
}

// TestAssets serves the stylesheet and the icon for good, under names made of what is in them.
func TestAssets(t *testing.T) {
	p := open(t, "https://auth.example.com")
	page := p.browser(t, firefox).get("/signin")
	for link, kind := range map[string]string{
		page.find(`rel="stylesheet" href="([^"]+)"`): "text/css; charset=utf-8",
		page.find(`rel="icon" href="([^"]+)"`):       "image/svg+xml; charset=utf-8",
	} {
		got := p.browser(t, firefox).get(link).want(200).sets(0)
		if got.Header.Get("Content-Type") != kind ||
			got.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || got.Body == "" {
			t.Errorf("%s: %d bytes, %v", link, len(got.Body), got.Header)
		}
		if regexp.MustCompile(`url\(|@import|https?://[^w]`).MatchString(got.Body) {
			t.Errorf("%s loads something else", link)
		}
		p.browser(t, firefox).send("HEAD", link, "").want(200)
	}
	for _, path := range []string{"/assets/", "/assets/x.css", "/assets/style.css", "/assets/..%2flayout.go"} {
		p.browser(t, firefox).get(path).page(404)
	}
}

// TestBelowPath keeps every link and redirect below the public URL's path.
func TestBelowPath(t *testing.T) {
	p := open(t, "https://example.com/auth")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.get("/auth/").leads("/auth/account")
	b.get("/auth/account?x=1").leads("/auth/session/renew?return_to=%2Fauth%2Faccount%3Fx%3D1")
	b.get("/auth/session/renew?return_to=%2Fauth%2Faccount", "Sec-Fetch-Site",
		"none").page(200).shows("url=/auth/session/renew?")
	b.get("/auth/session/renew?return_to=%2Fauth%2Faccount").leads("/auth/signin?return_to=%2Fauth%2Faccount")
	b.post("/auth/signin", "email", "ada@example.com", "password", handstamptest.GoodPassword).leads("/auth/account")
	p.browser(t, phone).post("/auth/signin", "email", "ada@example.com", "password", handstamptest.GoodPassword,
		"return_to", "/app").leads("/app")
	for _, path := range []string{"/auth/account", "/auth/signin", "/auth/signup", "/auth/signout", "/auth/nothing",
		"/auth/account/sessions", "/auth/account/security", "/auth/account/delete", "/auth/setup/" +
			p.Users.SetupToken().Reveal()} {
		page := b.get(path)
		for _, link := range regexp.MustCompile(`(?:href|action)="([^"]+)"`).FindAllStringSubmatch(page.Body, -1) {
			if !strings.HasPrefix(link[1], "/auth/") {
				t.Errorf("%s links to %s, want it below /auth/", path, link[1])
			}
		}
	}
	b.post("/auth/account/sessions/end-others", "form_token",
		b.get("/auth/account").token()).leads("/auth/account/sessions?done=ended-others")
	b.post("/auth/signout").leads("/auth/signin?reason=signed_out")
}

// TestLoopback works without https on this machine, with the cookies of that case.
func TestLoopback(t *testing.T) {
	p := open(t, "http://localhost:8787")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	if b.Cookie("hs_refresh") == "" || b.Cookie("hs_access") == "" {
		t.Errorf("jar = %v, want hs_refresh and hs_access", b.Cookies("/"))
	}
	b.get("/account").page(200)
}

// TestPrograms answers programs that ask for a page with the refusal, not with a way in.
// standards ER-04
func TestPrograms(t *testing.T) {
	p := open(t, "https://auth.example.com")
	b := p.browser(t, firefox)
	for _, headers := range [][]string{
		{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"},
		{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"},
		{"X-Requested-With", "XMLHttpRequest"},
	} {
		t.Run(named(headers), func(t *testing.T) {
			got := b.in(t).get("/account", headers...).page(401).shows("missing_token")
			if got.Header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate") // RFC 9110 §15.5.2
			}
		})
	}
}

// TestHostileText shows what strangers typed as text, wherever it stands. standards PG-10
func TestHostileText(t *testing.T) {
	p := open(t, "https://auth.example.com")
	const name, email = `<b onclick=alert(1)>{{1234*5678}}"'</b>`, `a'{{1234*5678}}&b=x@example.com`
	made := user.Fresh{Email: email, Name: name, Password: secret.New(handstamptest.GoodPassword)}
	if _, err := p.Users.Create(t.Context(), audit.Operator(), made); err != nil {
		t.Fatal(err)
	}
	agents := []string{`<script>alert(1)</script>`, `Mozilla/5.0 (<img src=x onerror=alert(1)>; "'>) Firefox/145.0`,
		`"><svg/onload=alert(1)> on {{1234*5678}}`, firefox}
	var last *browser
	for _, agent := range agents {
		last = p.browser(t, agent)
		last.signIn(email)
	}
	last.get("/account").page(200).shows(name, email).hides("7006652")
	for _, page := range []string{"/account/sessions", "/account/security", "/account/delete"} {
		last.get(page).page(200).hides("7006652")
	}
	last.get("/signin?reason=<script>&return_to=<script>&x=<script>").page(200).shows(email)
	last.post("/account/sessions/end-others", "form_token",
		last.get("/account").token()).leads("/account/sessions?done=ended-others")
	last.get("/account/sessions?done=<script>alert(1)</script>").page(200).hides("alert(1)</script>")
	last.get("/<script>alert(1)</script>").page(404).hides("alert(1)</script>")
	p.browser(t, firefox).post("/signin", "email", pagestest.Hostile, "password", "x", "return_to",
		pagestest.Hostile).page(401)
	p.browser(t, firefox).post("/signup", "email", pagestest.Hostile, "name", pagestest.Hostile, "password", "x",
		"return_to", pagestest.Hostile).page(422)
}

// TestFormKey panics at start for a key that is too short.
func TestFormKey(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Surface took a key of no bytes")
		}
	}()
	pages.Surface(pages.Parts{})
}
