package storetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// A user is disabled.
var _ = register(subject{
	name: "user",
	tests: []test{
		{"disable", testDisable},
		{"disable refuses every token before", testDisableNotBefore},
		{"race/disable", testRaceDisable},
		{"race/disable twice", testRaceDisableTwice},
	},
	operations: []operation{
		writing(OpDisableUser, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			return func(ctx context.Context) error { _, err := f.DisableUser(ctx, u.ID, "x", f.clock); return err }
		}),
	},
})

// OpDisableUser is its operation.
const OpDisableUser Operation = "DisableUser"

// testDisable ends everything of a user under one entry, and is done once.
func testDisable(t *testing.T, f *fixture) {
	u, other := f.mustUser(t), f.mustUser(t)
	a, b, strangers := f.mustBegin(t, u.ID), f.mustBegin(t, u.ID), f.mustBegin(t, other.ID)
	f.pass(1500 * moment)
	clock := func() time.Time { return f.now }

	did, err := f.DisableUser(t.Context(), u.ID, "an administrator", clock)
	if !did || err != nil {
		t.Fatalf("DisableUser = %v, %v, want true", did, err)
	}
	disabledAt, notBefore := f.now, f.now.Unix()+1
	same(t, "log", f.mustEntries(t, 0),
		[]revoked.Entry{{Seq: 1, At: f.now.UnixMilli(), Kind: revoked.User, ID: string(u.ID), NotBefore: notBefore}},
		cmpopts.IgnoreFields(revoked.Entry{}, "Epoch", "Expires"))
	for _, k := range []token{a, b} {
		f.wantEnded(t, k.session, store.UserDisabled, "an administrator")
		o := f.mustRotate(t, k, store.Ended)
		if got := o.Standing.User; !got.DisabledAt.Equal(disabledAt) || got.NotBefore != notBefore {
			t.Errorf("user = disabled at %v, not before %d, want %v, %d", got.DisabledAt, got.NotBefore, disabledAt,
				notBefore)
		}
	}
	f.mustRotate(t, strangers, store.Rotated)
	_, err = f.Begin(t.Context(), store.Beginning{Session: f.newSession(u.ID)}, f.now)
	wantFault(t, "Begin(disabled)", err, fault.InvalidCredentials)

	f.pass(time.Hour)
	if did, err = f.DisableUser(t.Context(), u.ID, "another", clock); did || err != nil {
		t.Errorf("DisableUser(again) = %v, %v, want false", did, err)
	}
	got, err := f.User(t.Context(), u.ID)
	must(t, err)
	if !got.DisabledAt.Equal(disabledAt) || got.NotBefore != notBefore || f.mustHead(t) != 1 {
		t.Errorf("after a second DisableUser: at %v, not before %d, head %d, want nothing changed", got.DisabledAt,
			got.NotBefore, f.mustHead(t))
	}
}

// testDisableNotBefore moves NotBefore past what it was, because tokens minted since carry an
// iat above it however far the clock stepped back. protocol.md §2
func testDisableNotBefore(t *testing.T, f *fixture) {
	for _, ahead := range []int64{0, 1, 2, 7200} { // the row's NotBefore, seconds ahead of the clock
		u := f.newUser()
		u.NotBefore = f.now.Unix() + ahead
		must(t, f.CreateUser(t.Context(), u))
		seq := f.mustHead(t)
		_, err := f.DisableUser(t.Context(), u.ID, "", func() time.Time { return f.now })
		must(t, err)
		e := f.mustEntry(t, seq)
		if e.NotBefore != u.NotBefore+1 {
			t.Errorf("DisableUser(NotBefore %d s ahead): NotBefore = %d s ahead, want one more", ahead,
				e.NotBefore-f.now.Unix())
		}
		if least := e.NotBefore + int64(store.RevocationLife.Seconds()); e.Expires < least {
			t.Errorf("DisableUser(NotBefore %d s ahead): entry expires at %d, want %d or later", ahead, e.Expires,
				least)
		}
		if got, _ := f.User(t.Context(), u.ID); got.NotBefore != e.NotBefore {
			t.Errorf("user's NotBefore = %d, want the entry's %d", got.NotBefore, e.NotBefore)
		}
	}
}

// granted is what a race about a user's cut-off must know of a success.
type granted struct {
	iat   int64 // the second in which the call began: protocol.md R6
	after bool  // the call began after the cut-off was answered
}

// testRaceDisable grants nothing after a disabling was answered, and covers by its entry
// whatever was granted before.
func testRaceDisable(t *testing.T, f *fixture) {
	for range rounds {
		u := f.mustUser(t)
		seq := f.mustHead(t)
		tokens := []token{f.mustBegin(t, u.ID), f.mustBegin(t, u.ID)}
		var ticks atomic.Int64 // a clock that moves with every look at it, 300 ms each time
		clock := func() time.Time { return start.Add(time.Duration(ticks.Add(1)) * 300 * moment) }
		var answered atomic.Bool
		grants := make([]granted, 24)
		race(25, func(i int) {
			if i == 24 {
				if did, err := f.DisableUser(background, u.ID, "x", clock); !did || err != nil {
					t.Errorf("DisableUser = %v, %v, want true", did, err)
				}
				answered.Store(true)
				return
			}
			after, now := answered.Load(), clock()
			if at := (&fixture{Store: f.Store, now: now}); i%3 == 0 && at.signedIn(t, u.ID) ||
				i%3 > 0 && at.refreshed(t, tokens[i%len(tokens)]) {
				grants[i] = granted{now.Unix(), after}
			}
		})
		e := f.mustEntry(t, seq)
		for _, g := range grants {
			if g.after || g.iat > e.NotBefore {
				t.Errorf("granted with iat %d, after the answer: %v; the entry's NotBefore is %d", g.iat, g.after,
					e.NotBefore)
			}
		}
		if live, err := f.LiveSessions(t.Context(), u.ID, start); len(live) != 0 || err != nil {
			t.Errorf("LiveSessions = %d, %v, want none", len(live), err)
		}
	}
}

// refreshed presents a token and reports whether it was let in.
func (f *fixture) refreshed(t *testing.T, k token) bool {
	o, err := f.Rotate(background, k.from(home), f.now)
	if err != nil {
		t.Error(err)
	}
	return err == nil && o.Case != store.Ended
}

// signedIn begins a session and reports whether it was let in.
func (f *fixture) signedIn(t *testing.T, user store.UserID) bool {
	_, err := f.Begin(background, store.Beginning{Session: f.newSession(user), Password: oldHash}, f.now)
	if err != nil {
		wantFault(t, "Begin", err, fault.InvalidCredentials)
	}
	return err == nil
}

// testRaceDisableTwice disables once, under one entry.
func testRaceDisableTwice(t *testing.T, f *fixture) {
	for range rounds {
		u := f.mustUser(t)
		seq := f.mustHead(t)
		var n atomic.Int32
		race(8, func(int) {
			did, err := f.DisableUser(background, u.ID, "x", func() time.Time { return start })
			if err != nil {
				t.Error(err)
			}
			if did {
				n.Add(1)
			}
		})
		f.mustEntry(t, seq)
		if n.Load() != 1 {
			t.Errorf("DisableUser did it %d times, want once", n.Load())
		}
	}
}

// DisableUser calls the engine, unless it shall fail.
func (fs *FaultStore) DisableUser(ctx context.Context, id store.UserID, by string, clock store.Clock) (bool, error) {
	return through(fs, OpDisableUser, func() (bool, error) { return fs.engine.DisableUser(ctx, id, by, clock) })
}
