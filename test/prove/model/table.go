package model

// Token is the nonce of a refresh token, as a symbol: its number in a world's tree of tokens.
type Token int8

// None is no token: what the row names as parent after a sign-in.
const None Token = -1

// Net is where a request comes from: a network and an agent, as one.
type Net uint8

// The places of a world.
const (
	Home      Net = iota + 1 // where the honest client signed in
	Road                     // where an honest client that roams is next
	Elsewhere                // where a thief is who does not sit behind the victim's address
)

// Row is the session's row, as far as the table asks for it. Times are whole ticks and
// relative to now; what is older than every window counts as just older.
type Row struct {
	Generation   int8
	Nonce        Token // of the confirmed token
	Parent       Token // confirmed before it; None: no client ever held it
	Forks        int8  // successors handed out beyond the first
	ParentForked bool
	Age          int8 // now - rotated_at; negative: the clock was set back
	From         Net  // of the last rotation
	Unused       int8 // now - last use
	Left         int8 // ticks until the absolute limit; at 0 the session is over
	Ended        bool
	Shown        bool // Ended as a copy of the database shows it that lags behind; only planted faults look
}

// Presented is a token with a good MAC, and where it comes from.
type Presented struct {
	Generation int8
	Parent     Token
	Nonce      Token
	From       Net
}

// Always is a recovery window, or a limit, that does not end.
const Always int8 = 127

// Windows are the settings that the table asks for, in ticks.
type Windows struct {
	Grace    int8
	Recovery int8 // Always: as long as the session lives. 0: off, only within grace
	Idle     int8 // unused this long, the session is over
}

// Case is a line of the table. The zero case is none of them.
type Case uint8

// The lines of the table.
const (
	Ended Case = iota + 1
	Rotated
	Repeated
	Recovered
	Late
	Ahead
	Reused
	cases // how many there are, and one
)

// String names the case as the document does.
func (c Case) String() string {
	return [cases]string{"none", "ended", "rotate", "repeat", "recover", "late", "ahead", "reuse"}[c]
}

// Gift is what an answer carries.
type Gift uint8

// The gifts.
const (
	Nothing Gift = iota // no token
	Same                // the successor that this token always gets
	Fresh               // a successor that nobody has seen
)

// Question is a token before a row.
type Question struct {
	Row Row
	Presented
	Windows
}

// Table is the table of docs/protocol.md §4: what each line asks, writes and answers, apart,
// so that a test can plant a fault in one of them. Protocol gives it as it is written.
type Table struct {
	Within  func(age, window int8) bool // what "within a window" means
	Over    func(Question) bool         // the line "ended"
	Rotate  func(Question) bool         // the condition of the one write, whole
	Repeat  func(Question) bool
	Recover func(Question) bool
	Late    func(Question) bool
	Ahead   func(Question) bool

	Confirm   func(row, read Row, p Presented) Row // what "rotate" writes; read is the row as it was decided on
	Overtake  func(row Row, p Presented) Row       // what "ahead" writes
	Fork      func(row Row, p Presented) Row       // what "recover" writes
	End       func(Row) Row                        // what "reuse" and "ended" write
	Interrupt func(before, after Row) Row          // what a storage error leaves of a write
	Holds     func(read, now Row) bool             // the condition of a write that was decided on a row read before

	Answer func(Case) Gift
}

// Protocol gives the table as docs/protocol.md has it.
func Protocol() *Table {
	t := &Table{
		Within:    within,
		Over:      over,
		Ahead:     func(q Question) bool { return q.Presented.Generation > q.Row.Generation+1 },
		Confirm:   confirm,
		Overtake:  overtake,
		Fork:      fork,
		End:       func(r Row) Row { r.Ended = true; return r },
		Interrupt: func(before, _ Row) Row { return before },
		Holds: func(read, now Row) bool {
			return read.Generation == now.Generation && read.Nonce == now.Nonce && !now.Ended
		},
		Answer: answer,
	}
	t.Rotate = func(q Question) bool { return !t.Over(q) && q.onLine() }
	t.Repeat = func(q Question) bool {
		return q.confirmed() && t.Within(q.Row.Age, q.Grace) && q.From == q.Row.From
	}
	t.Recover = func(q Question) bool {
		return q.confirmed() && (t.Within(q.Row.Age, q.Grace) || t.Within(q.Row.Age, q.Recovery))
	}
	t.Late = func(q Question) bool {
		return q.parent() && !q.Row.ParentForked && t.Within(q.Row.Age, q.Grace)
	}
	return t
}

// onLine tells whether the token is a successor of the confirmed one.
func (q Question) onLine() bool {
	return q.Presented.Generation == q.Row.Generation+1 && q.Presented.Parent == q.Row.Nonce
}

// confirmed tells whether the token is the confirmed one.
func (q Question) confirmed() bool {
	return q.Presented.Generation == q.Row.Generation && q.Presented.Nonce == q.Row.Nonce
}

// parent tells whether the token is the one confirmed before.
func (q Question) parent() bool {
	return q.Presented.Generation == q.Row.Generation-1 && q.Presented.Nonce == q.Row.Parent
}

// within is |now - rotated_at| <= window.
func within(age, window int8) bool { return window == Always || max(age, -age) <= window }

// over is the line "ended". At exactly a limit a session is over.
func over(q Question) bool {
	return q.Row.Ended || q.Row.Left <= 0 || q.Idle != Always && q.Row.Unused >= q.Idle
}

// confirm is what "rotate" writes. It sees the row under its lock, whatever was read before.
func confirm(row, _ Row, p Presented) Row {
	row.ParentForked = row.Forks > 0
	row.Forks = 0
	row.Generation, row.Nonce, row.Parent, row.From = p.Generation, p.Nonce, p.Parent, p.From
	row.Age, row.Unused = 0, 0
	return row
}

// overtake is what "ahead" writes: as rotate, but that the row knows nothing of the forks of
// the token's parent.
func overtake(row Row, p Presented) Row {
	row = confirm(row, row, p)
	row.ParentForked = false
	return row
}

// fork is what "recover" writes. Network and agent stay those of the rotation.
func fork(row Row, _ Presented) Row {
	row.Forks++
	row.Unused = 0
	return row
}

// answer gives what each line hands out.
func answer(c Case) Gift {
	switch c {
	case Rotated, Repeated, Ahead:
		return Same
	case Recovered:
		return Fresh
	}
	return Nothing
}

// Decide finds the line of the table. The one conditional write comes first, as in life.
func (t *Table) Decide(q Question) Case {
	switch {
	case t.Rotate(q):
		return Rotated
	case t.Over(q):
		return Ended
	case t.Repeat(q):
		return Repeated
	case t.Recover(q):
		return Recovered
	case t.Late(q):
		return Late
	case t.Ahead(q):
		return Ahead
	}
	return Reused
}

// Write gives the row after a line of the table. Late and repeat write nothing.
func (t *Table) Write(c Case, q Question, read Row) Row {
	switch c {
	case Rotated:
		return t.Confirm(q.Row, read, q.Presented)
	case Ahead:
		return t.Overtake(q.Row, q.Presented)
	case Recovered:
		return t.Fork(q.Row, q.Presented)
	case Ended, Reused:
		return t.End(q.Row)
	}
	return q.Row
}
