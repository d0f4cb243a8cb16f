package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// jar is what a browser may hold, whatever left it there.
type jar struct {
	name    string
	cookies string // as the browser sends them
	account string // where opening the account leads; empty: it is shown
	renewal string // where renewing leads
}

// jars returns one of every kind, each with sessions of its own.
func jars(t *testing.T, p *place) []jar {
	t.Helper()
	const renew, back = "/session/renew?return_to=%2Faccount", "/account"
	signedIn := func() *browser {
		b := p.browser(t, firefox)
		b.signIn("ada@example.com")
		return b
	}
	refresh := func() string { return signedIn().Cookie(refreshCookie) }
	access := func() string { return signedIn().Cookie(accessCookie) }
	gone, live := signedIn(), signedIn()
	dead := gone.Cookie(refreshCookie)
	gone.post("/signout")
	worn := live.Cookie(refreshCookie)
	live.get("/session/renew").leads(back)
	fresh := live.Cookie(refreshCookie)
	r := func(values ...string) string {
		return refreshCookie + "=" + strings.Join(values, "; "+refreshCookie+"=")
	}
	a := func(values ...string) string {
		return "; " + accessCookie + "=" + strings.Join(values, "; "+accessCookie+"=")
	}
	bent := fresh[:len(fresh)-8] + "AAAAAAAA"
	return []jar{
		{"two of another master key", r(bent, "hsr_x"), renew, "/signin"},
		{"an ended one and one of another master key", r(bent, dead), renew, "/signin?reason=signed_out"},
		{"an ended one and a live one", r(dead, refresh()), renew, back},
		{"an older and a newer one of a session", r(fresh, worn), renew, back},
		{"two live ones", r(refresh(), refresh()), renew, "/signin"},
		{"many", r(strings.Fields(strings.Repeat("x ", 200))...), renew, "/signin"},
		{"two bad access cookies", r(bent) + a("a.b.c", "x"), renew, "/signin"},
		{"many access cookies", r(bent) + a("1", "2", "3", "4", "5", "6"), renew, "/signin"},
		{"two good access cookies", r(bent) + a(access(), access()), renew, "/signin"},
		{"a bad and a good access cookie", r(bent) + a("x", access()), "", "/signin"},
	}
}

// TestJars has browsers hold everything that two servers, a former setting or a rotated key can
// leave in a jar: no page ends there, and signing in works and cleans up. standards CK-13
func TestJars(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	for _, test := range jars(t, p) {
		t.Run(test.name, func(t *testing.T) {
			held := []string{"Cookie", test.cookies}
			b := p.browser(t, firefox)
			if got := b.get("/account", held...); test.account == "" {
				got.page(200)
			} else {
				got.leads(test.account).sets(0)
			}
			p.Clock.Advance(11 * time.Second) // far from a loop
			b.get("/session/renew", held...).leads(test.renewal)
			b.get("/signin", held...).page(200).shows(`action="/signin"`)

			form := url.Values{"email": {"ada@example.com"}, "password": {handstamptest.GoodPassword}}.Encode()
			in := b.send("POST", "/signin", form, held...).leads("/account")
			checkCleared(t, test.cookies, in)
			body := `{"email":"ada@example.com","password":"` + handstamptest.GoodPassword + `"}`
			b.send("POST", "/v1/session", body, append(held, "Content-Type", "application/json")...).want(201)
			b.send("POST", "/signout", "", held...).leads("/signin?reason=signed_out")
			if strings.Contains(p.log.String(), "hsr_") {
				t.Error("the log holds a refresh token")
			}
		})
	}
}

// checkCleared finds what an answer takes away: what stands beside our own cookies can only have a
// Domain, and is cleared for each that it may have.
func checkCleared(t *testing.T, held string, got answer) {
	t.Helper()
	for _, name := range []string{accessCookie, refreshCookie} {
		domains, set := "", 0
		for _, c := range got.Cookies() {
			switch {
			case c.Name != name:
			case c.Domain == "" && c.MaxAge >= 0:
				set++
			case c.MaxAge < 0:
				domains += c.Domain + " "
			}
		}
		want := ""
		if strings.Count(held, name+"=") > 1 {
			want = "auth.example.com example.com "
		}
		if domains != want || set != 1 {
			t.Errorf("%s is cleared for %q and set %d times, want %q and once", name, domains, set, want)
		}
	}
}

// TestSignOutOfAll ends every session that the jar holds.
func TestSignOutOfAll(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	one, two, three := p.browser(t, firefox), p.browser(t, firefox), p.browser(t, phone)
	for _, b := range []*browser{one, two, three} {
		b.signIn("ada@example.com")
	}
	held := refreshCookie + "=" + one.Cookie(refreshCookie) + "; " + refreshCookie + "=" + two.Cookie(refreshCookie) +
		"; " + accessCookie + "=" + three.Cookie(accessCookie)
	p.browser(t, firefox).send("POST", "/signout", "", "Cookie", held).leads("/signin?reason=signed_out")
	for _, b := range []*browser{one, two, three} {
		b.get("/session/renew").leads("/signin?reason=signed_out")
		if got := b.get("/account"); got.Status != http.StatusSeeOther {
			t.Errorf("an account = %d after signing out", got.Status)
		}
	}
}
