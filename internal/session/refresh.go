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

// Refresh exchanges a refresh token for its successor and a new access token, as the table in
// protocol.md §4 says. The faults are invalid_token (it never was one; the database is not asked),
// session_ended with its reason, superseded, and storage_unavailable, after which the same token
// still works. An expired token is presented to the store as well: only a session that was ended in
// the database stays over when the clock steps back (R4).
func (m *Manager) Refresh(ctx context.Context, by audit.Caller, refresh secret.Text) (Grant, error) {
	now := m.parts.Now() // before anything is read: protocol.md R6
	t, err := m.parts.Refresh.ReadExpired(refresh)
	if err != nil {
		m.record(ctx, by, audit.RefreshRefused, audit.Event{Reason: "not_a_token"})
		return Grant{}, fault.New(fault.InvalidToken).Because(err)
	}
	out, err := m.parts.Store.Rotate(ctx, t.Present(by.Client, m.parts.Limits.Window), now)
	if err != nil {
		return Grant{}, err
	}
	return m.answer(ctx, by, decision{t, out, now})
}

// decision is what the store decided about a presented token.
type decision struct {
	token token.Refresh
	out   store.Outcome
	now   time.Time
}

// answer turns a decision into tokens or a refusal.
func (m *Manager) answer(ctx context.Context, by audit.Caller, d decision) (Grant, error) {
	standing, event := d.out.Standing, audit.Event{User: d.out.Standing.User.ID, Session: d.token.Session}
	switch d.out.Case {
	case store.Rotated, store.Repeated:
		return m.grant(standing, m.parts.Refresh.Successor(d.token), d.now)
	case store.Ahead:
		m.record(ctx, by, audit.RowBehind, event)
		return m.grant(standing, m.parts.Refresh.Successor(d.token), d.now)
	case store.Recovered:
		m.record(ctx, by, audit.RefreshRecovered, event)
		return m.grant(standing, m.parts.Refresh.Fork(d.token), d.now)
	case store.Late:
		return Grant{}, fault.New(fault.Superseded)
	case store.Reused:
		event.Reason = string(store.ReuseDetected)
		m.record(ctx, by, audit.RefreshReused, event)
		return Grant{}, m.over(ctx, store.ReuseDetected)
	case store.Ended:
		reason := endReason(standing, d.now)
		event.Reason = string(reason)
		m.record(ctx, by, audit.RefreshRefused, event)
		return Grant{}, m.over(ctx, reason)
	}
	return Grant{}, fmt.Errorf("rotate returned case %d", d.out.Case)
}

// endReason returns why a session is over. A session of which nothing is known any more (it was
// swept, or the database was restored) has expired, as far as the user is concerned.
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

// over returns the fault session_ended with its reason. Before that, this node refuses the
// session's access tokens as well, whoever ended it: another request, another node, or one whose
// answer failed.
func (m *Manager) over(ctx context.Context, reason store.EndReason) error {
	if err := m.parts.Revocations.CatchUp(ctx); err != nil {
		return err
	}
	f := fault.New(fault.SessionEnded)
	f.Reason = string(reason)
	return f
}
