package simulation

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
	"time"

	"github.com/handstamp/handstamp/test/prove/apiclient"
)

// accessLife is how long an access token lives.
const accessLife = 10 * time.Minute

// client is what an honest user signs in with: a browser, whose tabs share a jar, or an
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

// newJar makes a browser's jar.
func newJar(t testing.TB) *cookiejar.Jar {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return jar
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
		if cookie.Name == apiclient.RefreshCookie {
			return cookie.Value
		}
	}
	return ""
}

// take keeps what an answer gives.
func (c *client) take(a apiclient.Answer) {
	if c.jar != nil {
		c.jar.SetCookies(site, a.Cookies)
	} else if a.Refresh != "" {
		c.token = a.Refresh
	}
	if a.Refresh != "" {
		c.r.applied(a.Refresh)
	}
}

// call returns a request of the client, with what its requests carry and say of themselves.
func (c *client) call(method, path string) call {
	q := c.at.call(method, path)
	if c.jar != nil {
		q.Header, q.Cookies = fromOurPage, c.jar.Cookies(site)
	}
	return q
}

// signIn begins a session, in place of the one that the client holds.
func (c *client) signIn() {
	r := c.r
	idle, remember := r.system.rules.browser, false
	if r.chance(60) {
		idle, remember = r.system.rules.idle, true
	}
	q := c.call("POST", "/v1/session")
	q.Body = map[string]any{"email": r.testUser.email, "password": apiclient.Password, "remember": remember}
	var met failure
	if r.chance(r.plan.failures) {
		met = failure{oneOf(r, opBegin, opEntries), r.chance(50)}
	}
	at := r.server()
	held := r.tokens[c.held()]
	var a apiclient.Answer
	did := r.system.store.during(met, func() { a = r.do(q) })
	if did.begun && c.jar != nil && held != nil {
		held.line.end("replaced", at)
		held.line.answered = held.line.answered || a.Status == http.StatusCreated
	}
	switch {
	case a.Status == http.StatusCreated:
		c.begin(a, at, idle)
	case a.Status == http.StatusServiceUnavailable && did.failed:
		r.log("%s cannot sign in: %v", c.name, met)
		r.in(r.between(time.Second, 5*time.Second), c.signIn)
	case a.Code == "invalid_credentials" && r.disabled:
		r.log("%s cannot sign in: the user is disabled", c.name)
	default:
		r.breaks("docs/http-api.md", "a sign-in was answered %d %s", a.Status, a.Code)
	}
}

// begin records a new session, and has the client use it.
func (c *client) begin(a apiclient.Answer, at time.Time, idle time.Duration) {
	r := c.r
	l, root := newLine(string(rune('A'+len(r.lines))), at, c.at)
	l.id, l.expires, l.idle = a.Session, a.Expires, idle
	first := root.grow(a.Refresh)
	l.access = append(l.access, access{a.Access, at.Add(accessLife)})
	r.lines, c.line, c.lock = append(r.lines, l), l, nil
	r.see(first)
	c.take(a)
	r.log("%s signs in: session %s, token %s", c.name, l.name, first.name)
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
		number:   r.nextNumber(),
		name:     t.name,
		client:   t.client,
		token:    token,
		call:     t.refresh(token),
		received: t.receive,
	}
	t.waiting = q.number
	r.send(q)
	r.in(r.plan.timeout, func() {
		if t.waiting == q.number {
			r.log("%s gives #%d up", t.name, q.number)
			t.free()
			r.in(r.between(100*time.Millisecond, 3*time.Second), func() { t.wake(l) })
		}
	})
}

// refresh returns the request that presents the token: of a script, of a page that the
// user opens, or of an app.
func (t *tab) refresh(token *token) call {
	c := t.call("POST", "/v1/session/refresh")
	switch {
	case t.jar == nil:
		c.Body = map[string]any{"refresh_token": token.text}
	case t.r.chance(20):
		c.Method, c.Path, c.Header = "GET", "/session/renew?return_to=/account/sessions", navigation
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

// receive takes an answer. One that the tab does not wait for any more is ignored, by those who
// keep to the protocol.
func (t *tab) receive(q request, said verdict, a apiclient.Answer) {
	r, l := t.r, q.token.line
	if t.waiting != q.number {
		if r.plan.sloppy && said == granted {
			r.log("%s takes the late answer to #%d", t.name, q.number)
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
		r.log("%s has %s", t.name, r.tokens[a.Refresh].name)
		r.look(t, a)
		r.in(r.pause(), func() { t.wake(l) })
	case late:
		if t.tries++; t.tries > 3 {
			t.signIn()
			return
		}
		r.in(time.Second, func() { t.wake(l) })
	case over:
		r.log("%s is signed out", t.name)
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
