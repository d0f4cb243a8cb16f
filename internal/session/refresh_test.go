package session_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/store"
)

// refreshCase is a token presented in a situation. The table that decides is tested in store; what
// is told to the client and to the log is decided here. protocol.md §4
type refreshCase struct {
	name   string
	given  func(f *fixture, g session.Grant) secret.Text // what happens before, and the token presented
	from   store.Client
	token  string          // "successor" of what is presented, or a "fork"; empty: refused
	code   fault.Code      // empty: there is a token
	reason store.EndReason // told with session_ended
	audit  string          // the line in the log, with %s for the session; empty: none
}

// refreshed presents a token and returns the answer's.
func (f *fixture) refreshed(text secret.Text) secret.Text {
	f.t.Helper()
	g, err := f.Refresh(f.t.Context(), audit.Caller{Client: firefox}, text)
	f.must(err)
	f.audited.Reset()
	return g.Refresh
}

// successor returns the token that follows another, without presenting it.
func (f *fixture) successor(text secret.Text) secret.Text {
	f.t.Helper()
	t, err := f.tokens.ReadExpired(text)
	f.must(err)
	return f.tokens.Successor(t)
}

// refreshCases are every row of the table, and every reason why a session is over.
var refreshCases = []refreshCase{
	{"first", func(_ *fixture, g session.Grant) secret.Text { return g.Refresh }, firefox, "successor", "", "", ""},
	{"next", func(f *fixture, g session.Grant) secret.Text {
		return f.refreshed(g.Refresh)
	}, curl, "successor", "", "", ""},
	{"repeated within grace", func(f *fixture, g session.Grant) secret.Text {
		f.refreshed(g.Refresh)
		f.now = f.now.Add(limits.Window.Grace)
		return g.Refresh
	}, firefox, "successor", "", "", ""},
	{"recovered from elsewhere", func(f *fixture, g session.Grant) secret.Text {
		f.refreshed(g.Refresh)
		return g.Refresh
	}, curl, "fork", "", "", "event=refresh_recovered user=usr_ada session=%s ip=203.0.113.9 agent=curl"},
	{"recovered after grace", func(f *fixture, g session.Grant) secret.Text {
		f.refreshed(g.Refresh)
		f.now = f.now.Add(limits.Window.Recovery)
		return g.Refresh
	}, firefox, "fork", "", "", "event=refresh_recovered user=usr_ada session=%s " + fromFirefox},
	{"after recovery", func(f *fixture, g session.Grant) secret.Text {
		f.refreshed(g.Refresh)
		f.now = f.now.Add(limits.Window.Recovery + time.Millisecond)
		return g.Refresh
	}, firefox, "", fault.SessionEnded, store.ReuseDetected,
		"event=refresh_reused user=usr_ada session=%s reason=reuse_detected " + fromFirefox},
	{"late", func(f *fixture, g session.Grant) secret.Text {
		f.refreshed(f.refreshed(g.Refresh))
		return g.Refresh
	}, firefox, "", fault.Superseded, "", ""},
	{"ahead of the row", func(f *fixture, g session.Grant) secret.Text {
		return f.successor(f.successor(g.Refresh))
	}, firefox, "successor", "", "", "event=row_behind user=usr_ada session=%s " + fromFirefox},
	{"off the line", func(f *fixture, g session.Grant) secret.Text {
		f.refreshed(f.refreshed(f.refreshed(g.Refresh)))
		return g.Refresh
	}, firefox, "", fault.SessionEnded, store.ReuseDetected,
		"event=refresh_reused user=usr_ada session=%s reason=reuse_detected " + fromFirefox},
	{"idle", func(f *fixture, g session.Grant) secret.Text {
		f.now = f.now.Add(limits.Idle)
		return g.Refresh
	}, firefox, "", fault.SessionEnded, store.EndedIdle,
		"event=refresh_refused user=usr_ada session=%s reason=idle " + fromFirefox},
	{"past its absolute end", func(f *fixture, g session.Grant) secret.Text {
		f.now = f.now.Add(limits.Absolute)
		return g.Refresh
	}, firefox, "", fault.SessionEnded, store.EndedExpired,
		"event=refresh_refused user=usr_ada session=%s reason=expired " + fromFirefox},
	{"signed out", func(f *fixture, g session.Grant) secret.Text {
		f.must(f.SignOut(f.t.Context(), audit.Caller{}, g.Session.ID))
		f.audited.Reset()
		return g.Refresh
	}, firefox, "", fault.SessionEnded, store.SignedOut,
		"event=refresh_refused user=usr_ada session=%s reason=signed_out " + fromFirefox},
	{"user disabled", func(f *fixture, g session.Grant) secret.Text {
		_, err := f.db.DisableUser(f.t.Context(), ada, "the operator", f.clock)
		f.must(err)
		return g.Refresh
	}, firefox, "", fault.SessionEnded, store.UserDisabled,
		"event=refresh_refused user=usr_ada session=%s reason=user_disabled " + fromFirefox},
	{"sibling of the first", func(f *fixture, g session.Grant) secret.Text {
		return f.tokens.First(store.Session{ID: g.Session.ID, ExpiresAt: g.Session.ExpiresAt})
	}, firefox, "", fault.SessionEnded, store.ReuseDetected,
		"event=refresh_reused user=usr_ada session=%s reason=reuse_detected " + fromFirefox},
}

// TestRefresh answers each case with the tokens or the refusal that the table says, and writes a
// line where there is something to say. A session that is over is refused here before the answer.
func TestRefresh(t *testing.T) {
	for _, tt := range refreshCases {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t)
			g := f.signIn(ada)
			text := tt.given(f, g)
			got, err := f.Refresh(t.Context(), audit.Caller{Client: tt.from}, text)
			if tt.code == "" {
				f.must(err)
				f.wantGrant(got, g, text, tt.token)
			} else if !fault.HasCode(err, tt.code) || fault.From(err).Reason != string(tt.reason) {
				t.Errorf("Refresh = %v (%s), want %s (%s)", err, fault.From(err).Reason, tt.code, tt.reason)
			}
			if tt.code == fault.SessionEnded != f.refused(g.Session.ID) {
				t.Errorf("refused here = %v", f.refused(g.Session.ID))
			}
			if tt.audit == "" {
				f.wantAudit()
			} else {
				f.wantAudit(fmt.Sprintf(tt.audit, g.Session.ID))
			}
		})
	}
}

// wantGrant checks the tokens that were given for a presented one: its successor, or a fork.
func (f *fixture) wantGrant(got, first session.Grant, presented secret.Text, kind string) {
	f.t.Helper()
	next := f.successor(presented)
	if same := got.Refresh.Reveal() == next.Reveal(); same != (kind == "successor") {
		f.t.Errorf("the successor came: %v, want a %s", same, kind)
	}
	want, err := f.tokens.ReadExpired(next)
	f.must(err)
	read, err := f.tokens.ReadExpired(got.Refresh)
	f.must(err)
	if read.Session != first.Session.ID || read.Generation != want.Generation || read.Parent != want.Parent {
		f.t.Errorf("refresh token %+v, want one that follows %+v", read, want)
	}
	if got.User.ID != ada || got.Session.ID != first.Session.ID || got.Access.Text.Empty() {
		f.t.Errorf("grant for %s of %s, want ada's session and an access token", got.Session.ID, got.User.ID)
	}
}

// TestRefreshSwept says of a session that nobody knows any more that it has expired.
func TestRefreshSwept(t *testing.T) {
	f := open(t)
	id := store.NewSessionID()
	text := f.tokens.First(store.Session{ID: id, ExpiresAt: f.now.Add(time.Hour)})
	_, err := f.Refresh(t.Context(), audit.Caller{}, text)
	if !fault.HasCode(err, fault.SessionEnded) || fault.From(err).Reason != string(store.EndedExpired) {
		t.Errorf("Refresh = %v, want session_ended, expired", err)
	}
	f.wantAudit(fmt.Sprintf("event=refresh_refused session=%s reason=expired", id))
}

// TestRefreshNoToken refuses what was never a token of ours without asking the database.
func TestRefreshNoToken(t *testing.T) {
	f := open(t)
	f.must(f.db.Close())
	_, err := f.Refresh(t.Context(), audit.Caller{Client: curl}, secret.New("hsr_none"))
	wantFault(t, "Refresh", err, fault.InvalidToken)
	f.wantAudit("event=refresh_refused reason=not_a_token ip=203.0.113.9 agent=curl")
}

// answering is a store whose Rotate answers as a test says.
type answering struct {
	session.Store
	out store.Outcome
	err error
}

// Rotate returns the test's answer.
func (s *answering) Rotate(context.Context, store.Presented, time.Time) (store.Outcome, error) {
	return s.out, s.err
}

// TestRefreshUnavailable hands out nothing while the database is away; afterwards the same token
// works.
func TestRefreshUnavailable(t *testing.T) {
	f := open(t)
	g := f.signIn(ada)
	f.use(&answering{Store: f.db, err: fault.New(fault.StorageUnavailable)})
	got, err := f.Refresh(t.Context(), audit.Caller{Client: firefox}, g.Refresh)
	wantFault(t, "Refresh", err, fault.StorageUnavailable)
	if !got.Refresh.Empty() || !got.Access.Text.Empty() {
		t.Error("tokens were handed out")
	}
	f.wantAudit()
	f.use(f.db)
	f.refreshed(g.Refresh)
}

// TestRefreshUnknownCase hands out nothing for an outcome that the table does not have: it is our
// mistake.
func TestRefreshUnknownCase(t *testing.T) {
	f := open(t)
	g := f.signIn(ada)
	f.use(&answering{Store: f.db})
	got, err := f.Refresh(t.Context(), audit.Caller{}, g.Refresh)
	if fault.From(err).Code != fault.InternalError || !got.Refresh.Empty() {
		t.Errorf("Refresh = %v, want an internal error and no token", err)
	}
}

// TestRefreshDisabled tells a disabled user so, whose session nobody has ended.
func TestRefreshDisabled(t *testing.T) {
	f := open(t)
	g := f.signIn(ada)
	disabled := store.Standing{Session: g.Session, User: store.User{ID: ada, DisabledAt: start}}
	f.use(&answering{f.db, store.Outcome{Case: store.Ended, Standing: disabled}, nil})
	_, err := f.Refresh(t.Context(), audit.Caller{}, g.Refresh)
	if !fault.HasCode(err, fault.SessionEnded) || fault.From(err).Reason != string(store.UserDisabled) {
		t.Errorf("Refresh = %v, want session_ended, user_disabled", err)
	}
}
