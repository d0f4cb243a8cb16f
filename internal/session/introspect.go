package session

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// TokenValid reports whether a user's access token for a session is still valid according to the
// database: the session is live, the user is active, and the token was issued after the last time
// that all of the user's tokens were refused. The caller has checked the signature.
func (m *Manager) TokenValid(
	ctx context.Context, id store.SessionID, user store.UserID, issued time.Time,
) (bool, error) {
	s, err := m.parts.Store.Session(ctx, id)
	if fault.HasCode(err, fault.SessionNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	live := s.Session.Over(m.parts.Now()) == "" && !s.User.Disabled()
	return live && s.User.ID == user && issued.Unix() > s.User.NotBefore, nil
}

// Introspect reports whether a refresh token would be accepted now, and returns its session.
// Nothing changes: the token is not used, and one off the line ends nothing.
func (m *Manager) Introspect(ctx context.Context, by audit.Caller, refresh secret.Text) (store.Standing, bool, error) {
	now := m.parts.Now()
	t, err := m.parts.Refresh.Read(refresh, now)
	if err != nil {
		return store.Standing{}, false, nil // it never was one, or has expired
	}
	s, err := m.parts.Store.Session(ctx, t.Session)
	if fault.HasCode(err, fault.SessionNotFound) {
		return store.Standing{}, false, nil
	}
	if err != nil {
		return store.Standing{}, false, err
	}
	switch store.Judge(s, t.Present(by.Client, m.parts.Limits.Window), now) {
	case store.Rotated, store.Repeated, store.Recovered, store.Ahead:
		return s, true, nil
	}
	return s, false, nil
}
