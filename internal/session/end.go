package session

import (
	"cmp"
	"context"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// SignOut ends a session whose credential was presented: its refresh token or its access
// token. It may be over already; signing out twice is signing out.
func (m *Manager) SignOut(ctx context.Context, by audit.Caller, id store.SessionID) error {
	err := m.end(ctx, by, store.Ending{Session: id, Reason: store.SignedOut})
	if fault.HasCode(err, fault.SessionNotFound) {
		return nil
	}
	return err
}

// End ends one of the caller's own sessions, or anybody's if the operator asks. The fault is
// session_not_found if there is no such session, it is over, or it is somebody else's.
func (m *Manager) End(ctx context.Context, by audit.Caller, id store.SessionID) error {
	if by.MustOperate() == nil {
		return m.end(ctx, by, store.Ending{Session: id, Reason: store.EndedByAdmin})
	}
	if err := by.MustSignIn(); err != nil {
		return err
	}
	return m.end(ctx, by, store.Ending{Session: id, Owner: by.User, Reason: store.EndedByUser, By: by.DeviceName()})
}

// end ends one session, and this node refuses it before end returns. That holds for a session that
// is over already, too: another request, or another node, may have ended it just now.
func (m *Manager) end(ctx context.Context, by audit.Caller, e store.Ending) error {
	before := m.parts.Revocations.Place()
	if err := m.parts.Store.EndSession(ctx, e, m.parts.Now()); err != nil {
		if fault.HasCode(err, fault.SessionNotFound) {
			return cmp.Or(m.parts.Revocations.CatchUp(ctx), err)
		}
		return err
	}
	m.record(ctx, by, audit.SessionEnded, audit.Event{User: e.Owner, Session: e.Session, Reason: string(e.Reason)})
	return m.parts.Revocations.AwaitEnd(ctx, before, e.Session.String())
}

// EndOthers ends every session of the caller but the one that asks, and returns their number.
func (m *Manager) EndOthers(ctx context.Context, by audit.Caller) (int, error) {
	if err := by.MustSignIn(); err != nil {
		return 0, err
	}
	e := store.Ending{Session: by.Session, Owner: by.User, Reason: store.EndedByUser, By: by.DeviceName()}
	n, err := m.parts.Store.EndOtherSessions(ctx, e, m.parts.Now())
	if err != nil {
		return 0, err
	}
	m.record(ctx, by, audit.SessionEnded, audit.Event{User: by.User, Reason: string(e.Reason), Count: n})
	return n, m.parts.Revocations.CatchUp(ctx)
}

// EndEverything ends every session of everybody, for the operator, and refuses every access token
// issued so far. It returns the number of sessions that it ended.
func (m *Manager) EndEverything(ctx context.Context, by audit.Caller) (int, error) {
	if err := by.MustOperate(); err != nil {
		return 0, err
	}
	e := store.Ending{Reason: store.EndedByAdmin, By: by.DeviceName()}
	n, err := m.parts.Store.EndEverything(ctx, e, m.parts.Now)
	if err != nil {
		return 0, err
	}
	m.record(ctx, by, audit.EverythingEnded, audit.Event{Reason: string(e.Reason), Count: n})
	return n, m.parts.Revocations.CatchUp(ctx)
}
