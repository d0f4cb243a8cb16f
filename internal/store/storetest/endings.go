package storetest

import (
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// testEndSession keeps reason, time and author, and writes an entry.
func testEndSession(t *testing.T, w *world) {
	u := w.mustUser(t)
	mine, anybodys, other := w.mustBegin(t, u.ID), w.mustBegin(t, u.ID), w.mustBegin(t, u.ID)
	w.pass(time.Minute)
	must(t, w.EndSession(t.Context(), store.Ending{Session: mine.session, Owner: u.ID, Reason: store.EndedByUser, By: "Firefox on Linux"}, w.now))
	must(t, w.EndSession(t.Context(), store.Ending{Session: anybodys.session, Reason: store.EndedByAdmin}, w.now))

	w.wantEnded(t, mine.session, store.EndedByUser, "Firefox on Linux")
	w.wantEnded(t, anybodys.session, store.EndedByAdmin, "")
	w.wantLogged(t, 0, mine.session, anybodys.session)
	if at := w.mustStanding(t, mine.session).Session.EndedAt; !at.Equal(w.now) {
		t.Errorf("EndedAt = %v, want %v", at, w.now)
	}
	w.mustRotate(t, mine, store.Ended)
	w.mustRotate(t, other, store.Rotated)
}

// testEndSessionRefused ends nothing that is over, gone or somebody else's.
func testEndSessionRefused(t *testing.T, w *world) {
	u, other := w.mustUser(t), w.mustUser(t)
	k, gone := w.mustBegin(t, u.ID), w.mustBegin(t, u.ID)
	w.mustEnd(t, gone.session)
	seq := w.mustHead(t)
	for _, e := range []store.Ending{
		{Session: k.session, Owner: other.ID, Reason: store.EndedByUser},
		{Session: gone.session, Owner: u.ID, Reason: store.EndedByUser},
		{Session: gone.session, Reason: store.EndedByAdmin},
		{Session: store.SessionID{1}, Reason: store.EndedByAdmin},
		{Session: store.SessionID{}, Owner: u.ID, Reason: store.EndedByUser},
	} {
		wantFault(t, "EndSession", w.EndSession(t.Context(), e, w.now), fault.SessionNotFound)
	}
	w.wantEnded(t, gone.session, store.SignedOut, "")
	w.wantLogged(t, seq)
	w.mustRotate(t, k, store.Rotated)
}

// testEndOthers ends a user's live sessions but one, or all.
func testEndOthers(t *testing.T, w *world) {
	u, other := w.mustUser(t), w.mustUser(t)
	keep, a, b := w.mustBegin(t, u.ID), w.mustBegin(t, u.ID), w.mustBegin(t, u.ID)
	gone, strangers := w.mustBegin(t, u.ID), w.mustBegin(t, other.ID)
	w.mustEnd(t, gone.session)
	seq := w.mustHead(t)

	others := store.Ending{Session: keep.session, Owner: u.ID, Reason: store.EndedByUser, By: "Firefox on Linux"}
	for _, want := range []int{2, 0} {
		if n, err := w.EndOtherSessions(t.Context(), others, w.now); n != want || err != nil {
			t.Errorf("EndOtherSessions = %d, %v, want %d", n, err, want)
		}
	}
	w.wantEnded(t, a.session, store.EndedByUser, "Firefox on Linux")
	w.wantEnded(t, b.session, store.EndedByUser, "Firefox on Linux")
	w.wantEnded(t, gone.session, store.SignedOut, "")
	w.wantLogged(t, seq, a.session, b.session)
	w.mustRotate(t, keep, store.Rotated)
	w.mustRotate(t, strangers, store.Rotated)

	if n, err := w.EndOtherSessions(t.Context(), store.Ending{Owner: u.ID, Reason: store.EndedByAdmin}, w.now); n != 1 || err != nil {
		t.Errorf("EndOtherSessions(keep none) = %d, %v, want 1", n, err)
	}
	w.wantEnded(t, keep.session, store.EndedByAdmin, "")
	if n, err := w.EndOtherSessions(t.Context(), store.Ending{Owner: "usr_nobody", Reason: store.EndedByAdmin}, w.now); n != 0 || err != nil {
		t.Errorf("EndOtherSessions(nobody's) = %d, %v, want 0", n, err)
	}
}

// testOverForGood does not count a session past its limits as live, and ends it for good
// all the same: after "everything is ended", no step of the clock brings one back.
func testOverForGood(t *testing.T, w *world) {
	acts := []struct {
		name string
		end  func(u store.User, k token) error
	}{
		{"EndSession", func(_ store.User, k token) error {
			err := w.EndSession(t.Context(), store.Ending{Session: k.session, Reason: store.SignedOut, By: "x"}, w.now)
			wantFault(t, "EndSession(over)", err, fault.SessionNotFound)
			return nil
		}},
		{"EndOtherSessions", func(u store.User, _ token) error {
			n, err := w.EndOtherSessions(t.Context(), store.Ending{Owner: u.ID, Reason: store.EndedByUser, By: "x"}, w.now)
			if n != 0 {
				t.Errorf("EndOtherSessions = %d, want 0", n)
			}
			return err
		}},
		{"ChangePassword", func(u store.User, _ token) error {
			n, err := w.ChangePassword(t.Context(), store.PasswordChange{User: u.ID, From: oldHash, To: newHash, By: "x"}, w.now)
			if n != 0 {
				t.Errorf("ChangePassword = %d ended, want 0", n)
			}
			return err
		}},
		{"DisableUser", func(u store.User, _ token) error {
			_, err := w.DisableUser(t.Context(), u.ID, "x", func() time.Time { return w.now })
			return err
		}},
		{"Begin", func(u store.User, k token) error {
			_, err := w.Begin(t.Context(), store.Beginning{Session: w.newSession(u.ID), Replaces: k.session}, w.now)
			return err
		}},
	}
	for _, act := range acts {
		w.now = start
		u := w.mustUser(t)
		idle := w.mustBegin(t, u.ID)
		w.pass(idleLimit)
		must(t, act.end(u, idle))
		w.pass(-time.Hour)
		if o := w.mustRotate(t, idle, store.Ended); o.Standing.Session.EndReason != store.EndedIdle || o.Standing.Session.EndedBy != "" {
			t.Errorf("after %s and a step of the clock: ended %q by %q, want idle", act.name, o.Standing.Session.EndReason, o.Standing.Session.EndedBy)
		}
	}
}
