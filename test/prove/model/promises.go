package model

// outside tells which of R1's conditions an honest client's request breaks as it is decided.
func (m *machine) outside(w *world, a arrival, verdict Case) Condition {
	if !m.honest() {
		return 0
	}
	var c Condition
	switch {
	case (verdict == Rotated || verdict == Ahead) && w.jar != a.token:
		c = A
	case a.overtaken && !m.forgivable(w, a):
		c = C
	case a.token == w.row.Nonce && !within(w.rotated.age, max(m.Grace, m.Recovery)):
		c = D
	}
	if c == m.ignore {
		return 0
	}
	return c
}

// forgivable is condition (c): the token is the direct parent, within grace, and was not
// recovered. It asks the tree of tokens, not the row.
func (m *machine) forgivable(w *world, a arrival) bool {
	if a.token == w.row.Nonce {
		return true // confirmed since: overtaken no more
	}
	return w.tokens[w.row.Nonce].parent == a.token && within(w.rotated.age, m.Grace) && !w.tokens[a.token].has(wasForked)
}

// stale is condition (b), of an answer about to be applied: a sibling or child of its token
// was confirmed.
func (m *machine) stale(w *world, token Token) Condition {
	if !m.honest() || m.ignore == B {
		return 0
	}
	for i, n := range w.tokens[:w.count] {
		kin := n.parent == token || n.parent == w.tokens[token].parent && Token(i) != token
		if kin && n.has(wasConfirmed) {
			return B
		}
	}
	return 0
}

// unjust tells whether the answer to an honest client breaks R1, or whether the client broke a
// condition that it should have kept by itself.
func (m *machine) unjust(a arrival, verdict Case, outside Condition) Promise {
	if !m.honest() {
		return 0
	}
	if outside != 0 {
		return m.habits(outside)
	}
	if verdict == Reused || verdict == Ended {
		return R1
	}
	// A client that is told to read its jar again must find something better there: only
	// what was overtaken is told so.
	if verdict == Late && !a.overtaken {
		return R1
	}
	return 0
}

// habits tells whether a broken condition is one that the scenario's clients keep.
func (m *machine) habits(c Condition) Promise {
	if m.Judged == ByHabits && c != 0 && c != D {
		return Habits
	}
	return 0
}

// broken holds a decision to R2, R3 and R4, and to what the document says beside them. The
// world is the one before.
func (m *machine) broken(w *world, a arrival, q Question, verdict Case) Promise {
	gift := m.table.Answer(verdict)
	switch {
	case gift != Nothing && w.said && !a.before:
		return R4
	case gift != Nothing && over(q):
		return Over
	case verdict == Ahead && !w.lost:
		return AheadOnly
	case verdict == Rotated && !w.lost && w.tokens[a.token].parent != w.row.Nonce:
		return R3
	case !m.apart(w, a, verdict):
		return R2
	}
	return m.again(w, a, verdict)
}

// apart is the first half of R2: a party that holds a successor beside the line, and nothing
// of the line that left it, ends the session by whatever it presents. After lost writes it is
// at least given no token but by "ahead".
func (m *machine) apart(w *world, a arrival, verdict Case) bool {
	if verdict == Ended || verdict == Reused || verdict == Ahead && w.lost {
		return true
	}
	if w.lost && m.table.Answer(verdict) == Nothing {
		return true
	}
	held := set(0).with(a.token).with(w.jar)
	if a.thief {
		held = w.all(isStolen).with(a.token)
	}
	return !w.left(held)
}

// left tells whether the line left a party behind: it holds a token beside the line, and
// nothing at or below the line's own token of that generation.
func (w *world) left(held set) bool {
	line := w.line(w.row.Nonce)
	for i := range w.tokens[:w.count] {
		t := Token(i)
		if !held.has(t) || line.has(t) {
			continue
		}
		at := (w.line(t) & line).highestBy(w) // where the branch begins
		if at == w.row.Nonce {
			continue // it is what may come next
		}
		if w.below(w.childOn(line, at))&held == 0 {
			return true
		}
	}
	return false
}

// highestBy gives the token of the highest generation in a set that is part of one line.
func (s set) highestBy(w *world) Token {
	best := None
	for i := range w.tokens[:w.count] {
		if t := Token(i); s.has(t) && (best == None || w.generation(t) > w.generation(best)) {
			best = t
		}
	}
	return best
}

// childOn gives the child of a token that is in a set.
func (w *world) childOn(s set, parent Token) Token {
	for i := range w.tokens[:w.count] {
		if s.has(Token(i)) && w.tokens[i].parent == parent {
			return Token(i)
		}
	}
	return None
}

// below gives a token and everything after it.
func (w *world) below(from Token) (s set) {
	for i := range w.tokens[:w.count] {
		if w.line(Token(i)).has(from) {
			s = s.with(Token(i))
		}
	}
	return s
}

// again is the second half of R2: the bytes that a confirmed token has been answered with are
// given again only within grace, to the network and agent of the rotation; what was overtaken
// is forgiven only within grace. And nothing at all is given when every window has passed.
func (m *machine) again(w *world, a arrival, verdict Case) Promise {
	inGrace := within(w.rotated.age, m.Grace)
	if !w.line(w.row.Nonce).has(a.token) {
		return 0
	}
	switch m.table.Answer(verdict) {
	case Same:
		if !inGrace || a.from != w.rotated.from {
			return R2
		}
	case Fresh:
		if !within(w.rotated.age, max(m.Grace, m.Recovery)) {
			return Window
		}
	}
	if verdict == Late && !inGrace {
		return R2
	}
	return 0
}

// usable is R5: a token that would have been given something is given something after the
// storage has failed.
func (m *machine) usable(before, after *world, token Token, from Net) bool {
	if m.table.Answer(m.table.Decide(m.question(before, token, from))) == Nothing {
		return true
	}
	return m.table.Answer(m.table.Decide(m.question(after, token, from))) != Nothing
}
