// Package session owns a sign-in on a device: how it begins, how long it lives, how its tokens are
// renewed, and every way it ends. It knows nothing of cookies; web does.
package session

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/token"
)

// Limits say how long sessions live. They are written on the row when it begins.
type Limits struct {
	Idle        time.Duration // unused this long, a session is over
	BrowserIdle time.Duration // the same, for one that the browser forgets when it closes
	Absolute    time.Duration // however much used
	ACR         string        // what a password alone is worth
	Window      store.Window  // how late a refresh token may come again
}

// Store is what a Manager needs kept.
type Store interface {
	store.Sessions
	EndEverything(ctx context.Context, e store.Ending, clock store.Clock) (int, error)
}

// Manager begins, renews, lists and ends sessions.
type Manager struct{ parts Parts }

// Parts are what a Manager works with.
type Parts struct {
	Store       Store
	Access      *token.Minter
	Refresh     *token.Refresher
	Revocations *revocation.Log
	Log         *audit.Log
	Limits      Limits
	Now         func() time.Time
}

// New makes a Manager.
func New(p Parts) *Manager { return &Manager{p} }

// Grant is a session and the tokens for it, as a client gets them.
type Grant struct {
	Session store.Session
	User    store.User
	Access  token.Access
	Refresh secret.Text
}

// Start is a sign-in whose password was checked.
type Start struct {
	User     store.UserID
	Password store.PasswordHash // what was checked; the row must still hold it
	Remember bool               // the client keeps its token when it closes
	Replaces store.SessionID    // a session that the client presented; zero: none
}

// Begin signs a user in. The fault is invalid_credentials if, since the check, the user was
// disabled or got another password.
func (m *Manager) Begin(ctx context.Context, by audit.Caller, s Start) (Grant, error) {
	now := m.parts.Now()
	session := m.newRow(by, s, now)
	b := store.Beginning{Session: session, Password: s.Password, Replaces: s.Replaces}
	user, err := m.parts.Store.Begin(ctx, b, now)
	if err != nil {
		return Grant{}, err
	}
	if !s.Replaces.IsZero() {
		m.record(ctx, by, audit.SessionEnded, audit.Event{Session: s.Replaces, Reason: string(store.EndedReplaced)})
		if err := m.parts.Revocations.CatchUp(ctx); err != nil {
			return Grant{}, err
		}
	}
	m.record(ctx, by, audit.SessionBegun, audit.Event{User: user.ID, Session: session.ID})
	return m.grant(store.Standing{Session: session, User: user}, m.parts.Refresh.First(session), now)
}

// record writes an event with this name to the audit log.
func (m *Manager) record(ctx context.Context, by audit.Caller, name audit.Name, e audit.Event) {
	e.Name = name
	m.parts.Log.Record(ctx, by, e)
}

// newRow returns the row of a session that begins now.
func (m *Manager) newRow(by audit.Caller, s Start, now time.Time) store.Session {
	now = now.Truncate(time.Millisecond)
	row := store.Session{
		ID:        store.NewSessionID(),
		User:      s.User,
		Line:      store.Line{Nonce: token.NewNonce(), RotatedAt: now},
		CreatedAt: now, CreatedBy: by.Client,
		LastUsedAt: now, LastUsedBy: by.Client,
		IdleLimit: m.parts.Limits.BrowserIdle,
		ExpiresAt: now.Add(m.parts.Limits.Absolute).Truncate(time.Second),
		AuthTime:  now.Truncate(time.Second), AMR: []string{"pwd"}, ACR: m.parts.Limits.ACR,
		Remember: s.Remember,
	}
	if s.Remember {
		row.IdleLimit = m.parts.Limits.Idle
	}
	return row
}

// grant mints the access token that goes with a refresh token, and returns both.
func (m *Manager) grant(s store.Standing, refresh secret.Text, now time.Time) (Grant, error) {
	access, err := m.parts.Access.Mint(s, now)
	if err != nil {
		return Grant{}, err
	}
	return Grant{s.Session, s.User, access, refresh}, nil
}

// Live returns the caller's own sessions that are not over, last used first.
func (m *Manager) Live(ctx context.Context, by audit.Caller) ([]store.Session, error) {
	return m.parts.Store.LiveSessions(ctx, by.User, m.parts.Now())
}

// Export returns every session of the caller's that is kept, live or over, newest first, as part of
// all that is kept about the caller. It leaves a line in the audit log.
func (m *Manager) Export(ctx context.Context, by audit.Caller) ([]store.Session, error) {
	all, err := m.parts.Store.AllSessions(ctx, by.User)
	if err == nil {
		m.record(ctx, by, audit.UserExported, audit.Event{User: by.User, Count: len(all)})
	}
	return all, err
}

// LiveOf returns any user's sessions that are not over, for the operator.
func (m *Manager) LiveOf(ctx context.Context, by audit.Caller, user store.UserID) ([]store.Session, error) {
	if err := by.MustOperate(); err != nil {
		return nil, err
	}
	return m.parts.Store.LiveSessions(ctx, user, m.parts.Now())
}

// FindByRefresh returns the session that a refresh token names, live or over, to show why it ended.
// It changes nothing. The faults are invalid_token and session_not_found.
func (m *Manager) FindByRefresh(ctx context.Context, refresh secret.Text) (store.Standing, error) {
	t, err := m.parts.Refresh.ReadExpired(refresh)
	if err != nil {
		return store.Standing{}, fault.New(fault.InvalidToken).Because(err)
	}
	return m.parts.Store.Session(ctx, t.Session)
}

// IDOf returns the session that a refresh token of ours names, expired or not, without looking it
// up. It reports whether the token is ours.
func (m *Manager) IDOf(refresh secret.Text) (store.SessionID, bool) {
	t, err := m.parts.Refresh.ReadExpired(refresh)
	return t.Session, err == nil
}
