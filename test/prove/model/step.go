package model

// act is what happens in a step.
type act uint8

// All that can happen.
const (
	asks act = iota + 1
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

// Step is one thing that happens, and what came of it.
type Step struct {
	act     act
	thief   bool
	token   Token // that is sent, presented, applied or stolen
	from    Net
	verdict Case
	given   Token // what was answered; None: no token

	Breaks  Promise   // 0: nothing
	Outside Condition // that the honest client's world breaks here; 0: none
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

// machine plays one scenario by one table.
type machine struct {
	*Scenario
	table *Table
	// ignore is a condition that is not asked for, to see what it is for; 0: none.
	ignore Condition
	// visit sees each step with the world as the step left it, not yet made canonical.
	visit func(next *world, s Step)

	scratch world // what visit sees
}

// settle makes a world canonical.
func (m *machine) settle(w *world) renaming {
	turned := len(m.Homes) == 2 && len(m.Thief) == 0 && w.moveHome()
	names := w.canon()
	names.turned = turned
	return names
}

// question puts a token before the row of a world.
func (m *machine) question(w *world, token Token, from Net) Question {
	return Question{
		Row:       w.row,
		Presented: Presented{w.generation(token), w.tokens[token].parent, token, from},
		Windows:   m.Windows,
	}
}

// decide takes a request through the table: it changes the world and says what came of it.
func (m *machine) decide(w *world, a arrival) Step {
	q := m.question(w, a.token, a.from)
	verdict := a.decided
	if verdict == 0 || !m.table.Holds(a.read, w.row) {
		verdict, a.read = m.table.Decide(q), w.row
	}
	s := Step{thief: a.thief, token: a.token, from: a.from, verdict: verdict, given: None}
	s.Outside = m.outside(w, a, verdict)
	s.Breaks = m.broken(w, a, q, verdict)
	if s.Breaks == 0 {
		s.Breaks = m.unjust(a, verdict, s.Outside)
	}
	w.row = m.table.Write(verdict, q, a.read)
	switch verdict {
	case Rotated, Ahead:
		w.rotated = turn{from: a.from}
		m.overtake(w, a.token)
	case Ended, Reused:
		w.said = true
	}
	m.give(w, &s)
	return s
}

// overtake marks what is on its way with another token than the one just confirmed.
func (m *machine) overtake(w *world, confirmed Token) {
	if !m.honest() {
		return // only R1 asks
	}
	w.tokens[confirmed].traits |= wasConfirmed
	for i := range w.slots {
		if s := &w.slots[i]; (s.phase == asked || s.phase == reading) && s.token != confirmed {
			s.overtaken = true
		}
	}
	for i := range w.strays {
		if s := &w.strays[i]; s.used && s.token != confirmed {
			s.overtaken = true
		}
	}
}

// give makes the token that the answer carries.
func (m *machine) give(w *world, s *Step) {
	switch m.table.Answer(s.verdict) {
	case Same:
		s.given = w.successor(s.token)
	case Fresh:
		if w.forks() == m.Forks {
			s.beyond = true
			return
		}
		s.given = w.add(s.token, isFork)
		if m.honest() {
			w.tokens[s.token].traits |= wasForked // only R1 asks
		}
	}
}
