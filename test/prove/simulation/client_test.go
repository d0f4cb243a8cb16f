package simulation

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// client is what an honest person signs in with: a browser, whose tabs share a jar, or an
// app that takes its tokens in the body.
type client struct {
	r     *run
	name  string
	at    place
	jar   *cookiejar.Jar // nil: an app
	token string         // an app's
	line  *line          // of its last sign-in
	lock  *tab           // who is refreshing
	tabs  []*tab
}

// tab is one that refreshes: a tab of a browser, or an app itself.
type tab struct {
	*client
	name    string
	waiting int // the number of the request whose answer it waits for; 0: none
	tries   int // how often in a row it was told that it was overtaken
}

// site is where cookies go.
var site = &url.URL{Scheme: "https", Host: "auth.example.com", Path: "/"}

// fromOurPage is what a browser says of a request that our own page makes.
var fromOurPage = http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {origin}}

// navigation is what a browser says of a page that it opens from our own site.
var navigation = http.Header{
	"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"},
}

// held returns the refresh token that the client holds now; empty: none.
func (c *client) held() string {
	if c.jar == nil {
		return c.token
	}
	for _, cookie := range c.jar.Cookies(site) {
		if cookie.Name == refreshCookie {
			return cookie.Value
		}
	}
	return ""
}

// take keeps what an answer gives.
func (c *client) take(a answer) {
	if c.jar != nil {
		c.jar.SetCookies(site, a.cookies)
	} else if a.refresh != "" {
		c.token = a.refresh
	}
	if a.refresh != "" {
		c.r.applied(a.refresh)
	}
}

// cookies returns what the client's requests carry.
func (c *client) cookies() []*http.Cookie {
	if c.jar == nil {
		return nil
	}
	return c.jar.Cookies(site)
}

// headers returns what the client's requests say of themselves.
func (c *client) headers() http.Header {
	if c.jar == nil {
		return nil
	}
	return fromOurPage
}

// signIn begins a session, in place of the one that the client holds.
func (c *client) signIn() {
	r := c.r
	idle, remember := r.world.rules.browser, "false"
	if r.chance(60) {
		idle, remember = r.world.rules.idle, "true"
	}
	body := `{"email":"` + r.person.email + `","password":"` + goodPassword + `","remember":` + remember + `}`
	var met trouble
	if r.chance(r.plan.trouble) {
		met = trouble{oneOf(r, verbBegin, verbEntries), r.chance(50)}
	}
	at := r.server()
	held := r.tokens[c.held()]
	var a answer
	did := r.world.wire.during(met, func() {
		a = r.do(
			call{
				method:  "POST",
				path:    "/v1/session",
				from:    c.at,
				header:  c.headers(),
				cookies: c.cookies(),
				body:    body,
			},
		)
	})
	if did.begun && c.jar != nil && held != nil {
		held.line.end("replaced", at)
		held.line.answered = held.line.answered || a.status == http.StatusCreated
	}
	switch {
	case a.status == http.StatusCreated:
		c.begin(a, at, idle)
	case a.status == http.StatusServiceUnavailable && did.failed:
		r.tell("%s cannot sign in: %v", c.name, met)
		r.in(r.between(time.Second, 5*time.Second), c.signIn)
	case a.code == "invalid_credentials" && r.disabled:
		r.tell("%s cannot sign in: the user is disabled", c.name)
	default:
		r.breaks("docs/http-api.md", "a sign-in was answered %d %s", a.status, a.code)
	}
}

// begin takes note of a new session and has the client live with it.
func (c *client) begin(a answer, at time.Time, idle time.Duration) {
	r := c.r
	l, root := newLine(string(rune('A'+len(r.lines))), at, c.at)
	l.id, l.expires, l.idle = a.session, a.expires, idle
	first := root.grow(a.refresh)
	l.access = append(l.access, access{a.access, at.Add(accessLife)})
	r.lines, c.line, c.lock = append(r.lines, l), l, nil
	r.see(first)
	c.take(a)
	r.tell("%s signs in: session %s, token %s", c.name, l.name, first.name)
	for _, t := range c.tabs {
		t.waiting, t.tries = 0, 0
		r.in(r.pause(), func() { t.wake(l) })
	}
}

// wake refreshes, unless another tab is doing so: a lock is held for as long.
func (t *tab) wake(l *line) {
	r := t.r
	token := r.tokens[t.held()]
	switch {
	case t.line != l || token == nil || t.waiting != 0: // signed in anew, or signed out
		return
	case r.plan.locks && t.lock != nil:
		r.in(r.between(100*time.Millisecond, time.Second), func() { t.wake(l) })
		return
	}
	t.lock = t
	q := request{
		number: r.nextNumber(),
		name:   t.name,
		client: t.client,
		token:  token,
		call:   t.refresh(token),
		heard:  t.hear,
	}
	t.waiting = q.number
	r.send(q)
	r.in(r.plan.patience, func() {
		if t.waiting == q.number {
			r.tell("%s gives #%d up", t.name, q.number)
			t.free()
			r.in(r.between(100*time.Millisecond, 3*time.Second), func() { t.wake(l) })
		}
	})
}

// refresh returns the request that presents the token: of a script, of a page that the
// person opens, or of an app.
func (t *tab) refresh(token *token) call {
	c := call{method: "POST", path: "/v1/session/refresh", from: t.at, header: t.headers(), cookies: t.cookies()}
	switch {
	case t.jar == nil:
		c.body = `{"refresh_token":"` + token.text + `"}`
	case t.r.chance(20):
		c.method, c.path, c.header = "GET", "/session/renew?return_to=/account/sessions", navigation
	}
	return c
}

// free waits for no answer any more.
func (t *tab) free() {
	t.waiting = 0
	if t.lock == t {
		t.lock = nil
	}
}

// hear takes an answer. One that the tab does not wait for any more is ignored, by those who
// keep to the protocol.
func (t *tab) hear(q request, said verdict, a answer) {
	r, l := t.r, q.token.line
	if t.waiting != q.number {
		if r.plan.sloppy && said == granted {
			r.tell("%s takes the late answer to #%d", t.name, q.number)
			t.take(a)
		}
		return
	}
	t.free()
	if t.line != l {
		return
	}
	switch said {
	case granted:
		t.take(a)
		t.tries = 0
		r.tell("%s has %s", t.name, r.tokens[a.refresh].name)
		r.look(t, a)
		r.in(r.pause(), func() { t.wake(l) })
	case late:
		if t.tries++; t.tries > 3 {
			t.signIn()
			return
		}
		r.in(time.Second, func() { t.wake(l) })
	case over:
		r.tell("%s is signed out", t.name)
		if r.chance(50) {
			r.in(r.between(time.Second, time.Minute), func() {
				if t.line == l {
					t.signIn()
				}
			})
		}
	default:
		r.in(r.between(time.Second, 4*time.Second), func() { t.wake(l) })
	}
}
