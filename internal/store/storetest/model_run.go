package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// Everything is done at random, as a model does it.
var _ = register(subject{
	name: "model",
	tests: []test{
		{"random operations", testModel},
	},
})

// testModel does what it draws to a user with a few sessions, and after each operation compares the
// outcome, the rows and the log with the model's.
func testModel(t *testing.T, f *fixture) {
	rapid.Check(t, func(rt *rapid.T) {
		p := newPlay(rt, f)
		rt.Repeat(map[string]func(*rapid.T){"operation": p.operate, "": p.compare})
	})
}

// play is one run of the model against a store that earlier runs have used too.
type play struct {
	f        *fixture
	now      time.Time
	user     store.User
	disabled bool
	sessions []*model
	seq      int64    // of the log, when the run began
	logged   []string // ids of the entries since
	window   store.Window
}

// newPlay begins a run with one session.
func newPlay(rt *rapid.T, f *fixture) *play {
	p := &play{f: f, now: start, user: f.newUser()}
	p.window.Grace = rapid.SampledFrom([]time.Duration{0, 10 * time.Second, 30 * time.Second}).Draw(rt, "grace")
	p.window.Recovery = rapid.SampledFrom([]time.Duration{0, time.Hour, store.RecoverWhileAlive}).Draw(rt, "recovery")
	p.need(rt, f.CreateUser(background, p.user))
	_, seq, err := f.Head(background)
	p.need(rt, err)
	p.seq = seq
	p.signIn(rt)
	return p
}

// need fails on any error.
func (p *play) need(rt *rapid.T, err error) {
	if err != nil {
		rt.Fatal(err)
	}
}

// pick draws one of the sessions, most often the one that began last.
func (p *play) pick(rt *rapid.T) *model {
	return p.sessions[max(0, len(p.sessions)-1-rapid.IntRange(0, 5).Draw(rt, "session")/3)]
}

// operate does one thing. Endings are rare, or most of a run would be spent in ended sessions.
func (p *play) operate(rt *rapid.T) {
	over := p.sessions[len(p.sessions)-1].ended != ""
	switch n := rapid.IntRange(0, 99).Draw(rt, "operation"); {
	case n < 15 && over, n >= 90 && n < 93:
		p.signIn(rt)
	case n < 65:
		p.present(rt)
	case n < 90:
		p.clock(rt)
	case n < 95:
		p.end(rt)
	case n < 97:
		p.endOthers(rt)
	case n < 99:
		p.changePassword(rt)
	default:
		p.disable(rt)
	}
}

// present presents any token of a session, or one that nobody was given.
func (p *play) present(rt *rapid.T) {
	m := p.pick(rt)
	newest := m.tokens[len(m.tokens)-1]
	l := newest
	switch rapid.IntRange(0, 19).Draw(rt, "which token") {
	case 10, 11, 12, 13, 14, 15:
		l = m.confirmed
	case 16:
		l = m.tokens[rapid.IntRange(0, len(m.tokens)-1).Draw(rt, "token")]
	case 17:
		if m.confirmed.above != nil {
			l = m.confirmed.above
		}
	case 18:
		l = newest.grow().grow()
	case 19:
		l = m.tokens[rapid.IntRange(0, len(m.tokens)-1).Draw(rt, "parent")].grow()
	}
	m.handOut(l)
	clients := []store.Client{home, neighbour, phone, abroad}
	from := clients[rapid.IntRange(0, len(clients)-1).Draw(rt, "client")]
	presented := l.from(from)
	presented.Window = p.window
	o, err := p.f.Rotate(background, presented, p.now)
	p.need(rt, err)
	if want := m.present(l, from, p.now); o.Case != want {
		rt.Fatalf("Rotate(generation %d of %d) = %v, want %v", l.generation, m.confirmed.generation, o.Case, want)
	}
	p.compareOne(rt, m, o.Standing.Session)
	if o.Standing.User.Disabled() != p.disabled {
		rt.Fatalf("user = disabled %v, want %v", o.Standing.User.Disabled(), p.disabled)
	}
}

// clock moves the clock a little, or to a boundary of something.
func (p *play) clock(rt *rapid.T) {
	if rapid.Bool().Draw(rt, "a little") {
		p.now = p.now.Add(time.Duration(rapid.IntRange(0, 12).Draw(rt, "seconds")) * time.Second)
		return
	}
	m := p.pick(rt)
	boundary := rapid.SampledFrom([]time.Time{
		m.rotatedAt.Add(p.window.Grace), m.rotatedAt.Add(-p.window.Grace),
		m.rotatedAt.Add(time.Hour), m.rotatedAt.Add(-time.Hour),
		m.lastUsedAt.Add(m.idle), m.expiresAt,
	}).Draw(rt, "boundary")
	p.now = boundary.Add(rapid.SampledFrom([]time.Duration{-moment, 0, moment}).Draw(rt, "side"))
}

// signIn begins a session, in place of another or none.
func (p *play) signIn(rt *rapid.T) {
	at := fixture{Store: p.f.Store, now: p.now}
	s := at.newSession(p.user.ID)
	s.Line.RotatedAt = p.now
	s.IdleLimit = rapid.SampledFrom([]time.Duration{15 * time.Minute, idleLimit}).Draw(rt, "idle")
	m := &model{
		confirmed:  &leaf{token: token{session: s.ID, nonce: s.Line.Nonce}},
		lastUsedAt: p.now, rotatedBy: home, rotatedAt: s.Line.RotatedAt,
		idle: s.IdleLimit, expiresAt: s.ExpiresAt,
		grace: p.window.Grace, recovery: p.window.Recovery, revocations: &p.logged,
	}
	b := store.Beginning{Session: s, Password: p.user.Password}
	var old *model
	if len(p.sessions) > 0 && rapid.Bool().Draw(rt, "replaces") {
		old = p.pick(rt)
		b.Replaces = old.confirmed.session
	}
	_, err := p.f.Begin(background, b, p.now)
	if p.disabled {
		if !fault.HasCode(err, fault.InvalidCredentials) {
			rt.Fatalf("Begin(disabled) = %v, want %s", err, fault.InvalidCredentials)
		}
		return
	}
	p.need(rt, err)
	if old != nil {
		old.end(store.EndedReplaced, p.now)
	}
	m.handOut(m.confirmed.successor())
	p.sessions = append(p.sessions, m)
}

// end ends one session.
func (p *play) end(rt *rapid.T) {
	m := p.pick(rt)
	err := p.f.EndSession(background,
		store.Ending{Session: m.confirmed.session, Owner: p.user.ID, Reason: store.SignedOut}, p.now)
	if did := m.end(store.SignedOut, p.now); did && err != nil || !did && !fault.HasCode(err, fault.SessionNotFound) {
		rt.Fatalf("EndSession (live: %v) = %v", did, err)
	}
}

// endOthers ends all sessions but one.
func (p *play) endOthers(rt *rapid.T) {
	keep := p.pick(rt)
	n, err := p.f.EndOtherSessions(background,
		store.Ending{Session: keep.confirmed.session, Owner: p.user.ID, Reason: store.EndedByUser}, p.now)
	p.need(rt, err)
	p.wantOthers(rt, n, keep, store.EndedByUser)
}

// changePassword changes the password from one session.
func (p *play) changePassword(rt *rapid.T) {
	keep := p.pick(rt)
	to := p.user.Password + "x"
	n, err := p.f.ChangePassword(background,
		store.PasswordChange{User: p.user.ID, From: p.user.Password, To: to, Keep: keep.confirmed.session}, p.now)
	if p.disabled {
		if !fault.HasCode(err, fault.InvalidCredentials) {
			rt.Fatalf("ChangePassword(disabled) = %v, want %s", err, fault.InvalidCredentials)
		}
		return
	}
	p.need(rt, err)
	p.user.Password = to
	p.wantOthers(rt, n, keep, store.PasswordChanged)
}

// wantOthers ends the model's sessions but one, and compares the number.
func (p *play) wantOthers(rt *rapid.T, n int, keep *model, reason store.EndReason) {
	want := 0
	for _, m := range p.sessions {
		if m != keep && m.end(reason, p.now) {
			want++
		}
	}
	if n != want {
		rt.Fatalf("%s: %d ended, want %d", reason, n, want)
	}
}

// disable disables the user: all sessions end under the user's one entry.
func (p *play) disable(rt *rapid.T) {
	did, err := p.f.DisableUser(background, p.user.ID, "", func() time.Time { return p.now })
	if err != nil || did == p.disabled {
		rt.Fatalf("DisableUser (disabled: %v) = %v, %v", p.disabled, did, err)
	}
	if !did {
		return
	}
	logged := slices.Clone(p.logged)
	for _, m := range p.sessions {
		m.end(store.UserDisabled, p.now)
	}
	p.disabled, p.logged = true, append(logged, string(p.user.ID))
}

// compare compares all rows and the log with the model.
func (p *play) compare(rt *rapid.T) {
	rows, err := p.f.AllSessions(background, p.user.ID)
	p.need(rt, err)
	for _, m := range p.sessions {
		i := slices.IndexFunc(rows, func(s store.Session) bool { return s.ID == m.confirmed.session })
		if i < 0 {
			rt.Fatalf("session %v is not kept", m.confirmed.session)
		}
		p.compareOne(rt, m, rows[i])
	}
	entries, err := p.f.RevocationsSince(background, p.seq, 10_000)
	p.need(rt, err)
	got, want := ids(entries), slices.Clone(p.logged)
	slices.Sort(got) // an operation may end several
	slices.Sort(want)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		rt.Fatalf("log, got +, want -:\n%s", diff)
	}
}

// compareOne compares a row with the model's session.
func (p *play) compareOne(rt *rapid.T, m *model, s store.Session) {
	if diff := cmp.Diff(m.line(), s.Line); diff != "" {
		rt.Fatalf("line, got +, want -:\n%s", diff)
	}
	if s.EndReason != m.ended || !s.LastUsedAt.Equal(m.lastUsedAt) || s.LastUsedBy != m.rotatedBy {
		rt.Fatalf("session = ended %q, used %v by %v, want %q, %v by %v",
			s.EndReason, s.LastUsedAt, s.LastUsedBy, m.ended, m.lastUsedAt, m.rotatedBy)
	}
}
