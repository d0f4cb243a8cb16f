package postgres

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// beginSQL keeps a session of a user who may sign in, and returns the user, who may not. The
// user's row is locked against transactions that refuse its tokens, end its sessions or change its
// password: they come before, and are seen here, or wait, and find the new session.
var beginSQL = `WITH holder AS MATERIALIZED (
		SELECT ` + records.Columns("", records.UserColumns) + ` FROM users
		WHERE id = $2 AND deleted_at IS NULL FOR SHARE),
	kept AS (
		INSERT INTO sessions (` + records.Columns("", records.SessionColumns) + `, sweep_at, not_before)
		SELECT ` + records.Marks(len(records.SessionColumns)+1) + `, not_before FROM holder
		WHERE disabled_at IS NULL AND ($25 = '' OR password = $25))
	SELECT * FROM holder`

// Begin keeps a new session.
func (db *DB) Begin(ctx context.Context, b store.Beginning, now time.Time) (user store.User, err error) {
	begin := func(r records.Reader) (err error) {
		user, err = records.ReadUser(r, beginSQL, append(records.NewSessionRow(b.Session).Fields(), b.Password)...)
		if fault.HasCode(err, fault.UserNotFound) || err == nil && !b.Allowed(user) {
			return fault.New(fault.InvalidCredentials)
		}
		return err
	}
	if b.Replaces.IsZero() {
		err = shared{db}.Read(ctx, begin)
	} else {
		err = db.write(ctx, func(t tx) error {
			if err := begin(t); err != nil {
				return err
			}
			replaced := store.Ending{Session: b.Replaces, Reason: store.EndedReplaced}
			_, err := records.EndLogged(t, records.One, replaced, store.Truncate(now))
			return err
		})
	}
	if err != nil {
		return store.User{}, err
	}
	return user, nil
}
