package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/web"
)

// newPassword is another one that every policy takes.
const newPassword = "seven lanterns hum at dusk"

// signedInForm is a form of a page that only somebody who is signed in sees.
type signedInForm struct {
	action string
	fields []string // name, value; without the token
	page   string   // where it stands
	fresh  bool     // it wants a sign-in of the last minutes
	token  string
}

// signedInForms are all of them, as b sees them. b's user has another session.
func signedInForms(b *browser) []signedInForm {
	b.t.Helper()
	devices := b.get("/account/sessions").page(200)
	forms := []signedInForm{
		{action: "/account", fields: []string{"name", "Ada"}, page: "/account"},
		{action: "/account/export", page: "/account", fresh: true},
		{action: devices.find(`action="(/account/sessions/[^"]+/end)"`), page: "/account/sessions", fresh: true},
		{action: "/account/sessions/end-others", page: "/account/sessions", fresh: true},
		{action: "/account/security", fields: []string{"current_password", handstamptest.GoodPassword, "new_password",
			newPassword}, page: "/account/security"},
		{action: "/account/delete", fields: []string{"sure", "yes"}, page: "/account/delete", fresh: true},
	}
	for i := range forms {
		forms[i].token = devices.token()
	}
	return forms
}

// send posts the form as b.
func (f signedInForm) send(b *browser) answer {
	b.t.Helper()
	return b.post(f.action, append(f.fields, "form_token", f.token)...)
}

// TestSignedInForms lists every form that the surface has for people who are signed in.
func TestSignedInForms(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	p.browser(t, phone).signIn("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	listed := map[string]bool{} // method and path → it is a form of the table
	for _, f := range signedInForms(b) {
		path := f.action
		if strings.HasSuffix(path, "/end") {
			path = "/account/sessions/{id}/end"
		}
		listed["POST "+path] = f.fresh
	}
	for _, route := range p.Routes() {
		fresh, ok := listed[route.Pattern]
		wanted := strings.HasPrefix(route.Pattern, "POST /account") && route.Access != web.Anyone
		if wanted != ok || ok && fresh != (route.Access == web.Fresh) {
			t.Errorf("%s, %s: listed %v, as fresh %v", route.Pattern, route.Access, ok, fresh)
		}
	}
}

// TestFormToken refuses every form without the token of the session that sends it.
// standards XO-03
func TestFormToken(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	p.MustUser("bob@example.com")
	ada, other, bob := p.browser(t, firefox), p.browser(t, phone), p.browser(t, firefox)
	ada.signIn("ada@example.com")
	other.signIn("ada@example.com")
	bob.signIn("bob@example.com")
	forms := signedInForms(ada)
	own, before := forms[0].token, p.Dump()
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
		{"made of the session's id", []string{"form_token", strings.Split(forms[2].action, "/")[3]}},
	}
	for _, f := range forms {
		for _, test := range tests {
			t.Run(f.action+" "+test.name, func(t *testing.T) {
				ada.in(t).post(f.action, append(f.fields, test.fields...)...).page(http.StatusForbidden).sets(0).
					shows("out of date", "cross_origin", "Sign out")
			})
		}
	}
	if p.Dump() != before {
		t.Error("a form that was refused changed something")
	}
	for _, f := range forms {
		if got := f.send(ada); got.Status >= 400 {
			got.want(http.StatusSeeOther)
		}
	}
}

// TestFresh asks whoever signed in long ago to do so again before anything is given away or
// destroyed, and brings the person back to the page. standards SE-12, SE-18
func TestFresh(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	ada, other := p.browser(t, firefox), p.browser(t, phone)
	ada.signIn("ada@example.com")
	other.signIn("ada@example.com")
	p.Clock.Advance(web.FreshFor + time.Minute)
	ada.get("/session/renew").leads("/account").sets(2)
	old, before := signedInForms(ada), p.Dump()
	for _, f := range old {
		if !f.fresh {
			continue
		}
		again := "/signin?" + url.Values{"reason": {"nothing_done"}, "return_to": {f.page}}.Encode()
		f.send(ada).leads(again).sets(0)
		ada.get(again).page(200).shows("Nothing has happened yet", "press the button once more",
			`value="ada@example.com"`,
			`name="return_to" value="`+f.page+`"`)
	}
	ada.get("/account/delete").leads("/signin?reason=reauthentication_required&return_to=%2Faccount%2Fdelete")
	ada.get("/signin?reason=reauthentication_required").page(200).shows("Please sign in again to continue")
	if p.Dump() != before {
		t.Error("a form that was not fresh changed something")
	}
	ada.signIn("ada@example.com")
	for _, f := range old {
		f.send(ada).page(http.StatusForbidden) // the old page's token went with its session
	}
	for _, f := range signedInForms(ada) {
		ada.get(f.page).page(200)
		if got := f.send(ada); got.Status >= 400 || strings.HasPrefix(got.Header.Get("Location"),
			"/signin?reason=nothing_done") {
			t.Errorf("%s, fresh: status = %d, Location %q", f.action, got.Status, got.Header.Get("Location"))
		}
	}
}

// notSaved checks that a form that came too late is answered in its place by a page that says so,
// so that the browser still has what was typed, and returns the page to open beside it.
func (a answer) notSaved(page string) {
	a.t.Helper()
	a.page(http.StatusUnauthorized).sets(0).shows("nothing was saved or changed", "send the form again",
		`href="`+page+`" target="_blank" rel="noopener"`)
	if a.Header.Get("WWW-Authenticate") == "" {
		a.t.Error("401 without WWW-Authenticate") // RFC 9110 §15.5.2
	}
}

// TestExpiredForm tells whoever waited too long with a form that nothing came of it. Once the page
// was opened beside it, which renews the session, the very form goes through.
func TestExpiredForm(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	ada := p.browser(t, firefox)
	ada.signIn("ada@example.com")
	p.browser(t, phone).signIn("ada@example.com")
	forms := signedInForms(ada)
	for name, change := range map[string]func(*browser){
		"access cookie gone":    (*browser).forgetAccess,
		"access cookie garbage": func(b *browser) { b.SetCookie(accessCookie, "a.b.c") },
	} {
		for _, f := range forms {
			t.Run(f.action+" "+name, func(t *testing.T) {
				b := ada.twin().in(t)
				change(b)
				f.send(b).notSaved(f.page)
				back := url.Values{"return_to": {f.page}}.Encode()
				b.get(f.page).leads("/session/renew?" + back)
				p.Clock.Advance(11 * time.Second) // far from a loop
				b.get("/session/renew?" + back).leads(f.page).sets(2)
				b.get(f.page).page(200)
			})
		}
	}
	p.Clock.Advance(11 * time.Minute)
	for _, f := range forms {
		f.send(ada).notSaved(f.page)
	}
	ada.get("/session/renew").leads("/account").sets(2)
	forms[0].send(ada).leads("/account?done=name")
}

// TestGoneForm tells whoever's session was ended with a form still open that nothing came of it,
// and why once the page is opened again.
func TestGoneForm(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	ada, other := p.browser(t, firefox), p.browser(t, phone)
	ada.signIn("ada@example.com")
	other.signIn("ada@example.com")
	forms := signedInForms(ada)
	other.post("/account/sessions/end-others", "form_token",
		other.get("/account").token()).leads("/account/sessions?done=ended-others")
	before := p.Dump()
	for _, f := range forms {
		f.send(ada).notSaved(f.page)
		ada.get(f.page).leads("/session/renew?" + url.Values{"return_to": {f.page}}.Encode())
	}
	ada.get("/session/renew").leads("/signin?reason=ended_by_user")
	if p.Dump() != before {
		t.Error("a form of an ended session changed something")
	}
}

// TestForms refuses every form that no page of ours sends.
func TestForms(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	p.browser(t, phone).signIn("ada@example.com")
	bodies := map[string]string{ // path → a good form
		"/signin": "email=ada%40example.com&password=x", "/signup": "email=x", "/signout": "",
		"/setup/" + p.Users.SetupToken().Reveal(): "email=x",
	}
	for _, f := range signedInForms(b) {
		bodies[f.action] = fill(append(f.fields, "form_token", f.token)...)
	}
	before := p.Dump()
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
			{"another charset", "email=x", []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-7"},
				415},
			{"says nothing of its origin", good, []string{"Sec-Fetch-Site", "", "Origin", ""}, 403},
			{"another site", good, []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
			{"a sibling host", good, []string{"Sec-Fetch-Site", "same-site", "Origin", "https://www.example.com"}, 403},
			{"another site without Fetch Metadata", good, []string{"Sec-Fetch-Site", "", "Origin",
				"https://evil.example"}, 403},
		}
		for _, test := range tests {
			t.Run(path+" "+test.name, func(t *testing.T) {
				b.in(t).send("POST", path, test.body, test.headers...).page(test.status).sets(0)
			})
		}
	}
	if p.Dump() != before {
		t.Error("a form that was refused changed something")
	}
}

// TestFormsByOriginAlone sends every form as browsers without Fetch Metadata do: with Origin, which
// our policy for referrers lets them send.
func TestFormsByOriginAlone(t *testing.T) {
	p := open(t, "https://auth.example.com")
	b := p.browser(t, firefox)
	for name := range b.Header {
		if strings.HasPrefix(name, "Sec-") {
			b.Header.Del(name)
		}
	}
	filled := fill("email", "ada@example.com", "name", "Ada", "password", handstamptest.GoodPassword)
	b.send("POST", "/signup", filled, "Origin", "null").want(403)
	b.post("/signup", "email", "ada@example.com", "name", "Ada", "password", handstamptest.GoodPassword).
		leads("/account").sets(2)
	p.browser(t, phone).signIn("ada@example.com")
	for _, form := range signedInForms(b) {
		if got := form.send(b); got.Status == http.StatusForbidden {
			t.Errorf("%s = %d, want it done", form.action, got.Status)
		}
	}
}
