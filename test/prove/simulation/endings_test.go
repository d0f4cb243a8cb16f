package simulation

import (
	"context"
	"net/http"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/test/prove/apiclient"
)

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
		err = r.system.server.Sessions.End(context.Background(), audit.Operator(), id)
		r.log("the operator ends session %s: %v", t.line.name, err)
		t.line.end(string(store.EndedByAdmin), at)
		t.line.answered = true
	case 2:
		err := r.system.disable(r.testUser)
		r.log("the operator disables the user: %v", err)
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
	r.log("a backup is made")
	r.system.backUp()
	before := make([]kept, len(r.lines))
	for i, l := range r.lines {
		before[i] = kept{l.over, l.answered, l.dead}
	}
	disabled := r.disabled
	r.in(r.pause()+r.pause(), func() {
		r.log("the database is set back to the backup")
		r.system.setBack()
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

// signOut has the user sign out at a client.
func (r *run) signOut(c *client, l *line) {
	var met failure
	if r.chance(r.plan.failures) {
		met = failure{oneOf(r, opEnd, opEntries), r.chance(50)}
	}
	q := c.call("DELETE", "/v1/session")
	if c.jar == nil {
		q.Body = map[string]any{"refresh_token": c.token}
	}
	at := r.server()
	var a apiclient.Answer
	did := r.system.store.during(met, func() { a = r.do(q) })
	r.log("%s signs out of session %s: %d", c.name, l.name, a.Status)
	switch {
	case a.Status == http.StatusNoContent:
		l.end(string(store.SignedOut), at)
		l.answered = true
		c.take(a)
		c.token = ""
	case a.Status == http.StatusServiceUnavailable && did.failed:
		if did.ended {
			l.end(string(store.SignedOut), at)
		}
	default:
		r.breaks("docs/http-api.md", "a sign-out was answered %d %s", a.Status, a.Code)
	}
}

// look opens a route of the server's own with an access token that was just handed out.
func (r *run) look(t *tab, a apiclient.Answer) {
	if r.stepped || r.chance(60) {
		return
	}
	c := t.at.call("GET", "/v1/session")
	c.Bearer = a.Access
	said := r.system.do(c)
	if l := t.line; l.over == "" && said.Status != http.StatusOK {
		r.breaks("§3", "an access token of session %s, which lives, was answered %d %s", l.name, said.Status, said.Code)
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
		c := abroad.call("GET", "/v1/session")
		c.Bearer = a.text
		said := r.system.do(c)
		if said.Status != http.StatusUnauthorized {
			r.breaks(
				"§6",
				"session %s is over (%s) and that was answered, but an access token of it opens a route: %d",
				l.name, l.over, said.Status,
			)
		}
	}
}
