package feed

import (
	"strings"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// TestingOnlyEvents reads a stream to its end, and returns name, id and data of each event.
func TestingOnlyEvents(text string) (events [][3]string, err error) {
	r := newEventReader(strings.NewReader(text))
	for {
		e, err := r.next()
		if err != nil {
			return events, err
		}
		events = append(events, [3]string{e.name, e.id, e.data})
	}
}

// TestingOnlyEntry reads the data of an entry.
func TestingOnlyEntry(text string) (revoked.Entry, error) { return parseEntry(text) }

// TestingOnlySnapshot merges a snapshot into an empty set.
func TestingOnlySnapshot(text string) (*revoked.Set, error) {
	f := &Feed{Options: Options{Withdraw: func(string) {}}, set: revoked.NewSet()}
	return f.set, f.merge(strings.NewReader(text))
}
