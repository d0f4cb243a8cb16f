package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/web"
)

// TestFormToken refuses a form without the token of the session that sends it.
// requirements XO-03
func TestFormToken(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	p.MustUser("bob@example.com")
	ada, other, bob := p.browser(t, firefox), p.browser(t, phone), p.browser(t, firefox)
	ada.signIn("ada@example.com")
	other.signIn("ada@example.com")
	bob.signIn("bob@example.com")
	p.browser(t, phone).signIn("bob@example.com") // else there is nothing to end, and no form
	list := ada.get("/account").page(200)
	own, end := list.token(), list.find(`action="(/account/sessions/[^"]+/end)"`)
	tests := []struct {
		name   string
		fields []string
	}{
		{"missing", nil},
		{"empty", []string{"form_token", ""}},
		{"of another user", []string{"form_token", bob.get("/account").token()}},
		{"of another session of the same user", []string{"form_token", other.get("/account").token()}},
		{"cut", []string{"form_token", own[:len(own)-1]}},
		{"longer", []string{"form_token", own + "A"}},
		{"in other bits", []string{"form_token", own[:len(own)-1] + string(own[len(own)-1]+1)}},
		{"made of the session's id", []string{"form_token", strings.Split(end, "/")[3]}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []string{end, "/account/sessions/end-others"} {
				ada.in(t).post(path, test.fields...).page(http.StatusForbidden).shows("out of date", "cross_origin", "Sign out")
			}
			other.in(t).get("/account").page(200) // nothing happened to it
		})
	}
	ada.post(end, "form_token", own).leads("/account?done=ended")
	other.get("/account").leads("/session/renew?return_to=%2Faccount")
}

// TestEnd ends one's own sessions and nobody else's. requirements SE-13
func TestEnd(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	p.MustUser("bob@example.com")
	ada, bob := p.browser(t, firefox), p.browser(t, firefox)
	ada.signIn("ada@example.com")
	p.browser(t, phone).signIn("ada@example.com")
	for range 2 {
		bob = p.browser(t, firefox)
		bob.signIn("bob@example.com")
	}
	token := ada.get("/account").token()
	foreign := bob.get("/account").find(`action="(/account/sessions/[^"]+/end)"`)
	for _, path := range []string{foreign, "/account/sessions/AAAAAAAAAAAAAAAAAAAAAA/end", "/account/sessions/x/end", "/account/sessions/%00/end"} {
		ada.post(path, "form_token", token).page(http.StatusNotFound).shows("session_not_found")
	}
	bob.get("/account").page(200).shows("One other session")

	live, err := p.Sessions.Live(t.Context(), callerOf(t, p, "ada@example.com"))
	if err != nil || len(live) != 2 {
		t.Fatalf("Live = %d sessions, %v, want 2", len(live), err)
	}
	own := live[1].ID // of the one that signed in first
	ada.post("/account/sessions/"+own.String()+"/end", "form_token", token).leads("/signout")
	ada.get("/account").page(200).shows("One other session")

	third := p.browser(t, phone)
	third.signIn("ada@example.com")
	ada.post("/account/sessions/end-others", "form_token", token).leads("/account?done=ended-others")
	ada.get("/account?done=ended-others").page(200).shows("All other sessions were ended.")
	third.get("/account").leads("/session/renew?return_to=%2Faccount")
	bob.get("/account").page(200)
}

// TestFresh asks whoever signed in long ago to do so again before anything ends, and brings
// the person back. requirements SE-12
func TestFresh(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	ada, other := p.browser(t, firefox), p.browser(t, phone)
	ada.signIn("ada@example.com")
	other.signIn("ada@example.com")
	p.Clock.Advance(web.FreshFor + time.Minute)
	ada.get("/session/renew").leads("/account").sets(2)
	list := ada.get("/account").page(200)
	end := list.find(`action="(/account/sessions/[^"]+/end)"`)
	const again = "/signin?reason=reauthentication_required&return_to=%2Faccount"
	ada.post(end, "form_token", list.token()).leads(again)
	ada.post("/account/sessions/end-others", "form_token", list.token()).leads(again)
	ada.get(again).page(200).shows("Please sign in again for this", `value="ada@example.com"`, `name="return_to" value="/account"`)
	ada.signIn("ada@example.com")
	fresh := ada.get("/account").page(200)
	ada.post(end, "form_token", list.token()).page(http.StatusForbidden) // the old page's token went with its session
	ada.post(end, "form_token", fresh.token()).leads("/account?done=ended")
}

// TestExpiredForm brings whoever waited too long with a form back to its page, by way of a
// renewal.
func TestExpiredForm(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	ada := p.browser(t, firefox)
	ada.signIn("ada@example.com")
	p.browser(t, phone).signIn("ada@example.com")
	token := ada.get("/account").token()
	for name, change := range map[string]func(){
		"access cookie gone":    ada.forgetAccess,
		"access token too old":  func() { p.Clock.Advance(11 * time.Minute) },
		"access cookie garbage": func() { ada.jar["__Host-Http-hs_access"] = "a.b.c" },
	} {
		t.Run(name, func(t *testing.T) {
			change()
			got := ada.in(t).post("/account/sessions/end-others", "form_token", token).leads("/account").sets(0)
			if got.Header.Get("WWW-Authenticate") != "" {
				t.Errorf("WWW-Authenticate = %q on a redirect", got.Header.Get("WWW-Authenticate"))
			}
			ada.in(t).get("/account").leads("/session/renew?return_to=%2Faccount")
			p.Clock.Advance(time.Minute) // far from a loop
			ada.in(t).get("/session/renew?return_to=%2Faccount").leads("/account").sets(2)
			ada.in(t).get("/account").page(200)
		})
	}
}

// TestForms refuses every form that no page of ours sends.
func TestForms(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	p.browser(t, phone).signIn("ada@example.com")
	token := b.get("/account").token()
	bodies := map[string]string{ // path → a good form
		"/signin": "email=ada%40example.com&password=x", "/signup": "email=x", "/signout": "",
		"/account/sessions/end-others": "form_token=" + token,
	}
	for path, good := range bodies {
		tests := []struct {
			name    string
			body    string
			headers []string
			status  int
		}{
			{"unknown field", good + "&admin=1", nil, 400},
			{"field in another case", good + "&EMAIL=x", nil, 400},
			{"field twice", good + "&" + good + "&x=1", nil, 400},
			{"bad escape", good + "&email=%zz", nil, 400},
			{"semicolon", good + ";password=x", nil, 400},
			{"bad UTF-8", "email=%ff&return_to=%ff&form_token=%ff", nil, 400},
			{"too large", "email=" + strings.Repeat("x", 64<<10), nil, 413},
			{"JSON", `{"email":"x"}`, []string{"Content-Type", "application/json"}, 415},
			{"multipart", "x", []string{"Content-Type", "multipart/form-data; boundary=x"}, 415},
			{"plain text", "email=x", []string{"Content-Type", "text/plain"}, 415},
			{"no type", "email=x", []string{"Content-Type", ""}, 415},
			{"another charset", "email=x", []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-7"}, 415},
			{"says nothing of its origin", good, []string{"Sec-Fetch-Site", "", "Origin", ""}, 403},
			{"another site", good, []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
			{"a sibling host", good, []string{"Sec-Fetch-Site", "same-site", "Origin", "https://www.example.com"}, 403},
			{"another site without Fetch Metadata", good, []string{"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, 403},
		}
		for _, test := range tests {
			t.Run(path+" "+test.name, func(t *testing.T) {
				b.in(t).send("POST", path, test.body, test.headers...).page(test.status).sets(0)
			})
		}
	}
	b.get("/account").page(200)
}
