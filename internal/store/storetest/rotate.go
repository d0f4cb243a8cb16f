package storetest

import (
	"math"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// testRotated confirms the token and shows who used it when.
func testRotated(t *testing.T, w *world) {
	u := w.mustUser(t)
	s, other := w.newSession(u.ID), w.newSession(u.ID)
	w.mustKeep(t, s)
	w.mustKeep(t, other)
	k := first(s)
	w.pass(time.Minute + moment)
	o := w.mustPresent(t, k.from(abroad), store.Rotated)

	want := s
	want.Line = store.Line{Generation: 1, Nonce: k.nonce, Parent: s.Line.Nonce, RotatedAt: w.now}
	want.LastUsedAt, want.LastUsedBy = w.now, abroad
	same(t, "Rotate", o.Standing, store.Standing{Session: want, User: u})
	same(t, "other session", w.mustStanding(t, other.ID).Session, other)
	w.wantLogged(t, 0)
}

// testLongLine is one row and no trace of the past, whatever its age.
func testLongLine(t *testing.T, w *world) {
	k := w.mustBegin(t, w.mustUser(t).ID)
	old := k
	for range 30 {
		w.pass(time.Hour / 4)
		w.mustRotate(t, k, store.Rotated)
		old, k = k, k.next()
	}
	if got := w.mustStanding(t, k.session).Session.Line.Generation; got != 30 {
		t.Errorf("generation = %d, want 30", got)
	}
	w.mustRotate(t, old, store.Repeated)
}

// testRepeated writes nothing, for whoever is near the client of the rotation.
func testRepeated(t *testing.T, w *world) {
	k := w.mustBegin(t, w.mustUser(t).ID)
	w.mustRotate(t, k, store.Rotated)
	before := w.mustStanding(t, k.session)
	w.pass(window.Grace)
	for _, c := range []store.Client{home, neighbour, home} {
		o := w.mustPresent(t, k.from(c), store.Repeated)
		same(t, "repeated", o.Standing, before)
	}
	w.pass(-2 * window.Grace) // a clock that stepped back
	w.mustRotate(t, k, store.Repeated)
	w.mustRotate(t, k.next(), store.Rotated)
}

// testRecovered counts a fork each time, moves the last use, and leaves the rotation as it was.
func testRecovered(t *testing.T, w *world) {
	k := w.mustBegin(t, w.mustUser(t).ID)
	w.mustRotate(t, k, store.Rotated)
	want := w.mustStanding(t, k.session)

	steps := []struct {
		after time.Duration
		from  store.Client
	}{{time.Second, abroad}, {time.Second, phone}, {window.Grace, home}, {window.Recovery - window.Grace - 2*time.Second, home}}
	for i, step := range steps {
		w.pass(step.after)
		o := w.mustPresent(t, k.from(step.from), store.Recovered)
		want.Session.Line.Forks, want.Session.LastUsedAt = i+1, w.now
		same(t, "recovered", o.Standing, want)
	}
	w.wantLogged(t, 0)

	child := k.next()
	o := w.mustRotate(t, child, store.Rotated)
	same(t, "line after a recovery", o.Standing.Session.Line,
		store.Line{Generation: 2, Nonce: child.nonce, Parent: k.nonce, ParentForked: true, RotatedAt: w.now})
	o = w.mustRotate(t, child.next(), store.Rotated)
	if line := o.Standing.Session.Line; line.ParentForked || line.Forks != 0 {
		t.Errorf("line two after a recovery = forked %v, forks %d, want none", line.ParentForked, line.Forks)
	}
}

// testLate forgives a token that its own successor overtook, and writes nothing.
func testLate(t *testing.T, w *world) {
	u := w.mustUser(t)
	k := w.mustBegin(t, u.ID)
	w.mustRotate(t, k, store.Rotated)
	w.pass(time.Minute)
	w.mustRotate(t, k.next(), store.Rotated)
	before := w.mustStanding(t, k.session)
	w.pass(window.Grace)
	for _, c := range []store.Client{home, abroad} {
		o := w.mustPresent(t, k.from(c), store.Late)
		same(t, "late", o.Standing, before)
	}
	w.wantLogged(t, 0)
	w.pass(moment)
	w.mustRotate(t, k, store.Reused)

	k = w.mustBegin(t, u.ID)
	w.mustRotate(t, k, store.Rotated)
	w.mustPresent(t, k.from(abroad), store.Recovered)
	w.mustRotate(t, k.next(), store.Rotated)
	w.mustRotate(t, k, store.Reused)
}

// testAhead follows a token that only lost writes explain.
func testAhead(t *testing.T, w *world) {
	u := w.mustUser(t)
	k := w.mustBegin(t, u.ID)
	w.mustRotate(t, k, store.Rotated)
	w.mustPresent(t, k.from(abroad), store.Recovered)
	ahead := k.next().next().next()
	w.pass(time.Minute)
	o := w.mustPresent(t, ahead.from(phone), store.Ahead)
	same(t, "line", o.Standing.Session.Line,
		store.Line{Generation: 4, Nonce: ahead.nonce, Parent: ahead.parent, RotatedAt: w.now}) // the fork was another token's
	if s := o.Standing.Session; !s.LastUsedAt.Equal(w.now) || s.LastUsedBy != phone {
		t.Errorf("last used = %v by %v, want now by the phone", s.LastUsedAt, s.LastUsedBy)
	}
	w.mustPresent(t, ahead.from(phone), store.Repeated)
	w.mustRotate(t, ahead.next(), store.Rotated)
	w.wantLogged(t, 0)
	w.mustRotate(t, k, store.Reused)
}

// testReused ends the session before the answer, whichever stray token comes.
func testReused(t *testing.T, w *world) {
	u := w.mustUser(t)
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
			k := w.mustBegin(t, u.ID)
			for range 2 {
				w.mustRotate(t, k, store.Rotated)
				k = k.next()
			}
			w.mustRotate(t, k, store.Rotated)
			seq := w.mustHead(t)
			o := w.mustRotate(t, stray(k), store.Reused)
			w.wantEnded(t, k.session, store.ReuseDetected, "")
			w.wantLogged(t, seq, k.session)
			if !o.Standing.Session.EndedAt.Equal(w.now) {
				t.Errorf("EndedAt = %v, want now", o.Standing.Session.EndedAt)
			}
			for _, stale := range []token{k, k.next(), stray(k)} {
				w.mustRotate(t, stale, store.Ended)
			}
			w.wantLogged(t, seq, k.session)
		})
	}
}

// testRotateEnded tells the reason and changes nothing, whatever is presented.
func testRotateEnded(t *testing.T, w *world) {
	k := w.mustBegin(t, w.mustUser(t).ID)
	w.mustRotate(t, k, store.Rotated)
	w.mustEnd(t, k.session)
	seq, before := w.mustHead(t), w.mustStanding(t, k.session)
	for _, step := range []time.Duration{0, lifetime, -2 * lifetime} {
		w.pass(step)
		for _, stale := range []token{k, k.next(), k.sibling(), k.next().next()} {
			o := w.mustRotate(t, stale, store.Ended)
			same(t, "ended", o.Standing, before)
		}
	}
	w.wantLogged(t, seq)
}

// testRotateLimits ends at exactly a limit, for good, and never a moment before.
func testRotateLimits(t *testing.T, w *world) {
	u := w.mustUser(t)
	brief := func() token {
		s := w.newSession(u.ID)
		s.ExpiresAt = w.now.Add(time.Hour)
		w.mustKeep(t, s)
		return first(s)
	}
	tests := []struct {
		name   string
		begin  func() token
		limit  time.Duration
		reason store.EndReason
	}{
		{"idle", func() token { return w.mustBegin(t, u.ID) }, idleLimit, store.EndedIdle},
		{"absolute", brief, time.Hour, store.EndedExpired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.now = start
			lives, dies := tt.begin(), tt.begin()
			w.pass(tt.limit - moment)
			w.mustRotate(t, lives, store.Rotated)
			w.pass(moment)
			w.mustRotate(t, dies, store.Ended)
			w.wantEnded(t, dies.session, tt.reason, "")
			w.pass(-time.Minute)
			w.mustRotate(t, dies, store.Ended)
			w.wantEnded(t, dies.session, tt.reason, "")
		})
	}

	w.now = start
	k := brief()
	w.pass(time.Hour - moment)
	o := w.mustRotate(t, k, store.Rotated)
	if at := o.Standing.Session.ExpiresAt; !at.Equal(start.Add(time.Hour)) {
		t.Errorf("ExpiresAt after a refresh = %v, want it where it was", at)
	}
	w.pass(moment)
	w.mustRotate(t, k.next(), store.Ended)
}

// testRotateLimitsLog writes one entry for a session past its limits, however long ago the row says that it was
// used: a restore, or a clock that was set, may have taken back what the row knew of its tokens.
func testRotateLimitsLog(t *testing.T, w *world) {
	u := w.mustUser(t)
	for _, after := range []time.Duration{time.Minute, store.RevocationLife - moment, store.RevocationLife, idleLimit} {
		t.Run(after.String(), func(t *testing.T) {
			s := w.newSession(u.ID)
			s.IdleLimit = time.Minute
			w.mustKeep(t, s)
			seq := w.mustHead(t)
			w.pass(after)
			w.mustRotate(t, first(s), store.Ended)
			w.mustRotate(t, first(s), store.Ended)
			w.wantLogged(t, seq, s.ID)
		})
	}
}

// testLastGeneration ends a session whose tokens cannot be numbered any further.
func testLastGeneration(t *testing.T, w *world) {
	s := w.newSession(w.mustUser(t).ID)
	s.Line.Generation = math.MaxUint32 - 2
	w.mustKeep(t, s)
	k := first(s)
	w.mustRotate(t, k, store.Rotated)
	w.mustRotate(t, k, store.Repeated)
	w.mustRotate(t, k.next(), store.Ended)
	w.wantEnded(t, s.ID, store.EndedExpired, "")
	w.wantLogged(t, 0, s.ID)
	w.mustRotate(t, k, store.Ended)
}

// testRotateNoRow is ended, without a reason.
func testRotateNoRow(t *testing.T, w *world) {
	w.mustBegin(t, w.mustUser(t).ID)
	o, err := w.Rotate(t.Context(), token{store.SessionID{1}, 1, newNonce(), newNonce()}.from(home), w.now)
	must(t, err)
	same(t, "Rotate without a row", o, store.Outcome{Case: store.Ended})
	w.wantLogged(t, 0)
}
