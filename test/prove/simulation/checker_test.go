package simulation

import (
	"fmt"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/test/prove/apiclient"
)

// verdict is what an answer to a refresh token says.
type verdict string

// The verdicts.
const (
	granted verdict = "granted" // tokens
	late    verdict = "late"    // 409: overtaken
	over    verdict = "over"    // 401: the session is over, and why
	down    verdict = "down"    // 5xx: try again
	unasked verdict = "unasked" // a page that did not look at the token
	strange verdict = "strange" // anything else
)

// checker sees all that goes in and out of the server, and holds it to the promises.
type checker struct {
	rules  rules
	lines  []*line
	tokens map[string]*token // text → token
	order  []*token          // the same, as they were seen
	wrong  string            // the first broken promise; empty: none
	seen   map[string]int    // what came up → how often
}

// newChecker returns a checker that has seen nothing.
func newChecker(r rules) *checker {
	return &checker{rules: r, tokens: map[string]*token{}, seen: map[string]int{}}
}

// presentation is one arrival of a refresh token and what became of it.
type presentation struct {
	token  *token
	from   place
	at     time.Time // by the server's clock
	honest bool
	held   string // what the jar held when it arrived; of honest ones
	said   verdict
	got    apiclient.Answer
	met    failure
	did    effect
}

// breaks notes a broken promise.
func (w *checker) breaks(promise, format string, args ...any) {
	if w.wrong == "" {
		w.wrong = promise + ": " + fmt.Sprintf(format, args...)
	}
}

// see records a token that was handed out.
func (w *checker) see(t *token) {
	w.tokens[t.text] = t
	w.order = append(w.order, t)
}

// presented holds an arrival to the promises.
func (w *checker) presented(p presentation) {
	said := w.effectOf(p)
	if said == unasked {
		return
	}
	t, l := p.token, p.token.line
	if !p.honest {
		l.stolen = true
	}
	w.seen["case "+p.did.rotated.String()]++
	if l.behind {
		w.presentedBehind(p, said)
		return
	}
	worth := w.rules.worth(t, p.from, p.at)
	w.seen["good for "+string(worth)]++
	w.condition(p, worth)
	switch said {
	case granted:
		w.grants(p, worth)
	case late:
		w.overtakes(p, worth)
	case over:
		w.ends(p, worth)
	default:
		w.breaks("docs/http-api.md", "%s was answered %d %s", t.name, p.got.Status, p.got.Code)
	}
	t.failed = p.said == down
}

// effectOf returns what an arrival did to the session, whether the answer told or not.
func (w *checker) effectOf(p presentation) verdict {
	if p.said != down {
		return p.said
	}
	if !p.did.failed {
		w.breaks("R5", "%d without a storage error", p.got.Status)
	}
	w.seen["storage error"]++
	switch p.did.rotated {
	case store.Rotated, store.Repeated, store.Recovered, store.Ahead:
		return granted
	case store.Late:
		return late
	case store.Reused, store.Ended:
		return over
	}
	p.token.failed = true
	return unasked
}

// condition notes which conditions of R1 an honest arrival breaks.
func (w *checker) condition(p presentation, worth worth) {
	t, l := p.token, p.token.line
	if !p.honest || l.over != "" {
		return
	}
	longest := w.rules.grace
	if w.rules.recovery == "session" {
		longest = 1<<63 - 1
	}
	switch {
	case t.parent == l.head:
		if p.held != t.text {
			l.broken[conditionA] = true
		}
	case t == l.head:
		if p.at.Sub(t.confirmedAt).Abs() > longest {
			l.broken[conditionD] = true
		}
	case worth != worthLate:
		l.broken[conditionC] = true
	}
}

// applied notes that a jar took a token.
func (w *checker) applied(text string) {
	t := w.tokens[text]
	if t == nil {
		return
	}
	l := t.line
	if c := l.confirmed[t.generation]; c != nil && c != t || l.confirmed[t.generation+1] != nil {
		l.broken[conditionB] = true
	}
}

// grants checks that tokens were due, and which.
func (w *checker) grants(p presentation, worth worth) {
	t, l := p.token, p.token.line
	if l.over != "" {
		w.breaks("R4", "%s was let in, but session %s is over: %s", t.name, l.name, l.over)
		return
	}
	if past := l.limit(p.at); past != "" {
		w.breaks("§1", "%s was let in, but session %s is %s", t.name, l.name, past)
		return
	}
	switch worth {
	case worthConfirm:
		if other := l.confirmed[t.generation]; other != nil {
			w.breaks("R3", "%s and %s were both confirmed", other.name, t.name)
		}
		l.head, l.confirmed[t.generation] = t, t
		t.confirmedAt, t.confirmedBy, l.lastUse = p.at, p.from, p.at
	case worthFork:
		t.forks++
		l.lastUse = p.at
	case worthAgain:
	default:
		w.offLine(t)
		return
	}
	if p.said == granted {
		w.handedOut(p, worth)
	}
}

// offLine reports the promise that forbids that a token was let in.
func (w *checker) offLine(t *token) {
	if other := t.line.confirmed[t.generation]; other != nil && other != t {
		w.breaks("R2", "%s was let in after %s, its sibling, was confirmed", t.name, other.name)
		return
	}
	w.breaks("R3", "%s was let in, the confirmed token is %s", t.name, t.line.head.name)
}

// handedOut checks the tokens that went out, and records them.
func (w *checker) handedOut(p presentation, worth worth) {
	t, l := p.token, p.token.line
	text := p.got.Refresh
	known := w.tokens[text]
	switch {
	case worth == worthAgain && t.first != "" && text != t.first:
		w.breaks("R1", "%s came again within grace and got another successor", t.name)
	case worth == worthFork && known != nil:
		w.breaks("R2", "%s was recovered and got %s, which somebody had", t.name, known.name)
	case known != nil && known.parent != t:
		w.breaks("R3", "%s got %s, which is no successor of it", t.name, known.name)
	}
	if worth != worthFork {
		t.first = text
	}
	if known == nil {
		w.see(t.grow(text))
	}
	l.access = append(l.access, access{p.got.Access, p.at.Add(accessLife)})
}

// overtakes checks that a token was overtaken.
func (w *checker) overtakes(p presentation, worth worth) {
	switch {
	case p.token.line.over != "":
		w.breaks(
			"R4", "%s was called overtaken, but session %s is over: %s", p.token.name, p.token.line.name,
			p.token.line.over,
		)
	case worth == worthNothing:
		w.breaks("R2", "%s was tolerated, the confirmed token is %s", p.token.name, p.token.line.head.name)
	case worth != worthLate:
		w.breaks("R1", "%s was called overtaken, but was good for %s", p.token.name, worth)
	case p.honest && !p.token.line.stolen && p.token.line.intact():
		w.seen["kept all conditions though overtaken"]++
	}
}

// ends checks that a session was ended for a reason, and that the reason stays.
func (w *checker) ends(p presentation, worth worth) {
	t, l := p.token, p.token.line
	before := l.over
	l.end(string(store.ReuseDetected), p.at)
	if p.said == over {
		l.answered = true
		if p.got.Reason != l.over {
			w.breaks("§1", "session %s is over as %q, and %s was told %q", l.name, l.over, t.name, p.got.Reason)
		}
	}
	if before != "" || l.over != string(store.ReuseDetected) {
		return
	}
	w.seen["reuse"]++
	switch {
	case worth != worthNothing && (t.failed || p.said == down):
		w.breaks("R5", "%s met a storage error, and session %s is over, but it was good for %s", t.name, l.name, worth)
	case worth != worthNothing:
		w.breaks("R1", "%s ended session %s as reuse, but was good for %s", t.name, l.name, worth)
	case p.honest && !l.stolen && l.intact():
		w.breaks("R1", "%s ended session %s, whose user is alone and kept every condition", t.name, l.name)
	}
}

// presentedBehind holds an arrival to what is promised still when the database has lost
// writes: a user who is alone goes on.
func (w *checker) presentedBehind(p presentation, said verdict) {
	t, l := p.token, p.token.line
	w.seen["a database that was set back"]++
	if p.honest && p.held != t.text {
		l.broken[conditionC] = true
	}
	if w.rules.recovery == "off" {
		l.broken[conditionD] = true // who knows when the row was last confirmed
	}
	if did := p.did.rotated; (did == store.Rotated || did == store.Ahead) && l.confirmed[t.generation] == nil {
		l.confirmed[t.generation] = t // for condition (b)
	}
	switch {
	case p.said == granted && w.tokens[p.got.Refresh] == nil:
		w.see(t.grow(p.got.Refresh))
	case said == over && l.over == "" && p.got.Reason == string(store.ReuseDetected) &&
		p.honest && !l.stolen && l.intact():
		w.breaks(
			"R1", "%s is in the jar of a user who is alone, and the database that was set back calls it reuse",
			t.name,
		)
	}
	if said == over {
		l.end(p.got.Reason, p.at)
	}
}
