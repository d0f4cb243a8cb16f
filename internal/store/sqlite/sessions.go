package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// The statements about sessions.
var (
	insertSessionSQL = `INSERT INTO sessions (` + columns("", sessionColumns) + `, sweep_at) VALUES (` + marks(len(sessionColumns)+1) + `)`
	standingSQL      = `SELECT ` + columns("s.", sessionColumns) + `, ` + columns("u.", userColumns) + `
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?`
	liveSessionsSQL = `SELECT ` + columns("", sessionColumns) + ` FROM sessions
		WHERE user_id = ?1 AND ended_at IS NULL AND expires_at > ?2 AND last_used_at + idle_limit > ?2
		ORDER BY last_used_at DESC, id LIMIT ?3`
	allSessionsSQL = `SELECT ` + columns("", sessionColumns) + ` FROM sessions WHERE user_id = ? ORDER BY created_at DESC, id`
)

// Begin keeps a new session.
func (db *DB) Begin(ctx context.Context, b store.Beginning, now time.Time) (store.User, error) {
	var user store.User
	err := db.together(ctx, func(a act) (err error) {
		user, err = scanUser(a.row(userSQL, b.Session.User))
		if fault.HasCode(err, fault.UserNotFound) {
			return fault.New(fault.InvalidCredentials)
		}
		if err != nil {
			return err
		}
		if user.Disabled() || b.Password != "" && b.Password != user.Password {
			return fault.New(fault.InvalidCredentials)
		}
		if _, err := a.exec(insertSessionSQL, append(sessionFields(&b.Session), instant(overAt(b.Session)))...); err != nil {
			return err
		}
		if !b.Replaces.IsZero() {
			_, err = a.endLogged(one, store.Ending{Session: b.Replaces, Reason: store.EndedReplaced}, cut(now))
		}
		return err
	})
	if err != nil {
		return store.User{}, err
	}
	return user, nil
}

// overAt gives when a session is over if nothing more happens to it.
func overAt(s store.Session) time.Time {
	if idle := s.LastUsedAt.Add(s.IdleLimit); idle.Before(s.ExpiresAt) {
		return idle
	}
	return s.ExpiresAt
}

// Session gives one session with its user.
func (db *DB) Session(ctx context.Context, id store.SessionID) (store.Standing, error) {
	standing, err := scanStanding(db.reader.QueryRowContext(ctx, standingSQL, sid(id)))
	return standing, unavailable(err)
}

// scanStanding reads a row of standingSQL. The fault is session_not_found.
func scanStanding(row *sql.Row) (store.Standing, error) {
	var standing store.Standing
	err := row.Scan(standingFields(&standing)...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Standing{}, fault.New(fault.SessionNotFound)
	}
	return standing, err
}

// LiveSessions gives a user's sessions that are not over, last used first.
func (db *DB) LiveSessions(ctx context.Context, user store.UserID, now time.Time) ([]store.Session, error) {
	return scanSessions(db.reader.QueryContext(ctx, liveSessionsSQL, user, instant(now), store.MaxListed))
}

// AllSessions gives every session of a user that is kept, newest first.
func (db *DB) AllSessions(ctx context.Context, user store.UserID) ([]store.Session, error) {
	return scanSessions(db.reader.QueryContext(ctx, allSessionsSQL, user))
}

// scanSessions reads sessions' rows to their end.
func scanSessions(rows *sql.Rows, err error) ([]store.Session, error) {
	var all []store.Session
	err = each(func(rows *sql.Rows) error {
		var s store.Session
		err := rows.Scan(sessionFields(&s)...)
		all = append(all, s)
		return err
	})(rows, err)
	if err != nil {
		return nil, unavailable(err)
	}
	return all, nil
}

// EndSession ends one live session.
func (db *DB) EndSession(ctx context.Context, e store.Ending, now time.Time) error {
	which := one
	if e.Owner != "" {
		which = oneOfOwner
	}
	var n int
	err := db.together(ctx, func(a act) (err error) {
		n, err = a.endLogged(which, e, cut(now))
		return err
	})
	if err == nil && n == 0 {
		return fault.New(fault.SessionNotFound)
	}
	return err
}

// EndOtherSessions ends every live session of a user but one.
func (db *DB) EndOtherSessions(ctx context.Context, e store.Ending, now time.Time) (int, error) {
	var n int
	err := db.write(ctx, func(a act) (err error) {
		n, err = a.endLogged(otherThan, e, cut(now))
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
