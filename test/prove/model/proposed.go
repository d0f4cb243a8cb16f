package model

// Proposed returns the table that docs/decisions/0018 proposes, and that no server has yet: the
// line goes on only when answers with siblings, and requests with elders, have landed.
func Proposed() *Table {
	t := Protocol()
	t.Hold = func(in Input) bool { return in.Hold > 0 && t.Within(in.Row.Opened, in.Hold) }
	t.Open = func(in Input) bool {
		return !t.Within(in.Row.Opened, in.Grace) && in.Row.Openings < in.MaxOpenings
	}
	t.Confirm = func(row, read Row, p Presented) Row { return opened(confirm(row, read, p)) }
	t.Overtake = func(row Row, p Presented) Row { return opened(overtake(row, p)) }
	return t
}

// opened is what a rotation writes besides: it opens an overlap.
func opened(row Row) Row {
	row.Opened, row.Openings = 0, 0
	return row
}

// held is the line for a successor that comes before the overlap is closed. From where the last
// rotation came it gets an access token, from elsewhere nothing.
func (in Input) held() Case {
	if in.From == in.Row.From {
		return Held
	}
	return Waiting
}
