package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// Everything is ended at once.
var _ = register(subject{
	name: "log",
	tests: []test{
		{"end everything", testEndEverything},
		{"race/end everything", testRaceEndEverything},
	},
	operations: []operation{
		writing(OpEndEverything, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error {
				_, err := f.EndEverything(ctx, store.Ending{Reason: store.EndedByAdmin}, f.clock)
				return err
			}
		}),
	},
})

// OpEndEverything is its operation.
const OpEndEverything Operation = "EndEverything"

// testEndEverything ends every session, refuses every token by one entry, above every cut-off
// there has been, and lets everybody sign in again at once, those included who sign up later.
func testEndEverything(t *testing.T, f *fixture) {
	u, other, shut := f.mustUser(t), f.mustUser(t), f.mustUser(t)
	for range 3 { // its cut-off runs ahead of the clock
		u.Roles = append(u.Roles, "r")
		_, err := f.SetRoles(t.Context(), u.ID, u.Roles, f.clock)
		must(t, err)
	}
	_, err := f.DisableUser(t.Context(), shut.ID, "", f.clock)
	must(t, err)
	idle, gone := f.mustBegin(t, u.ID), f.mustBegin(t, u.ID)
	f.mustEnd(t, gone.session)
	f.pass(idleLimit)
	a, b := f.mustBegin(t, u.ID), f.mustBegin(t, other.ID)
	f.now = start
	seq := f.mustHead(t)

	n, err := f.EndEverything(t.Context(), store.Ending{Reason: store.EndedByAdmin, By: "the operator"},
		func() time.Time { return start.Add(idleLimit) })
	if n != 2 || err != nil {
		t.Errorf("EndEverything = %d, %v, want 2", n, err)
	}
	entry := f.mustEntry(t, seq)
	want := start.Add(idleLimit).Unix() + 1
	if entry.Kind != revoked.All || entry.ID != "" || entry.NotBefore != want {
		t.Errorf("log = %+v, want one entry for all, up to %d", entry, want)
	}
	f.wantEnded(t, a.session, store.EndedByAdmin, "the operator")
	f.wantEnded(t, b.session, store.EndedByAdmin, "the operator")
	f.wantEnded(t, idle.session, store.EndedIdle, "")
	f.wantEnded(t, gone.session, store.SignedOut, "")
	for _, k := range []token{a, b, idle, gone} {
		f.mustRotate(t, k, store.Ended)
	}
	if again, err := f.User(t.Context(), shut.ID); err != nil || !again.Disabled() {
		t.Errorf("a disabled user = %+v, %v, want as before", again, err)
	}
	later := f.mustUser(t)
	for _, id := range []store.UserID{u.ID, other.ID, later.ID} {
		if o := f.mustRotate(t, f.mustBegin(t, id), store.Rotated); o.Standing.User.NotBefore != want {
			t.Errorf("NotBefore afterwards = %d, want %d", o.Standing.User.NotBefore, want)
		}
	}

	n, err = f.EndEverything(t.Context(), store.Ending{Reason: store.EndedByAdmin}, f.clock) // the clock is behind
	if n != 3 || err != nil || f.mustEntry(t, seq+1).NotBefore != want+1 {
		t.Errorf("EndEverything again = %d, %v, up to %d, want 3 and %d", n, err, f.mustEntry(t, seq+1).NotBefore,
			want+1)
	}
}

// testRaceEndEverything ends everything while people sign in and refresh: whoever was let in on
// what was there before is out afterwards, and a token from before is refused. protocol.md R6
func testRaceEndEverything(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	for range rounds {
		k := f.mustBegin(t, u.ID)
		begun := f.newSession(u.ID)
		var issued [3]int64 // iat of the tokens that were minted, with what their user said; 0: none
		var let [3]int64    // the cut-off that their user said
		race(3, func(i int) {
			now := time.Now()
			switch i {
			case 0:
				end := store.Ending{Reason: store.EndedByAdmin}
				if _, err := f.EndEverything(background, end, time.Now); err != nil {
					t.Error(err)
				}
			case 1:
				o, err := f.Rotate(background, k.from(home), f.now)
				if err != nil {
					t.Error(err)
				} else if o.Case == store.Rotated {
					let[i], issued[i] = o.Standing.User.NotBefore, max(now.Unix(), o.Standing.User.NotBefore+1)
				}
			case 2:
				user, err := f.Begin(background, store.Beginning{Session: begun}, f.now)
				if err != nil {
					t.Error(err)
				}
				let[i], issued[i] = user.NotBefore, max(now.Unix(), user.NotBefore+1)
			}
		})
		notBefore := f.mustEntries(t, f.mustHead(t)-1)[0].NotBefore
		for i, session := range []store.SessionID{{}, k.session, begun.ID} {
			if issued[i] == 0 || let[i] == notBefore {
				continue // nobody was let in, or afterwards
			}
			if issued[i] > notBefore {
				t.Fatalf("a token from before has iat %d, the cut-off is %d", issued[i], notBefore)
			}
			if f.mustStanding(t, session).Session.EndReason == "" {
				t.Fatalf("session %d from before lives on", i)
			}
		}
	}
}

// EndEverything calls the engine, unless it shall fail.
func (fs *FaultStore) EndEverything(ctx context.Context, e store.Ending, clock store.Clock) (int, error) {
	return through(fs, OpEndEverything, func() (int, error) { return fs.engine.EndEverything(ctx, e, clock) })
}
