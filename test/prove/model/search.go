package model

import (
	"fmt"
	"hash/maphash"
	"slices"
)

// Result is what a search found.
type Result struct {
	States  int             // reachable, each searched once
	Steps   int             // taken between them
	Depth   int             // steps to the state furthest away
	Cases   [cases]int      // steps that the table decided, by line
	Outside [conditions]int // steps that broke a condition, and were not followed
	Beyond  int             // steps that wanted more forks than the scenario has
	Cut     bool            // there was more than the limit: nothing is proved
	Broken  Promise         // 0: none
	Story   []string        // how it was broken, a step a line; empty: none was
}

// String gives the numbers in one line.
func (r Result) String() string {
	whole := "exhausted"
	if r.Cut {
		whole = "cut"
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

// Search plays everything that can happen in a scenario by a table, nearest first, until a
// promise breaks or nothing is left.
func (s *Scenario) Search(t *Table, o Options) Result {
	f := finder{limit: o.Limit, seed: maphash.MakeSeed(), index: make([]uint32, 1<<12)}
	f.machine = machine{Scenario: s, table: t, ignore: o.Ignore, visit: f.visit}
	f.insert(s.start())
	end := 1 // of the worlds that are as far away as the one before it
	for f.at = 0; f.at < f.count && f.result.Broken == 0 && !f.result.Cut; f.at++ {
		if f.at == end {
			f.result.Depth++
			end = f.count
		}
		f.moves(f.world(f.at))
	}
	f.result.States = f.count
	return f.result
}

// chunk is how many worlds lie side by side, so that keeping one more never moves the others.
const chunk = 1 << 13

// finder is one search.
type finder struct {
	machine
	worlds  []*[chunk]world // in the order in which they were reached
	count   int
	parents []uint32 // from which each world was reached first
	index   []uint32 // open addressing: 1 + the number of a world; 0: free
	seed    maphash.Seed
	at      int // the world whose moves are looked at
	limit   int
	result  Result
}

// visit counts a step, judges it, and keeps the world behind it if it is new.
func (f *finder) visit(next *world, s Step) {
	if f.result.Broken != 0 || f.result.Cut {
		return
	}
	f.result.Steps++
	f.result.Cases[s.verdict]++
	switch {
	case s.Breaks != 0:
		f.result.Broken = s.Breaks
		f.result.Story = f.tell(*next, s)
	case s.beyond:
		f.result.Beyond++
	case s.Outside != 0:
		f.result.Outside[s.Outside]++
	default:
		f.settle(next)
		f.insert(*next)
	}
}

// insert keeps a canonical world unless it is known.
func (f *finder) insert(w world) {
	if f.count*4 >= len(f.index)*3 {
		f.grow()
	}
	at := f.place(&w)
	if f.index[at] != 0 {
		return
	}
	if f.count == f.limit && f.limit > 0 {
		f.result.Cut = true
		return
	}
	if f.count%chunk == 0 {
		f.worlds = append(f.worlds, new([chunk]world))
	}
	*f.world(f.count) = w
	f.parents = append(f.parents, uint32(f.at))
	f.count++
	f.index[at] = uint32(f.count)
}

// world gives a world by its number.
func (f *finder) world(i int) *world { return &f.worlds[i/chunk][i%chunk] }

// place finds where a world is in the index, or where it would be.
func (f *finder) place(w *world) int {
	mask := len(f.index) - 1
	at := int(maphash.Comparable(f.seed, *w)) & mask
	for f.index[at] != 0 && *f.world(int(f.index[at] - 1)) != *w {
		at = (at + 1) & mask
	}
	return at
}

// grow doubles the index.
func (f *finder) grow() {
	f.index = make([]uint32, 2*len(f.index))
	for i := range f.count {
		f.index[f.place(f.world(i))] = uint32(i + 1)
	}
}

// path gives the worlds from the start to the one whose moves are looked at.
func (f *finder) path() []world {
	var all []world
	for at := f.at; ; at = int(f.parents[at]) {
		all = append(all, *f.world(at))
		if at == 0 {
			slices.Reverse(all)
			return all
		}
	}
}
