package pages_test

import (
	"net/url"
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
	"/%2F/evil.example", "/%2f%2fevil.example", "https://auth.example.com:444/", "https://auth.example.com:443/",
	"https://x.auth.example.com/", "https://auth.example.com./",
	"https://notes.example.com.evil.example", "https://notes.example.com@evil.example", "http://notes.example.com/",
	"https://notes.example.comevil.example",
	"https://NOTES.example.com/", "https://evil.example\x00.example.com", "https://evil.example%00.example.com",
	"https://[::1]/", "https://auth.example.com\u3002evil.example",
	"javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", "javascript://auth.example.com/%0aalert(1)",
	"data:text/html,<script>alert(1)</script>",
	"vbscript:x", "file:///etc/passwd", "blob:https://auth.example.com/x", "ftp://auth.example.com/",
	"//auth.example.com@evil.example", "/account\r\nSet-Cookie: x=y",
	"/\u2028/evil.example", "\u202e/account", "/account\u00a0", "mailto:ada@example.com", "?x=https://evil.example",
	"#x", ".", "..//evil.example",
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
