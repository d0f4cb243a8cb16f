package session_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/keyring"
	"github.com/handstamp/handstamp/internal/revocation"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
	"github.com/handstamp/handstamp/internal/token"
)

// start is when every test begins.
var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// limits are those of the tests' sessions.
var limits = session.Limits{
	Idle: 24 * time.Hour, BrowserIdle: time.Hour, Absolute: 48 * time.Hour, ACR: "aal1",
	Window: store.Window{Grace: 10 * time.Second, Recovery: time.Minute},
}

// The users of the tests, and the hash that both have for a password.
const (
	ada  store.UserID = "usr_ada"
	bea  store.UserID = "usr_bea"
	hash              = "$argon2id$ada"
)

// Two clients that do not look like one.
var (
	firefox = store.NewClient(netip.MustParseAddr("192.0.2.1"), "Firefox")
	curl    = store.NewClient(netip.MustParseAddr("203.0.113.9"), "curl")
)

// fixture is a manager on a real database, with a clock and a log of the test's own.
type fixture struct {
	*session.Manager
	parts   session.Parts
	t       *testing.T
	db      *sqlite.DB
	tokens  *token.Refresher
	ended   *revocation.Log
	audited *bytes.Buffer // event lines, without time and level
	now     time.Time
}

// open makes a fixture with the users ada and bea. The test runs beside others from then on: what
// takes time is waiting for the disk.
func open(t *testing.T) *fixture {
	t.Helper()
	t.Parallel()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	f := &fixture{t: t, db: db, audited: new(bytes.Buffer), now: start}
	for _, id := range []store.UserID{ada, bea} {
		email := strings.TrimPrefix(string(id), "usr_") + "@example.com"
		u := store.User{ID: id, Email: email, EmailKey: email, Password: hash, CreatedAt: start}
		f.must(db.CreateUser(t.Context(), u))
	}
	master := secret.NewMaster()
	handler := slog.NewTextHandler(f.audited, &slog.HandlerOptions{ReplaceAttr: bare})
	keys := keyring.Open(db, master, jose.EdDSA, audit.New(slog.New(slog.DiscardHandler)))
	f.must(keys.Maintain(t.Context(), start))
	f.tokens = token.NewRefresher(master)
	f.ended = revocation.New(revocation.Parts{Store: db, Logger: slog.New(slog.DiscardHandler), Now: f.clock})
	issue := token.Issue{Issuer: "https://id.example.com", Audience: "https://example.com", Life: 10 * time.Minute}
	f.parts = session.Parts{
		Store: db, Access: token.NewMinter(keys, issue), Refresh: f.tokens, Revocations: f.ended,
		Log:    audit.New(slog.New(handler)),
		Limits: limits, Now: f.clock,
	}
	f.Manager = session.New(f.parts)
	return f
}

// use makes the manager keep its sessions in another store.
func (f *fixture) use(s session.Store) {
	f.parts.Store = s
	f.Manager = session.New(f.parts)
}

// bare leaves the time, the level and the message out of a log line.
func bare(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey {
		return slog.Attr{}
	}
	return a
}

// clock is the time of the test.
func (f *fixture) clock() time.Time { return f.now }

// must ends the test if there is an error.
func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// by is a user's request from Firefox, with the access token of a session.
func by(user store.UserID, id store.SessionID) audit.Caller {
	return audit.Caller{User: user, Session: id, Client: firefox, Device: func() string { return "Firefox on Linux" }}
}

// signIn begins a remembered session of a user, and forgets the line in the log.
func (f *fixture) signIn(user store.UserID) session.Grant {
	f.t.Helper()
	s := session.Start{User: user, Password: hash, Remember: true}
	g, err := f.Begin(f.t.Context(), by("", store.SessionID{}), s)
	f.must(err)
	f.audited.Reset()
	return g
}

// row reads a session as the database has it.
func (f *fixture) row(id store.SessionID) store.Session {
	f.t.Helper()
	s, err := f.db.Session(f.t.Context(), id)
	f.must(err)
	return s.Session
}

// refused reports whether this node refuses the access tokens of a session.
func (f *fixture) refused(id store.SessionID) bool {
	return f.ended.Revoked().Revoked(revoked.Token{Session: id.String(), Subject: string(ada), IssuedAt: f.now.Unix()})
}

// wantAudit compares the lines in the log since the last look with what they should be.
func (f *fixture) wantAudit(lines ...string) {
	f.t.Helper()
	var got []string
	for line := range strings.Lines(f.audited.String()) {
		got = append(got, strings.TrimSpace(line))
	}
	f.audited.Reset()
	if diff := cmp.Diff(lines, got); diff != "" {
		f.t.Errorf("audit log (-want +got):\n%s", diff)
	}
}

// wantFault fails unless err carries the fault with this code.
func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if !fault.HasCode(err, code) {
		t.Errorf("%s = %v, want %s", what, err, code)
	}
}

// fromFirefox is how the log names the client of by.
const fromFirefox = "ip=192.0.2.1 agent=Firefox"

// TestBegin writes the limits on the row, and answers with tokens for it. standards SE-01
func TestBegin(t *testing.T) {
	for _, remember := range []bool{true, false} {
		t.Run(fmt.Sprint("remember ", remember), func(t *testing.T) {
			f := open(t)
			f.now = start.Add(1234567 * time.Microsecond)
			start := session.Start{User: ada, Password: hash, Remember: remember}
			g, err := f.Begin(t.Context(), by("", store.SessionID{}), start)
			f.must(err)
			idle := limits.BrowserIdle
			if remember {
				idle = limits.Idle
			}
			moment, second := f.now.Truncate(time.Millisecond), f.now.Truncate(time.Second)
			want := store.Session{
				ID: g.Session.ID, User: ada, Line: store.Line{Nonce: g.Session.Line.Nonce, RotatedAt: moment},
				CreatedAt: moment, CreatedBy: firefox, LastUsedAt: moment, LastUsedBy: firefox,
				IdleLimit: idle, ExpiresAt: second.Add(limits.Absolute), AuthTime: second,
				AMR: []string{"pwd"}, ACR: "aal1", Remember: remember,
			}
			ip := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
			if diff := cmp.Diff(want, f.row(g.Session.ID), ip); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
			if g.User.ID != ada || g.Access.ExpiresIn != 10*time.Minute {
				t.Errorf("grant for %s, access token for %v, want ada's for 10 minutes", g.User.ID, g.Access.ExpiresIn)
			}
			if got := claims(t, g); !strings.Contains(got, g.Session.ID.String()) {
				t.Errorf("access token says %s, want the session %s", got, g.Session.ID)
			}
			if id, ok := f.IDOf(g.Refresh); id != g.Session.ID || !ok {
				t.Errorf("refresh token names %s, want %s", id, g.Session.ID)
			}
			f.wantAudit(fmt.Sprintf("event=session_begun user=usr_ada session=%s %s", g.Session.ID, fromFirefox))
		})
	}
}

// claims returns what the access token of a grant says, as JSON.
func claims(t *testing.T, g session.Grant) string {
	t.Helper()
	parts := strings.Split(g.Access.Text.Reveal(), ".")
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestBeginReplaces ends the session that the client presented, anybody's, before it answers.
func TestBeginReplaces(t *testing.T) {
	f := open(t)
	old := f.signIn(bea)
	s := session.Start{User: ada, Password: hash, Replaces: old.Session.ID}
	g, err := f.Begin(t.Context(), by("", store.SessionID{}), s)
	f.must(err)
	if row := f.row(old.Session.ID); row.EndReason != store.EndedReplaced || !f.refused(old.Session.ID) {
		t.Errorf("replaced session: reason %q, refused %v, want replaced and refused here",
			row.EndReason, f.refused(old.Session.ID))
	}
	if f.refused(g.Session.ID) {
		t.Error("the new session is refused")
	}
	f.wantAudit(
		fmt.Sprintf("event=session_ended session=%s reason=replaced %s", old.Session.ID, fromFirefox),
		fmt.Sprintf("event=session_begun user=usr_ada session=%s %s", g.Session.ID, fromFirefox),
	)
}

// TestBeginRefused begins nothing if the user has another password by now, or is shut out.
func TestBeginRefused(t *testing.T) {
	f := open(t)
	_, err := f.Begin(t.Context(), audit.Caller{}, session.Start{User: ada, Password: "another hash"})
	wantFault(t, "Begin with a password of yesterday", err, fault.InvalidCredentials)
	if _, err := f.db.DisableUser(t.Context(), ada, "", f.clock); err != nil {
		t.Fatal(err)
	}
	_, err = f.Begin(t.Context(), audit.Caller{}, session.Start{User: ada, Password: hash})
	wantFault(t, "Begin of a disabled user", err, fault.InvalidCredentials)
	f.wantAudit()
	if all, err := f.db.AllSessions(t.Context(), ada); err != nil || len(all) > 0 {
		t.Errorf("%d sessions, %v, want none", len(all), err)
	}
}

// TestLists returns a user's sessions to the user and to the operator: Live those that are not
// over, last used first, and Export all that are kept, with a line in the log.
func TestLists(t *testing.T) {
	f := open(t)
	over := f.signIn(ada).Session.ID
	f.must(f.db.EndSession(t.Context(), store.Ending{Session: over, Reason: store.SignedOut}, f.now))
	first := f.signIn(ada)
	f.now = f.now.Add(time.Minute)
	second := f.signIn(ada)
	f.signIn(bea)
	f.now = f.now.Add(time.Minute)
	_, err := f.Refresh(t.Context(), by("", store.SessionID{}), first.Refresh)
	f.must(err)
	f.audited.Reset()
	own := by(ada, second.Session.ID)
	live := []store.SessionID{first.Session.ID, second.Session.ID} // the first was used last
	tests := []struct {
		name string
		list func() ([]store.Session, error)
		want []store.SessionID
	}{
		{"Live", func() ([]store.Session, error) { return f.Live(t.Context(), own) }, live},
		{"LiveOf", func() ([]store.Session, error) { return f.LiveOf(t.Context(), audit.Operator(), ada) }, live},
	}
	for _, tt := range tests {
		got, err := tt.list()
		if ids := idsOf(got); err != nil || !cmp.Equal(ids, tt.want) {
			t.Errorf("%s = %v, %v, want %v", tt.name, ids, err, tt.want)
		}
	}
	f.wantAudit()
	exported, err := f.Export(t.Context(), own)
	if err != nil || len(exported) != 3 || exported[0].ID != second.Session.ID {
		t.Errorf("Export = %v, %v, want all three, newest first", idsOf(exported), err)
	}
	f.wantAudit("event=user_exported user=usr_ada count=3 actor=usr_ada " + fromFirefox)
}

// idsOf returns the ids of sessions, in order.
func idsOf(sessions []store.Session) []store.SessionID {
	var ids []store.SessionID
	for _, s := range sessions {
		ids = append(ids, s.ID)
	}
	return ids
}

// TestOnlyTheOperator refuses what concerns others to everybody else, and does nothing.
func TestOnlyTheOperator(t *testing.T) {
	f := open(t)
	g := f.signIn(ada)
	for _, by := range []audit.Caller{{}, by(ada, g.Session.ID), {User: "operator"}, {Service: "svc_1"}} {
		_, err := f.LiveOf(t.Context(), by, ada)
		wantFault(t, "LiveOf", err, fault.InsufficientRole)
		_, err = f.EndEverything(t.Context(), by)
		wantFault(t, "EndEverything", err, fault.InsufficientRole)
	}
	f.wantAudit()
	if row := f.row(g.Session.ID); row.EndReason != "" {
		t.Errorf("the session ended as %s", row.EndReason)
	}
}

// TestFindByRefresh returns the session of a refresh token, live or over, and changes nothing.
func TestFindByRefresh(t *testing.T) {
	f := open(t)
	g := f.signIn(ada)
	for _, reason := range []store.EndReason{"", store.SignedOut} {
		if reason != "" {
			f.must(f.db.EndSession(t.Context(), store.Ending{Session: g.Session.ID, Reason: reason}, f.now))
		}
		s, err := f.FindByRefresh(t.Context(), g.Refresh)
		if err != nil || s.Session.ID != g.Session.ID || s.User.ID != ada || s.Session.EndReason != reason {
			t.Errorf("FindByRefresh = %s of %s, ended %q, %v, want ada's, ended %q",
				s.Session.ID, s.User.ID, s.Session.EndReason, err, reason)
		}
	}
	f.now = f.now.Add(limits.Absolute)
	if _, err := f.FindByRefresh(t.Context(), g.Refresh); err != nil {
		t.Errorf("FindByRefresh of an old token = %v, want its session", err)
	}
	_, err := f.FindByRefresh(t.Context(), secret.New("hsr_none"))
	wantFault(t, "FindByRefresh(no token)", err, fault.InvalidToken)
	unknown := f.tokens.First(store.Session{ID: store.NewSessionID(), ExpiresAt: f.now})
	_, err = f.FindByRefresh(t.Context(), unknown)
	wantFault(t, "FindByRefresh(unknown)", err, fault.SessionNotFound)
	f.wantAudit()
}

// TestIDOf reads the session out of a token of ours, and asks no database: it takes old tokens, and
// those of sessions that nobody knows.
func TestIDOf(t *testing.T) {
	f := open(t)
	id := store.NewSessionID()
	f.must(f.db.Close())
	old := f.tokens.First(store.Session{ID: id, ExpiresAt: start.Add(-time.Hour)})
	if got, ok := f.IDOf(old); got != id || !ok {
		t.Errorf("IDOf = %s, %v, want %s", got, ok, id)
	}
	foreign := token.NewRefresher(secret.NewMaster()).First(store.Session{ID: id, ExpiresAt: start.Add(time.Hour)})
	for _, text := range []secret.Text{{}, secret.New("hsr_"), foreign} {
		if got, ok := f.IDOf(text); ok || !got.IsZero() {
			t.Errorf("IDOf(%.8s…) = %s, want none", text.Reveal(), got)
		}
	}
}
