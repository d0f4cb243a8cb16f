package model

// Token is the nonce of a refresh token, as a symbol: its number in a state's tree of tokens.
type Token int8

// None is no token: what the row names as parent after a sign-in.
const None Token = -1

// Net is where a request comes from: a network and an agent, as one.
type Net uint8

// The places of a state.
const (
	Home      Net = iota + 1 // where the honest client signed in
	Road                     // where an honest client that roams is next
	Elsewhere                // where a thief is who does not sit behind the victim's address
)

// Row is the session's row, as far as the table reads it. Times are whole ticks and
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
	Opened       int8 // now - when the overlap was opened. The table of today opens none, and leaves it at 0
	Openings     int8 // by recoveries, since the last rotation
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

// Windows are the settings that the table reads, in ticks.
type Windows struct {
	Grace    int8
	Recovery int8 // Always: as long as the session lives. 0: off, only within grace
	Idle     int8 // unused this long, the session is over

	// Hold is how long an overlap stays open: no successor is confirmed. 0: the table of today.
	Hold int8
	// MaxOpenings is how many overlaps the recoveries of one token may open.
	MaxOpenings int8
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
	Held    // proposed: a successor while the overlap is open, from where the last rotation came
	Waiting // proposed: the same from elsewhere
	cases   // how many there are, and one
)

// String names the case as the document does.
func (c Case) String() string {
	return [cases]string{
		"none", "ended", "rotate", "repeat", "recover", "late", "ahead", "reuse", "held", "waiting",
	}[c]
}

// Grant is the refresh token that an answer carries.
type Grant uint8

// The grants.
const (
	Nothing Grant = iota // no token
	Same                 // the successor that this token always gets
	Fresh                // a successor that nobody has seen
	Access               // none, but an access token
)

// Input is all that the table looks at: a token and the row.
type Input struct {
	Row Row
	Presented
	Windows
}

// Table is the table of docs/protocol.md §4: what each line asks, writes and answers, apart,
// so that a test can plant a fault in one of them. Protocol returns it as it is written.
type Table struct {
	Within  func(age, window int8) bool // what "within a window" means
	Over    func(Input) bool            // the line "ended"
	Hold    func(Input) bool            // proposed: an overlap is open, and no successor is confirmed
	Rotate  func(Input) bool            // the condition of the one write, whole
	Repeat  func(Input) bool
	Recover func(Input) bool
	Late    func(Input) bool
	Ahead   func(Input) bool

	Confirm   func(row, read Row, p Presented) Row // what "rotate" writes; read is the row as it was decided on
	Overtake  func(row Row, p Presented) Row       // what "ahead" writes
	Fork      func(row Row, p Presented) Row       // what "recover" writes
	Open      func(Input) bool                     // proposed: whether "recover" opens an overlap
	End       func(Row) Row                        // what "reuse" and "ended" write
	Interrupt func(before, after Row) Row          // what a storage error leaves of a write
	Holds     func(read, now Row) bool             // the condition of a write that was decided on a row read before

	Answer func(Case) Grant
}

// Protocol returns the table as docs/protocol.md has it.
func Protocol() *Table {
	t := &Table{
		Within:    within,
		Over:      over,
		Hold:      func(Input) bool { return false },
		Open:      func(Input) bool { return false },
		Ahead:     func(in Input) bool { return in.Presented.Generation > in.Row.Generation+1 },
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
	t.Rotate = func(in Input) bool { return !t.Over(in) && in.onLine() && !t.Hold(in) }
	t.Repeat = func(in Input) bool {
		return in.confirmed() && t.Within(in.Row.Age, in.Grace) && in.From == in.Row.From
	}
	t.Recover = func(in Input) bool {
		return in.confirmed() && (t.Within(in.Row.Age, in.Grace) || t.Within(in.Row.Age, in.Recovery))
	}
	t.Late = func(in Input) bool {
		return in.parent() && !in.Row.ParentForked && t.Within(in.Row.Age, in.Grace)
	}
	return t
}

// onLine reports whether the token is a successor of the confirmed one.
func (in Input) onLine() bool {
	return in.Presented.Generation == in.Row.Generation+1 && in.Presented.Parent == in.Row.Nonce
}

// confirmed reports whether the token is the confirmed one.
func (in Input) confirmed() bool {
	return in.Presented.Generation == in.Row.Generation && in.Presented.Nonce == in.Row.Nonce
}

// parent reports whether the token is the one confirmed before.
func (in Input) parent() bool {
	return in.Presented.Generation == in.Row.Generation-1 && in.Presented.Nonce == in.Row.Parent
}

// within is |now - rotated_at| <= window.
func within(age, window int8) bool { return window == Always || max(age, -age) <= window }

// over is the line "ended". At exactly a limit a session is over.
func over(in Input) bool {
	return in.Row.Ended || in.Row.Left <= 0 || in.Idle != Always && in.Row.Unused >= in.Idle
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

// answer returns what each line hands out.
func answer(c Case) Grant {
	switch c {
	case Rotated, Repeated, Ahead:
		return Same
	case Recovered:
		return Fresh
	case Held:
		return Access
	}
	return Nothing
}

// Decide finds the line of the table. The one conditional write comes first, as in life.
func (t *Table) Decide(in Input) Case {
	switch {
	case t.Rotate(in):
		return Rotated
	case t.Over(in):
		return Ended
	case in.onLine() && t.Hold(in):
		return in.held()
	case t.Repeat(in):
		return Repeated
	case t.Recover(in):
		return Recovered
	case t.Late(in):
		return Late
	case t.Ahead(in):
		return Ahead
	}
	return Reused
}

// Write returns the row after a line of the table. Late, repeat and what is held write nothing.
func (t *Table) Write(c Case, in Input, read Row) Row {
	switch c {
	case Rotated:
		return t.Confirm(in.Row, read, in.Presented)
	case Ahead:
		return t.Overtake(in.Row, in.Presented)
	case Recovered:
		row := t.Fork(in.Row, in.Presented)
		if t.Open(in) {
			row.Opened, row.Openings = 0, row.Openings+1
		}
		return row
	case Ended, Reused:
		return t.End(in.Row)
	}
	return in.Row
}
