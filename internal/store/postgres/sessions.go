package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// beginSQL keeps a session of a user who may sign in, and gives the user, who may not. The user's row is locked against
// acts that refuse her tokens, end her sessions or change her password: they come before, and are seen here, or
// wait, and find the new session.
var beginSQL = `WITH holder AS MATERIALIZED (` + userSQLOf(2) + ` FOR SHARE), kept AS (
		INSERT INTO sessions (` + columns("", sessionColumns) + `, sweep_at, not_before)
		SELECT ` + marks(len(sessionColumns)+1) + `, not_before FROM holder
		WHERE disabled_at IS NULL AND ($25 = '' OR password = $25)
	)
	SELECT * FROM holder`

// The statements about sessions.
var (
	standingSQL = `SELECT ` + columns("s.", sessionColumns) + `, ` + columns("u.", userColumns) + `
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1`
	liveSessionsSQL = `SELECT ` + columns("", sessionColumns) + ` FROM sessions
		WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 AND last_used_at + idle_limit > $2
		ORDER BY last_used_at DESC, id LIMIT $3`
	allSessionsSQL = `SELECT ` + columns("", sessionColumns) + ` FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id`
)

// Begin keeps a new session.
func (db *DB) Begin(ctx context.Context, b store.Beginning, now time.Time) (user store.User, err error) {
	if !keepable(b.Session.User) {
		return store.User{}, fault.New(fault.InvalidCredentials)
	}
	fields := append(sessionFields(&b.Session), instant(overAt(b.Session)), b.Password)
	begin := func(row pgx.Row) (err error) {
		user, err = scanUser(row)
		if fault.HasCode(err, fault.UserNotFound) || err == nil && (user.Disabled() || b.Password != "" && b.Password != user.Password) {
			return fault.New(fault.InvalidCredentials)
		}
		return err
	}
	if b.Replaces.IsZero() {
		err = db.row(ctx, begin, beginSQL, fields...)
	} else {
		err = db.write(ctx, func(a act) error {
			if err := begin(a.row(beginSQL, fields...)); err != nil {
				return err
			}
			_, err := a.endLogged(one, store.Ending{Session: b.Replaces, Reason: store.EndedReplaced}, cut(now))
			return err
		})
	}
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
	var standing store.Standing
	err := db.row(ctx, func(row pgx.Row) (err error) {
		standing, err = scanStanding(row)
		return err
	}, standingSQL, sid(id))
	return standing, err
}

// scanStanding reads a row of a session and its user. The fault is session_not_found.
func scanStanding(row pgx.Row) (store.Standing, error) {
	var standing store.Standing
	err := row.Scan(standingFields(&standing)...)
	if err != nil {
		return store.Standing{}, noSession(err)
	}
	return standing, nil
}

// noSession gives the fault session_not_found for a query that found no row.
func noSession(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.SessionNotFound)
	}
	return err
}

// LiveSessions gives a user's sessions that are not over, last used first.
func (db *DB) LiveSessions(ctx context.Context, user store.UserID, now time.Time) ([]store.Session, error) {
	if !keepable(user) {
		return nil, nil
	}
	return list(ctx, db, scanSession, liveSessionsSQL, user, now.UnixMilli(), store.MaxListed)
}

// AllSessions gives every session of a user that is kept, newest first.
func (db *DB) AllSessions(ctx context.Context, user store.UserID) ([]store.Session, error) {
	if !keepable(user) {
		return nil, nil
	}
	return list(ctx, db, scanSession, allSessionsSQL, user)
}

// scanSession reads a session's row.
func scanSession(row pgx.Row) (s store.Session, err error) {
	err = row.Scan(sessionFields(&s)...)
	return s, err
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
