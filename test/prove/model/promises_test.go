package model_test

import (
	"flag"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/handstamp/handstamp/test/prove/model"
)

// deeper also searches the larger scenarios: make prove.
var deeper = flag.Bool("deep", false, "search larger scenarios too, for minutes")

// most is how many states a scenario may have, so that two of them fit into a gigabyte.
const most = 3_000_000

// TestPromises searches every scenario whole, and finds no step that breaks a promise.
func TestPromises(t *testing.T) {
	scenarios := quick
	if *deeper {
		scenarios = append(scenarios[:len(scenarios):len(scenarios)], deep...)
	}
	var states, steps atomic.Int64
	began := time.Now()
	t.Cleanup(func() {
		t.Logf(
			"%d scenarios, %d states, %d steps; %v", len(scenarios), states.Load(), steps.Load(),
			time.Since(began).Round(time.Second),
		)
	})
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			r := holds(t, s, Protocol(), most)
			states.Add(int64(r.States))
			steps.Add(int64(r.Steps))
			for _, c := range meets(s) {
				if r.Cases[c] == 0 {
					t.Errorf("Search never met %q: it proves nothing of it", c)
				}
			}
		})
	}
}

// holds searches a scenario whole, and finds no step that breaks a promise.
func holds(t *testing.T, s Scenario, table *Table, limit int) Result {
	t.Helper()
	began := time.Now()
	r := s.Search(table, Options{Limit: limit})
	t.Logf("%s: %v; %v", s.Name, r, time.Since(began).Round(time.Millisecond))
	if r.Broken != 0 {
		t.Errorf("Search = %v:\n%s", r.Broken, strings.Join(r.Trace, "\n"))
	}
	if r.Truncated {
		t.Errorf("Search = cut after %d states, want all of them", r.States)
	}
	return r
}

// meets returns the lines of the table that a scenario must have come to.
func meets(s Scenario) []Case {
	lines := []Case{Rotated, Repeated}
	if !s.Locked {
		lines = append(lines, Late) // nothing overtakes whoever waits for the other
	}
	if s.Recovery > 0 || len(s.Homes)+len(s.Thief) > 1 {
		lines = append(lines, Recovered)
	}
	if len(s.Thief) > 0 {
		lines = append(lines, Reused, Ended)
	}
	if s.Restores > 0 {
		lines = append(lines, Ahead)
	}
	return lines
}

// TestConditions drops one of R1's conditions at a time: without it R1 breaks. So each is
// needed, and none excuses everything.
func TestConditions(t *testing.T) {
	tests := []struct {
		name     string
		ignore   Condition
		scenario Scenario
	}{
		{"a token is confirmed that the jar does not hold", A, tabs},
		{"an answer is applied too late", B, tabs},
		{"what was overtaken comes too late", C, native},
		{"a retry comes too late", D, strict},
		{"a retry comes too late for a recovery that ends", D, ends},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := tt.scenario.Search(Protocol(), Options{Limit: most, Ignore: tt.ignore})
			if r.Broken != R1 {
				t.Fatalf("Search without %v = %v, want %v", tt.ignore, r.Broken, R1)
			}
			t.Log("\n" + strings.Join(r.Trace, "\n"))
		})
	}
}

// TestHabits has clients that leave one of their habits: then they do not keep (a)–(c) by
// themselves.
func TestHabits(t *testing.T) {
	tests := []struct {
		name  string
		leave func(*Scenario)
	}{
		{"no lock across tabs", func(s *Scenario) { s.Locked = false }},
		{"a request given up goes on", func(s *Scenario) { s.Timeout, s.Strays = 0, 1 }},
		{"requests come twice", func(s *Scenario) { s.Twice, s.Strays = true, 1 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := larger(locked, tt.name, tt.leave)
			r := s.Search(Protocol(), Options{Limit: most})
			if r.Broken != Habits {
				t.Fatalf("Search = %v, want %v", r.Broken, Habits)
			}
			t.Log("\n" + strings.Join(r.Trace, "\n"))
		})
	}
}

// TestSearchIsCut does not call a search whole that was not.
func TestSearchIsCut(t *testing.T) {
	r := three.Search(Protocol(), Options{Limit: 100})
	if !r.Truncated || r.States != 100 {
		t.Errorf("Search(limit 100) = %d states, cut %v, want 100, true", r.States, r.Truncated)
	}
}

// TestSearchIsRepeatable finds the same states each time, whatever the hash's seed.
func TestSearchIsRepeatable(t *testing.T) {
	first, second := back.Search(Protocol(), Options{}), back.Search(Protocol(), Options{})
	if a, b := first.String(), second.String(); a != b {
		t.Errorf("Search again = %s, want %s", b, a)
	}
}
