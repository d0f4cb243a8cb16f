package storetest

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// Sessions are kept and read.
var _ = register(subject{
	name: "session",
	tests: []test{
		{"round trip", testSessionRoundTrip},
		{"not found", testSessionNotFound},
		{"live ones", testLiveSessions},
		{"live ones, at most so many", testLiveSessionsLimit},
		{"all", testAllSessions},
	},
	operations: []operation{
		reading(OpSession, func(t *testing.T, f *fixture) call {
			k := f.mustBegin(t, f.mustUser(t).ID)
			return func(ctx context.Context) error { _, err := f.Session(ctx, k.session); return err }
		}),
		reading(OpLiveSessions, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			return func(ctx context.Context) error { _, err := f.LiveSessions(ctx, u.ID, f.now); return err }
		}),
		reading(OpAllSessions, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			return func(ctx context.Context) error { _, err := f.AllSessions(ctx, u.ID); return err }
		}),
	},
	rows: sessionRows,
})

// Its operations.
const (
	OpSession      Operation = "Session"
	OpLiveSessions Operation = "LiveSessions"
	OpAllSessions  Operation = "AllSessions"
)

// testSessionRoundTrip reads back what was kept, field by field, with its user.
func testSessionRoundTrip(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	full := f.newSession(u.ID)
	full.Line = store.Line{
		Generation: 41, Nonce: newNonce(), Parent: newNonce(), ParentForked: true, Forks: 3,
		RotatedAt: start.Add(3 * moment),
	}
	full.CreatedAt, full.LastUsedAt, full.AuthTime = start.Add(moment), start.Add(2*moment), start.Add(-moment)
	full.LastUsedBy, full.Remember = abroad, true
	full.AMR, full.ACR = []string{"pwd", "otp", "mfa"}, "aal2"
	full.IdleLimit, full.ExpiresAt = 90*time.Minute+moment, start.Add(lifetime+moment)

	least := f.newSession(u.ID)
	least.CreatedBy, least.LastUsedBy, least.AMR, least.ACR = store.Client{}, store.Client{}, nil, ""
	odd := f.newSession(u.ID)
	odd.CreatedBy = store.Client{
		IP: netip.MustParseAddr("::ffff:192.0.2.1"), Agent: strings.Repeat("é", store.MaxAgent/2),
	}
	odd.LastUsedBy = store.Client{IP: netip.MustParseAddr("fe80::1%eth0"), Agent: `'"\;--`}
	fractions := f.newSession(u.ID)
	fractions.CreatedAt = start.Add(1999 * time.Microsecond).In(time.FixedZone("UTC-5", -18000))

	for _, s := range []store.Session{full, least, odd, fractions} {
		got, err := f.Begin(t.Context(), store.Beginning{Session: s, Password: oldHash}, f.now)
		must(t, err)
		same(t, "Begin", got, u)
		s.CreatedAt = s.CreatedAt.UTC().Truncate(moment)
		same(t, "Session", f.mustStanding(t, s.ID), store.Standing{Session: s, User: u})
	}
}

// testSessionNotFound names the fault.
func testSessionNotFound(t *testing.T, f *fixture) {
	f.mustBegin(t, f.mustUser(t).ID)
	for _, id := range []store.SessionID{{}, {1}} {
		got, err := f.Session(t.Context(), id)
		wantFault(t, "Session", err, fault.SessionNotFound)
		same(t, "Session without a session", got, store.Standing{})
	}
}

// testLiveSessions lists what is not over, last used first.
func testLiveSessions(t *testing.T, f *fixture) {
	u, other := f.mustUser(t), f.mustUser(t)
	brief := f.newSession(u.ID)
	brief.ExpiresAt = start.Add(time.Hour)
	f.mustKeep(t, brief)
	idle, ended, used := f.mustBegin(t, u.ID), f.mustBegin(t, u.ID), f.mustBegin(t, u.ID)
	f.mustBegin(t, other.ID)
	f.mustEnd(t, ended.session)
	f.pass(time.Minute)
	late := f.mustBegin(t, u.ID)
	f.pass(time.Minute)
	f.mustRotate(t, used, store.Rotated)

	want := func(now time.Time, ids ...store.SessionID) {
		t.Helper()
		live, err := f.LiveSessions(t.Context(), u.ID, now)
		must(t, err)
		if len(live) != len(ids) {
			t.Fatalf("LiveSessions(%v) = %d sessions, want %d", now.Sub(start), len(live), len(ids))
		}
		for i, id := range ids {
			same(t, "LiveSessions", live[i], f.mustStanding(t, id).Session)
		}
	}
	all, err := f.LiveSessions(t.Context(), u.ID, f.now)
	must(t, err)
	if len(all) != 4 || all[0].ID != used.session || all[1].ID != late.session {
		t.Errorf("LiveSessions = %d sessions, want 4, last used first", len(all))
	}
	want(start.Add(idleLimit-moment), used.session, late.session, idle.session)
	want(start.Add(idleLimit), used.session, late.session)
	want(start.Add(idleLimit+2*time.Minute-moment), used.session)
	want(start.Add(idleLimit + 2*time.Minute))
	if got, err := f.LiveSessions(t.Context(), u.ID, brief.ExpiresAt.Add(-moment)); err != nil || len(got) != 4 {
		t.Errorf("LiveSessions(a moment before an end) = %d, %v, want 4", len(got), err)
	}
	if got, err := f.LiveSessions(t.Context(), u.ID, brief.ExpiresAt); err != nil || len(got) != 3 {
		t.Errorf("LiveSessions(at an end) = %d, %v, want 3", len(got), err)
	}
}

// testLiveSessionsLimit lists at most MaxListed.
func testLiveSessionsLimit(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	for range store.MaxListed + 1 {
		f.pass(moment)
		f.mustBegin(t, u.ID)
	}
	live, err := f.LiveSessions(t.Context(), u.ID, f.now)
	must(t, err)
	if len(live) != store.MaxListed {
		t.Fatalf("LiveSessions = %d sessions, want %d", len(live), store.MaxListed)
	}
	if oldest := live[len(live)-1].LastUsedAt; !oldest.Equal(start.Add(2 * moment)) {
		t.Errorf("LiveSessions left out another than the one unused for longest: ends with %v", oldest.Sub(start))
	}
}

// testAllSessions lists live and ended ones of one user, newest first.
func testAllSessions(t *testing.T, f *fixture) {
	u, other := f.mustUser(t), f.mustUser(t)
	f.mustBegin(t, other.ID)
	old := f.mustBegin(t, u.ID)
	f.pass(time.Minute)
	young := f.mustBegin(t, u.ID)
	f.mustEnd(t, old.session)
	all, err := f.AllSessions(t.Context(), u.ID)
	must(t, err)
	if len(all) != 2 || all[0].ID != young.session || all[1].ID != old.session || all[1].EndReason != store.SignedOut {
		t.Errorf("AllSessions = %+v, want the young one and the ended old one", all)
	}
}

// sampleSessions are tokens of sessions in different states.
type sampleSessions struct {
	live, forked, ended token
	spent               token // of the live session, confirmed before its last
}

// mustSampleSessions keeps four sessions of two users.
func (f *fixture) mustSampleSessions(t *testing.T) sampleSessions {
	t.Helper()
	f.pass(time.Second + moment)
	u, other := f.mustUser(t), f.mustUser(t)
	var made sampleSessions
	made.spent = f.mustBegin(t, u.ID)
	f.mustRotate(t, made.spent, store.Rotated)
	f.pass(time.Minute)
	made.live = made.spent.next()
	f.mustPresent(t, made.live.from(abroad), store.Rotated)
	made.live = made.live.next()

	s := f.newSession(other.ID)
	s.CreatedBy, s.LastUsedBy = store.Client{}, store.Client{IP: netip.MustParseAddr("2001:db8::7")}
	s.AMR, s.ACR, s.Remember = []string{"pwd", "otp"}, "aal2", true
	s.AuthTime = s.AuthTime.Add(-time.Hour)
	f.mustKeep(t, s)
	made.forked = first(s)
	f.mustRotate(t, made.forked, store.Rotated)
	f.pass(time.Minute)
	f.mustRotate(t, made.forked, store.Recovered)
	after := f.mustBegin(t, other.ID)
	f.mustRotate(t, after, store.Rotated)
	f.mustPresent(t, after.from(abroad), store.Recovered)
	f.mustRotate(t, after.next(), store.Rotated)
	made.ended = f.mustBegin(t, u.ID)
	f.mustRotate(t, made.ended, store.Rotated)
	f.mustEnd(t, made.ended.session)
	return made
}

// sessionRows keeps sessions that are live, forked, past a fork, and ended.
func sessionRows(t *testing.T, f *fixture) rowCount {
	f.mustSampleSessions(t)
	return rowCount{"users": 2, "sessions": 4, "revocations": 1}
}

// Session calls the engine, unless it shall fail.
func (fs *FaultStore) Session(ctx context.Context, id store.SessionID) (store.Standing, error) {
	return through(fs, OpSession, func() (store.Standing, error) { return fs.engine.Session(ctx, id) })
}

// LiveSessions calls the engine, unless it shall fail.
func (fs *FaultStore) LiveSessions(ctx context.Context, user store.UserID, now time.Time) ([]store.Session, error) {
	return through(fs, OpLiveSessions,
		func() ([]store.Session, error) { return fs.engine.LiveSessions(ctx, user, now) })
}

// AllSessions calls the engine, unless it shall fail.
func (fs *FaultStore) AllSessions(ctx context.Context, user store.UserID) ([]store.Session, error) {
	return through(fs, OpAllSessions, func() ([]store.Session, error) { return fs.engine.AllSessions(ctx, user) })
}
