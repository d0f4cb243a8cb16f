package model

import (
	"fmt"
	"hash/maphash"
	"slices"
)

// Result is what a search found.
type Result struct {
	States    int             // reachable, each searched once
	Steps     int             // taken between them
	Depth     int             // steps to the state furthest away
	Cases     [cases]int      // steps that the table decided, by line
	Outside   [conditions]int // steps that broke a condition, and were not followed
	Beyond    int             // steps that wanted more forks than the scenario has
	Truncated bool            // there was more than the limit: nothing is proved
	Broken    Promise         // 0: none
	Trace     []string        // how it was broken, a step a line; empty: none was
}

// String returns the numbers in one line.
func (r Result) String() string {
	whole := "exhausted"
	if r.Truncated {
		whole = "truncated"
	}
	text := fmt.Sprintf("%d states, %d steps, depth %d, %s;", r.States, r.Steps, r.Depth, whole)
	for c := Ended; c < cases; c++ {
		if r.Cases[c] > 0 {
			text += fmt.Sprintf(" %v %d,", c, r.Cases[c])
		}
	}
	for c := A; c < conditions; c++ {
		if r.Outside[c] > 0 {
			text += fmt.Sprintf(" outside %v %d,", c, r.Outside[c])
		}
	}
	return fmt.Sprintf("%s beyond %d", text, r.Beyond)
}

// Options change how a search is done.
type Options struct {
	Limit  int       // states at most; 0: as many as there are
	Ignore Condition // of R1, to see what it is for; 0: none
}

// Search takes every action that is possible in a scenario by a table, breadth first, until a
// promise breaks or no new state is left.
func (s *Scenario) Search(t *Table, o Options) Result {
	f := searcher{limit: o.Limit, seed: maphash.MakeSeed(), index: make([]uint32, 1<<12)}
	f.machine = machine{Scenario: s, table: t, ignore: o.Ignore, visit: f.visit}
	f.insert(s.start())
	end := 1 // of the states that are as far away as the one before it
	for f.at = 0; f.at < f.count && f.result.Broken == 0 && !f.result.Truncated; f.at++ {
		if f.at == end {
			f.result.Depth++
			end = f.count
		}
		f.actions(f.state(f.at))
	}
	f.result.States = f.count
	return f.result
}

// chunk is how many states lie side by side, so that keeping one more never moves the others.
const chunk = 1 << 13

// searcher holds what one search has reached.
type searcher struct {
	machine
	states  []*[chunk]state // in the order in which they were reached
	count   int
	parents []uint32 // from which each state was reached first
	index   []uint32 // open addressing: 1 + the number of a state; 0: free
	seed    maphash.Seed
	at      int // the state whose actions are taken now
	limit   int
	result  Result
}

// visit counts a step, checks it, and keeps the state after it if that is new.
func (f *searcher) visit(next *state, s Step) {
	if f.result.Broken != 0 || f.result.Truncated {
		return
	}
	f.result.Steps++
	f.result.Cases[s.verdict]++
	switch {
	case s.Breaks != 0:
		f.result.Broken = s.Breaks
		f.result.Trace = f.trace(*next, s)
	case s.beyond:
		f.result.Beyond++
	case s.Outside != 0:
		f.result.Outside[s.Outside]++
	default:
		f.canonicalize(next)
		f.insert(*next)
	}
}

// insert keeps a canonical state unless it is known.
func (f *searcher) insert(st state) {
	if f.count*4 >= len(f.index)*3 {
		f.grow()
	}
	at := f.place(&st)
	if f.index[at] != 0 {
		return
	}
	if f.count == f.limit && f.limit > 0 {
		f.result.Truncated = true
		return
	}
	if f.count%chunk == 0 {
		f.states = append(f.states, new([chunk]state))
	}
	*f.state(f.count) = st
	f.parents = append(f.parents, uint32(f.at))
	f.count++
	f.index[at] = uint32(f.count)
}

// state returns the state with a number.
func (f *searcher) state(i int) *state { return &f.states[i/chunk][i%chunk] }

// place returns where a state is in the index, or where it would be.
func (f *searcher) place(st *state) int {
	mask := len(f.index) - 1
	at := int(maphash.Comparable(f.seed, *st)) & mask
	for f.index[at] != 0 && *f.state(int(f.index[at] - 1)) != *st {
		at = (at + 1) & mask
	}
	return at
}

// grow doubles the index.
func (f *searcher) grow() {
	f.index = make([]uint32, 2*len(f.index))
	for i := range f.count {
		f.index[f.place(f.state(i))] = uint32(i + 1)
	}
}

// path returns the states from the start to the one whose actions are taken now.
func (f *searcher) path() []state {
	var all []state
	for at := f.at; ; at = int(f.parents[at]) {
		all = append(all, *f.state(at))
		if at == 0 {
			slices.Reverse(all)
			return all
		}
	}
}
