package verify_test

import (
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
	for range 14 { // fill set 2, then set 3
		admit(2, 3)
	}
	for range 7 { // full: these go to set 0, and will be the first to look for room in set 3 of the larger table
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
	if want := len(tokens) - 7; remembered != want || table.Entries() != want {
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
