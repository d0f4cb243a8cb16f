package verify_test

import (
	"testing"

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
	for set := 4; table.Sets() == size; set++ { // all other sets evenly, until there are more
		admit(4+set%(size-4), 4+set%(size-4))
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
