package pages_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// places are addresses that one may come back to. standards XO-16
var places = []string{
	"/account", "/account?x=1&y=%2F", "/", "/a/b#c", "/a//b", "/account?next=https://notes.example.com",
	"https://auth.example.com", "https://auth.example.com/", "https://auth.example.com/account",
	friend, friend + "/", friend + "/n?x=y#z", friend + "?x", friend + "#x",
}

// traps are addresses that lead elsewhere, or may in some browser. They all end at the account.
var traps = []string{
	"", "account", "//evil.example", "///evil.example", "////evil.example/%2f..", "/\\evil.example", "\\\\evil.example",
	"\\/evil.example",
	"/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "//evil.example\\@auth.example.com",
	"/%09/../\\evil.example",
	"https://evil.example", "http://auth.example.com/", "HTTPS://evil.example", "https:evil.example",
	"https:/evil.example", "https:///evil.example",
	"https://auth.example.com@evil.example", "https://auth.example.com:pass@evil.example/",
	"https://auth.example.com.evil.example",
	"https://evil.example/https://auth.example.com", "https://evil.example?https://auth.example.com",
	"https://evil.example#https://auth.example.com",
	"https://auth.example.com\\.evil.example", "https://auth.example.com\\@evil.example",
	"https://auth.example.com%40evil.example", "https://auth.example.com%2eevil.example",
	"/%2F/evil.example", "/%2f%2fevil.example", "https://auth.example.com:444/",
	"https://x.auth.example.com/", "https://auth.example.com./",
	"https://notes.example.com.evil.example", "https://notes.example.com@evil.example", "http://notes.example.com/",
	"https://notes.example.comevil.example",
	"https://evil.example\x00.example.com", "https://evil.example%00.example.com",
	"https://[::1]/", "https://auth.example.com\u3002evil.example",
	"javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", "javascript://auth.example.com/%0aalert(1)",
	"data:text/html,<script>alert(1)</script>",
	"vbscript:x", "file:///etc/passwd", "blob:https://auth.example.com/x", "ftp://auth.example.com/",
	"//auth.example.com@evil.example", "/account\r\nSet-Cookie: x=y",
	"\u202e/account", "mailto:ada@example.com", "?x=https://evil.example",
	"#x", ".", "..//evil.example",
}

// respelled are addresses that people come back to in the spelling that browsers give them.
var respelled = map[string]string{ // target → where it leads
	"/account?q=größe und farbe":            "/account?q=gr%C3%B6%C3%9Fe%20und%20farbe",
	"https://NOTES.example.com/übersicht":   friend + "/%C3%BCbersicht",
	"HTTPS://notes.example.com:443/a b#c d": friend + "/a%20b#c%20d",
	"https://auth.example.com:443/":         "https://auth.example.com/",
	"/account\u00a0":                        "/account%C2%A0",
	"/\u2028/evil.example":                  "/%E2%80%A8/evil.example",
}

// TestReturnToRefused names an origin that people may not go back to in the log, once, with the
// setting that would let them; and nothing that is no origin.
func TestReturnToRefused(t *testing.T) {
	p := open(t, "https://auth.example.com")
	for range 3 {
		for _, target := range []string{"https://wiki.example.com/a?token=secret", "https://WIKI.example.com/b",
			"javascript:x", "//evil.example", "https://x@other.example/", friend} {
			p.browser(t, firefox).get("/signin?" + url.Values{"return_to": {target}}.Encode()).page(200)
		}
	}
	log := p.log.String()
	if n := strings.Count(log, "https://wiki.example.com"); n != 1 || !strings.Contains(log, "allowed_origins") {
		t.Errorf("the log names the origin %d times, want once with the setting:\n%s", n, log)
	}
	for _, unwanted := range []string{"secret", "evil.example", "other.example", "notes.example.com"} {
		if strings.Contains(log, unwanted) {
			t.Errorf("the log has %q", unwanted)
		}
	}
}

// TestReturnTo follows good addresses, and no others, after every form that leads anywhere.
func TestReturnTo(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	ada := p.browser(t, firefox)
	ada.signIn("ada@example.com")
	for _, target := range places {
		t.Run("place "+target, func(t *testing.T) {
			lead(ada.in(t), target, target)
			query := url.Values{"return_to": {target}}.Encode()
			p.browser(t, firefox).get("/session/renew?" + query).leads("/signin?" + query)
		})
	}
	for target, want := range respelled {
		t.Run("respelled "+target, func(t *testing.T) { lead(ada.in(t), target, want) })
	}
	for _, target := range traps {
		t.Run("trap "+target, func(t *testing.T) {
			lead(ada.in(t), target, "/account")
			query := url.Values{"return_to": {target}}.Encode()
			p.browser(t, firefox).get("/session/renew?" + query).leads("/signin")
			for _, page := range []string{"/signin?", "/signup?"} {
				p.browser(t, firefox).get(page+query).page(200).hides("return_to", "evil.example", "alert(1)")
			}
		})
	}
}

// lead signs somebody in for target, and renews the session of b for it, and checks where
// both lead.
func lead(b *browser, target, want string) {
	b.t.Helper()
	other := b.place.browser(b.t, phone)
	other.post("/signin", "email", "ada@example.com", "password", handstamptest.GoodPassword, "return_to",
		target).leads(want)
	b.place.Clock.Advance(11 * time.Second) // far from a loop
	b.get("/session/renew?" + url.Values{"return_to": {target}}.Encode()).leads(want)
}

// TestOnward names the app that a person goes on to, and lets the form lead there.
func TestOnward(t *testing.T) {
	p := open(t, "https://auth.example.com")
	for _, page := range []string{"/signin", "/signup"} {
		got := p.browser(t,
			firefox).get(page+"?return_to="+url.QueryEscape(friend+"/n")).page(200).shows("notes.example.com",
			`name="return_to" value="`+friend+`/n"`)
		const want = "form-action 'self' " + friend + ";"
		if policy := got.Header.Get("Content-Security-Policy"); !contains(policy, want) {
			t.Errorf("Content-Security-Policy = %q, want %q in it", policy, want)
		}
	}
}
