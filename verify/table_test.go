package verify_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// TestGrowForgets has a table grow in which three sets are so crowded that not all of their tokens find room in the
// larger one: some are forgotten, and nothing else happens.
func TestGrowForgets(t *testing.T) {
	table := verify.TestingOnlyNewTable()
	size := table.Sets()
	var tokens []string
	admit := func(first, second int) {
		tokens = append(tokens, table.Admit(first, second, len(tokens)))
	}
	for range 14 { // fill sets 2 and 3
		admit(2, 3)
	}
	for range 7 { // these go to set 0: five of them will be the first to find room in set 3 of the larger table
		admit(3, 0)
	}
	for table.Sets() == size { // all other sets evenly, until there are more
		set := 4 + len(tokens)%(size-4)
		admit(set, set)
	}
	remembered := 0
	for _, token := range tokens {
		if table.Remembers(token) {
			remembered++
		}
	}
	if want := len(tokens) - 5; remembered != want || table.Entries() != want {
		t.Errorf("%d of %d tokens are found, and %d counted, want %d", remembered, len(tokens), table.Entries(), want)
	}
}

// TestGrowLeavesExpired has a table grow for tokens that are good, and not for those that have expired.
func TestGrowLeavesExpired(t *testing.T) {
	table := verify.TestingOnlyNewTable()
	size := table.Sets()
	most := size * 7 / 2 // before it grows
	admitted := 0
	admit := func(n int) {
		for range n {
			set := 1 + admitted%(size-1) // 0 is the hash of what is no token
			table.Admit(set, set, admitted)
			admitted++
		}
	}
	admit(most)
	table.Now += time.Hour
	admit(1)
	if table.Sets() != size || table.Entries() != 1 {
		t.Errorf("when all have expired, one more makes %d sets with %d tokens, want %d with 1", table.Sets(), table.Entries(), size)
	}
	admit(most)
	if table.Sets() != 2*size || table.Entries() != most+1 {
		t.Errorf("%d good tokens make %d sets with %d tokens, want %d with all", most+1, table.Sets(), table.Entries(), 2*size)
	}
}

// TestTableHoldsAll fills a table of any size until just before it grows: each token finds room.
func TestTableHoldsAll(t *testing.T) {
	table := verify.TestingOnlyNewTable()
	source := rand.New(rand.NewPCG(1, 2)) // the same in every run
	var tokens []string
	for size := table.Sets(); size <= 1<<14; size *= 2 {
		for len(tokens) < size*7/2 {
			tokens = append(tokens, table.Admit(1+source.IntN(1<<20), source.IntN(1<<20), len(tokens)))
		}
		lost := 0
		for _, token := range tokens {
			if !table.Remembers(token) {
				lost++
			}
		}
		if table.Sets() != size || lost > 0 {
			t.Errorf("%d tokens fill %d sets, want %d, and %d are lost", len(tokens), table.Sets(), size, lost)
		}
	}
}
