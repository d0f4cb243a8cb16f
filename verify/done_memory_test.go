package verify_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/handstamp/handstamp/verify/verifytest"
)

// TestContextGivesBack has many requests take a context that ends with their session, and end: what
// was kept for them is given back, though their tokens are good for minutes.
func TestContextGivesBack(t *testing.T) {
	kept := keptByRequests(t, func(ctx context.Context, s watchable) { s.Context(ctx) })
	if kept > 64 {
		t.Errorf("a request that is over keeps %d bytes, want none", kept)
	}
}

// TestDoneKeepsLittle has many requests ask for Done, and end. Whoever asks may wait for as long as
// the token is good, so something is kept until then, but not the token.
func TestDoneKeepsLittle(t *testing.T) {
	kept := keptByRequests(t, func(_ context.Context, s watchable) { s.Done() })
	if kept > 700 {
		t.Errorf("a request that is over keeps %d bytes until its token expires, want at most 700", kept)
	}
}

// watchable is a session that can end.
type watchable interface {
	Context(context.Context) context.Context
	Done() <-chan struct{}
}

// keptByRequests is how many bytes each of many requests, with tokens of their own, keeps when it
// is over.
func keptByRequests(t *testing.T, do func(context.Context, watchable)) (each int) {
	const requests = 3000
	synctest.Test(t, func(t *testing.T) {
		iss := verifytest.NewIssuer(t)
		config := iss.Config()
		config.CacheBytes = -1 // what is remembered has a bound of its own
		v := mustNew(t, config)
		tokens := make([]string, requests)
		for i := range tokens {
			tokens[i] = iss.Token(verifytest.User(fmt.Sprint("usr_", i)), verifytest.Session(fmt.Sprint("sid-", i)))
		}
		before := heapInUse()
		for _, token := range tokens {
			ctx, over := context.WithCancel(t.Context())
			s, err := v.Verify(ctx, token)
			if err != nil {
				t.Fatal(err)
			}
			do(ctx, s)
			over()
		}
		synctest.Wait()
		each = (heapInUse() - before) / requests
		runtime.KeepAlive(tokens)
	})
	t.Logf("%d bytes", each)
	return each
}
