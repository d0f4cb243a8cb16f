package session_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/store"
)

// TestTokenValid reports by the rows as they are whether an access token is still good.
func TestTokenValid(t *testing.T) {
	tests := []struct {
		name   string
		before func(f *fixture, id store.SessionID) // what happened since it was issued; nil: nothing
		user   store.UserID
		issued time.Time
		want   bool
	}{
		{"live", nil, ada, start, true},
		{"of somebody else", nil, bea, start, false},
		{"signed out", func(f *fixture, id store.SessionID) {
			f.must(f.SignOut(f.t.Context(), audit.Caller{}, id))
		}, ada, start, false},
		{"idle", func(f *fixture, _ store.SessionID) { f.now = f.now.Add(limits.Idle) }, ada, start, false},
		{"just not idle", func(f *fixture, _ store.SessionID) {
			f.now = f.now.Add(limits.Idle - time.Millisecond)
		}, ada, start, true},
		{"user disabled", (*fixture).disable, ada, start.Add(time.Hour), false},
		{"issued before the roles changed", (*fixture).promote, ada, start, false},
		{"issued after the roles changed", (*fixture).promote, ada, start.Add(2 * time.Second), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t)
			id := f.signIn(ada).Session.ID
			if tt.before != nil {
				tt.before(f, id)
			}
			if got, err := f.TokenValid(t.Context(), id, tt.user, tt.issued); got != tt.want || err != nil {
				t.Errorf("TokenValid = %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

// disable shuts ada out.
func (f *fixture) disable(store.SessionID) {
	_, err := f.db.DisableUser(f.t.Context(), ada, "", f.clock)
	f.must(err)
}

// promote adds a role to ada, which refuses the access tokens of before.
func (f *fixture) promote(store.SessionID) {
	_, err := f.db.SetRoles(f.t.Context(), ada, []string{"admin"}, f.clock)
	f.must(err)
}

// TestTokenValidOfNobody reports false for a session that nobody knows, and the fault if the
// database does not answer: in doubt nothing is said.
func TestTokenValidOfNobody(t *testing.T) {
	f := open(t)
	if got, err := f.TokenValid(t.Context(), store.NewSessionID(), ada, start); got || err != nil {
		t.Errorf("TokenValid = %v, %v, want false", got, err)
	}
	f.must(f.db.Close())
	got, err := f.TokenValid(t.Context(), store.NewSessionID(), ada, start)
	if wantFault(t, "TokenValid", err, fault.StorageUnavailable); got {
		t.Error("TokenValid = true without a database")
	}
}

// TestIntrospect reports whether a refresh token would be taken now, and returns its session. The
// row stays as it was, whatever is asked: a token off the line ends nothing.
func TestIntrospect(t *testing.T) {
	tests := []struct {
		name  string
		given func(f *fixture, g session.Grant) secret.Text
		from  store.Client
		want  bool
		known bool // its session is returned
	}{
		{"next", func(_ *fixture, g session.Grant) secret.Text { return g.Refresh }, firefox, true, true},
		{"repeated", func(f *fixture, g session.Grant) secret.Text {
			f.refreshed(g.Refresh)
			return g.Refresh
		}, firefox, true, true},
		{"recovered", func(f *fixture, g session.Grant) secret.Text {
			f.refreshed(g.Refresh)
			return g.Refresh
		}, curl, true, true},
		{"ahead", func(f *fixture, g session.Grant) secret.Text {
			return f.successor(f.successor(g.Refresh))
		}, firefox, true, true},
		{"late", func(f *fixture, g session.Grant) secret.Text {
			f.refreshed(f.refreshed(g.Refresh))
			return g.Refresh
		}, firefox, false, true},
		{"off the line", func(f *fixture, g session.Grant) secret.Text {
			f.refreshed(f.refreshed(f.refreshed(g.Refresh)))
			return g.Refresh
		}, firefox, false, true},
		{"idle", func(f *fixture, g session.Grant) secret.Text {
			f.now = f.now.Add(limits.Idle)
			return g.Refresh
		}, firefox, false, true},
		{"past its absolute end", func(f *fixture, g session.Grant) secret.Text {
			f.now = f.now.Add(limits.Absolute)
			return g.Refresh
		}, firefox, false, false},
		{"of a session that nobody knows", func(f *fixture, _ session.Grant) secret.Text {
			return f.tokens.First(store.Session{ID: store.NewSessionID(), ExpiresAt: f.now.Add(time.Hour)})
		}, firefox, false, false},
		{"no token", func(*fixture, session.Grant) secret.Text {
			return secret.New("hsr_none")
		}, firefox, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t)
			g := f.signIn(ada)
			text := tt.given(f, g)
			before := f.row(g.Session.ID)
			s, ok, err := f.Introspect(t.Context(), audit.Caller{Client: tt.from}, text)
			if ok != tt.want || err != nil || (s.Session.ID == g.Session.ID) != tt.known {
				t.Errorf("Introspect = session %s, %v, %v, want %v", s.Session.ID, ok, err, tt.want)
			}
			same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
			if diff := cmp.Diff(before, f.row(g.Session.ID), same); diff != "" {
				t.Errorf("the row changed (-before +after):\n%s", diff)
			}
			f.wantAudit()
		})
	}
}

// TestIntrospectUnavailable returns the fault if the database does not answer.
func TestIntrospectUnavailable(t *testing.T) {
	f := open(t)
	g := f.signIn(ada)
	f.must(f.db.Close())
	_, ok, err := f.Introspect(t.Context(), audit.Caller{Client: firefox}, g.Refresh)
	if wantFault(t, "Introspect", err, fault.StorageUnavailable); ok {
		t.Error("Introspect = true without a database")
	}
}
