package model

// brokenCondition returns the one of R1's conditions an honest client's request breaks as it is
// decided.
func (m *machine) brokenCondition(st *state, a arrival, verdict Case) Condition {
	if !m.honest() {
		return 0
	}
	var c Condition
	switch {
	case m.watches() && (verdict == Rotated || verdict == Ahead) && st.jar != a.token:
		c = A
	case a.overtaken && !m.keepsC(st, a):
		c = C
	case a.token == st.row.Nonce && !within(st.rotated.age, max(m.Grace, m.Recovery)):
		c = D
	case m.Judged == ByOverlap && verdict == Recovered && m.often(st):
		c = Often
	}
	if c == m.ignore {
		return 0
	}
	return c
}

// keepsC is condition (c): the token is the direct parent, within grace, and was not
// recovered. It asks the tree of tokens, not the row.
func (m *machine) keepsC(st *state, a arrival) bool {
	if a.token == st.row.Nonce {
		return true // confirmed since: overtaken no more
	}
	return st.tokens[st.row.Nonce].parent == a.token && within(st.rotated.age, m.Grace) &&
		!st.tokens[a.token].has(wasForked)
}

// often reports whether a recovery comes later than grace after the last opening, and the table has
// none left for it. The table of today opens once, by the rotation.
func (m *machine) often(st *state) bool {
	opened := st.row.Opened
	if m.Hold == 0 {
		opened = st.rotated.age
	}
	return !within(opened, m.Grace) && st.row.Openings == m.MaxOpenings
}

// keepsB is condition (b), of an answer about to be applied: a sibling or child of its token
// was confirmed.
func (m *machine) keepsB(st *state, token Token) Condition {
	if !m.watches() || m.ignore == B {
		return 0
	}
	for i, n := range st.tokens[:st.count] {
		kin := n.parent == token || n.parent == st.tokens[token].parent && Token(i) != token
		if kin && n.has(wasConfirmed) {
			return B
		}
	}
	return 0
}

// checkHonest reports whether the answer to an honest client breaks R1, or whether the client broke
// a condition that it should have kept by itself.
func (m *machine) checkHonest(st *state, a arrival, verdict Case, outside Condition) Promise {
	if !m.honest() {
		return 0
	}
	if outside != 0 {
		return m.habits(outside)
	}
	if verdict == Reused || verdict == Ended {
		return R1
	}
	if verdict == Late && !m.better(st, a) {
		return R1
	}
	return 0
}

// better reports whether a client that is told to read its jar again finds something better there,
// as whoever was overtaken does: something that is not late, if not now, then when what else is on
// its way has arrived.
func (m *machine) better(st *state, a arrival) bool {
	if m.watches() {
		return a.overtaken
	}
	busy := 0
	for i := range st.slots {
		busy += int(bit(st.slots[i].phase != idle))
	}
	verdict := m.table.Decide(m.input(st, st.jar, a.from))
	return busy > 1 || verdict != Late && verdict != Reused
}

// habits reports whether a broken condition is one that the scenario's clients keep.
func (m *machine) habits(c Condition) Promise {
	if m.Judged == ByHabits && c != 0 && c != D {
		return Habits
	}
	return 0
}

// check holds a decision to R2, R3 and R4, and to what the document says beside them. The
// state is the one before.
func (m *machine) check(st *state, a arrival, in Input, verdict Case) Promise {
	grant := m.table.Answer(verdict)
	switch {
	case grant != Nothing && st.endAnswered && !a.before:
		return R4
	case grant != Nothing && over(in):
		return Over
	case verdict == Ahead && !st.lostWrites:
		return AheadOnly
	case verdict == Rotated && !st.lostWrites && st.tokens[a.token].parent != st.row.Nonce:
		return R3
	case !m.endsIfDiverged(st, a, verdict):
		return R2
	}
	return m.checkRepeat(st, a, verdict)
}

// endsIfDiverged is the first half of R2: a party that holds a successor beside the line, and
// nothing of the line that left it, ends the session by whatever it presents. After lost writes it
// is at least given no token but by "ahead".
func (m *machine) endsIfDiverged(st *state, a arrival, verdict Case) bool {
	if verdict == Ended || verdict == Reused || verdict == Ahead && st.lostWrites {
		return true
	}
	if st.lostWrites && m.table.Answer(verdict) == Nothing {
		return true
	}
	held := set(0).with(a.token).with(st.jar)
	if a.thief {
		held = st.all(isStolen).with(a.token)
	}
	return !st.diverged(held)
}

// diverged reports whether the line left a party behind: it holds a token beside the line, and
// nothing at or below the line's own token of that generation.
func (st *state) diverged(held set) bool {
	line := st.line(st.row.Nonce)
	for i := range st.tokens[:st.count] {
		t := Token(i)
		if !held.has(t) || line.has(t) {
			continue
		}
		at := (st.line(t) & line).highestBy(st) // where the branch begins
		if at == st.row.Nonce {
			continue // it is what may come next
		}
		if st.below(st.childOn(line, at))&held == 0 {
			return true
		}
	}
	return false
}

// highestBy returns the token of the highest generation in a set that is part of one line.
func (s set) highestBy(st *state) Token {
	best := None
	for i := range st.tokens[:st.count] {
		if t := Token(i); s.has(t) && (best == None || st.generation(t) > st.generation(best)) {
			best = t
		}
	}
	return best
}

// childOn returns the child of a token that is in a set.
func (st *state) childOn(s set, parent Token) Token {
	for i := range st.tokens[:st.count] {
		if s.has(Token(i)) && st.tokens[i].parent == parent {
			return Token(i)
		}
	}
	return None
}

// below returns a token and everything after it.
func (st *state) below(from Token) (s set) {
	for i := range st.tokens[:st.count] {
		if st.line(Token(i)).has(from) {
			s = s.with(Token(i))
		}
	}
	return s
}

// checkRepeat is the second half of R2: the bytes that a confirmed token has been answered with are
// given again only within grace, to the network and agent of the rotation; what was overtaken
// is forgiven only within grace. And nothing at all is given when every window has passed.
func (m *machine) checkRepeat(st *state, a arrival, verdict Case) Promise {
	inGrace := within(st.rotated.age, m.Grace)
	if !st.line(st.row.Nonce).has(a.token) {
		return 0
	}
	switch m.table.Answer(verdict) {
	case Same:
		if !inGrace || a.from != st.rotated.from {
			return R2
		}
	case Fresh:
		if !within(st.rotated.age, max(m.Grace, m.Recovery)) {
			return Window
		}
	}
	if verdict == Late && !inGrace {
		return R2
	}
	return 0
}

// stillUsable is R5: a token that would have been given something is given something after the
// storage has failed.
func (m *machine) stillUsable(before, after *state, token Token, from Net) bool {
	if m.table.Answer(m.table.Decide(m.input(before, token, from))) == Nothing {
		return true
	}
	return m.table.Answer(m.table.Decide(m.input(after, token, from))) != Nothing
}
