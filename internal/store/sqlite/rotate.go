package sqlite

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// saveUseSQL writes what a use changes of a session.
const saveUseSQL = `UPDATE sessions SET ` + records.UseSQL + ` WHERE id = $1`

// Rotate decides what a presented refresh token is worth.
func (db *DB) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	var outcome store.Outcome
	err := db.writeBatched(ctx, func(t tx) (err error) {
		outcome, err = records.Rotate(t, t, p, store.Truncate(now))
		return err
	})
	if err != nil {
		return store.Outcome{}, err
	}
	return outcome, nil
}

// LockStanding reads a session with its user. There is nothing to lock: nobody else writes.
func (t tx) LockStanding(id store.SessionID) (store.Standing, error) {
	return records.ReadStanding(t, id)
}

// SaveUse writes what a use changes of a session.
func (t tx) SaveUse(_ store.Standing, after store.Session) error {
	_, err := t.Exec(saveUseSQL, records.UseFields(after)...)
	return err
}
