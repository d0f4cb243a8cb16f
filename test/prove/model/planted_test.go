package model_test

import (
	"strings"
	"testing"

	. "github.com/handstamp/handstamp/test/prove/model"
)

// fault is a mistake planted in the table, and what must come of it.
type fault struct {
	name     string
	scenario Scenario
	plant    func(*Table)
	want     Promise
}

// run plants the fault in today's table, and searches until it shows.
func (f fault) run(t *testing.T) { f.runIn(t, Protocol()) }

// runIn plants the fault in a table, and searches until it shows.
func (f fault) runIn(t *testing.T, table *Table) {
	t.Helper()
	t.Parallel()
	f.plant(table)
	r := f.scenario.Search(table, Options{Limit: most})
	if r.Broken != f.want {
		t.Fatalf(
			"Search(%q) with the fault = %v, want %v:\n%s", f.scenario.Name, r.Broken, f.want,
			strings.Join(r.Trace, "\n"),
		)
	}
	t.Logf("after %d states: %v\n%s", r.States, r.Broken, strings.Join(r.Trace, "\n"))
}

// sibling reports whether the token is another successor of what the confirmed one followed.
func sibling(in Input) bool {
	return in.Presented.Generation == in.Row.Generation && in.Presented.Parent == in.Row.Parent &&
		in.Presented.Nonce != in.Row.Nonce
}

// changed returns an input, with one thing changed.
func changed(in Input, change func(*Input)) Input {
	change(&in)
	return in
}

// TestPlantedWindow gets the windows wrong by a tick, or by a sign.
func TestPlantedWindow(t *testing.T) {
	size := func(age int8) int8 { return max(age, -age) }
	tests := []fault{
		{"grace without its last moment", strict, func(table *Table) {
			table.Within = func(age, window int8) bool { return window == Always || size(age) < window }
		}, R1},
		{"grace a tick too long", tabs, func(table *Table) {
			table.Within = func(age, window int8) bool { return window == Always || size(age) <= window+1 }
		}, R2},
		{"recovery a tick too long", strict, func(table *Table) {
			sound := table.Recover
			table.Recover = func(in Input) bool { return sound(changed(in, func(in *Input) { in.Recovery += 2 })) }
		}, Window},
		{"recovery though it is off", caught, func(table *Table) {
			sound := table.Recover
			table.Recover = func(in Input) bool { return sound(changed(in, func(in *Input) { in.Recovery = Always })) }
		}, Window},
		{"a clock set back is outside every window", back, func(table *Table) {
			table.Within = func(age, window int8) bool { return window == Always || age >= 0 && age <= window }
		}, R1},
		{"a clock set back is inside every window", back, func(table *Table) {
			table.Within = func(age, window int8) bool { return window == Always || age <= window }
		}, R2},
		{"rotated_at stays behind", tabs, func(table *Table) {
			sound := table.Confirm
			table.Confirm = func(row, read Row, p Presented) Row {
				age := row.Age
				row = sound(row, read, p)
				row.Age = age
				return row
			}
		}, R1},
		{"recover moves rotated_at", ends, func(table *Table) {
			table.Fork = func(row Row, _ Presented) Row {
				row.Forks, row.Unused, row.Age = row.Forks+1, 0, 0
				return row
			}
		}, R2},
		{"recover moves the network", roaming, func(table *Table) {
			table.Fork = func(row Row, p Presented) Row {
				row.Forks, row.Unused, row.From = row.Forks+1, 0, p.From
				return row
			}
		}, R2},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// TestPlantedWrite leaves a term out of a write's condition, or a part out of a write.
func TestPlantedWrite(t *testing.T) {
	next := func(in Input) bool { return in.Presented.Generation == in.Row.Generation+1 }
	child := func(in Input) bool { return in.Presented.Parent == in.Row.Nonce }
	tests := []fault{
		{"rotate without asking whether it ended", leaves, func(table *Table) {
			table.Rotate = func(in Input) bool { return next(in) && child(in) }
		}, R4},
		{"rotate without asking for limits", limits, func(table *Table) {
			table.Rotate = func(in Input) bool { return !in.Row.Ended && next(in) && child(in) }
		}, Over},
		{"rotate by the generation alone", robbed, func(table *Table) {
			table.Rotate = func(in Input) bool { return !table.Over(in) && next(in) }
		}, R2},
		{"rotate by generation, an older one too", thief, func(table *Table) {
			table.Rotate = func(in Input) bool {
				return !table.Over(in) && in.Presented.Generation >= in.Row.Generation
			}
		}, R3},
		{"a decision on an old row is written whatever the row has become", nodes, func(table *Table) {
			table.Holds = func(_, now Row) bool { return !now.Ended }
		}, R3},
		{"a decision on an old row is written though it ended", raced, func(table *Table) {
			table.Holds = func(read, now Row) bool {
				return read.Generation == now.Generation && read.Nonce == now.Nonce
			}
		}, Over},
		{"parent_forked from the row as it was read", raced, func(table *Table) {
			table.Confirm = func(row, read Row, p Presented) Row {
				row.Forks = read.Forks
				return Protocol().Confirm(row, read, p)
			}
		}, R2},
		{"recover without its write", thief, func(table *Table) {
			table.Fork = func(row Row, _ Presented) Row { return row }
		}, R2},
		{"reuse answered without its write", thief, func(table *Table) {
			table.End = func(row Row) Row { return row }
		}, R4},
		{"the end at a limit answered without its write", limits, func(table *Table) {
			table.End = func(row Row) Row {
				row.Ended = row.Left > 0 && row.Unused < limits.Idle
				return row
			}
		}, R4},
		{"forks stay after a rotation", native, func(table *Table) {
			table.Confirm = func(row, read Row, p Presented) Row {
				forks := row.Forks
				row = Protocol().Confirm(row, read, p)
				row.Forks = forks
				return row
			}
		}, R1},
		{"the parent is not kept", tabs, func(table *Table) {
			table.Confirm = func(row, read Row, p Presented) Row {
				row = Protocol().Confirm(row, read, p)
				row.Parent = None
				return row
			}
		}, R1},
		{"a write in two parts", tabs, func(table *Table) {
			table.Interrupt = func(before, after Row) Row { before.Generation = after.Generation; return before }
		}, R5},
		{"ended is read from a copy that lags", leaves, func(table *Table) {
			table.Over = func(in Input) bool { return in.Row.Shown || in.Row.Left <= 0 }
		}, R4},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// TestPlantedLine gets a line of the table wrong.
func TestPlantedLine(t *testing.T) {
	tests := []fault{
		{"siblings are forgiven within grace", thief, func(table *Table) {
			sound := table.Late
			table.Late = func(in Input) bool { return sound(in) || sibling(in) && table.Within(in.Row.Age, in.Grace) }
		}, R2},
		{"siblings are repeated within grace", neighbour, func(table *Table) {
			sound := table.Repeat
			table.Repeat = func(in Input) bool { return sound(in) || sibling(in) && table.Within(in.Row.Age, in.Grace) }
		}, R2},
		{"siblings are confirmed within grace", thief, func(table *Table) {
			sound := table.Rotate
			table.Rotate = func(in Input) bool {
				return sound(in) || !table.Over(in) && sibling(in) && table.Within(in.Row.Age, in.Grace)
			}
		}, R3},
		{"the parent is forgiven for ever", tabs, func(table *Table) {
			sound := table.Late
			table.Late = func(in Input) bool { return sound(changed(in, func(in *Input) { in.Row.Age = 0 })) }
		}, R2},
		{"every older token is forgiven within grace", thief, func(table *Table) {
			table.Late = func(in Input) bool {
				return in.Presented.Generation < in.Row.Generation && !in.Row.ParentForked &&
					table.Within(in.Row.Age, in.Grace)
			}
		}, R2},
		{"the parent is forgiven though it was forked", thief, func(table *Table) {
			sound := table.Late
			table.Late = func(in Input) bool {
				return sound(changed(in, func(in *Input) { in.Row.ParentForked = false }))
			}
		}, R2},
		{"the parent is never forgiven", tabs, func(table *Table) {
			table.Late = func(Input) bool { return false }
		}, R1},
		{"what is forgiven gets a token", thief, func(table *Table) {
			sound := table.Answer
			table.Answer = func(c Case) Grant {
				if c == Late {
					return Same
				}
				return sound(c)
			}
		}, R2},
		{"repeat for anybody", thief, func(table *Table) {
			sound := table.Repeat
			table.Repeat = func(in Input) bool {
				return sound(changed(in, func(in *Input) { in.Presented.From = in.Row.From }))
			}
		}, R2},
		{"repeat with a fresh successor", neighbour, func(table *Table) {
			sound := table.Answer
			table.Answer = func(c Case) Grant {
				if c == Repeated {
					return Fresh
				}
				return sound(c)
			}
		}, R2},
		{"recover with the same successor", thief, func(table *Table) {
			sound := table.Answer
			table.Answer = func(c Case) Grant {
				if c == Recovered {
					return Same
				}
				return sound(c)
			}
		}, R2},
		{"no recovery", tabs, func(table *Table) {
			table.Recover = func(Input) bool { return false }
		}, R1},
		{"no ahead", restored, func(table *Table) {
			table.Ahead = func(Input) bool { return false }
		}, R1},
		{"ahead for a token beside the line", robbed, func(table *Table) {
			table.Ahead = func(in Input) bool { return in.Presented.Generation >= in.Row.Generation }
		}, AheadOnly},
		{"ahead takes over the forks of another token", restored, func(table *Table) {
			table.Overtake = func(row Row, p Presented) Row { return table.Confirm(row, row, p) }
		}, R1},
		{"ahead keeps the row's nonce as parent", restored, func(table *Table) {
			sound := table.Overtake
			table.Overtake = func(row Row, p Presented) Row {
				p.Parent = row.Nonce
				return sound(row, p)
			}
		}, R1},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}
