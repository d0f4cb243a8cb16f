package verify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/verify"
	"github.com/handstamp/handstamp/verify/verifytest"
)

// TestFeedDone ends what is running as soon as the feed ends its session, and nothing else (JV-35).
func TestFeedDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		v := following(t, s)
		running := map[string]context.Context{}
		for _, sid := range []string{"one", "two"} {
			session, err := v.Verify(t.Context(), sessionToken(sid))
			if err != nil {
				t.Fatal(err)
			}
			running[sid] = session.Context(t.Context())
		}
		s.end("other")
		waitIdle()
		if err := errors.Join(running["one"].Err(), running["two"].Err()); err != nil {
			t.Errorf("after the end of another session: %v", err)
		}
		s.end("one")
		waitIdle()
		if err := context.Cause(running["one"]); err != verify.ErrEnded || running["two"].Err() != nil {
			t.Errorf("causes after the end of one = %v and %v, want ErrEnded and none", err, running["two"].Err())
		}
		time.Sleep(10*time.Minute + 31*time.Second)
		if err := context.Cause(running["two"]); err != verify.ErrEnded {
			t.Errorf("cause after the token expired = %v, want ErrEnded", err)
		}
	})
}

// TestContext ends with its parent, is over at once for a session that ended, and watches nothing
// for one that no verifier made.
func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		iss := verifytest.NewIssuer(t)
		v := mustNew(t, iss.Config())
		parent, cancel := context.WithCancelCause(context.WithValue(t.Context(), contextName{}, "ada"))
		session := mustVerify(t, v, iss, verifytest.Session("one"))
		ctx := session.Context(parent)
		if ctx.Value(contextName{}) != "ada" {
			t.Error("the values of the parent are gone")
		}
		gone := errors.New("the client has gone")
		cancel(gone)
		synctest.Wait()
		if context.Cause(ctx) != gone {
			t.Errorf("cause = %v, want that of the parent", context.Cause(ctx))
		}
		iss.End("one")
		synctest.Wait()
		if err := context.Cause(session.Context(t.Context())); err != verify.ErrEnded {
			t.Errorf("cause of a context of an ended session = %v, want ErrEnded", err)
		}
		if made := new(verify.Session).Context(parent); made != parent {
			t.Error("the context of a session that no verifier made is not its parent")
		}
	})
}

// contextName is where a test keeps something in a context
type contextName struct{}

// Events end with the session: the handler takes the session's context in place of the request's,
// and whatever it waits for ends with it.
func ExampleSession_Context() {
	iss := verifytest.NewIssuer(new(testing.B)) // in a test: t
	v, err := verify.New(context.Background(), iss.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer v.Close()
	events := v.RequireFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := verify.FromContext(r.Context()).Context(r.Context()) // one line
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: hello\n\n")
		_ = http.NewResponseController(w).Flush()
		iss.End("sid-1") // somebody ends the session elsewhere
		select {
		case <-ctx.Done():
			fmt.Println(context.Cause(ctx))
		case <-time.After(time.Minute): // the next event
		}
	})
	show(events, iss.Request("GET", "/events", verifytest.Session("sid-1")))
	// Output:
	// verify: the session ended
	// 200
}

// A route that must not rely on what it was told last answers 503 when the feed is cut off.
func ExampleMaxStaleness() {
	iss := verifytest.NewIssuer(new(testing.B)) // in a test: t
	v, err := verify.New(context.Background(), iss.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer v.Close()
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	transfer := v.Require(ok, verify.MaxStaleness(3*time.Second, verify.Refuse))
	always := v.Require(ok, verify.MaxStaleness(0, verify.Introspect)) // a plain server-side session
	show(transfer, iss.Request("POST", "/"))
	iss.CutFeed()
	show(transfer, iss.Request("POST", "/"))
	show(always, iss.Request("POST", "/"))
	show(v.Require(ok), iss.Request("POST", "/")) // accepts until the token expires, and counts it
	// Output:
	// 200
	// 503
	// 200
	// 200
}
