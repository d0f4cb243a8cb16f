package verification_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/bench/peers"
	"github.com/handstamp/handstamp/bench/verification"
)

// trial is a plan that takes no time.
var trial = verification.Plan{Rounds: 2, Slice: time.Millisecond}

// trialScale leaves a few hundred of everything.
const trialScale = 1000

// TestAll measures everything for a moment, and finds every library in the section.
func TestAll(t *testing.T) {
	results, err := verification.All(trial, trialScale)
	if err != nil {
		t.Fatal(err)
	}
	for _, series := range results {
		want := trial.Rounds
		switch series.Group {
		case verification.Middleware:
			want *= 20 // in turns a twentieth as long
		case verification.Remembering:
			want = 3
		}
		if len(series.Samples) != want {
			t.Errorf(
				"%s, %s, %s: %d samples, want %d",
				series.Group,
				series.Name,
				series.Column,
				len(series.Samples),
				want,
			)
		}
		for _, sample := range series.Samples {
			if sample.Nanos <= 0 {
				t.Errorf("%s, %s, %s took %v ns, want more", series.Group, series.Name, series.Column, sample.Nanos)
			}
		}
	}
	section := results.Section(trial)
	for _, p := range peers.All() {
		if strings.Count(section, "\n| "+p.Name+" |") != 6+extra(p.Name) {
			t.Errorf(
				"%s has %d rows in the section, want 6, and one of what it remembers",
				p.Name,
				strings.Count(section, "\n| "+p.Name+" |"),
			)
		}
	}
	if strings.Count(section, "n.a.") != 6 {
		t.Errorf("the section says n.a. %d times, want 6: go-oidc has no HS256", strings.Count(section, "n.a."))
	}
}

// extra is how many rows a library has for what it remembers.
func extra(name string) int {
	if name == peers.Ours().Name {
		return 1
	}
	return 0
}

// TestFirstSeen holds the first-seen cases to their name: each token reaches a verifier at most
// once in the life of the verifier.
func TestFirstSeen(t *testing.T) {
	pools, err := verification.Pools(trialScale)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, pool := range pools {
		for _, token := range append(pool.Tokens, pool.Warm) {
			if seen[token] {
				t.Errorf("%s is in a pool twice", token)
			}
			seen[token] = true
		}
	}
	for _, goroutines := range []int{1, 2} {
		for _, c := range verification.Libraries(pools, verification.FirstSeen, goroutines) {
			if want := len(pools[mint.Algorithm(c.Column)].Tokens); c.Most != want {
				t.Errorf("%s, %s has material for %d operations, want %d", c.Name, c.Column, c.Most, want)
			}
		}
	}
}

// TestRunTurns proves that cases take turns, that goroutines share the work without overlap, that
// no more is done than there is material for, and that every round is prepared and ended.
func TestRunTurns(t *testing.T) {
	const most = 10
	var prepared, ended atomic.Int64
	var order []string
	counted := func(name string, goroutines int) verification.Case {
		return verification.Case{
			Group:      "g",
			Name:       name,
			Goroutines: goroutines,
			Most:       most,
			Prepare: func() (verification.Work, func(), error) {
				prepared.Add(1)
				order = append(order, name)
				var done [most]atomic.Bool
				return func(from, n int) error {
					for i := from; i < from+n; i++ {
						if done[i].Swap(true) {
							t.Errorf("%s did operation %d twice in a round", name, i)
						}
					}
					time.Sleep(time.Microsecond)
					return nil
				}, func() { ended.Add(1) }, nil
			},
		}
	}
	series, err := verification.Plan{
		Rounds: 3,
		Slice:  time.Second,
	}.Run(
		[]verification.Case{counted("a", 1), counted("b", 2)},
	)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order[len(order)-6:], ""); got != "ababab" {
		t.Errorf("the cases ran in the order %s, want ababab", got)
	}
	if prepared.Load() != ended.Load() || len(series) != 2 {
		t.Errorf("prepared %d rounds and ended %d of %d cases", prepared.Load(), ended.Load(), len(series))
	}
}

// TestRunFails proves that an operation that fails is no measurement.
func TestRunFails(t *testing.T) {
	broken := errors.New("broken")
	for _, goroutines := range []int{1, 2} {
		c := verification.Case{Goroutines: goroutines, Prepare: func() (verification.Work, func(), error) {
			return func(int, int) error { return broken }, nil, nil
		}}
		if _, err := trial.Run([]verification.Case{c}); !errors.Is(err, broken) {
			t.Errorf("Run with %d goroutines = %v, want the error of the operation", goroutines, err)
		}
	}
}
