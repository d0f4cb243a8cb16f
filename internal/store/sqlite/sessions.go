package sqlite

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// Begin keeps a new session.
func (db *DB) Begin(ctx context.Context, b store.Beginning, now time.Time) (user store.User, err error) {
	err = db.writeBatched(ctx, func(t tx) (err error) {
		user, err = t.LockUser(b.Session.User)
		if fault.HasCode(err, fault.UserNotFound) {
			return fault.New(fault.InvalidCredentials)
		}
		if err != nil {
			return err
		}
		if !b.Allowed(user) {
			return fault.New(fault.InvalidCredentials)
		}
		if _, err := t.Exec(records.InsertSessionSQL, records.NewSessionRow(b.Session).Fields()...); err != nil {
			return err
		}
		if !b.Replaces.IsZero() {
			replaced := store.Ending{Session: b.Replaces, Reason: store.EndedReplaced}
			_, err = records.EndLogged(t, records.One, replaced, store.Truncate(now))
		}
		return err
	})
	if err != nil {
		return store.User{}, err
	}
	return user, nil
}

// EndSession ends one live session.
func (db *DB) EndSession(ctx context.Context, e store.Ending, now time.Time) error {
	var live int
	err := db.writeBatched(ctx, func(t tx) (err error) {
		live, err = records.EndLogged(t, records.WhichOne(e), e, store.Truncate(now))
		return err
	})
	if err == nil && live == 0 {
		return fault.New(fault.SessionNotFound)
	}
	return err
}
