package feed_test

import (
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify/internal/feed"
)

// FuzzEvents reads streams from strangers: never a panic, and whatever is taken for an event was
// written as one, with nothing added and no line end within.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		"event: revoke\nid: 1.2\ndata: {\"epoch\":1,\"seq\":2,\"prev\":1,\"at\":3,\"kind\":\"session\",\"id\":\"x\"" +
			",\"not_before\":0,\"expires\":9}\n\n",
		"event: heartbeat\r\ndata: {\"epoch\":1,\"seq\":2,\"at\":3}\r\n\r\n",
		"event: reset\ndata: {\"epoch\":1,\"seq\":2}\n\n: comment\n\n",
		"data:\n\ndata\n\n", "id\nid\n\n", "data: a\rdata: b\n\n", "\ufeffdata: a\n\n", "event: heartbeat\n\n",
		":\n:\n\n", "data: \x00\n\n",
		strings.Repeat("x", 9<<10), "retry: 1\ndata: x\n\n", "\n\n\n", "data: x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		events, err := feed.TestingOnlyEvents(text)
		if err == nil {
			t.Fatal("a stream has no end but an error")
		}
		if len(events) > strings.Count(text, "data") {
			t.Errorf("%d events in a stream with %d times data", len(events), strings.Count(text, "data"))
		}
		for _, e := range events {
			for _, part := range e {
				if strings.ContainsAny(part, "\r\n\x00") || !strings.Contains(text, part) {
					t.Errorf("the part %q of an event is not in the stream as it is", part)
				}
			}
			entry, err := feed.TestingOnlyEntry(e[2])
			if err == nil && (entry.Seq < 0 || entry.Epoch < 0 || entry.Expires < 0 || entry.NotBefore < 0) {
				t.Errorf("an entry with a time or place before the first: %+v", entry)
			}
		}
	})
}

// FuzzSnapshot reads snapshots from strangers: never a panic, and what is taken for one is strict
// JSON that a reader of the whole text takes as well.
func FuzzSnapshot(f *testing.F) {
	entry := `{"epoch":1,"seq":2,"prev":1,"at":3,"kind":"session","id":"x","not_before":0,"expires":9}`
	for _, seed := range []string{
		`{"epoch":1,"seq":2,"at":3,"max_staleness":5,"entries":[]}`,
		`{"epoch":1,"seq":2,"at":3,"max_staleness":5,"entries":[` + entry + `,` + entry + `]}`,
		" {\"entries\" : [ " + entry + "\n] ,\t\"at\":3,\"seq\":2,\"epoch\":1,\"x\":{\"y\":[\"\\\"]\"]}}\r\n",
		`{"epoch":1,"seq":2,"at":3,"entries":[,]}`, `{"epoch":1,"seq":2,"at":3,"entries":[]}}`, `{"epoch":1`, `[]`, `{`, `{"entries":[`,
		`{"epoch":1,"epoch":1,"seq":2,"at":3,"entries":[]}`, `{"epoch":01,"seq":2,"at":3,"entries":[]}`, "{\"a\":\"\xff\"}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := feed.TestingOnlySnapshot(text)
		if err != nil {
			return
		}
		r := jose.NewReader(text)
		r.Skip()
		if err := r.Close(); err != nil {
			t.Errorf("a snapshot that is no strict JSON was taken: %v", err)
		}
		if epoch, seq := set.Position(); epoch < 0 || seq < 0 {
			t.Errorf("position = %d.%d", epoch, seq)
		}
	})
}
