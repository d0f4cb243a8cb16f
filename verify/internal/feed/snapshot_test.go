package feed_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/verify/internal/feed"
)

// TestSnapshotInPieces takes the same entries from a snapshot that is read in pieces as from the
// whole, whatever lies on the edge of a buffer.
func TestSnapshotInPieces(t *testing.T) {
	for _, n := range []int{0, 1, 999, 1000, 1001, 5000} {
		entries := make([]string, n)
		for i := range entries {
			id := "sid-" + strings.Repeat("x", i%70) + fmt.Sprintf(`\"%d\"`, i)
			entries[i] = fmt.Sprintf(
				`{"epoch":1000,"seq":%d,"prev":%d,"at":3,"kind":"session","id":"%s","not_before":0,"expires":9}`,
				i+1,
				i,
				id,
			)
		}
		set, err := feed.TestingOnlySnapshot(
			fmt.Sprintf(`{"epoch":1000,"seq":%d,"at":3,"entries":[%s]}`, n, strings.Join(entries, ",")),
		)
		if err != nil || set.Len() != n {
			t.Errorf("a snapshot of %d entries = %d, %v", n, set.Len(), err)
		}
	}
}
