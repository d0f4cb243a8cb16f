package verify_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// TestLateForm answers a form that comes when nobody is signed in any more by a page in its place,
// so that the browser keeps what was typed; and nobody else.
func TestLateForm(t *testing.T) {
	v := mustNew(t, testConfig())
	const html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	form := []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-origin", "Accept", html}
	for _, test := range []struct {
		name    string
		h       http.Handler
		method  string
		cookie  string
		headers []string
		status  int
		link    string // on the page; empty: a problem document
	}{
		{"no cookie", v.Require(hello), "POST", "", form, 401, issuer + "/session/renew"},
		{"an old cookie", v.Require(hello), "POST", expiredToken(), form, 401, issuer + "/session/renew"},
		{"a bad cookie", v.Require(hello), "POST", "x", form, 401, issuer + "/session/renew"},
		{"an old browser", v.Require(hello), "POST", "", []string{"Accept", html}, 401, issuer + "/session/renew"},
		{
			"signed in long ago", v.Require(hello, verify.Fresh(time.Minute)), "POST", goodToken(), form, 401,
			issuer + "/signin?reason=reauthentication_required",
		},
		{"a role missing", v.Require(hello, verify.Role("admin")), "POST", goodToken(), form, 403, ""},
		{"another site's form", v.Require(hello), "POST", goodToken(), []string{"Sec-Fetch-Mode", "navigate",
			"Sec-Fetch-Site", "cross-site", "Accept", html}, 403, ""},
		{"a script", v.Require(hello), "POST", "", []string{"Sec-Fetch-Mode", "cors", "Accept", html}, 401, ""},
		{"XMLHttpRequest", v.Require(hello), "POST", "", append(form, "X-Requested-With", "XMLHttpRequest"), 401, ""},
		{"a program", v.Require(hello), "POST", "", []string{"Accept", "*/*"}, 401, ""},
		{"another method", v.Require(hello), "PUT", "", form, 401, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			headers := test.headers
			if test.cookie != "" {
				headers = append([]string{"Cookie", accessCookie(test.cookie)}, headers...)
			}
			w := ask(test.h, test.method, "https://app.example.com/notes", headers...)
			kind, body := w.Header().Get("Content-Type"), w.Body.String()
			link := `<a href="` + test.link + `" target="_blank"`
			page := kind == "text/html; charset=utf-8" && strings.Contains(body, "nothing was saved or changed") &&
				strings.Contains(body, "send the form again") && strings.Contains(body, link)
			if w.Code != test.status || page != (test.link != "") || !page && kind != "application/problem+json" {
				t.Errorf("answer = %d %s %s, want %d with the link %q", w.Code, kind, body, test.status, test.link)
			}
			if w.Header().Get("Location") != "" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("headers = %v, want no Location and no-store", w.Header())
			}
		})
	}
	c := testConfig()
	c.NoRedirect = true
	w := ask(mustNew(t, c).Require(hello), "POST", "/", form...)
	if kind := w.Header().Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("with NoRedirect: %s, want a problem document", kind)
	}
}

// TestTwoGoodCookiesNavigation sends a browser to renew that holds two good cookies, instead of an
// answer that no person reads.
func TestTwoGoodCookiesNavigation(t *testing.T) {
	w := ask(mustNew(t, testConfig()).Require(hello), "GET", "https://app.example.com/", "Sec-Fetch-Mode", "navigate",
		"Cookie", accessCookie(tokenOf("ada"))+"; "+accessCookie(tokenOf("bob")))
	if location := w.Header().Get("Location"); !strings.HasPrefix(location, issuer+"/session/renew?return_to=") {
		t.Errorf("answer = %d to %q, want it sent to renew", w.Code, location)
	}
}
