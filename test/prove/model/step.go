package model

// action is a kind of step.
type action uint8

// The actions.
const (
	sends action = iota + 1
	arrives
	reads
	writes
	strayArrives
	isLost
	isTakenBack
	lingers
	isDoubled
	errs
	isApplied
	isAppliedOnce
	answerIsLost
	copies
	taps
	presents
	ticks
	setsBack
	backsUp
	restores
	catchesUp
	signsOut
)

// Step is one action, and what came of it.
type Step struct {
	action  action
	thief   bool
	token   Token // that is sent, presented, applied or stolen
	from    Net
	verdict Case
	given   Token // what was answered; None: no token

	Breaks  Promise   // 0: nothing
	Outside Condition // that the honest client's state breaks here; 0: none
	beyond  bool      // more forks than the scenario has
}

// arrival is a request at the moment it is decided.
type arrival struct {
	thief     bool
	token     Token
	from      Net
	overtaken bool

	// Where a node had read the row before. Zero: it had not.
	decided Case
	read    Row
	before  bool // it was received before anybody was told of the end
}

// machine takes the steps of one scenario by one table.
type machine struct {
	*Scenario
	table *Table
	// ignore is a condition that is left out, to see what it is for; 0: none.
	ignore Condition
	// visit sees each step with the state as the step left it, not yet made canonical.
	visit func(next *state, s Step)

	scratch state // what visit sees
}

// canonicalize makes a state canonical.
func (m *machine) canonicalize(st *state) renaming {
	swapped := len(m.Homes) == 2 && len(m.Thief) == 0 && st.swapHome()
	names := st.canonicalize()
	names.swapped = swapped
	return names
}

// input returns a token with the row of a state.
func (m *machine) input(st *state, token Token, from Net) Input {
	return Input{
		Row:       st.row,
		Presented: Presented{st.generation(token), st.tokens[token].parent, token, from},
		Windows:   m.Windows,
	}
}

// decide applies the table to a request: it changes the state, and returns the step.
func (m *machine) decide(st *state, a arrival) Step {
	in := m.input(st, a.token, a.from)
	verdict := a.decided
	if verdict == 0 || !m.table.Holds(a.read, st.row) {
		verdict, a.read = m.table.Decide(in), st.row
	}
	s := Step{thief: a.thief, token: a.token, from: a.from, verdict: verdict, given: None}
	s.Outside = m.brokenCondition(st, a, verdict)
	s.Breaks = m.check(st, a, in, verdict)
	if s.Breaks == 0 {
		s.Breaks = m.checkHonest(st, a, verdict, s.Outside)
	}
	st.row = m.table.Write(verdict, in, a.read)
	switch verdict {
	case Rotated, Ahead:
		st.rotated = rotation{from: a.from}
		m.overtake(st, a.token)
	case Ended, Reused:
		st.endAnswered = true
	}
	m.give(st, &s)
	return s
}

// overtake marks what is on its way with another token than the one just confirmed.
func (m *machine) overtake(st *state, confirmed Token) {
	if !m.watches() {
		return // only (b) and (c) ask
	}
	st.tokens[confirmed].traits |= wasConfirmed
	for i := range st.slots {
		if s := &st.slots[i]; (s.phase == sent || s.phase == reading) && s.token != confirmed {
			s.overtaken = true
		}
	}
	for i := range st.strays {
		if s := &st.strays[i]; s.used && s.token != confirmed {
			s.overtaken = true
		}
	}
}

// give makes the token that the answer carries.
func (m *machine) give(st *state, s *Step) {
	switch m.table.Answer(s.verdict) {
	case Same:
		s.given = st.successor(s.token)
	case Fresh:
		if st.forks() == m.Forks {
			s.beyond = true
			return
		}
		s.given = st.add(s.token, isFork)
		if m.watches() {
			st.tokens[s.token].traits |= wasForked // only (c) asks
		}
	}
}
