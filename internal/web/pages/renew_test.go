package pages_test

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// renewal is one way to come to /session/renew.
type renewal struct {
	name    string
	method  string
	query   string
	headers []string // over those of a navigation from our own pages
	want    outcome
}

// outcome is what comes of it.
type outcome int

// The outcomes.
const (
	renews  outcome = iota // fresh cookies, and back
	repeats                // a page that sends the same from our own site
	waits                  // a page that does so when the person says so
	refuses                // 400
)

// without takes Fetch Metadata away, as browsers before 2020 do.
var without = []string{"Sec-Fetch-Site", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", ""}

// renewals is the table of ways. docs/protocol.md §5
var renewals = []renewal{
	{"own page", "GET", "", nil, renews},
	{"own page, repeated", "GET", "&repeated=1", nil, renews},
	{"typed address", "GET", "", []string{"Sec-Fetch-Site", "none"}, renews},
	{"sibling host", "GET", "", []string{"Sec-Fetch-Site", "same-site"}, repeats},
	{"another site", "GET", "", []string{"Sec-Fetch-Site", "cross-site"}, repeats},
	{"word we do not know", "GET", "", []string{"Sec-Fetch-Site", "same-planet"}, repeats},
	{"another site that writes our marker", "GET", "&repeated=1", []string{"Sec-Fetch-Site", "cross-site"}, waits},
	{"site missing, rest there", "GET", "", []string{"Sec-Fetch-Site", ""}, repeats},
	{"another site's form", "GET", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-User", "?1"}, repeats},

	{"HEAD", "HEAD", "", nil, repeats},
	{"HEAD without Fetch Metadata", "HEAD", "", without, repeats},
	{"HEAD with the marker", "HEAD", "&repeated=1", nil, waits},

	{"fetch", "GET", "", []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, refuses},
	{"fetch without CORS", "GET", "", []string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "empty"}, refuses},
	{"same-origin mode", "GET", "", []string{"Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "empty"}, refuses},
	{"image", "GET", "", []string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, refuses},
	{"frame", "GET", "", []string{"Sec-Fetch-Dest", "iframe"}, refuses},
	{"embedded", "GET", "", []string{"Sec-Fetch-Dest", "embed"}, refuses},
	{"worker", "GET", "", []string{"Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "worker"}, refuses},
	{"WebSocket", "GET", "", []string{"Sec-Fetch-Mode", "websocket", "Sec-Fetch-Dest", "websocket"}, refuses},
	{"destination missing", "GET", "", []string{"Sec-Fetch-Dest", ""}, refuses},
	{"mode missing", "GET", "", []string{"Sec-Fetch-Mode", ""}, refuses},
	{"prefetch", "GET", "", []string{"Sec-Purpose", "prefetch"}, refuses},
	{"prerender", "GET", "", []string{"Sec-Purpose", "prefetch;prerender"}, refuses},
	{"script", "GET", "", []string{"X-Requested-With", "XMLHttpRequest"}, refuses},
	{"upgrade", "GET", "", []string{"Upgrade", "websocket"}, refuses},

	{"old browser", "GET", "", without, repeats},
	{"old browser, repeated", "GET", "&repeated=1", without, renews},
	{"old program", "GET", "&repeated=1", append([]string{"Accept", "*/*"}, without...), refuses},
	{"old program that wants JSON", "GET", "&repeated=1", append([]string{"Accept", "application/json"}, without...),
		refuses},
	{"old program that takes no HTML", "GET", "&repeated=1", append([]string{"Accept",
		"text/html;q=0, application/json"}, without...), refuses},
	{"old program that takes no HTML at length", "GET", "&repeated=1", append([]string{"Accept", "text/html; q=0.000"},
		without...), refuses},
	{"old program without Accept", "GET", "&repeated=1", append([]string{"Accept", ""}, without...), refuses},
	{"old prefetch", "GET", "&repeated=1", append([]string{"Sec-Purpose", "prefetch"}, without...), refuses},
}

// TestRenew takes every way to /session/renew: only some rotate.
func TestRenew(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	for _, way := range renewals {
		t.Run(way.name, func(t *testing.T) {
			b := p.browser(t, firefox)
			b.signIn("ada@example.com")
			before := b.Cookie(refreshCookie)
			got := b.send(way.method, "/session/renew?return_to=%2Faccount%3Fx%3D1"+way.query, "", way.headers...)
			if got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control = %q, want no-store", got.Header.Get("Cache-Control"))
			}
			if rotated := b.Cookie(refreshCookie) != before; rotated != (way.want == renews) {
				t.Errorf("rotated = %t, want %t", rotated, way.want == renews)
			}
			judge(got, way)
		})
	}
}

// judge checks that the answer is the outcome wanted.
func judge(got answer, way renewal) {
	got.t.Helper()
	const refresh = `http-equiv="refresh"`
	switch way.want {
	case renews:
		got.leads("/account?x=1").sets(2)
		return
	case refuses:
		got.page(400).sets(0).shows("for browsers that open it as a page").hides(refresh)
		return
	}
	got.want(200).sets(0)
	if way.method == http.MethodHead {
		if got.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			got.t.Errorf("HEAD: Content-Type = %q", got.Header.Get("Content-Type"))
		}
		return
	}
	const again = "/session/renew?repeated=1&return_to=%2Faccount%3Fx%3D1"
	got.page(200).shows(`href="` + again + `"`)
	if way.want == repeats {
		got.shows(refresh, `content="0; url=`+again)
	} else {
		got.hides(refresh)
	}
}

// TestRenewWithoutSession sends whoever has no session to sign in, and clears nothing: a
// late answer must not wipe a newer sign-in.
func TestRenewWithoutSession(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	ended := p.browser(t, firefox)
	ended.signIn("ada@example.com")
	gone := ended.Cookie(refreshCookie)
	ended.post("/signout")
	for name, test := range map[string]struct{ cookie, query, want string }{
		"none":                 {"", "", "/signin"},
		"none, back somewhere": {"", "?return_to=" + friend, "/signin?return_to=https%3A%2F%2Fnotes.example.com"},
		"garbage":              {"hsr_garbage", "", "/signin"},
		"another kind":         {"eyJ.eyJ.x", "", "/signin"},
		"ended":                {gone, "", "/signin?reason=signed_out"},
		"ended, back":          {gone, "?return_to=%2Fx", "/signin?reason=signed_out&return_to=%2Fx"},
	} {
		t.Run(name, func(t *testing.T) {
			b := p.browser(t, firefox)
			if test.cookie != "" {
				b.SetCookie(refreshCookie, test.cookie)
			}
			got := b.get("/session/renew" + test.query).leads(test.want).sets(0)
			if len(got.Header.Values("WWW-Authenticate")) > 0 {
				t.Error("a redirect carries WWW-Authenticate")
			}
		})
	}
	t.Run("idle too long", func(t *testing.T) {
		b := p.browser(t, firefox)
		b.signIn("ada@example.com")
		p.Clock.Advance(15 * 24 * time.Hour)
		b.get("/session/renew").leads("/signin?reason=idle").sets(0)
		b.get("/signin?reason=idle").page(200).shows("had not been active for a while")
	})
}

// TestRenewWithoutStrictCookies decides nothing about a browser that may have sent no Strict
// cookies.
func TestRenewWithoutStrictCookies(t *testing.T) {
	p := open(t, "https://auth.example.com")
	for _, site := range []string{"none", "same-site", "cross-site"} {
		p.browser(t, firefox).get("/session/renew", "Sec-Fetch-Site", site).page(200).sets(0).
			shows(`content="0; url=/session/renew?repeated=1`)
	}
}

// TestRenewLoop ends a loop between an app and us at the fifth turn, and lets people open
// other pages meanwhile.
func TestRenewLoop(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	const back = "/session/renew?return_to=https%3A%2F%2Fnotes.example.com%2Fx"
	for range 4 {
		b.get(back).leads(friend + "/x").sets(2)
		p.Clock.Advance(2 * time.Second)
	}
	fifth := b.get(back).page(409).sets(0).shows("Going in circles", "Its clock", "Its audience", "Its cookies",
		`href="`+friend+`/x"`).hides(`http-equiv="refresh"`)
	if fifth.Header.Get("Location") != "" {
		t.Error("the fifth renewal redirects")
	}
	b.get("/session/renew").leads("/account").sets(2) // another place is another matter
	other := p.browser(t, phone)
	other.signIn("ada@example.com")
	other.get(back).leads(friend + "/x").sets(2) // and so is another session
	p.Clock.Advance(8 * time.Second)             // ten seconds after the fourth
	b.get(back).leads(friend + "/x").sets(2)
}

// TestRenewCopies sends every tab back that a browser opens at once, with one renewal for all of
// them: who comes beside it waits until the browser has its cookies.
func TestRenewCopies(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	before := b.twin()
	const back = "/session/renew?return_to=%2Fx"
	b.get(back).leads("/x").sets(2)
	var all sync.WaitGroup
	begun := time.Now()
	for n := range 9 {
		tab := before.twin() // whose request went out before the first was answered, or after
		if n%2 == 0 {
			tab = b.twin()
		}
		all.Go(func() { tab.get(back).leads("/x").sets(0) })
	}
	all.Wait()
	if took := time.Since(begun); took < time.Second/2 || took > 10*time.Second {
		t.Errorf("copies wait for %v, want about a second", took)
	}
	b.get("/account").page(200)
	p.Clock.Advance(5 * time.Second)
	b.get(back).leads("/x").sets(2)
}

// TestRenewManyPlaces ends a loop that asks for another place each time.
func TestRenewManyPlaces(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	place := "/x"
	next := func() answer {
		place += "x"
		return b.get("/session/renew?return_to=" + place)
	}
	for range 20 {
		next().leads(place).sets(2)
	}
	next().leads(place).sets(0) // beside twenty others
	for range 3 {
		p.Clock.Advance(time.Second)
		next().leads(place).sets(2)
	}
	p.Clock.Advance(time.Second)
	next().page(409).sets(0)
}

// TestRenewSuperseded tries once more after a token that its successor overtook, then gives
// up and asks the person to sign in.
func TestRenewSuperseded(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	tab, late := p.browser(t, firefox), p.browser(t, firefox)
	tab.signIn("ada@example.com")
	old := tab.Cookie(refreshCookie)
	tab.get("/session/renew?return_to=/1").leads("/1")
	tab.get("/session/renew?return_to=/2").leads("/2")

	late.SetCookie(refreshCookie, old)
	const again = "/session/renew?repeated=1&retried=1&return_to=%2Fx"
	late.get("/session/renew?return_to=%2Fx").leads(again).sets(0)
	late.get(again).leads("/signin?return_to=%2Fx").sets(0)
	late.SetCookie(refreshCookie, tab.Cookie(refreshCookie))
	late.get(again).leads("/x").sets(2)
	tab.get("/account").page(200)
}

// TestRenewReused says that somebody else may have used the session.
func TestRenewReused(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	victim, thief := p.browser(t, firefox), p.browser(t, firefox)
	victim.signIn("ada@example.com")
	thief.SetCookie(refreshCookie, victim.Cookie(refreshCookie))
	for range 3 {
		victim.get("/session/renew").leads("/account")
		p.Clock.Advance(time.Minute)
	}
	thief.get("/session/renew").leads("/signin?reason=reuse_detected").sets(0)
	victim.get("/account").leads("/session/renew?return_to=%2Faccount")
	victim.get("/session/renew").leads("/signin?reason=reuse_detected")
	victim.get("/signin").page(200).shows("signed out for your safety", `class="note grave"`)
}

// TestRenewDatabaseAway offers to try again, and leaves the token good.
func TestRenewDatabaseAway(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	p.breakDatabase()
	const again = "/session/renew?repeated=1&return_to=%2Fx"
	for range 5 {
		got := b.get("/session/renew?return_to=%2Fx").page(503).sets(0).shows("You are still signed in.",
			`href="`+again+`"`, "storage_unavailable")
		if got.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	p.mendDatabase()
	b.get(again).leads("/x").sets(2)
}
