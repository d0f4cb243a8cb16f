package model

// moves shows every step that can follow a world.
func (m *machine) moves(w *world) {
	m.send(w)
	for i := range w.slots {
		switch w.slots[i].phase {
		case asked:
			m.underway(w, i)
		case reading:
			m.finish(w, i)
		case answered:
			m.answer(w, i)
		}
	}
	for i := range w.strays {
		if w.strays[i].used {
			m.stray(w, i)
		}
	}
	m.steal(w)
	m.clock(w)
	m.database(w)
	if m.SignsOut && !w.row.Ended {
		next := m.copy(w)
		next.row, next.said = m.table.End(next.row), true
		m.visit(next, Step{act: signsOut})
	}
}

// copy gives a world to change, until the next copy: whoever sees a step keeps what it needs.
func (m *machine) copy(w *world) *world {
	m.scratch = *w
	return &m.scratch
}

// send has an idle tab present what the jar holds, from wherever the client may be.
func (m *machine) send(w *world) {
	i, free := m.idleTab(w)
	if !free || w.generation(w.jar) > m.Generations {
		return
	}
	for _, from := range m.Homes {
		next := m.copy(w)
		next.slots[i] = slot{phase: asked, token: w.jar, from: from}
		m.visit(next, Step{act: asks, token: w.jar, from: from})
	}
}

// idleTab finds a tab that may send.
func (m *machine) idleTab(w *world) (at int, ok bool) {
	busy, wires := 0, 0
	at = -1
	for i := range w.slots {
		switch {
		case w.slots[i].thief:
			wires++
		case w.slots[i].phase == idle:
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
func (m *machine) underway(w *world, i int) {
	s := w.slots[i]
	if m.Nodes {
		m.read(w, i)
	} else {
		next := m.copy(w)
		step := m.decide(next, arrival{thief: s.thief, token: s.token, from: s.from, overtaken: s.overtaken})
		step.act = arrives
		m.reply(next, i, step)
	}
	m.drop(w, i, Step{act: isLost, thief: s.thief, token: s.token, from: s.from})
	if m.Hurry == 0 && !s.thief {
		m.linger(w, i, Step{act: lingers, token: s.token, from: s.from})
	}
	if m.Twice && !s.thief {
		m.linger(w, i, Step{act: isDoubled, token: s.token, from: s.from})
	}
	m.fail(w, i)
}

// drop empties a slot.
func (m *machine) drop(w *world, i int, s Step) {
	next := m.copy(w)
	next.slots[i] = slot{thief: w.slots[i].thief}
	m.visit(next, s)
}

// reply puts an answer on its way. Only tokens change anything for who waits.
func (m *machine) reply(next *world, i int, s Step) {
	next.slots[i] = slot{thief: s.thief}
	if s.given != None {
		next.slots[i].phase, next.slots[i].token = answered, s.given
	}
	m.visit(next, s)
}

// linger leaves a request on its way with nobody waiting for it, or a second copy of it.
func (m *machine) linger(w *world, i int, s Step) {
	if w.late() == m.Strays {
		return
	}
	next := m.copy(w)
	from := w.slots[i]
	next.strays[0] = stray{true, from.token, from.from, from.overtaken} // the free ones come first
	if s.act == lingers {
		next.slots[i] = slot{}
	}
	m.visit(next, s)
}

// fail has the storage fail before a commit: the client is told 5xx.
func (m *machine) fail(w *world, i int) {
	s := w.slots[i]
	next := m.copy(w)
	q := m.question(w, s.token, s.from)
	next.row = m.table.Interrupt(w.row, m.table.Write(m.table.Decide(q), q, w.row))
	next.slots[i] = slot{thief: s.thief}
	step := Step{act: errs, thief: s.thief, token: s.token, from: s.from}
	if !m.usable(w, next, s.token, s.from) {
		step.Breaks = R5
	}
	m.visit(next, step)
}

// read has a node read the row. What writes nothing is answered from what was read.
func (m *machine) read(w *world, i int) {
	s := w.slots[i]
	verdict := m.table.Decide(m.question(w, s.token, s.from))
	next := m.copy(w)
	if verdict == Repeated || verdict == Late {
		step := m.decide(next, arrival{thief: s.thief, token: s.token, from: s.from, overtaken: s.overtaken})
		step.act = arrives
		m.reply(next, i, step)
		return
	}
	to := &next.slots[i]
	to.phase, to.verdict, to.nonce, to.forks, to.before = reading, verdict, w.row.Nonce, w.row.Forks, !w.said
	m.visit(next, Step{act: reads, thief: s.thief, token: s.token, from: s.from, verdict: verdict})
}

// finish has the node write what it decided on, if the write's condition still holds, and
// decide anew if not.
func (m *machine) finish(w *world, i int) {
	s := w.slots[i]
	next := m.copy(w)
	read := w.row
	read.Nonce, read.Generation, read.Forks, read.Ended = s.nonce, w.generation(s.nonce), s.forks, false
	step := m.decide(next, arrival{
		thief: s.thief, token: s.token, from: s.from, overtaken: s.overtaken,
		decided: s.verdict, read: read, before: s.before,
	})
	step.act = writes
	m.reply(next, i, step)
	m.drop(w, i, Step{act: isLost, thief: s.thief, token: s.token, from: s.from})
}

// answer moves a token on its way back: it is applied, lost, or applied and comes again.
func (m *machine) answer(w *world, i int) {
	s := w.slots[i]
	next := m.copy(w)
	if s.thief {
		next.tokens[s.token].traits |= isStolen
		next.slots[i] = slot{thief: true}
		m.visit(next, Step{act: isApplied, thief: true, token: s.token})
	} else {
		next.jar = s.token
		outside := m.stale(w, s.token)
		if m.Twice {
			m.visit(next, Step{act: isAppliedOnce, token: s.token, Outside: outside, Breaks: m.habits(outside)})
		}
		next = m.copy(w)
		next.jar, next.slots[i] = s.token, slot{}
		m.visit(next, Step{act: isApplied, token: s.token, Outside: outside, Breaks: m.habits(outside)})
	}
	m.drop(w, i, Step{act: answerIsLost, thief: s.thief, token: s.token})
}

// stray moves a request that nobody waits for: it arrives after all, or never. Its answer
// reaches nobody.
func (m *machine) stray(w *world, i int) {
	s := w.strays[i]
	next := m.copy(w)
	next.strays[i] = stray{}
	m.visit(next, Step{act: isLost, token: s.token, from: s.from})
	next = m.copy(w)
	next.strays[i] = stray{}
	step := m.decide(next, arrival{token: s.token, from: s.from, overtaken: s.overtaken})
	step.act = strayArrives
	m.visit(next, step)
}

// steal has the thief copy the jar, read an answer out of a log, or present what he has. He
// may do so at any moment, so he needs no connection that is slow.
func (m *machine) steal(w *world) {
	if len(m.Thief) == 0 {
		return
	}
	m.take(w, w.jar, copies)
	for i := range w.slots {
		if s := w.slots[i]; s.phase == answered && !s.thief {
			m.take(w, s.token, taps)
		}
	}
	for i := range w.tokens[:w.count] {
		if w.tokens[i].has(isStolen) && w.generation(Token(i)) <= m.Generations {
			m.present(w, Token(i))
		}
	}
}

// take gives the thief a token.
func (m *machine) take(w *world, t Token, how act) {
	if w.tokens[t].has(isStolen) {
		return
	}
	next := m.copy(w)
	next.tokens[t].traits |= isStolen
	m.visit(next, Step{act: how, thief: true, token: t})
}

// present has the thief present a token.
func (m *machine) present(w *world, t Token) {
	for _, from := range m.Thief {
		next := m.copy(w)
		if m.Wires > 0 {
			for i := range w.slots {
				if w.slots[i].thief && w.slots[i].phase == idle {
					next.slots[i] = slot{phase: asked, thief: true, token: t, from: from}
					m.visit(next, Step{act: asks, thief: true, token: t, from: from})
					break
				}
			}
			continue
		}
		step := m.decide(next, arrival{thief: true, token: t, from: from})
		step.act = presents
		if step.given != None {
			next.tokens[step.given].traits |= isStolen
		}
		m.visit(next, step)
	}
}

// clock moves on by a tick, or back.
func (m *machine) clock(w *world) {
	if next, ok := m.shift(w, 1); ok {
		m.visit(next, Step{act: ticks})
	}
	if m.SetBack {
		if next, ok := m.shift(w, -1); ok {
			m.visit(next, Step{act: setsBack})
		}
	}
}

// shift moves every time of a world. A client in a hurry has given up before its time is over:
// no tick passes while one waits for the last of it.
func (m *machine) shift(w *world, by int8) (next *world, ok bool) {
	next = m.copy(w)
	m.age(&next.row, &next.rotated, by)
	if next.kept {
		m.age(&next.backup, &next.earlier, by)
	}
	for i := range next.slots {
		if s := &next.slots[i]; m.Hurry > 0 && s.phase != idle && !s.thief {
			if s.waited++; s.waited >= m.Hurry {
				return next, false
			}
		}
	}
	return next, true
}

// age moves the times of a row, as far as they make a difference.
func (m *machine) age(r *Row, t *turn, by int8) {
	r.Age = min(max(r.Age+by, -m.oldest()), m.oldest())
	t.age = min(max(t.age+by, -m.oldest()), m.oldest())
	if m.Idle != Always {
		r.Unused = min(max(r.Unused+by, -m.oldest()), m.Idle)
	}
	if r.Left != Always {
		r.Left = min(max(r.Left-by, 0), m.Life)
	}
}

// database keeps a state of itself, goes back to it, or has its copy catch up.
func (m *machine) database(w *world) {
	if m.Copies && w.row.Shown != w.row.Ended {
		next := m.copy(w)
		next.row.Shown = w.row.Ended
		m.visit(next, Step{act: catchesUp})
	}
	if m.Restores == w.restore {
		return
	}
	next := m.copy(w)
	next.backup, next.earlier, next.kept = w.row, w.rotated, true
	m.visit(next, Step{act: backsUp})
	if w.kept {
		next = m.copy(w)
		next.row, next.rotated, next.restore = w.backup, w.earlier, w.restore+1
		if next.restore == m.Restores {
			next.backup, next.earlier, next.kept = Row{}, turn{}, false
		}
		next.lost, next.said = true, w.said && w.backup.Ended
		m.visit(next, Step{act: restores})
	}
}
