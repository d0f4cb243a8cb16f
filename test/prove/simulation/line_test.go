package simulation

import (
	"fmt"
	"time"
)

// token is a refresh token as it is seen from outside: a place in the tree of all that were
// handed out for one session.
type token struct {
	name       string // for the trace
	text       string // empty: nobody holds it
	line       *line
	parent     *token // nil: there is none before the sign-in's
	generation int
	first      string // the successor that the rotation handed out; empty: nobody has seen it
	forks      int    // how many successors were made beyond the first
	failed     bool   // a storage error met it, and it has not been presented since

	confirmedAt time.Time // by the server's clock; zero: not confirmed
	confirmedBy place
}

// condition is one of those under which an honest client is never signed out. protocol.md R1
type condition string

// The conditions.
const (
	conditionA condition = "a" // whenever a token is confirmed, the jar holds it
	conditionB condition = "b" // no response is applied after a sibling or child of its token was confirmed

	// what was overtaken arrives while its token is the direct parent, within grace, and not forked
	conditionC condition = "c"
	conditionD condition = "d" // none is retried later than grace and recovery
)

// line is one session as it is seen from outside.
type line struct {
	name      string         // for the trace
	id        string         // the sid
	head      *token         // the confirmed token
	confirmed map[int]*token // generation → the one that was confirmed
	known     map[int]int    // generation → how many tokens were seen
	idle      time.Duration
	lastUse   time.Time
	expires   time.Time

	over     string   // why it is over; empty: it is not, as far as can be known
	answered bool     // somebody was told that it is over
	checked  bool     // its access tokens were tried since
	stolen   bool     // the thief has presented a token of it
	behind   bool     // the database has lost writes of it
	lost     bool     // its sign-in is among them
	access   []access // what was handed out
	dead     []access // what must be refused, as the session was ended while it was good
	broken   map[condition]bool
}

// access is an access token and when it is past.
type access struct {
	text  string
	until time.Time
}

// newLine begins a session whose client gets the first token.
func newLine(name string, at time.Time, by place) (*line, *token) {
	l := &line{name: name, lastUse: at, confirmed: map[int]*token{}, known: map[int]int{}, broken: map[condition]bool{}}
	l.head = &token{name: name + "0", line: l, confirmedAt: at, confirmedBy: by}
	return l, l.head
}

// grow makes a successor of a token. The second of a generation is called by a letter more.
func (t *token) grow(text string) *token {
	l, generation := t.line, t.generation+1
	name := fmt.Sprintf("%s%d", l.name, generation)
	if n := l.known[generation]; n > 0 {
		name += string(rune('a' + n))
	}
	l.known[generation]++
	return &token{name: name, text: text, line: l, parent: t, generation: generation}
}

// limit returns the limit that the session is past at a time, or nothing.
func (l *line) limit(at time.Time) string {
	switch {
	case !at.Before(l.expires):
		return "expired"
	case at.Sub(l.lastUse) >= l.idle:
		return "idle"
	}
	return ""
}

// end notes that the session is over, and which access tokens must be refused from now on.
func (l *line) end(reason string, at time.Time) {
	if l.over != "" {
		return
	}
	l.over = reason
	if past := l.limit(at); past != "" {
		l.over = past
	}
	for _, a := range l.access {
		if at.Before(a.until) {
			l.dead = append(l.dead, a)
		}
	}
}

// intact reports whether every condition has held.
func (l *line) intact() bool { return len(l.broken) == 0 }

// worth is what a token is good for, as the promises have it.
type worth string

// What a token may be good for.
const (
	worthConfirm worth = "a successor"
	worthAgain   worth = "the same successor again"
	worthFork    worth = "another successor"
	worthLate    worth = "being told that it was overtaken"
	worthNothing worth = "nothing"
)

// worth returns what a token is good for at a time, from a place.
func (r rules) worth(t *token, from place, at time.Time) worth {
	head := t.line.head
	switch since := at.Sub(head.confirmedAt).Abs(); {
	case t.parent == head:
		return worthConfirm
	case t == head && since <= r.grace && from.near(head.confirmedBy):
		return worthAgain
	case t == head && (since <= r.grace || r.recovery == "session"):
		return worthFork
	case t == head.parent && t.forks == 0 && since <= r.grace:
		return worthLate
	}
	return worthNothing
}
