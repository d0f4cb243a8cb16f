package storetest

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// A refresh token is presented.
var _ = register(subject{
	name: "rotate",
	tests: []test{
		{"rotated", testRotated},
		{"a long line", testLongLine},
		{"repeated", testRepeated},
		{"recovered", testRecovered},
		{"late", testLate},
		{"ahead", testAhead},
		{"reused", testReused},
		{"ended", testRotateEnded},
		{"limits", testRotateLimits},
		{"limits and the log", testRotateLimitsLog},
		{"last generation", testLastGeneration},
		{"no row", testRotateNoRow},
	},
	operations: []operation{
		writing(OpRotate, func(t *testing.T, f *fixture) call {
			k := f.mustBegin(t, f.mustUser(t).ID)
			return func(ctx context.Context) error { _, err := f.Rotate(ctx, k.from(home), f.now); return err }
		}),
	},
})

// OpRotate is its operation.
const OpRotate Operation = "Rotate"

// testRotated confirms the token and shows who used it when.
func testRotated(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	s, other := f.newSession(u.ID), f.newSession(u.ID)
	f.mustKeep(t, s)
	f.mustKeep(t, other)
	k := first(s)
	f.pass(time.Minute + moment)
	o := f.mustPresent(t, k.from(abroad), store.Rotated)

	want := s
	want.Line = store.Line{Generation: 1, Nonce: k.nonce, Parent: s.Line.Nonce, RotatedAt: f.now}
	want.LastUsedAt, want.LastUsedBy = f.now, abroad
	same(t, "Rotate", o.Standing, store.Standing{Session: want, User: u})
	same(t, "other session", f.mustStanding(t, other.ID).Session, other)
	f.wantLogged(t, 0)
}

// testLongLine is one row and no trace of the past, whatever its age.
func testLongLine(t *testing.T, f *fixture) {
	k := f.mustBegin(t, f.mustUser(t).ID)
	old := k
	for range 30 {
		f.pass(time.Hour / 4)
		f.mustRotate(t, k, store.Rotated)
		old, k = k, k.next()
	}
	if got := f.mustStanding(t, k.session).Session.Line.Generation; got != 30 {
		t.Errorf("generation = %d, want 30", got)
	}
	f.mustRotate(t, old, store.Repeated)
}

// testRepeated writes nothing, for whoever is near the client of the rotation.
func testRepeated(t *testing.T, f *fixture) {
	k := f.mustBegin(t, f.mustUser(t).ID)
	f.mustRotate(t, k, store.Rotated)
	before := f.mustStanding(t, k.session)
	f.pass(window.Grace)
	for _, c := range []store.Client{home, neighbour, home} {
		o := f.mustPresent(t, k.from(c), store.Repeated)
		same(t, "repeated", o.Standing, before)
	}
	f.pass(-2 * window.Grace) // a clock that stepped back
	f.mustRotate(t, k, store.Repeated)
	f.mustRotate(t, k.next(), store.Rotated)
}

// testRecovered counts a fork each time, moves the last use, and leaves the rotation as it was.
func testRecovered(t *testing.T, f *fixture) {
	k := f.mustBegin(t, f.mustUser(t).ID)
	f.mustRotate(t, k, store.Rotated)
	want := f.mustStanding(t, k.session)

	steps := []struct {
		after time.Duration
		from  store.Client
	}{
		{time.Second, abroad}, {time.Second, phone},
		{window.Grace, home}, {window.Recovery - window.Grace - 2*time.Second, home},
	}
	for i, step := range steps {
		f.pass(step.after)
		o := f.mustPresent(t, k.from(step.from), store.Recovered)
		want.Session.Line.Forks, want.Session.LastUsedAt = i+1, f.now
		same(t, "recovered", o.Standing, want)
	}
	f.wantLogged(t, 0)

	child := k.next()
	o := f.mustRotate(t, child, store.Rotated)
	same(t, "line after a recovery", o.Standing.Session.Line,
		store.Line{Generation: 2, Nonce: child.nonce, Parent: k.nonce, ParentForked: true, RotatedAt: f.now})
	o = f.mustRotate(t, child.next(), store.Rotated)
	if line := o.Standing.Session.Line; line.ParentForked || line.Forks != 0 {
		t.Errorf("line two after a recovery = forked %v, forks %d, want none", line.ParentForked, line.Forks)
	}
}

// testLate forgives a token that its own successor overtook, and writes nothing.
func testLate(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	k := f.mustBegin(t, u.ID)
	f.mustRotate(t, k, store.Rotated)
	f.pass(time.Minute)
	f.mustRotate(t, k.next(), store.Rotated)
	before := f.mustStanding(t, k.session)
	f.pass(window.Grace)
	for _, c := range []store.Client{home, abroad} {
		o := f.mustPresent(t, k.from(c), store.Late)
		same(t, "late", o.Standing, before)
	}
	f.wantLogged(t, 0)
	f.pass(moment)
	f.mustRotate(t, k, store.Reused)

	k = f.mustBegin(t, u.ID)
	f.mustRotate(t, k, store.Rotated)
	f.mustPresent(t, k.from(abroad), store.Recovered)
	f.mustRotate(t, k.next(), store.Rotated)
	f.mustRotate(t, k, store.Reused)
}

// testAhead follows a token that only lost writes explain.
func testAhead(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	k := f.mustBegin(t, u.ID)
	f.mustRotate(t, k, store.Rotated)
	f.mustPresent(t, k.from(abroad), store.Recovered)
	ahead := k.next().next().next()
	f.pass(time.Minute)
	o := f.mustPresent(t, ahead.from(phone), store.Ahead)
	want := store.Line{Generation: 4, Nonce: ahead.nonce, Parent: ahead.parent, RotatedAt: f.now}
	same(t, "line", o.Standing.Session.Line, want) // the fork was another token's
	if s := o.Standing.Session; !s.LastUsedAt.Equal(f.now) || s.LastUsedBy != phone {
		t.Errorf("last used = %v by %v, want now by the phone", s.LastUsedAt, s.LastUsedBy)
	}
	f.mustPresent(t, ahead.from(phone), store.Repeated)
	f.mustRotate(t, ahead.next(), store.Rotated)
	f.wantLogged(t, 0)
	f.mustRotate(t, k, store.Reused)
}

// testReused ends the session before the answer, whichever stray token comes.
func testReused(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	strays := map[string]func(k token) token{ // what → made of the confirmed token of generation 3
		"a sibling":               func(k token) token { return k.sibling() },
		"a child of a sibling":    func(k token) token { return k.sibling().next() },
		"another parent":          func(k token) token { return token{k.session, 2, newNonce(), newNonce()} },
		"a grandparent":           func(k token) token { return token{k.session, 1, newNonce(), newNonce()} },
		"the nonce of sign-in":    func(k token) token { return token{k.session, 0, store.Nonce{}, newNonce()} },
		"its nonce, a generation": func(k token) token { return token{k.session, 2, newNonce(), k.nonce} },
		"its child, a generation": func(k token) token { return token{k.session, 3, k.nonce, newNonce()} },
	}
	for name, stray := range strays {
		t.Run(name, func(t *testing.T) {
			k := f.mustBegin(t, u.ID)
			for range 2 {
				f.mustRotate(t, k, store.Rotated)
				k = k.next()
			}
			f.mustRotate(t, k, store.Rotated)
			seq := f.mustHead(t)
			o := f.mustRotate(t, stray(k), store.Reused)
			f.wantEnded(t, k.session, store.ReuseDetected, "")
			f.wantLogged(t, seq, k.session)
			if !o.Standing.Session.EndedAt.Equal(f.now) {
				t.Errorf("EndedAt = %v, want now", o.Standing.Session.EndedAt)
			}
			for _, stale := range []token{k, k.next(), stray(k)} {
				f.mustRotate(t, stale, store.Ended)
			}
			f.wantLogged(t, seq, k.session)
		})
	}
}

// testRotateEnded answers the reason and changes nothing, whatever is presented.
func testRotateEnded(t *testing.T, f *fixture) {
	k := f.mustBegin(t, f.mustUser(t).ID)
	f.mustRotate(t, k, store.Rotated)
	f.mustEnd(t, k.session)
	seq, before := f.mustHead(t), f.mustStanding(t, k.session)
	for _, step := range []time.Duration{0, lifetime, -2 * lifetime} {
		f.pass(step)
		for _, stale := range []token{k, k.next(), k.sibling(), k.next().next()} {
			o := f.mustRotate(t, stale, store.Ended)
			same(t, "ended", o.Standing, before)
		}
	}
	f.wantLogged(t, seq)
}

// testRotateLimits ends at exactly a limit, for good, and never a moment before.
func testRotateLimits(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	brief := func() token {
		s := f.newSession(u.ID)
		s.ExpiresAt = f.now.Add(time.Hour)
		f.mustKeep(t, s)
		return first(s)
	}
	tests := []struct {
		name   string
		begin  func() token
		limit  time.Duration
		reason store.EndReason
	}{
		{"idle", func() token { return f.mustBegin(t, u.ID) }, idleLimit, store.EndedIdle},
		{"absolute", brief, time.Hour, store.EndedExpired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f.now = start
			lives, dies := tt.begin(), tt.begin()
			f.pass(tt.limit - moment)
			f.mustRotate(t, lives, store.Rotated)
			f.pass(moment)
			f.mustRotate(t, dies, store.Ended)
			f.wantEnded(t, dies.session, tt.reason, "")
			f.pass(-time.Minute)
			f.mustRotate(t, dies, store.Ended)
			f.wantEnded(t, dies.session, tt.reason, "")
		})
	}

	f.now = start
	k := brief()
	f.pass(time.Hour - moment)
	o := f.mustRotate(t, k, store.Rotated)
	if at := o.Standing.Session.ExpiresAt; !at.Equal(start.Add(time.Hour)) {
		t.Errorf("ExpiresAt after a refresh = %v, want it where it was", at)
	}
	f.pass(moment)
	f.mustRotate(t, k.next(), store.Ended)
}

// testRotateLimitsLog writes one entry for a session past its limits, however long ago the row says
// that it was used: a restore, or a clock that was set, may have taken back what the row knew of
// its tokens.
func testRotateLimitsLog(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	for _, after := range []time.Duration{time.Minute, store.RevocationLife - moment, store.RevocationLife, idleLimit} {
		t.Run(after.String(), func(t *testing.T) {
			s := f.newSession(u.ID)
			s.IdleLimit = time.Minute
			f.mustKeep(t, s)
			seq := f.mustHead(t)
			f.pass(after)
			f.mustRotate(t, first(s), store.Ended)
			f.mustRotate(t, first(s), store.Ended)
			f.wantLogged(t, seq, s.ID)
		})
	}
}

// testLastGeneration ends a session whose tokens cannot be numbered any further.
func testLastGeneration(t *testing.T, f *fixture) {
	s := f.newSession(f.mustUser(t).ID)
	s.Line.Generation = math.MaxUint32 - 2
	f.mustKeep(t, s)
	k := first(s)
	f.mustRotate(t, k, store.Rotated)
	f.mustRotate(t, k, store.Repeated)
	f.mustRotate(t, k.next(), store.Ended)
	f.wantEnded(t, s.ID, store.EndedExpired, "")
	f.wantLogged(t, 0, s.ID)
	f.mustRotate(t, k, store.Ended)
}

// testRotateNoRow is ended, without a reason.
func testRotateNoRow(t *testing.T, f *fixture) {
	f.mustBegin(t, f.mustUser(t).ID)
	o, err := f.Rotate(t.Context(), token{store.SessionID{1}, 1, newNonce(), newNonce()}.from(home), f.now)
	must(t, err)
	same(t, "Rotate without a row", o, store.Outcome{Case: store.Ended})
	f.wantLogged(t, 0)
}

// Rotate calls the engine, unless it shall fail.
func (fs *FaultStore) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	return through(fs, OpRotate, func() (store.Outcome, error) { return fs.engine.Rotate(ctx, p, now) })
}
