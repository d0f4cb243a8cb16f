package model

// actions visits every step that can follow a state.
func (m *machine) actions(st *state) {
	m.send(st)
	for i := range st.slots {
		switch st.slots[i].phase {
		case sent:
			m.underway(st, i)
		case reading:
			m.finish(st, i)
		case answered:
			m.answer(st, i)
		}
	}
	for i := range st.strays {
		if st.strays[i].used {
			m.stray(st, i)
		}
	}
	m.steal(st)
	m.clock(st)
	m.database(st)
	if m.SignsOut && !st.row.Ended {
		next := m.copy(st)
		next.row, next.endAnswered = m.table.End(next.row), true
		m.visit(next, Step{action: signsOut})
	}
}

// copy returns a state to change, until the next copy: whoever sees a step keeps what it needs.
func (m *machine) copy(st *state) *state {
	m.scratch = *st
	return &m.scratch
}

// send has an idle tab present what the jar holds, from wherever the client may be.
func (m *machine) send(st *state) {
	i, free := m.idleTab(st)
	if !free || st.generation(st.jar) > m.Generations {
		return
	}
	for _, from := range m.Homes {
		next := m.copy(st)
		next.slots[i] = slot{phase: sent, token: st.jar, from: from}
		m.visit(next, Step{action: sends, token: st.jar, from: from})
	}
}

// idleTab finds a tab that may send.
func (m *machine) idleTab(st *state) (at int, ok bool) {
	busy, connections := 0, 0
	at = -1
	for i := range st.slots {
		switch {
		case st.slots[i].thief:
			connections++
		case st.slots[i].phase == idle:
			at = i
		default:
			busy++
		}
	}
	if busy >= m.Tabs || m.Locked && busy > 0 {
		return 0, false
	}
	return at, at >= 0
}

// underway moves a request on: it arrives, is lost, is late, comes twice, or meets a storage
// that fails before it commits. A crash after the commit is an answer that is lost.
func (m *machine) underway(st *state, i int) {
	s := st.slots[i]
	if m.Nodes {
		m.read(st, i)
	} else {
		next := m.copy(st)
		step := m.decide(next, arrival{thief: s.thief, token: s.token, from: s.from, overtaken: s.overtaken})
		step.action = arrives
		m.reply(next, i, step)
	}
	m.drop(st, i, Step{action: isLost, thief: s.thief, token: s.token, from: s.from})
	if m.Timeout == 0 && !s.thief {
		m.linger(st, i, Step{action: lingers, token: s.token, from: s.from})
	}
	if m.Twice && !s.thief {
		m.linger(st, i, Step{action: isDoubled, token: s.token, from: s.from})
	}
	m.fail(st, i)
}

// drop empties a slot.
func (m *machine) drop(st *state, i int, s Step) {
	next := m.copy(st)
	next.slots[i] = slot{thief: st.slots[i].thief}
	m.visit(next, s)
}

// reply puts an answer on its way. Only tokens change anything for who waits.
func (m *machine) reply(next *state, i int, s Step) {
	next.slots[i] = slot{thief: s.thief}
	if s.given != None {
		next.slots[i].phase, next.slots[i].token = answered, s.given
	}
	m.visit(next, s)
}

// linger leaves a request on its way with nobody waiting for it, or a second copy of it.
func (m *machine) linger(st *state, i int, s Step) {
	if st.strayCount() == m.Strays {
		return
	}
	next := m.copy(st)
	from := st.slots[i]
	next.strays[0] = stray{true, from.token, from.from, from.overtaken, from.waited} // the free ones come first
	if s.action == lingers {
		next.slots[i] = slot{}
	}
	m.visit(next, s)
}

// fail has the storage fail before a commit: the client is told 5xx.
func (m *machine) fail(st *state, i int) {
	s := st.slots[i]
	next := m.copy(st)
	in := m.input(st, s.token, s.from)
	next.row = m.table.Interrupt(st.row, m.table.Write(m.table.Decide(in), in, st.row))
	next.slots[i] = slot{thief: s.thief}
	step := Step{action: errs, thief: s.thief, token: s.token, from: s.from}
	if !m.stillUsable(st, next, s.token, s.from) {
		step.Breaks = R5
	}
	m.visit(next, step)
}

// read has a node read the row. What writes nothing is answered from what was read.
func (m *machine) read(st *state, i int) {
	s := st.slots[i]
	verdict := m.table.Decide(m.input(st, s.token, s.from))
	next := m.copy(st)
	if verdict == Repeated || verdict == Late {
		step := m.decide(next, arrival{thief: s.thief, token: s.token, from: s.from, overtaken: s.overtaken})
		step.action = arrives
		m.reply(next, i, step)
		return
	}
	to := &next.slots[i]
	to.phase, to.verdict, to.nonce, to.forks, to.before = reading, verdict, st.row.Nonce, st.row.Forks, !st.endAnswered
	m.visit(next, Step{action: reads, thief: s.thief, token: s.token, from: s.from, verdict: verdict})
}

// finish has the node write what it decided on, if the write's condition still holds, and
// decide anew if not.
func (m *machine) finish(st *state, i int) {
	s := st.slots[i]
	next := m.copy(st)
	read := st.row
	read.Nonce, read.Generation, read.Forks, read.Ended = s.nonce, st.generation(s.nonce), s.forks, false
	step := m.decide(next, arrival{
		thief: s.thief, token: s.token, from: s.from, overtaken: s.overtaken,
		decided: s.verdict, read: read, before: s.before,
	})
	step.action = writes
	m.reply(next, i, step)
	m.drop(st, i, Step{action: isLost, thief: s.thief, token: s.token, from: s.from})
}

// answer moves a token on its way back: it is applied, lost, or applied and comes again.
func (m *machine) answer(st *state, i int) {
	s := st.slots[i]
	next := m.copy(st)
	if s.thief {
		next.tokens[s.token].traits |= isStolen
		next.slots[i] = slot{thief: true}
		m.visit(next, Step{action: isApplied, thief: true, token: s.token})
	} else {
		next.jar = s.token
		outside := m.keepsB(st, s.token)
		if m.Twice {
			m.visit(next, Step{action: isAppliedOnce, token: s.token, Outside: outside, Breaks: m.habits(outside)})
		}
		next = m.copy(st)
		next.jar, next.slots[i] = s.token, slot{}
		m.visit(next, Step{action: isApplied, token: s.token, Outside: outside, Breaks: m.habits(outside)})
	}
	m.drop(st, i, Step{action: answerIsLost, thief: s.thief, token: s.token})
}

// stray moves a request that nobody waits for: it arrives after all, or never. Its answer
// reaches nobody.
func (m *machine) stray(st *state, i int) {
	s := st.strays[i]
	next := m.copy(st)
	next.strays[i] = stray{}
	m.visit(next, Step{action: isLost, token: s.token, from: s.from})
	next = m.copy(st)
	next.strays[i] = stray{}
	step := m.decide(next, arrival{token: s.token, from: s.from, overtaken: s.overtaken})
	step.action = strayArrives
	m.visit(next, step)
}

// steal has the thief copy the jar, read an answer out of a log, or present what it holds. It
// may do so at any moment, so it needs no connection that is slow.
func (m *machine) steal(st *state) {
	if len(m.Thief) == 0 {
		return
	}
	m.take(st, st.jar, copies)
	for i := range st.slots {
		if s := st.slots[i]; s.phase == answered && !s.thief {
			m.take(st, s.token, taps)
		}
	}
	for i := range st.tokens[:st.count] {
		if st.tokens[i].has(isStolen) && st.generation(Token(i)) <= m.Generations {
			m.present(st, Token(i))
		}
	}
}

// take hands the thief a token.
func (m *machine) take(st *state, t Token, how action) {
	if st.tokens[t].has(isStolen) {
		return
	}
	next := m.copy(st)
	next.tokens[t].traits |= isStolen
	m.visit(next, Step{action: how, thief: true, token: t})
}

// present has the thief present a token.
func (m *machine) present(st *state, t Token) {
	for _, from := range m.Thief {
		next := m.copy(st)
		if m.Connections > 0 {
			for i := range st.slots {
				if st.slots[i].thief && st.slots[i].phase == idle {
					next.slots[i] = slot{phase: sent, thief: true, token: t, from: from}
					m.visit(next, Step{action: sends, thief: true, token: t, from: from})
					break
				}
			}
			continue
		}
		step := m.decide(next, arrival{thief: true, token: t, from: from})
		step.action = presents
		if step.given != None {
			next.tokens[step.given].traits |= isStolen
		}
		m.visit(next, step)
	}
}

// clock moves on by a tick, or back.
func (m *machine) clock(st *state) {
	if next, ok := m.shift(st, 1); ok {
		m.visit(next, Step{action: ticks})
	}
	if m.SetBack {
		if next, ok := m.shift(st, -1); ok {
			m.visit(next, Step{action: setsBack})
		}
	}
}

// shift moves every time of a state. No tick passes while a message has been on its way for as
// long as one can be.
func (m *machine) shift(st *state, by int8) (next *state, ok bool) {
	next = m.copy(st)
	m.age(&next.row, &next.rotated, by)
	if next.hasBackup {
		m.age(&next.backup, &next.earlier, by)
	}
	return next, m.wait(next)
}

// wait has a tick pass for whatever is on its way, where anybody counts it. It reports whether
// nothing was on its way for too long.
func (m *machine) wait(st *state) bool {
	longest := m.longest()
	for i := range st.slots {
		if s := &st.slots[i]; longest != Always && s.phase != idle && !s.thief {
			if s.waited++; s.waited > longest {
				return false
			}
		}
	}
	for i := range st.strays {
		if s := &st.strays[i]; m.Flight > 0 && s.used {
			if s.waited++; s.waited > m.Flight {
				return false
			}
		}
	}
	return true
}

// age moves the times of a row, as far as they make a difference.
func (m *machine) age(r *Row, t *rotation, by int8) {
	r.Age = min(max(r.Age+by, -m.oldest()), m.oldest())
	if m.Hold > 0 {
		r.Opened = min(max(r.Opened+by, -m.oldest()), m.oldest())
	}
	t.age = min(max(t.age+by, -m.oldest()), m.oldest())
	if m.Idle != Always {
		r.Unused = min(max(r.Unused+by, -m.oldest()), m.Idle)
	}
	if r.Left != Always {
		r.Left = min(max(r.Left-by, 0), m.Life)
	}
}

// database keeps a state of itself, goes back to it, or has its copy catch up.
func (m *machine) database(st *state) {
	if m.Copies && st.row.Shown != st.row.Ended {
		next := m.copy(st)
		next.row.Shown = st.row.Ended
		m.visit(next, Step{action: catchesUp})
	}
	if m.Restores == st.restore {
		return
	}
	next := m.copy(st)
	next.backup, next.earlier, next.hasBackup = st.row, st.rotated, true
	m.visit(next, Step{action: backsUp})
	if st.hasBackup {
		next = m.copy(st)
		next.row, next.rotated, next.restore = st.backup, st.earlier, st.restore+1
		if next.restore == m.Restores {
			next.backup, next.earlier, next.hasBackup = Row{}, rotation{}, false
		}
		next.lostWrites, next.endAnswered = true, st.endAnswered && st.backup.Ended
		m.visit(next, Step{action: restores})
	}
}
