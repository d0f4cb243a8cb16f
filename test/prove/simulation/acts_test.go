package simulation

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/store"
)

// accessLife is how long an access token lives.
const accessLife = 10 * time.Minute

// newJar makes a browser's jar.
func newJar(t testing.TB) *cookiejar.Jar {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return jar
}

// thief has copied what was not his.
type thief struct {
	r     *run
	at    place
	bag   []*token
	polls time.Duration // between two tries; 0: now and then
}

// newThief brings one in, from somewhere else or from the person's own network.
func (r *run) newThief() *thief {
	return &thief{
		r:     r,
		at:    oneOf(r, abroad, disguise, sofa, desk),
		polls: oneOf(r, 0, time.Second, 5*time.Second, r.world.rules.grace+time.Second),
	}
}

// steal copies what a jar holds, or what a log has leaked, and begins to use it.
func (b *thief) steal() {
	r := b.r
	c := oneOf(r, r.clients...)
	if r.chance(30) { // a log: every token of the session so far
		for _, l := range r.lines {
			b.bag = append(b.bag, r.leaked(l)...)
		}
	} else if t := r.tokens[c.held()]; t != nil {
		b.bag = append(b.bag, t)
	}
	if len(b.bag) == 0 {
		r.in(r.pause(), b.steal)
		return
	}
	r.tell("a thief at %s has %s", b.at.ip, names(b.bag))
	r.in(b.wait(), b.use)
}

// leaked returns every token of a session that was seen, oldest first.
func (r *run) leaked(l *line) []*token {
	var all []*token
	for _, t := range r.order {
		if t.line == l {
			all = append(all, t)
		}
	}
	return all
}

// names names tokens.
func names(all []*token) string {
	text := ""
	for _, t := range all {
		text += " " + t.name
	}
	return text[1:]
}

// wait draws how long the thief waits.
func (b *thief) wait() time.Duration {
	if b.polls > 0 {
		return b.polls
	}
	return b.r.pause()
}

// use presents the newest that the thief has, or any.
func (b *thief) use() {
	r := b.r
	t := b.bag[len(b.bag)-1]
	if r.chance(30) {
		t = oneOf(r, b.bag...)
	}
	c := call{method: "POST", path: "/v1/session/refresh", from: b.at, body: `{"refresh_token":"` + t.text + `"}`}
	r.send(request{number: r.nextNumber(), name: "the thief", token: t, call: c, heard: b.hear})
	if r.chance(10) {
		r.in(b.wait(), b.steal)
		return
	}
	r.in(b.wait(), b.use)
}

// hear keeps what the thief was given.
func (b *thief) hear(q request, said verdict, a answer) {
	if said == granted {
		b.bag = append(b.bag, b.r.tokens[a.refresh])
	}
}

// ending ends a session otherwise than by a refresh token.
func (r *run) ending() {
	c := oneOf(r, r.clients...)
	t := r.tokens[c.held()]
	if t == nil {
		return
	}
	at := r.server()
	switch r.dice.IntN(3) {
	case 0:
		r.signOut(c, t.line)
	case 1:
		id, err := store.ParseSessionID(t.line.id)
		if err != nil {
			r.t.Fatal(err)
		}
		err = r.world.server.Sessions.End(context.Background(), audit.Operator(), id)
		r.tell("the operator ends session %s: %v", t.line.name, err)
		t.line.end(string(store.EndedByAdmin), at)
		t.line.answered = true
	case 2:
		err := r.world.disable(r.person)
		r.tell("the operator disables the user: %v", err)
		for _, l := range r.lines {
			l.end(string(store.UserDisabled), at)
			l.answered = true
			if r.stepped {
				l.dead = nil // R6 compares times: it holds while no clock is set back
			}
		}
		r.disabled = true
	}
	r.in(r.pause(), r.ending)
}

// kept is what a backup knows of a session.
type kept struct {
	over     string
	answered bool
	dead     []access
}

// backUp makes a backup, and sets the database back to it later.
func (r *run) backUp() {
	r.tell("a backup is made")
	r.world.backUp()
	before := make([]kept, len(r.lines))
	for i, l := range r.lines {
		before[i] = kept{l.over, l.answered, l.dead}
	}
	disabled := r.disabled
	r.in(r.pause()+r.pause(), func() {
		r.tell("the database is set back to the backup")
		r.world.setBack()
		r.disabled = disabled
		for i, l := range r.lines {
			l.behind = true
			if i < len(before) {
				l.over, l.answered, l.dead = before[i].over, before[i].answered, before[i].dead
			} else {
				l.lost, l.stolen = true, true // nothing is promised of what the database never saw
			}
		}
	})
}

// signOut has the person sign out of a client.
func (r *run) signOut(c *client, l *line) {
	var met trouble
	if r.chance(r.plan.trouble) {
		met = trouble{oneOf(r, verbEnd, verbEntries), r.chance(50)}
	}
	body := ""
	if c.jar == nil {
		body = `{"refresh_token":"` + c.token + `"}`
	}
	at := r.server()
	var a answer
	did := r.world.wire.during(met, func() {
		a = r.do(
			call{
				method:  "DELETE",
				path:    "/v1/session",
				from:    c.at,
				header:  c.headers(),
				cookies: c.cookies(),
				body:    body,
			},
		)
	})
	r.tell("%s signs out of session %s: %d", c.name, l.name, a.status)
	switch {
	case a.status == http.StatusNoContent:
		l.end(string(store.SignedOut), at)
		l.answered = true
		c.take(a)
		c.token = ""
	case a.status == http.StatusServiceUnavailable && did.failed:
		if did.ended {
			l.end(string(store.SignedOut), at)
		}
	default:
		r.breaks("docs/http-api.md", "a sign-out was answered %d %s", a.status, a.code)
	}
}

// look opens a route of the server's own with an access token that was just handed out.
func (r *run) look(t *tab, a answer) {
	if r.stepped || r.chance(60) {
		return
	}
	said := r.world.do(
		call{
			method: "GET",
			path:   "/v1/session",
			from:   t.at,
			header: http.Header{"Authorization": {"Bearer " + a.access}},
		},
	)
	if l := t.line; l.over == "" && said.status != http.StatusOK {
		r.breaks("§3", "an access token of session %s, which lives, was answered %d %s", l.name, said.status, said.code)
	}
}

// refused checks that the server's own routes refuse what was good when a session ended: once
// that was answered, and again at the end of the schedule.
func (r *run) refused(l *line) {
	if !l.answered || l.lost {
		return
	}
	l.checked = true
	for _, a := range l.dead[max(0, len(l.dead)-2):] {
		said := r.world.do(
			call{
				method: "GET",
				path:   "/v1/session",
				from:   abroad,
				header: http.Header{"Authorization": {"Bearer " + a.text}},
			},
		)
		if said.status != http.StatusUnauthorized {
			r.breaks(
				"§6",
				"session %s is over (%s) and that was answered, but an access token of it opens a route: %d",
				l.name, l.over, said.status,
			)
		}
	}
}
