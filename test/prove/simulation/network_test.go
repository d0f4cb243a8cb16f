package simulation

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/handstamp/handstamp/test/prove/apiclient"
)

// request is a refresh token on its way to the server.
type request struct {
	number   int
	name     string  // of who sends it
	client   *client // whose jar the answer is for; nil: a thief
	token    *token
	call     call
	received func(request, verdict, apiclient.Answer) // what an answer does
}

// send puts a request on the network, which loses, delays, repeats and reorders.
func (r *run) send(q request) {
	r.log("%s sends %s (#%d)", q.name, q.token.name, q.number)
	if r.chance(r.plan.loss) {
		r.log("#%d is lost on the way", q.number)
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
		if d := t.line.head.confirmedAt.Add(r.system.rules.grace + side).Sub(r.server()); d >= 0 && d < time.Minute {
			return d
		}
		return r.between(0, 2*time.Second)
	case n < 95:
		return r.between(time.Second, 12*time.Second)
	}
	return oneOf(r, 31*time.Second, 5*time.Minute, 2*time.Hour)
}

// arrive has the server answer a request, with a failure now and then, and sends the answer
// back.
func (r *run) arrive(q request) {
	if r.over(q.token.line) && r.chance(80) {
		return // enough of those
	}
	var met failure
	if r.chance(r.plan.failures) {
		met = failure{oneOf(r, opRotate, opRotate, opEntries), r.chance(50)}
	}
	held := ""
	if q.client != nil {
		held = q.client.held()
	}
	p := presentation{token: q.token, from: q.call.from, at: r.server(), honest: q.client != nil, held: held, met: met}
	p.did = r.system.store.during(met, func() { p.got = r.do(q.call) })
	p.said = judge(q.call, &p.got)
	if q.call.Method == http.MethodGet && p.did == (effect{}) && len(p.got.Cookies) == 0 {
		p.said = unasked // a copy that waits for what another request was given, or a loop
	}
	r.log("#%d arrives with %s: %s", q.number, q.token.name, r.describe(p))
	r.presented(p)
	if !q.token.line.checked {
		r.refused(q.token.line)
	}
	if r.chance(r.plan.crash) {
		r.log("the server crashes before it answers #%d, and starts again", q.number)
		r.system.restart()
		return
	}
	if r.chance(r.plan.loss) {
		r.log("the answer to #%d is lost", q.number)
		return
	}
	r.in(r.delay(q.token), func() { q.received(q, p.said, p.got) })
	if r.chance(r.plan.twice) {
		r.in(r.delay(q.token), func() { q.received(q, p.said, p.got) })
	}
}

// over reports whether a session is over and everybody knows.
func (r *run) over(l *line) bool { return l.over != "" && l.answered }

// do counts a call and makes it.
func (r *run) do(c call) apiclient.Answer {
	r.calls++
	return r.system.do(c)
}

// describe returns what came of an arrival.
func (r *run) describe(p presentation) string {
	text := string(p.said)
	switch {
	case p.said == granted && r.tokens[p.got.Refresh] != nil:
		text += ", " + r.tokens[p.got.Refresh].name
	case p.said == granted:
		text += ", a new token"
	case p.said == over:
		text += ", " + p.got.Reason
	case p.said == down:
		text += " (" + p.met.String() + ")"
	}
	if p.did.rotated != 0 {
		text += " [" + p.did.rotated.String() + "]"
	}
	return text
}

// judge returns what an answer says of a refresh token, whichever route it is of.
func judge(c call, a *apiclient.Answer) verdict {
	if strings.HasPrefix(c.Path, "/session/renew") {
		return judgePage(a)
	}
	switch {
	case a.Status == http.StatusOK && a.Refresh != "" && a.Access != "":
		return granted
	case len(a.Cookies) > 0: // a refusal neither sets nor clears cookies: protocol.md §4
		return strange
	case a.Status == http.StatusConflict && a.Code == "superseded":
		return late
	case a.Status == http.StatusUnauthorized && a.Code == "session_ended":
		return over
	case a.Status == http.StatusServiceUnavailable:
		return down
	}
	return strange
}

// judgePage is judge for the page that renews.
func judgePage(a *apiclient.Answer) verdict {
	to, err := url.Parse(a.Location)
	switch {
	case a.Status == http.StatusSeeOther && a.Refresh != "" && a.Access != "":
		return granted
	case len(a.Cookies) > 0:
		return strange
	case a.Status == http.StatusSeeOther && err == nil && to.Path == "/signin":
		a.Reason = to.Query().Get("reason")
		return over
	case a.Status == http.StatusSeeOther && err == nil && to.Path == "/session/renew" && to.Query().Has("retried"):
		return late // once more, with what the jar holds by then
	case a.Status == http.StatusServiceUnavailable:
		return down
	case a.Status == http.StatusOK:
		return unasked
	}
	return strange
}
