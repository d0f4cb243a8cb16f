package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// A call is given up, or comes to a store that is closed.
var _ = register(subject{
	name: "trouble",
	tests: []test{
		{"cancelled", testCancelled},
		{"cancelled midway", testCancelledMidway},
		{"closed", testClosed},
	},
})

// prepared returns a call of each operation, ready to be made, by the operation's name.
func (f *fixture) prepared(t *testing.T) map[Operation]call {
	t.Helper()
	calls := map[Operation]call{}
	for _, o := range operations() {
		calls[o.name] = o.prepare(t, f)
	}
	return calls
}

// testCancelled answers storage_unavailable to a caller who has given up, and does nothing.
func testCancelled(t *testing.T, f *fixture) {
	k := f.mustBegin(t, f.mustUser(t).ID)
	calls := f.prepared(t)
	before := dump(t, f)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for _, ctx := range []context.Context{cancelled, late} {
		for name, call := range calls {
			wantFault(t, string(name), call(ctx), fault.StorageUnavailable)
		}
	}
	wantRows(t, "what is kept", dump(t, f), before)
	f.mustRotate(t, k, store.Rotated)
}

// testCancelledMidway does the whole of an operation or nothing when its caller gives up at any
// moment of it, and leaves the token good.
func testCancelledMidway(t *testing.T, f *fixture) {
	given := 0
	for i := range 150 {
		u := f.mustUser(t)
		k, other := f.mustBegin(t, u.ID), f.mustBegin(t, u.ID)
		before, seq := f.mustStanding(t, k.session).Session, f.mustHead(t)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Duration(i*10)*time.Microsecond, cancel)
		_, err := f.Rotate(ctx, k.from(home), f.now)
		_, err2 := f.EndOtherSessions(ctx, store.Ending{Session: k.session, Owner: u.ID, Reason: store.EndedByUser},
			f.now)
		cancel()
		for _, err := range []error{err, err2} {
			if err != nil {
				given++
				wantFault(t, "cancelled", err, fault.StorageUnavailable)
			}
		}
		after := f.mustStanding(t, k.session).Session
		if after.Line == before.Line {
			if err == nil {
				t.Fatal("Rotate was answered and did nothing")
			}
			f.mustRotate(t, k, store.Rotated)
		} else {
			f.mustRotate(t, k, store.Repeated)
		}
		if reason := f.mustStanding(t, other.session).Session.EndReason; reason == "" {
			f.wantLogged(t, seq)
		} else {
			f.wantLogged(t, seq, other.session)
		}
	}
	if given == 0 {
		t.Error("no call was cancelled in time")
	}
}

// testClosed answers storage_unavailable from every operation, and closes twice.
func testClosed(t *testing.T, f *fixture) {
	calls := f.prepared(t)
	must(t, f.Close())
	for name, call := range calls {
		wantFault(t, string(name), call(t.Context()), fault.StorageUnavailable)
	}
	must(t, f.Close())
}
