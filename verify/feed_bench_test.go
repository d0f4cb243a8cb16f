package verify_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// millionSnapshot is a snapshot of a million ended sessions, written as it is read.
func millionSnapshot() *http.Response {
	body, to := io.Pipe()
	go func() {
		w, expires := bufio.NewWriter(to), time.Now().Add(time.Hour).Unix()
		fmt.Fprint(w, `{"epoch":1000,"seq":1000000,"at":1,"max_staleness":5,"entries":[`)
		for i := range 1_000_000 {
			if i > 0 {
				_ = w.WriteByte(',')
			}
			fmt.Fprintf(
				w,
				`{"epoch":1000,"seq":%d,"prev":%d,"at":1,"kind":"session","id":%q,"not_before":0,"expires":%d}`,
				i+1,
				i,
				benchID("ended", i),
				expires,
			)
		}
		fmt.Fprint(w, "]}")
		_ = w.Flush()
		to.Close()
	}()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body}
}

// BenchmarkFeed shows remembered tokens again, to a verifier that follows a feed on which a million
// sessions have ended. The floor is the same without a feed: the difference is what the feed costs.
// It also says what the feed takes in memory, after its snapshot and at most while that is read.
func BenchmarkFeed(b *testing.B) {
	s := newFeedServer()
	s.stream = func(c *connection) {
		c.raw("event: reset\ndata: {\"epoch\":1000,\"seq\":1000000}\n\n")
		heartbeats(c, 1_000_000)
	}
	s.answer = func(r *http.Request) *http.Response {
		if r.URL.Path == "/v1/revocations" {
			return millionSnapshot()
		}
		return nil
	}
	plain := testConfig()
	plain.Now = nil
	before := heapInUse()
	start := time.Now()
	follows := s.config()
	v := mustNew(b, follows)
	for v.Status().Feed.Age < 0 {
		time.Sleep(time.Millisecond)
	}
	b.Logf(
		"a snapshot of %d endings took %v and %.1f MB",
		v.Status().Endings,
		time.Since(start).Round(time.Millisecond),
		float64(heapInUse()-before)/1e6,
	)
	for _, count := range []int{1, 1000} {
		tokens := benchTokens(jose.EdDSA, count)
		for _, side := range []struct {
			name   string
			config verify.Config
		}{{"floor", plain}, {"whole", follows}} {
			b.Run(fmt.Sprintf("%d/%s", count, side.name), func(b *testing.B) {
				w := v
				if side.name == "floor" {
					w = mustNew(b, side.config)
				}
				for _, token := range tokens {
					if _, err := w.Verify(context.Background(), token); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportAllocs()
				ctx := context.Background()
				for b.Loop() {
					if _, err := w.Verify(ctx, tokens[rand.IntN(count)]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
