package storetest

import (
	"slices"
	"testing"

	"github.com/handstamp/handstamp/internal/store"
)

// Refresh tokens of one session are presented at once.
var _ = register(subject{
	name: "rotate",
	tests: []test{
		{"race/one token", testRaceOneToken},
		{"race/recoveries", testRaceRecoveries},
		{"race/siblings", testRaceSiblings},
	},
})

// tally counts the cases of outcomes.
func tally(outcomes []store.Outcome) map[store.Case]int {
	n := map[store.Case]int{} // case → how often
	for _, o := range outcomes {
		n[o.Case]++
	}
	return n
}

// raceTokens presents tokens at once and returns their outcomes.
func (f *fixture) raceTokens(t *testing.T, presented []store.Presented) []store.Outcome {
	t.Helper()
	outcomes := make([]store.Outcome, len(presented))
	race(len(presented), func(i int) {
		var err error
		if outcomes[i], err = f.Rotate(background, presented[i], f.now); err != nil {
			t.Error(err)
		}
	})
	return outcomes
}

// testRaceOneToken rotates once, and shows all others the same row.
func testRaceOneToken(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	k := f.mustBegin(t, u.ID)
	for range rounds {
		outcomes := f.raceTokens(t, slices.Repeat([]store.Presented{k.from(home)}, 32))
		same(t, "outcomes", tally(outcomes), map[store.Case]int{store.Rotated: 1, store.Repeated: 31})
		row := f.mustStanding(t, k.session)
		for _, o := range outcomes {
			same(t, "outcome", o.Standing, row)
		}
		k = k.next()
	}
	f.wantLogged(t, 0)
}

// testRaceRecoveries counts every fork.
func testRaceRecoveries(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	for range rounds {
		k := f.mustBegin(t, u.ID)
		f.mustRotate(t, k, store.Rotated)
		outcomes := f.raceTokens(t, slices.Repeat([]store.Presented{k.from(abroad)}, 12))
		var forks []int
		for _, o := range outcomes {
			forks = append(forks, o.Standing.Session.Line.Forks)
		}
		slices.Sort(forks)
		same(t, "forks", forks, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
		same(t, "outcomes", tally(outcomes), map[store.Case]int{store.Recovered: 12})
	}
}

// testRaceSiblings confirms one of several successors of a token, and the next ends the session.
func testRaceSiblings(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	for range rounds {
		k := f.mustBegin(t, u.ID)
		seq := f.mustHead(t)
		var siblings []store.Presented
		for range 12 {
			siblings = append(siblings, k.sibling().from(home))
		}
		outcomes := f.raceTokens(t, siblings)
		same(t, "outcomes", tally(outcomes), map[store.Case]int{store.Rotated: 1, store.Reused: 1, store.Ended: 10})
		f.wantEnded(t, k.session, store.ReuseDetected, "")
		f.wantLogged(t, seq, k.session)
	}
}
