package session

import (
	"context"
	"fmt"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/token"
)

// Refresh trades a refresh token for its successor and a new access token, as the table in
// protocol.md §4 says. The faults are invalid_token (never was one; the database is not
// asked), session_ended with its reason, superseded, and storage_unavailable, after which the
// same token works again. A token past its expiry is presented too: only a session that was
// ended in the database stays over when the clock steps back (R4).
func (m *Manager) Refresh(ctx context.Context, by audit.Caller, refresh secret.Text) (Grant, error) {
	now := m.parts.Now() // before anything is read: protocol.md R6
	t, err := m.parts.Refresh.ReadExpired(refresh)
	if err != nil {
		m.parts.Log.Record(ctx, by, audit.Event{Name: audit.RefreshRefused, Reason: "not_a_token"})
		return Grant{}, fault.New(fault.InvalidToken).Because(err)
	}
	out, err := m.parts.Store.Rotate(ctx, t.Present(by.Client, m.parts.Limits.Window), now)
	if err != nil {
		return Grant{}, err
	}
	return m.answer(ctx, by, t, out, now)
}

// answer turns what the store decided into tokens or a refusal.
func (m *Manager) answer(ctx context.Context, by audit.Caller, t token.Refresh, out store.Outcome, now time.Time) (Grant, error) {
	event := audit.Event{User: out.Standing.User.ID, Session: t.Session}
	switch out.Case {
	case store.Rotated, store.Repeated:
		return m.grant(out.Standing, m.parts.Refresh.Successor(t), now)
	case store.Ahead:
		event.Name = audit.RowBehind
		m.parts.Log.Record(ctx, by, event)
		return m.grant(out.Standing, m.parts.Refresh.Successor(t), now)
	case store.Recovered:
		event.Name = audit.RefreshRecovered
		m.parts.Log.Record(ctx, by, event)
		return m.grant(out.Standing, m.parts.Refresh.Fork(t), now)
	case store.Late:
		return Grant{}, fault.New(fault.Superseded)
	case store.Reused:
		event.Name, event.Reason = audit.RefreshReused, string(store.ReuseDetected)
		m.parts.Log.Record(ctx, by, event)
		return Grant{}, m.over(ctx, store.ReuseDetected)
	case store.Ended:
		reason := endReason(out.Standing, now)
		event.Name, event.Reason = audit.RefreshRefused, string(reason)
		m.parts.Log.Record(ctx, by, event)
		return Grant{}, m.over(ctx, reason)
	}
	return Grant{}, fmt.Errorf("rotate gave case %d", out.Case)
}

// endReason says why a session is over. One that nothing is known of any more (swept, or
// of a database that was restored) has expired, as far as the person is concerned.
func endReason(s store.Standing, now time.Time) store.EndReason {
	if s.Session.ID.IsZero() {
		return store.EndedExpired
	}
	if reason := s.Session.Over(now); reason != "" {
		return reason
	}
	if s.User.Disabled() {
		return store.UserDisabled
	}
	return store.EndedExpired
}

// over is the refusal that tells why. Before it is given this node refuses the session's access
// tokens as well, whoever ended it: another request, another node, or one whose answer failed.
func (m *Manager) over(ctx context.Context, reason store.EndReason) error {
	if err := m.parts.Revocations.CatchUp(ctx); err != nil {
		return err
	}
	f := fault.New(fault.SessionEnded)
	f.Reason = string(reason)
	return f
}
