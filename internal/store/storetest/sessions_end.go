package storetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// A session is ended, or all of a user but one.
var _ = register(subject{
	name: "session",
	tests: []test{
		{"end", testEndSession},
		{"end refused", testEndSessionRefused},
		{"end others", testEndOthers},
		{"over is over", testOverForGood},
		{"race/rotate and end", testRaceEnd},
		{"race/ends", testRaceEnds},
	},
	operations: []operation{
		writing(OpEndSession, func(t *testing.T, f *fixture) call {
			e := store.Ending{Session: f.mustBegin(t, f.mustUser(t).ID).session, Reason: store.SignedOut}
			return func(ctx context.Context) error { return f.EndSession(ctx, e, f.now) }
		}),
		writing(OpEndOtherSessions, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			f.mustBegin(t, u.ID)
			all := store.Ending{Owner: u.ID, Reason: store.EndedByAdmin}
			return func(ctx context.Context) error { _, err := f.EndOtherSessions(ctx, all, f.now); return err }
		}),
	},
})

// Its operations.
const (
	OpEndSession       Operation = "EndSession"
	OpEndOtherSessions Operation = "EndOtherSessions"
)

// testEndSession keeps reason, time and author, and writes an entry.
func testEndSession(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	mine, anybodys, other := f.mustBegin(t, u.ID), f.mustBegin(t, u.ID), f.mustBegin(t, u.ID)
	f.pass(time.Minute)
	byUser := store.Ending{Session: mine.session, Owner: u.ID, Reason: store.EndedByUser, By: "Firefox on Linux"}
	must(t, f.EndSession(t.Context(), byUser, f.now))
	must(t, f.EndSession(t.Context(), store.Ending{Session: anybodys.session, Reason: store.EndedByAdmin}, f.now))

	f.wantEnded(t, mine.session, store.EndedByUser, "Firefox on Linux")
	f.wantEnded(t, anybodys.session, store.EndedByAdmin, "")
	f.wantLogged(t, 0, mine.session, anybodys.session)
	if at := f.mustStanding(t, mine.session).Session.EndedAt; !at.Equal(f.now) {
		t.Errorf("EndedAt = %v, want %v", at, f.now)
	}
	f.mustRotate(t, mine, store.Ended)
	f.mustRotate(t, other, store.Rotated)
}

// testEndSessionRefused ends nothing that is over, gone or somebody else's.
func testEndSessionRefused(t *testing.T, f *fixture) {
	u, other := f.mustUser(t), f.mustUser(t)
	k, gone := f.mustBegin(t, u.ID), f.mustBegin(t, u.ID)
	f.mustEnd(t, gone.session)
	seq := f.mustHead(t)
	for _, e := range []store.Ending{
		{Session: k.session, Owner: other.ID, Reason: store.EndedByUser},
		{Session: gone.session, Owner: u.ID, Reason: store.EndedByUser},
		{Session: gone.session, Reason: store.EndedByAdmin},
		{Session: store.SessionID{1}, Reason: store.EndedByAdmin},
		{Session: store.SessionID{}, Owner: u.ID, Reason: store.EndedByUser},
	} {
		wantFault(t, "EndSession", f.EndSession(t.Context(), e, f.now), fault.SessionNotFound)
	}
	f.wantEnded(t, gone.session, store.SignedOut, "")
	f.wantLogged(t, seq)
	f.mustRotate(t, k, store.Rotated)
}

// testEndOthers ends a user's live sessions but one, or all.
func testEndOthers(t *testing.T, f *fixture) {
	u, other := f.mustUser(t), f.mustUser(t)
	keep, a, b := f.mustBegin(t, u.ID), f.mustBegin(t, u.ID), f.mustBegin(t, u.ID)
	gone, strangers := f.mustBegin(t, u.ID), f.mustBegin(t, other.ID)
	f.mustEnd(t, gone.session)
	seq := f.mustHead(t)

	others := store.Ending{Session: keep.session, Owner: u.ID, Reason: store.EndedByUser, By: "Firefox on Linux"}
	for _, want := range []int{2, 0} {
		if n, err := f.EndOtherSessions(t.Context(), others, f.now); n != want || err != nil {
			t.Errorf("EndOtherSessions = %d, %v, want %d", n, err, want)
		}
	}
	f.wantEnded(t, a.session, store.EndedByUser, "Firefox on Linux")
	f.wantEnded(t, b.session, store.EndedByUser, "Firefox on Linux")
	f.wantEnded(t, gone.session, store.SignedOut, "")
	f.wantLogged(t, seq, a.session, b.session)
	f.mustRotate(t, keep, store.Rotated)
	f.mustRotate(t, strangers, store.Rotated)

	none := store.Ending{Owner: u.ID, Reason: store.EndedByAdmin}
	if n, err := f.EndOtherSessions(t.Context(), none, f.now); n != 1 || err != nil {
		t.Errorf("EndOtherSessions(keep none) = %d, %v, want 1", n, err)
	}
	f.wantEnded(t, keep.session, store.EndedByAdmin, "")
	nobodys := store.Ending{Owner: "usr_nobody", Reason: store.EndedByAdmin}
	if n, err := f.EndOtherSessions(t.Context(), nobodys, f.now); n != 0 || err != nil {
		t.Errorf("EndOtherSessions(nobody's) = %d, %v, want 0", n, err)
	}
}

// testOverForGood does not count a session past its limits as live, and ends it for good
// all the same: after "everything is ended", no step of the clock brings one back.
func testOverForGood(t *testing.T, f *fixture) {
	ways := []struct {
		name string
		end  func(u store.User, k token) error
	}{
		{"EndSession", func(_ store.User, k token) error {
			err := f.EndSession(t.Context(), store.Ending{Session: k.session, Reason: store.SignedOut, By: "x"}, f.now)
			wantFault(t, "EndSession(over)", err, fault.SessionNotFound)
			return nil
		}},
		{"EndOtherSessions", func(u store.User, _ token) error {
			n, err := f.EndOtherSessions(t.Context(), store.Ending{Owner: u.ID, Reason: store.EndedByUser, By: "x"},
				f.now)
			if n != 0 {
				t.Errorf("EndOtherSessions = %d, want 0", n)
			}
			return err
		}},
		{"ChangePassword", func(u store.User, _ token) error {
			n, err := f.ChangePassword(t.Context(),
				store.PasswordChange{User: u.ID, From: oldHash, To: newHash, By: "x"}, f.now)
			if n != 0 {
				t.Errorf("ChangePassword = %d ended, want 0", n)
			}
			return err
		}},
		{"DisableUser", func(u store.User, _ token) error {
			_, err := f.DisableUser(t.Context(), u.ID, "x", func() time.Time { return f.now })
			return err
		}},
		{"Begin", func(u store.User, k token) error {
			_, err := f.Begin(t.Context(), store.Beginning{Session: f.newSession(u.ID), Replaces: k.session}, f.now)
			return err
		}},
	}
	for _, way := range ways {
		f.now = start
		u := f.mustUser(t)
		idle := f.mustBegin(t, u.ID)
		f.pass(idleLimit)
		must(t, way.end(u, idle))
		f.pass(-time.Hour)
		if o := f.mustRotate(t, idle, store.Ended); o.Standing.Session.EndReason != store.EndedIdle ||
			o.Standing.Session.EndedBy != "" {
			t.Errorf("after %s and a step of the clock: ended %q by %q, want idle", way.name,
				o.Standing.Session.EndReason, o.Standing.Session.EndedBy)
		}
	}
}

// testRaceEnd lets no refresh through that began after an end was answered, and ends once.
func testRaceEnd(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	for range rounds {
		k := f.mustBegin(t, u.ID)
		seq := f.mustHead(t)
		var ends, answered atomic.Int32
		race(12, func(i int) {
			if i%4 == 0 {
				err := f.EndSession(background, store.Ending{Session: k.session, Reason: store.SignedOut}, f.now)
				if err == nil {
					ends.Add(1)
				} else {
					wantFault(t, "EndSession", err, fault.SessionNotFound)
				}
				answered.Store(1)
				return
			}
			for range 4 {
				after := answered.Load() == 1
				o, err := f.Rotate(background, k.from(home), f.now)
				if err != nil || after && o.Case != store.Ended {
					t.Errorf("Rotate (ended before: %v) = %v, %v", after, o.Case, err)
				}
			}
		})
		if ends.Load() != 1 {
			t.Errorf("EndSession did it %d times, want once", ends.Load())
		}
		f.mustRotate(t, k, store.Ended)
		f.wantEnded(t, k.session, store.SignedOut, "")
		f.wantLogged(t, seq, k.session)
	}
}

// testRaceEnds answers each of many ends at once for itself: whose it is, whether it lives, and
// what is kept of it.
func testRaceEnds(t *testing.T, f *fixture) {
	for range rounds {
		u, other := f.mustUser(t), f.mustUser(t)
		var live, past []store.SessionID
		gone := f.mustBegin(t, u.ID).session
		f.mustEnd(t, gone)
		for i := range 8 {
			live = append(live, f.mustBegin(t, u.ID).session)
			short := f.newSession(u.ID)
			short.ExpiresAt = f.now.Add(time.Duration(i+1) * time.Second)
			f.mustKeep(t, short)
			past = append(past, short.ID)
		}
		seq := f.mustHead(t)
		f.pass(time.Minute)
		race(len(live)*4, func(i int) {
			mine := store.Ending{Session: live[i/4], Owner: u.ID, Reason: store.EndedByUser, By: live[i/4].String()}
			want := fault.SessionNotFound
			switch i % 4 {
			case 0:
				want = ""
			case 1:
				mine.Owner = other.ID
			case 2:
				mine.Session = gone
			case 3:
				mine.Session = past[i/4]
			}
			switch err := f.EndSession(background, mine, f.now); {
			case want != "":
				wantFault(t, "EndSession", err, want)
			case err != nil:
				t.Error(err)
			}
		})
		for i := range live {
			f.wantEnded(t, live[i], store.EndedByUser, live[i].String())
			f.wantEnded(t, past[i], store.EndedExpired, "")
		}
		f.wantEnded(t, gone, store.SignedOut, "")
		if n := len(f.mustEntries(t, seq)); n != len(live)+len(past) {
			t.Errorf("%d entries, want one for each of %d sessions", n, len(live)+len(past))
		}
	}
}

// EndSession calls the engine, unless it shall fail.
func (fs *FaultStore) EndSession(ctx context.Context, e store.Ending, now time.Time) error {
	return fs.run(OpEndSession, func() error { return fs.engine.EndSession(ctx, e, now) })
}

// EndOtherSessions calls the engine, unless it shall fail.
func (fs *FaultStore) EndOtherSessions(ctx context.Context, e store.Ending, now time.Time) (int, error) {
	return through(fs, OpEndOtherSessions, func() (int, error) { return fs.engine.EndOtherSessions(ctx, e, now) })
}
