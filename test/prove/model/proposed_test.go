package model_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/handstamp/handstamp/test/prove/model"
)

// The table of docs/decisions/0018, which no server has yet, and what it is for: renewals that
// overlap, from several tabs and networks, with answers in any order.

// large is how many states a search of the proposed table may have: it fits into a gigabyte.
const large = 5_000_000

// overlapping is one jar whose messages take a tick at most, and are answered in any order.
var overlapping = Scenario{
	Name: "renewals that overlap", Tabs: 3, Homes: moves, Generations: 3, Forks: 3,
	Windows: held(lasting, 1), Life: Always, Flight: 1, Judged: ByOverlap,
}

// held returns windows with those of the proposed table: an overlap stays open for grace and twice
// the flight.
func held(w Windows, flight int8) Windows {
	w.Hold, w.MaxOpenings = w.Grace+2*flight, 1
	return w
}

// proposed returns a scenario of today's table with the windows of the proposed one.
func proposed(s Scenario) Scenario {
	s.Windows = held(s.Windows, 1)
	return s
}

// TestOverlapToday holds the table to what it does when renewals overlap: it signs an honest client
// out. Whoever mends the table changes this test, and R1's text with it.
func TestOverlapToday(t *testing.T) {
	tests := []struct {
		name  string
		homes []Net
		want  string
	}{
		{"two networks", moves, `
the jar holds t1; the row has confirmed t0, which nobody holds
the client presents t1 from home
the client presents t1 from home
the client presents t1 from the road
t1 arrives from home: rotate, answered with t2
the client gets the answer: it holds t2
the client presents t2 from home
t1 arrives from the road: recover, answered with t2b
t2 arrives from home: rotate, answered with t3
t1 arrives from home: reuse
this breaks R1: an honest client is never logged out`},
		{"one network", home, `
the jar holds t1; the row has confirmed t0, which nobody holds
the client presents t1 from home
the client presents t1 from home
t1 arrives from home: rotate, answered with t2
the client gets the answer: it holds t2
the client presents t2 from home
t2 arrives from home: rotate, answered with t3
the client gets the answer: it holds t3
the client presents t3 from home
t3 arrives from home: rotate, answered with t4
t1 arrives from home: reuse
this breaks R1: an honest client is never logged out`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := larger(overlapping, tt.name, func(s *Scenario) { s.Homes, s.Windows = tt.homes, lasting })
			r := s.Search(Protocol(), Options{Limit: large})
			if r.Broken != R1 {
				t.Fatalf("Search(%q) = %v, want %v", s.Name, r.Broken, R1)
			}
			if diff := cmp.Diff(strings.Split(tt.want, "\n")[1:], r.Trace); diff != "" {
				t.Errorf("the shortest counterexample differs (-want +got):\n%s", diff)
			}
			t.Logf("after %d states", r.States)
		})
	}
}

// searchProposed searches scenarios by the proposed table, and wants that each meets some lines.
func searchProposed(t *testing.T, meets []Case, quick, deep []Scenario) {
	if *deeper {
		quick = slices.Concat(quick, deep)
	}
	for _, s := range quick {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			r := holds(t, s, Proposed(), large)
			for _, c := range meets {
				if r.Cases[c] == 0 {
					t.Errorf("Search never met %q: it proves nothing of it", c)
				}
			}
		})
	}
}

// TestOverlapProposed finds no way to sign a client out by renewals that overlap.
func TestOverlapProposed(t *testing.T) {
	searchProposed(t, []Case{Rotated, Repeated, Recovered, Held, Waiting}, []Scenario{
		overlapping,
		larger(overlapping, "recovery off", func(s *Scenario) { s.Windows = held(off, 1) }),
		larger(overlapping, "grace off", func(s *Scenario) { s.Windows = held(never, 1) }),
	}, []Scenario{
		larger(overlapping, "three openings", func(s *Scenario) { s.MaxOpenings = 3 }),
		larger(overlapping, "two tabs, messages twice", func(s *Scenario) {
			s.Tabs, s.Strays, s.Twice = 2, 1, true
		}),
		larger(overlapping, "grace of two ticks", func(s *Scenario) { s.Windows = held(finer, 1) }),
		larger(overlapping, "four generations, five forks", func(s *Scenario) { s.Generations, s.Forks = 4, 5 }),
		larger(overlapping, "one late request", func(s *Scenario) { s.Strays = 1 }),
		larger(overlapping, "two late requests", func(s *Scenario) { s.Strays = 2 }),
		larger(overlapping, "nodes that read, then write", func(s *Scenario) { s.Nodes = true }),
		larger(overlapping, "grace and flight of two ticks", func(s *Scenario) {
			s.Windows, s.Flight = held(finer, 2), 2
		}),
		larger(overlapping, "four tabs", func(s *Scenario) { s.Tabs, s.Forks = 4, 4 }),
		larger(overlapping, "five tabs, two generations", func(s *Scenario) {
			s.Tabs, s.Forks, s.Generations = 5, 5, 2
		}),
	})
}

// TestProposedConditions holds the proposed table to R1 under the conditions of today's.
func TestProposedConditions(t *testing.T) {
	searchProposed(t, []Case{Rotated, Repeated, Held}, []Scenario{
		proposed(ends), proposed(strict), proposed(graceless), proposed(locked),
	}, []Scenario{
		proposed(tabs), proposed(three), proposed(native), proposed(twice),
		proposed(restored), proposed(nodes), proposed(back),
	})
}

// TestProposedThief holds the proposed table to R2–R5, in today's words.
func TestProposedThief(t *testing.T) {
	searchProposed(t, []Case{Rotated, Repeated, Held, Reused, Ended}, []Scenario{
		proposed(caught), proposed(raced), proposed(leaves),
	}, []Scenario{
		proposed(thief), proposed(neighbour), proposed(roaming), proposed(limits), proposed(robbed),
		larger(proposed(thief), "three tabs", func(s *Scenario) { s.Tabs = 3 }),
		larger(proposed(thief), "victim on the road", func(s *Scenario) { s.Homes = moves }),
		larger(proposed(thief), "two forks, one late request", func(s *Scenario) { s.Forks, s.Strays = 2, 1 }),
		larger(proposed(thief), "four generations", func(s *Scenario) { s.Generations = 4 }),
	})
}

// TestProposedPlanted plants mistakes in the proposed table: each breaks the promise it must.
func TestProposedPlanted(t *testing.T) {
	short := func(w Windows) Scenario {
		s := overlapping
		s.Windows = held(w, 1)
		s.Hold--
		return s
	}
	answering := func(grant Grant) func(*Table) {
		return func(table *Table) {
			sound := table.Answer
			table.Answer = func(c Case) Grant {
				if c == Held || c == Waiting {
					return grant
				}
				return sound(c)
			}
		}
	}
	tests := []fault{
		{"hold without its last tick", short(lasting), func(*Table) {}, R1},
		{"hold without its last tick, grace of two", short(finer), func(*Table) {}, R1},
		{"hold without its last tick, grace off", short(never), func(*Table) {}, R1},
		{"a rotation opens nothing", overlapping, func(table *Table) {
			table.Confirm = Protocol().Confirm
		}, R1},
		{"a recovery opens nothing", overlapping, func(table *Table) {
			table.Open = Protocol().Open
		}, R1},
		{"what is held gets the successor", proposed(thief), answering(Same), AheadOnly},
		{"what is held gets a fork", proposed(thief), answering(Fresh), AheadOnly},
		{"siblings are late within grace", proposed(thief), func(table *Table) {
			sound := table.Late
			table.Late = func(in Input) bool {
				return sound(in) || sibling(in) && table.Within(in.Row.Age, in.Grace)
			}
		}, R2},
		{"held though it ended", proposed(leaves), func(table *Table) {
			sound := table.Over
			table.Over = func(in Input) bool {
				return sound(in) && (in.Presented.Generation <= in.Row.Generation || !table.Hold(in))
			}
		}, R4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.runIn(t, Proposed()) })
	}
}

// TestProposedOpensLonger shows that a recovery could open an overlap within grace too: that only
// holds for longer. The table asks for grace so that a burst does not use up what it may open.
func TestProposedOpensLonger(t *testing.T) {
	table := Proposed()
	table.Open = func(in Input) bool { return in.Row.Openings < in.MaxOpenings }
	holds(t, larger(overlapping, "two tabs", func(s *Scenario) { s.Tabs = 2 }), table, large)
}

// TestProposedClockSetBack keeps what is open: a clock that is set back by more than hold closes an
// overlap early.
func TestProposedClockSetBack(t *testing.T) {
	s := larger(overlapping, "two tabs, clock set back", func(s *Scenario) { s.Tabs, s.SetBack = 2, true })
	r := s.Search(Proposed(), Options{Limit: large})
	if r.Broken != R1 {
		t.Fatalf("Search(%q) = %v, want %v", s.Name, r.Broken, R1)
	}
	t.Logf("after %d states\n%s", r.States, strings.Join(r.Trace, "\n"))
}
