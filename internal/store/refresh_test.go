package store_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/store"
)

// signIn is when the tables' session began.
var signIn = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// rotated is when its confirmed token was confirmed.
var rotated = signIn.Add(time.Hour)

// The nonces of the tables. The row has confirmed "dad", and "kid" after it.
var (
	grandpa = store.Nonce{'g'}
	dad     = store.Nonce{'d'}
	uncle   = store.Nonce{'u'} // another successor of grandpa
	kid     = store.Nonce{'k'}
	sibling = store.Nonce{'s'} // another successor of dad
	next    = store.Nonce{'n'}
)

// window is the default one of a session with recovery for an hour.
var window = store.Window{Grace: 10 * time.Second, Recovery: time.Hour}

// row is the tables' session: generation 7 confirmed at rotated.
func row() store.Standing {
	home := from("192.0.2.1", firefox)
	return store.Standing{
		Session: store.Session{
			Line:       store.Line{Generation: 7, Nonce: kid, Parent: dad, RotatedAt: rotated},
			CreatedAt:  signIn,
			CreatedBy:  home,
			LastUsedAt: rotated,
			LastUsedBy: home,
			IdleLimit:  24 * time.Hour,
			ExpiresAt:  signIn.Add(30 * 24 * time.Hour),
		},
		User: store.User{ID: "usr_ada"},
	}
}

// judged is one line of the tables: a token presented after the rotation.
type judged struct {
	name       string
	generation uint32
	parent     store.Nonce
	nonce      store.Nonce
	after      time.Duration            // now, counted from rotated
	change     func(*store.Standing)    // of row; nil: none
	present    func(p *store.Presented) // of what is presented; nil: none
	want       store.Case
}

// run judges one line of a table.
func (j judged) run(t *testing.T) {
	standing := row()
	if j.change != nil {
		j.change(&standing)
	}
	p := store.Presented{
		Generation: j.generation, Parent: j.parent, Nonce: j.nonce,
		From: from("192.0.2.77", firefox), Window: window,
	}
	if j.present != nil {
		j.present(&p)
	}
	if got := store.Judge(standing, p, rotated.Add(j.after)); got != j.want {
		t.Errorf("Judge(generation %d, %v after) = %v, want %v", j.generation, j.after, got, j.want)
	}
}

// The changes that the tables make to the row and to what is presented.
var (
	forked       = func(s *store.Standing) { s.Session.Line.Forks = 1 }
	parentForked = func(s *store.Standing) { s.Session.Line.ParentForked = true }
	disabled     = func(s *store.Standing) { s.User.DisabledAt = rotated }
	signedOut    = func(s *store.Standing) { s.Session.EndedAt, s.Session.EndReason = rotated, store.SignedOut }
	expired      = func(s *store.Standing) { s.Session.ExpiresAt = rotated.Add(time.Minute) }

	elsewhere    = func(p *store.Presented) { p.From = from("198.51.100.1", firefox) }
	otherAgent   = func(p *store.Presented) { p.From = from("192.0.2.1", chrome) }
	noRecovery   = func(p *store.Presented) { p.Window.Recovery = 0 }
	noGrace      = func(p *store.Presented) { p.Window.Grace = 0 }
	wholeSession = func(p *store.Presented) { p.Window.Recovery = store.RecoverWhileAlive }
	neither      = func(p *store.Presented) { p.Window = store.Window{} }
)

// TestJudgeRotated confirms a successor of the confirmed token, and only that.
func TestJudgeRotated(t *testing.T) {
	tests := []judged{
		{"at once", 8, kid, next, 0, nil, nil, store.Rotated},
		{"any successor", 8, kid, sibling, time.Hour, nil, nil, store.Rotated},
		{"from elsewhere", 8, kid, next, time.Hour, nil, elsewhere, store.Rotated},
		{"after a recovery", 8, kid, next, time.Hour, forked, nil, store.Rotated},
		{"without any window", 8, kid, next, time.Hour, nil, neither, store.Rotated},
		{"clock stepped back", 8, kid, next, -48 * time.Hour, nil, nil, store.Rotated},
		{"successor of the sibling", 8, sibling, next, 0, nil, nil, store.Reused},
		{"successor of the parent, a generation off", 8, dad, next, 0, nil, nil, store.Reused},
		{"parent matches, a generation behind", 7, kid, next, 0, nil, nil, store.Reused},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// TestJudgeConfirmed repeats within grace from near, recovers otherwise, and then no more.
func TestJudgeConfirmed(t *testing.T) {
	const ms = time.Millisecond
	tests := []judged{
		{"again at once", 7, dad, kid, 0, nil, nil, store.Repeated},
		{"at grace", 7, dad, kid, 10 * time.Second, nil, nil, store.Repeated},
		{"past grace", 7, dad, kid, 10*time.Second + ms, nil, nil, store.Recovered},
		{"clock back to grace", 7, dad, kid, -10 * time.Second, nil, nil, store.Repeated},
		{"clock back past grace", 7, dad, kid, -10*time.Second - ms, nil, nil, store.Recovered},
		{"clock back past recovery", 7, dad, kid, -time.Hour - ms, nil, nil, store.Reused},
		{"other network", 7, dad, kid, time.Second, nil, elsewhere, store.Recovered},
		{"other agent", 7, dad, kid, time.Second, nil, otherAgent, store.Recovered},
		{"repeated after a recovery", 7, dad, kid, time.Second, forked, nil, store.Repeated},
		{"at recovery", 7, dad, kid, time.Hour, nil, nil, store.Recovered},
		{"past recovery", 7, dad, kid, time.Hour + ms, nil, nil, store.Reused},
		{"past recovery after a recovery", 7, dad, kid, time.Hour + ms, forked, nil, store.Reused},
		{"recovery off, within grace", 7, dad, kid, 10 * time.Second, nil, noRecovery, store.Repeated},
		{
			"recovery off, within grace, elsewhere",
			7,
			dad,
			kid,
			10 * time.Second,
			nil,
			func(p *store.Presented) { noRecovery(p); elsewhere(p) },
			store.Recovered,
		},
		{"recovery off, past grace", 7, dad, kid, 10*time.Second + ms, nil, noRecovery, store.Reused},
		{"grace off, same instant", 7, dad, kid, 0, nil, noGrace, store.Repeated},
		{"grace off", 7, dad, kid, ms, nil, noGrace, store.Recovered},
		{"both off", 7, dad, kid, ms, nil, neither, store.Reused},
		{"both off, clock back", 7, dad, kid, -ms, nil, neither, store.Reused},
		{"while alive, late", 7, dad, kid, 24*time.Hour - ms, nil, wholeSession, store.Recovered},
		{"while alive, clock far back", 7, dad, kid, -100 * 365 * 24 * time.Hour, nil, wholeSession, store.Recovered},
		{"the parent nonce is not asked", 7, grandpa, kid, 0, nil, nil, store.Repeated},
		{"a sibling", 7, dad, sibling, 0, nil, nil, store.Reused},
		{"a sibling after a recovery", 7, dad, sibling, time.Hour, forked, nil, store.Reused},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// TestJudgeLate forgives the direct parent within grace, unless it was recovered.
func TestJudgeLate(t *testing.T) {
	const ms = time.Millisecond
	tests := []judged{
		{"at once", 6, grandpa, dad, 0, nil, nil, store.Late},
		{"at grace", 6, grandpa, dad, 10 * time.Second, nil, nil, store.Late},
		{"past grace", 6, grandpa, dad, 10*time.Second + ms, nil, nil, store.Reused},
		{"clock back to grace", 6, grandpa, dad, -10 * time.Second, nil, nil, store.Late},
		{"clock back past grace", 6, grandpa, dad, -10*time.Second - ms, nil, nil, store.Reused},
		{"from elsewhere", 6, grandpa, dad, time.Second, nil, elsewhere, store.Late},
		{"recovery does not count", 6, grandpa, dad, 11 * time.Second, nil, wholeSession, store.Reused},
		{"it had been recovered", 6, grandpa, dad, time.Second, parentForked, nil, store.Reused},
		{"its successor was recovered", 6, grandpa, dad, time.Second, forked, nil, store.Late},
		{"not the parent", 6, grandpa, uncle, time.Second, nil, nil, store.Reused},
		{"the confirmed nonce, a generation down", 6, grandpa, kid, time.Second, nil, nil, store.Reused},
		{"grandparent", 5, store.Nonce{}, grandpa, time.Second, nil, nil, store.Reused},
		{"the parent nonce, two generations down", 5, store.Nonce{}, dad, 0, nil, nil, store.Reused},
		{"generation 0", 0, store.Nonce{}, dad, 0, nil, nil, store.Reused},
		{
			"the first token after the second",
			1,
			store.Nonce{'0'},
			dad,
			time.Second,
			func(s *store.Standing) { s.Session.Line.Generation = 2 },
			nil,
			store.Late,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// TestJudgeAhead takes a token that only lost writes explain.
func TestJudgeAhead(t *testing.T) {
	almost := func(s *store.Standing) { s.Session.Line.Generation = math.MaxUint32 - 1 }
	tests := []judged{
		{"two ahead", 9, store.Nonce{'x'}, next, 0, nil, nil, store.Ahead},
		{"two ahead of a known parent", 9, kid, next, 0, nil, nil, store.Ahead},
		{"far ahead", math.MaxUint32 - 1, store.Nonce{'x'}, next, time.Hour, nil, nil, store.Ahead},
		{"ahead of a recovered row", 9, store.Nonce{'x'}, next, 0, forked, nil, store.Ahead},
		{"ahead of an ended session", 9, store.Nonce{'x'}, next, 0, signedOut, nil, store.Ended},
		{"the last generation", math.MaxUint32, store.Nonce{'x'}, next, 0, nil, nil, store.Ended},
		{"the last generation, on the line", math.MaxUint32, kid, next, 0, almost, nil, store.Ended},
		{"the last but one, again", math.MaxUint32 - 1, dad, kid, 0, almost, nil, store.Repeated},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// TestJudgeEnded asks limits, end and user before anything else.
func TestJudgeEnded(t *testing.T) {
	const ms = time.Millisecond
	tests := []judged{
		{"a moment before idle", 8, kid, next, 24*time.Hour - ms, nil, nil, store.Rotated},
		{"at idle", 8, kid, next, 24 * time.Hour, nil, nil, store.Ended},
		{"a moment before the end", 8, kid, next, time.Minute - ms, expired, nil, store.Rotated},
		{"at the end", 8, kid, next, time.Minute, expired, nil, store.Ended},
		{"signed out", 8, kid, next, 0, signedOut, nil, store.Ended},
		{"signed out, clock stepped back", 8, kid, next, -48 * time.Hour, signedOut, nil, store.Ended},
		{"user disabled", 8, kid, next, 0, disabled, nil, store.Ended},
		{"user disabled, clock stepped back", 8, kid, next, -48 * time.Hour, disabled, nil, store.Ended},
		{"no repeat", 7, dad, kid, 0, signedOut, nil, store.Ended},
		{"no recovery at the end", 7, dad, kid, time.Minute, expired, wholeSession, store.Ended},
		{"not late", 6, grandpa, dad, 0, disabled, nil, store.Ended},
		{"reuse of what is over is over", 3, grandpa, uncle, 0, signedOut, nil, store.Ended},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// TestConfirm moves the line on, and remembers whether the parent had been recovered.
func TestConfirm(t *testing.T) {
	now := rotated.Add(time.Minute)
	p := store.Presented{Generation: 8, Parent: kid, Nonce: next}
	want := store.Line{Generation: 8, Nonce: next, Parent: kid, RotatedAt: now}

	line := row().Session.Line
	if diff := cmp.Diff(want, line.Confirm(p, now)); diff != "" {
		t.Errorf("Confirm, got +, want -:\n%s", diff)
	}
	line.Forks, line.ParentForked = 2, false
	want.ParentForked = true
	if diff := cmp.Diff(want, line.Confirm(p, now)); diff != "" {
		t.Errorf("Confirm after a recovery, got +, want -:\n%s", diff)
	}
	line.Forks, line.ParentForked = 0, true
	want.ParentForked = false
	if diff := cmp.Diff(want, line.Confirm(p, now)); diff != "" {
		t.Errorf("Confirm two after a recovery, got +, want -:\n%s", diff)
	}

	// Ahead: what the row knows of forks is of another token than p's parent.
	line.Forks, line.ParentForked = 1, true
	p = store.Presented{Generation: 9, Parent: dad, Nonce: next}
	want = store.Line{Generation: 9, Nonce: next, Parent: dad, RotatedAt: now}
	if diff := cmp.Diff(want, line.Confirm(p, now)); diff != "" {
		t.Errorf("Confirm ahead of a recovery, got +, want -:\n%s", diff)
	}
}

// TestCaseString names every case once.
func TestCaseString(t *testing.T) {
	want := map[store.Case]string{
		-1: "none", 0: "none", 8: "none",
		store.Ended: "ended", store.Rotated: "rotated", store.Repeated: "repeated", store.Recovered: "recovered",
		store.Late: "late", store.Ahead: "ahead", store.Reused: "reused",
	}
	for c, name := range want {
		if got := c.String(); got != name {
			t.Errorf("Case(%d).String() = %q, want %q", int(c), got, name)
		}
	}
}
