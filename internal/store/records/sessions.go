package records

import (
	"context"
	"slices"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// SessionColumns are a session's, in the order of SessionFields.
var SessionColumns = []string{
	"id", "user_id",
	"generation", "nonce", "parent", "parent_forked", "forks", "rotated_at",
	"created_at", "created_ip", "created_agent",
	"last_used_at", "last_used_ip", "last_used_agent",
	"idle_limit", "expires_at", "auth_time", "amr", "acr", "remember",
	"ended_at", "end_reason", "ended_by",
}

// SessionFields returns a session's columns.
func SessionFields(s *store.Session) []any {
	return []any{
		(*SessionID)(&s.ID), &s.User,
		&s.Line.Generation, (*Nonce)(&s.Line.Nonce), (*Nonce)(&s.Line.Parent), &s.Line.ParentForked, &s.Line.Forks,
		(*Instant)(&s.Line.RotatedAt),
		(*Instant)(&s.CreatedAt), (*Address)(&s.CreatedBy.IP), &s.CreatedBy.Agent,
		(*Instant)(&s.LastUsedAt), (*Address)(&s.LastUsedBy.IP), &s.LastUsedBy.Agent,
		(*Span)(&s.IdleLimit), (*Instant)(&s.ExpiresAt), (*Instant)(&s.AuthTime), (*Words)(&s.AMR), &s.ACR, &s.Remember,
		(*Instant)(&s.EndedAt), &s.EndReason, &s.EndedBy,
	}
}

// StandingFields returns a session's columns and then its user's.
func StandingFields(s *store.Standing) []any {
	return append(SessionFields(&s.Session), UserFields(&s.User)...)
}

// sessions is the table of sessions. A row stays when its user is deleted, and says why it ended.
var sessions = Table{
	Name: "sessions", Order: "id", Columns: append(slices.Clip(SessionColumns), "sweep_at"),
	New:   func() store.Row { return new(SessionRow) },
	Owner: "user_id",
	Forget: `created_ip = '', created_agent = '', last_used_ip = '', last_used_agent = '',
		ended_by = ''`,
}

// SessionRow is a session, live or over.
type SessionRow struct {
	store.Session
	SweepAt time.Time // when it is to be looked at
}

// NewSessionRow returns the row of a new session.
func NewSessionRow(s store.Session) *SessionRow { return &SessionRow{s, s.OverAt()} }

// Table names the row's table.
func (r *SessionRow) Table() string { return sessions.Name }

// Fields returns the row's columns.
func (r *SessionRow) Fields() []any { return append(SessionFields(&r.Session), (*Instant)(&r.SweepAt)) }

// The statements about sessions.
var (
	InsertSessionSQL = sessions.Insert()
	StandingSQL      = `SELECT ` + Columns("s.", SessionColumns) + `, ` + Columns("u.", UserColumns) + `
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1`
	liveSessionsSQL = `SELECT ` + Columns("", SessionColumns) + ` FROM sessions
		WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 AND last_used_at + idle_limit > $2
		ORDER BY last_used_at DESC, id LIMIT $3`
	allSessionsSQL = `SELECT ` + Columns("", SessionColumns) + ` FROM sessions
		WHERE user_id = $1 ORDER BY created_at DESC, id`
)

// Session returns one session with its user.
func (db Records) Session(ctx context.Context, id store.SessionID) (standing store.Standing, err error) {
	err = db.db.Read(ctx, func(r Reader) error {
		standing, err = ReadStanding(r, id)
		return err
	})
	return standing, err
}

// ReadStanding reads a session and its user. The fault is session_not_found.
func ReadStanding(r Reader, id store.SessionID) (standing store.Standing, err error) {
	found, err := one(r, StandingFields(&standing), StandingSQL, SessionID(id))
	if err != nil {
		return store.Standing{}, err
	}
	if !found {
		return store.Standing{}, fault.New(fault.SessionNotFound)
	}
	return standing, nil
}

// LiveSessions returns a user's sessions that are not over, last used first.
func (db Records) LiveSessions(ctx context.Context, user store.UserID, now time.Time) ([]store.Session, error) {
	return list(ctx, db.db, SessionFields, liveSessionsSQL, user, Instant(now), store.MaxListed)
}

// AllSessions returns every session of a user that is kept, newest first.
func (db Records) AllSessions(ctx context.Context, user store.UserID) ([]store.Session, error) {
	return list(ctx, db.db, SessionFields, allSessionsSQL, user)
}

// EndOtherSessions ends every live session of a user but one.
func (db Records) EndOtherSessions(ctx context.Context, e store.Ending, now time.Time) (live int, err error) {
	err = db.db.Write(ctx, func(tx Tx) error {
		live, err = EndLogged(tx, OtherThan, e, store.Truncate(now))
		return err
	})
	if err != nil {
		return 0, err
	}
	return live, nil
}
