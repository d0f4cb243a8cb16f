package storetest

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// testSessionRoundTrip gives back what was kept, field by field, with its user.
func testSessionRoundTrip(t *testing.T, w *world) {
	u := w.mustUser(t)
	full := w.newSession(u.ID)
	full.Line = store.Line{Generation: 41, Nonce: newNonce(), Parent: newNonce(), ParentForked: true, Forks: 3, RotatedAt: start.Add(3 * moment)}
	full.CreatedAt, full.LastUsedAt, full.AuthTime = start.Add(moment), start.Add(2*moment), start.Add(-moment)
	full.LastUsedBy, full.Remember = abroad, true
	full.AMR, full.ACR = []string{"pwd", "otp", "mfa"}, "aal2"
	full.IdleLimit, full.ExpiresAt = 90*time.Minute+moment, start.Add(lifetime+moment)

	least := w.newSession(u.ID)
	least.CreatedBy, least.LastUsedBy, least.AMR, least.ACR = store.Client{}, store.Client{}, nil, ""
	odd := w.newSession(u.ID)
	odd.CreatedBy = store.Client{IP: netip.MustParseAddr("::ffff:192.0.2.1"), Agent: strings.Repeat("é", store.MaxAgent/2)}
	odd.LastUsedBy = store.Client{IP: netip.MustParseAddr("fe80::1%eth0"), Agent: `'"\;--`}
	fractions := w.newSession(u.ID)
	fractions.CreatedAt = start.Add(1999 * time.Microsecond).In(time.FixedZone("UTC-5", -18000))

	for _, s := range []store.Session{full, least, odd, fractions} {
		got, err := w.Begin(t.Context(), store.Beginning{Session: s, Password: oldHash}, w.now)
		must(t, err)
		same(t, "Begin", got, u)
		s.CreatedAt = s.CreatedAt.UTC().Truncate(moment)
		same(t, "Session", w.mustStanding(t, s.ID), store.Standing{Session: s, User: u})
	}
}

// testSessionNotFound names the fault.
func testSessionNotFound(t *testing.T, w *world) {
	w.mustBegin(t, w.mustUser(t).ID)
	for _, id := range []store.SessionID{{}, {1}} {
		got, err := w.Session(t.Context(), id)
		wantFault(t, "Session", err, fault.SessionNotFound)
		same(t, "Session without a session", got, store.Standing{})
	}
}

// testBeginRefused begins nothing, and ends nothing, when the user is gone, disabled, or has
// another password by now.
func testBeginRefused(t *testing.T, w *world) {
	u, off := w.mustUser(t), w.newUser()
	off.DisabledAt = w.now.Add(-time.Hour)
	must(t, w.CreateUser(t.Context(), off))
	k := w.mustBegin(t, u.ID)

	for _, b := range []store.Beginning{
		{Session: w.newSession("usr_nobody"), Password: oldHash},
		{Session: w.newSession("usr_nobody")},
		{Session: w.newSession(off.ID), Password: oldHash},
		{Session: w.newSession(off.ID)},
		{Session: w.newSession(u.ID), Password: newHash},
	} {
		b.Replaces = k.session
		got, err := w.Begin(t.Context(), b, w.now)
		wantFault(t, "Begin", err, fault.InvalidCredentials)
		same(t, "Begin refused", got, store.User{})
		_, err = w.Session(t.Context(), b.Session.ID)
		wantFault(t, "Session(refused)", err, fault.SessionNotFound)
	}
	w.wantLogged(t, 0)
	w.mustRotate(t, k, store.Rotated)
}

// testBeginReplaces ends the session that was presented, if it lives.
func testBeginReplaces(t *testing.T, w *world) {
	u, other := w.mustUser(t), w.mustUser(t)
	old, strangers, bystander := w.mustBegin(t, u.ID), w.mustBegin(t, other.ID), w.mustBegin(t, u.ID)
	signedOut := w.mustBegin(t, u.ID)
	w.mustEnd(t, signedOut.session)
	seq := w.mustHead(t)

	for _, id := range []store.SessionID{old.session, strangers.session, old.session, signedOut.session, {1}} {
		s := w.newSession(u.ID)
		_, err := w.Begin(t.Context(), store.Beginning{Session: s, Replaces: id}, w.now)
		must(t, err)
		w.mustRotate(t, first(s), store.Rotated)
	}
	w.wantEnded(t, old.session, store.EndedReplaced, "")
	w.wantEnded(t, strangers.session, store.EndedReplaced, "")
	w.wantEnded(t, signedOut.session, store.SignedOut, "")
	w.wantLogged(t, seq, old.session, strangers.session)
	w.mustRotate(t, bystander, store.Rotated)
}

// testLiveSessions lists what is not over, last used first.
func testLiveSessions(t *testing.T, w *world) {
	u, other := w.mustUser(t), w.mustUser(t)
	brief := w.newSession(u.ID)
	brief.ExpiresAt = start.Add(time.Hour)
	w.mustKeep(t, brief)
	idle, ended, used := w.mustBegin(t, u.ID), w.mustBegin(t, u.ID), w.mustBegin(t, u.ID)
	w.mustBegin(t, other.ID)
	w.mustEnd(t, ended.session)
	w.pass(time.Minute)
	late := w.mustBegin(t, u.ID)
	w.pass(time.Minute)
	w.mustRotate(t, used, store.Rotated)

	want := func(now time.Time, ids ...store.SessionID) {
		t.Helper()
		live, err := w.LiveSessions(t.Context(), u.ID, now)
		must(t, err)
		if len(live) != len(ids) {
			t.Fatalf("LiveSessions(%v) = %d sessions, want %d", now.Sub(start), len(live), len(ids))
		}
		for i, id := range ids {
			same(t, "LiveSessions", live[i], w.mustStanding(t, id).Session)
		}
	}
	all, err := w.LiveSessions(t.Context(), u.ID, w.now)
	must(t, err)
	if len(all) != 4 || all[0].ID != used.session || all[1].ID != late.session {
		t.Errorf("LiveSessions = %d sessions, want 4, last used first", len(all))
	}
	want(start.Add(idleLimit-moment), used.session, late.session, idle.session)
	want(start.Add(idleLimit), used.session, late.session)
	want(start.Add(idleLimit+2*time.Minute-moment), used.session)
	want(start.Add(idleLimit + 2*time.Minute))
	if got, err := w.LiveSessions(t.Context(), u.ID, brief.ExpiresAt.Add(-moment)); err != nil || len(got) != 4 {
		t.Errorf("LiveSessions(a moment before an end) = %d, %v, want 4", len(got), err)
	}
	if got, err := w.LiveSessions(t.Context(), u.ID, brief.ExpiresAt); err != nil || len(got) != 3 {
		t.Errorf("LiveSessions(at an end) = %d, %v, want 3", len(got), err)
	}
}

// testLiveSessionsLimit lists at most MaxListed.
func testLiveSessionsLimit(t *testing.T, w *world) {
	u := w.mustUser(t)
	for range store.MaxListed + 1 {
		w.pass(moment)
		w.mustBegin(t, u.ID)
	}
	live, err := w.LiveSessions(t.Context(), u.ID, w.now)
	must(t, err)
	if len(live) != store.MaxListed {
		t.Fatalf("LiveSessions = %d sessions, want %d", len(live), store.MaxListed)
	}
	if oldest := live[len(live)-1].LastUsedAt; !oldest.Equal(start.Add(2 * moment)) {
		t.Errorf("LiveSessions left out another than the one unused for longest: ends with %v", oldest.Sub(start))
	}
}
