package simulation

import (
	"time"

	"github.com/handstamp/handstamp/test/prove/apiclient"
)

// thief presents tokens that it has copied.
type thief struct {
	r        *run
	at       place
	tokens   []*token
	interval time.Duration // between two tries; 0: now and then
}

// newThief adds one, elsewhere or in the network of the user.
func (r *run) newThief() *thief {
	return &thief{
		r:        r,
		at:       oneOf(r, abroad, disguise, sofa, office),
		interval: oneOf(r, 0, time.Second, 5*time.Second, r.system.rules.grace+time.Second),
	}
}

// steal copies what a jar holds, or what a log has leaked, and begins to use it.
func (b *thief) steal() {
	r := b.r
	c := oneOf(r, r.clients...)
	if r.chance(30) { // a log: every token of the session so far
		for _, l := range r.lines {
			b.tokens = append(b.tokens, r.leaked(l)...)
		}
	} else if t := r.tokens[c.held()]; t != nil {
		b.tokens = append(b.tokens, t)
	}
	if len(b.tokens) == 0 {
		r.in(r.pause(), b.steal)
		return
	}
	r.log("a thief at %s has %s", b.at.ip, names(b.tokens))
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
	if b.interval > 0 {
		return b.interval
	}
	return b.r.pause()
}

// use presents the newest that the thief has, or any.
func (b *thief) use() {
	r := b.r
	t := b.tokens[len(b.tokens)-1]
	if r.chance(30) {
		t = oneOf(r, b.tokens...)
	}
	c := b.at.call("POST", "/v1/session/refresh")
	c.Body = map[string]any{"refresh_token": t.text}
	r.send(request{number: r.nextNumber(), name: "the thief", token: t, call: c, received: b.receive})
	if r.chance(10) {
		r.in(b.wait(), b.steal)
		return
	}
	r.in(b.wait(), b.use)
}

// receive keeps what the thief was given.
func (b *thief) receive(q request, said verdict, a apiclient.Answer) {
	if said == granted {
		b.tokens = append(b.tokens, b.r.tokens[a.Refresh])
	}
}
