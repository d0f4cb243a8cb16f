package session

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// Good tells, by the rows as they are now, whether an access token with a good signature that a user
// was given for a session is good still: the session lives, and the user may act.
func (m *Manager) TokenValid(ctx context.Context, id store.SessionID, user store.UserID, issued time.Time) (bool, error) {
	s, err := m.parts.Store.Session(ctx, id)
	if fault.HasCode(err, fault.SessionNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	lives := s.Session.Over(m.parts.Now()) == "" && !s.User.Disabled()
	return lives && s.User.ID == user && issued.Unix() > s.User.NotBefore, nil
}

// Look tells whether a refresh token would be taken now, and gives its session. Nothing changes:
// whoever looks does not use the token, and a token off the line ends nothing.
func (m *Manager) Introspect(ctx context.Context, by audit.Caller, refresh secret.Text) (store.Standing, bool, error) {
	now := m.parts.Now()
	t, err := m.parts.Refresh.Read(refresh, now)
	if err != nil {
		return store.Standing{}, false, nil // it never was one, or is no more
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
