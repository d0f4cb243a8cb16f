package simulation

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// request is a refresh token on its way to the server.
type request struct {
	number int
	name   string  // of who sends it
	client *client // whose jar the answer is for; nil: a thief
	token  *token
	call   call
	heard  func(request, verdict, answer) // what an answer does
}

// send puts a request on the network, which loses, delays, repeats and reorders.
func (r *run) send(q request) {
	r.tell("%s sends %s (#%d)", q.name, q.token.name, q.number)
	if r.chance(r.plan.loss) {
		r.tell("#%d is lost on the way", q.number)
		return
	}
	r.in(r.delay(q.token), func() { r.arrive(q) })
	if r.chance(r.plan.twice) {
		r.in(r.delay(q.token), func() { r.arrive(q) })
	}
}

// delay draws how long something is on its way. Sometimes it arrives in the very
// millisecond in which a window ends.
func (r *run) delay(t *token) time.Duration {
	n := r.dice.IntN(100)
	switch {
	case n < r.plan.smooth:
		return r.between(5*time.Millisecond, 300*time.Millisecond)
	case n < r.plan.smooth+(100-r.plan.smooth)/3:
		side := time.Duration(r.dice.IntN(3)-1) * time.Millisecond
		if d := t.line.head.confirmedAt.Add(r.world.rules.grace + side).Sub(r.server()); d >= 0 && d < time.Minute {
			return d
		}
		return r.between(0, 2*time.Second)
	case n < 95:
		return r.between(time.Second, 12*time.Second)
	}
	return oneOf(r, 31*time.Second, 5*time.Minute, 2*time.Hour)
}

// arrive has the server answer a request, with trouble now and then, and sends the answer
// back.
func (r *run) arrive(q request) {
	if r.over(q.token.line) && r.chance(80) {
		return // enough of those
	}
	var met trouble
	if r.chance(r.plan.trouble) {
		met = trouble{oneOf(r, verbRotate, verbRotate, verbEntries), r.chance(50)}
	}
	held := ""
	if q.client != nil {
		held = q.client.held()
	}
	p := presentation{token: q.token, from: q.call.from, at: r.server(), honest: q.client != nil, held: held, met: met}
	p.did = r.world.wire.during(met, func() { p.got = r.do(q.call) })
	p.said = judge(q.call, &p.got)
	if q.call.method == http.MethodGet && p.did == (deed{}) && len(p.got.cookies) == 0 {
		p.said = unasked // the page that renews says that it goes in circles
	}
	r.tell("#%d arrives with %s: %s", q.number, q.token.name, r.describe(p))
	r.presented(p)
	if !q.token.line.checked {
		r.refused(q.token.line)
	}
	if r.chance(r.plan.crash) {
		r.tell("the server crashes before it answers #%d, and starts again", q.number)
		r.world.restart()
		return
	}
	if r.chance(r.plan.loss) {
		r.tell("the answer to #%d is lost", q.number)
		return
	}
	r.in(r.delay(q.token), func() { q.heard(q, p.said, p.got) })
	if r.chance(r.plan.twice) {
		r.in(r.delay(q.token), func() { q.heard(q, p.said, p.got) })
	}
}

// over reports whether a session is over and everybody knows.
func (r *run) over(l *line) bool { return l.over != "" && l.answered }

// do counts a call and makes it.
func (r *run) do(c call) answer {
	r.calls++
	return r.world.do(c)
}

// describe tells what an arrival came to.
func (r *run) describe(p presentation) string {
	text := string(p.said)
	switch {
	case p.said == granted && r.tokens[p.got.refresh] != nil:
		text += ", " + r.tokens[p.got.refresh].name
	case p.said == granted:
		text += ", a new token"
	case p.said == over:
		text += ", " + p.got.reason
	case p.said == down:
		text += " (" + p.met.String() + ")"
	}
	if p.did.rotated != 0 {
		text += " [" + p.did.rotated.String() + "]"
	}
	return text
}

// judge tells what an answer says of a refresh token, whichever route gave it.
func judge(c call, a *answer) verdict {
	if strings.HasPrefix(c.path, "/session/renew") {
		return judgePage(a)
	}
	switch {
	case a.status == http.StatusOK && a.refresh != "" && a.access != "":
		return granted
	case len(a.cookies) > 0: // a refusal neither sets nor clears cookies: protocol.md §4
		return strange
	case a.status == http.StatusConflict && a.code == "superseded":
		return late
	case a.status == http.StatusUnauthorized && a.code == "session_ended":
		return over
	case a.status == http.StatusServiceUnavailable:
		return down
	}
	return strange
}

// judgePage is judge for the page that renews.
func judgePage(a *answer) verdict {
	to, err := url.Parse(a.location)
	switch {
	case a.status == http.StatusSeeOther && a.refresh != "" && a.access != "":
		return granted
	case len(a.cookies) > 0:
		return strange
	case a.status == http.StatusSeeOther && err == nil && to.Path == "/signin":
		a.reason = to.Query().Get("reason")
		return over
	case a.status == http.StatusConflict:
		return late
	case a.status == http.StatusServiceUnavailable:
		return down
	case a.status == http.StatusOK:
		return unasked
	}
	return strange
}
