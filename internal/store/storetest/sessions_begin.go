package storetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// A session begins, and may replace another.
var _ = register(subject{
	name: "session",
	tests: []test{
		{"begin refused", testBeginRefused},
		{"begin replaces", testBeginReplaces},
		{"race/rotate and replace", testRaceReplace},
	},
	operations: []operation{
		writing(OpBegin, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			b := store.Beginning{Session: f.newSession(u.ID), Replaces: f.mustBegin(t, u.ID).session}
			return func(ctx context.Context) error { _, err := f.Begin(ctx, b, f.now); return err }
		}),
	},
})

// OpBegin is its operation.
const OpBegin Operation = "Begin"

// testBeginRefused begins nothing, and ends nothing, when the user is gone, disabled, or has
// another password by now.
func testBeginRefused(t *testing.T, f *fixture) {
	u, off := f.mustUser(t), f.newUser()
	off.DisabledAt = f.now.Add(-time.Hour)
	must(t, f.CreateUser(t.Context(), off))
	k := f.mustBegin(t, u.ID)

	for _, b := range []store.Beginning{
		{Session: f.newSession("usr_nobody"), Password: oldHash},
		{Session: f.newSession("usr_nobody")},
		{Session: f.newSession(off.ID), Password: oldHash},
		{Session: f.newSession(off.ID)},
		{Session: f.newSession(u.ID), Password: newHash},
	} {
		b.Replaces = k.session
		got, err := f.Begin(t.Context(), b, f.now)
		wantFault(t, "Begin", err, fault.InvalidCredentials)
		same(t, "Begin refused", got, store.User{})
		_, err = f.Session(t.Context(), b.Session.ID)
		wantFault(t, "Session(refused)", err, fault.SessionNotFound)
	}
	f.wantLogged(t, 0)
	f.mustRotate(t, k, store.Rotated)
}

// testBeginReplaces ends the session that was presented, if it lives.
func testBeginReplaces(t *testing.T, f *fixture) {
	u, other := f.mustUser(t), f.mustUser(t)
	old, strangers, bystander := f.mustBegin(t, u.ID), f.mustBegin(t, other.ID), f.mustBegin(t, u.ID)
	signedOut := f.mustBegin(t, u.ID)
	f.mustEnd(t, signedOut.session)
	seq := f.mustHead(t)

	for _, id := range []store.SessionID{old.session, strangers.session, old.session, signedOut.session, {1}} {
		s := f.newSession(u.ID)
		_, err := f.Begin(t.Context(), store.Beginning{Session: s, Replaces: id}, f.now)
		must(t, err)
		f.mustRotate(t, first(s), store.Rotated)
	}
	f.wantEnded(t, old.session, store.EndedReplaced, "")
	f.wantEnded(t, strangers.session, store.EndedReplaced, "")
	f.wantEnded(t, signedOut.session, store.SignedOut, "")
	f.wantLogged(t, seq, old.session, strangers.session)
	f.mustRotate(t, bystander, store.Rotated)
}

// testRaceReplace ends the replaced session once, though several sign-ins and refreshes
// present it.
func testRaceReplace(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	for range rounds {
		old := f.mustBegin(t, u.ID)
		seq := f.mustHead(t)
		var answered atomic.Bool
		race(8, func(i int) {
			if i < 3 {
				s := f.newSession(u.ID)
				b := store.Beginning{Session: s, Replaces: old.session}
				if _, err := f.Begin(background, b, f.now); err != nil {
					t.Error(err)
				}
				answered.Store(true)
				return
			}
			after := answered.Load()
			o, err := f.Rotate(background, old.from(home), f.now)
			if err != nil || after && o.Case != store.Ended {
				t.Errorf("Rotate (replaced before: %v) = %v, %v", after, o.Case, err)
			}
		})
		f.wantEnded(t, old.session, store.EndedReplaced, "")
		f.wantLogged(t, seq, old.session)
	}
}

// Begin calls the engine, unless it shall fail.
func (fs *FaultStore) Begin(ctx context.Context, b store.Beginning, now time.Time) (store.User, error) {
	return through(fs, OpBegin, func() (store.User, error) { return fs.engine.Begin(ctx, b, now) })
}
