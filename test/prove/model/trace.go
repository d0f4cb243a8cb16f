package model

import (
	"fmt"
	"strings"
)

// naming has for each token of a state a name that lasts: its generation, and a letter for its
// line where it is not the first. t3b follows t2b, which is a fork of t1.
type naming struct {
	letters [maxTokens]byte
	swapped bool // home is the road, and the road home
}

// name returns a token's name.
func (n *naming) name(st *state, t Token) string {
	if t == None {
		return "nothing"
	}
	name := fmt.Sprintf("t%d", st.generation(t))
	if n.letters[t] != 'a' {
		name += string(n.letters[t])
	}
	return name
}

// extend names the tokens that a step made.
func (n *naming) extend(st *state, known int8) {
	for t := known; t < st.count; t++ {
		n.letters[t] = n.letter(st, Token(t))
	}
}

// letter finds the line of a new token.
func (n *naming) letter(st *state, t Token) byte {
	if !st.tokens[t].has(isFork) {
		return n.letters[st.tokens[t].parent]
	}
	next := byte('b')
	for _, used := range n.letters[:t] {
		next = max(next, used+1)
	}
	return next
}

// after returns the names as they are after a renaming.
func (n *naming) after(r renaming) (to naming) {
	for t, name := range r.tokens {
		if name != None {
			to.letters[name] = n.letters[t]
		}
	}
	to.swapped = n.swapped != r.swapped
	return to
}

// trace returns the counterexample: how a search came to the step that broke a promise. It takes
// the path again, now with names.
func (f *searcher) trace(last state, broke Step) []string {
	path := f.path()
	at := path[0]
	names := naming{letters: [maxTokens]byte{'a', 'a'}}
	steps := []string{"the jar holds t1; the row has confirmed t0, which nobody holds"}
	for _, goal := range path[1:] {
		var then naming
		found := false
		again := f.machine
		again.visit = func(next *state, s Step) {
			raw := *next
			renamed := again.canonicalize(next)
			if found || *next != goal || s.Breaks != 0 || s.Outside != 0 || s.beyond {
				return
			}
			found, then = true, names
			then.extend(&raw, at.count)
			steps = append(steps, then.describe(&raw, s))
			then = then.after(renamed)
		}
		again.actions(&at)
		at, names = goal, then
	}
	names.extend(&last, at.count)
	return append(steps, names.describe(&last, broke), "this breaks "+broke.Breaks.String())
}

// describe returns what happened in a step, and what came of it.
func (n *naming) describe(st *state, s Step) string {
	text := n.describeAction(st, s)
	if s.verdict == 0 || s.action == reads {
		return text
	}
	text += ": " + s.verdict.String()
	if s.given != None {
		text += ", answered with " + n.name(st, s.given)
	}
	if s.Outside != 0 {
		text += "; breaks " + s.Outside.String()
	}
	return text
}

// describeAction returns what happened in a step.
func (n *naming) describeAction(st *state, s Step) string {
	who := "the client"
	if s.thief {
		who = "the thief"
	}
	format, ok := map[action]string{
		sends:         "{who} presents {token} from {net}",
		arrives:       "{token} arrives from {net}",
		reads:         "{token} arrives from {net}, and a node reads the row: it will write \"{case}\"",
		writes:        "the node that read the row for {token} writes",
		strayArrives:  "{token} arrives from {net}, for which nobody waits",
		isLost:        "the request with {token} is lost",
		lingers:       "{who} gives up on its request with {token}, which is still on its way",
		isDoubled:     "the request with {token} is on its way twice",
		errs:          "{token} arrives from {net}, and the storage fails before it commits: 5xx",
		isApplied:     "{who} gets the answer: it holds {token}",
		isAppliedOnce: "{who} gets the answer: it holds {token}; the same answer will come again",
		answerIsLost:  "the answer with {token} is lost",
		copies:        "{who} copies the jar: {token}",
		taps:          "{who} reads {token}, which is on its way to the jar, in a log",
		presents:      "{who} presents {token} from {net}",
		ticks:         "a tick passes",
		setsBack:      "the clock is set back by a tick",
		backsUp:       "the database is backed up",
		restores:      "the database is restored: writes are lost",
		catchesUp:     "the copy of the database catches up",
		signsOut:      "the person signs out",
	}[s.action]
	if !ok {
		return fmt.Sprintf("action %d", s.action)
	}
	places := [...]string{"nowhere", "home", "the road", "elsewhere"}
	if n.swapped {
		places[Home], places[Road] = places[Road], places[Home]
	}
	return strings.NewReplacer(
		"{who}", who, "{net}", places[s.from], "{case}", s.verdict.String(), "{token}", n.name(st, s.token),
	).Replace(format)
}
