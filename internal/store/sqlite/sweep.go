package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// overAtSQL is when a session ended, or is over if nothing more happens to it.
const overAtSQL = `coalesce(ended_at, min(expires_at, last_used_at + idle_limit))`

// dueSQL finds sessions to look at. sweep_at is when a session was over as it stood when
// it began, ended or was last looked at: a refresh moves the true time on, and leaves this one.
const dueSQL = `SELECT id FROM sessions WHERE sweep_at <= :before ORDER BY sweep_at LIMIT :limit`

// deletedSQL drops the empty rows of deleted users that no session's row needs any more.
const deletedSQL = `DELETE FROM users WHERE id IN (
	SELECT id FROM users WHERE deleted_at IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = users.id)
	ORDER BY deleted_at LIMIT ?)`

// Sweep drops what nobody needs any more.
func (db *DB) Sweep(ctx context.Context, s store.Sweeping, now time.Time) (int, error) {
	dropped, err := db.sweepSessions(ctx, s, cut(now))
	if err != nil {
		return dropped, err
	}
	var n int
	err = db.write(ctx, func(a act) (err error) {
		if n, err = a.exec(deletedSQL, s.Limit); err != nil {
			return err
		}
		dropped += n
		n, err = a.exec(`DELETE FROM revocations WHERE seq IN (
			SELECT seq FROM revocations
			WHERE seq < coalesce((SELECT min(seq) FROM revocations WHERE expires > :now), 9223372036854775807)
			ORDER BY seq LIMIT :limit)`, sql.Named("now", now.Unix()), sql.Named("limit", s.Limit))
		return err
	})
	if err != nil {
		return dropped, err
	}
	return dropped + n, nil
}

// sweepSessions drops sessions, a short act at a time, until it has dropped as many as it
// may, or none is left to look at.
func (db *DB) sweepSessions(ctx context.Context, s store.Sweeping, now time.Time) (int, error) {
	before := sql.Named("before", instant(now.Add(-s.Keep)))
	for dropped := 0; ; {
		var moved, n int
		err := db.write(ctx, func(a act) (err error) {
			moved, err = a.exec(`UPDATE sessions SET sweep_at = `+overAtSQL+`
				WHERE id IN (`+dueSQL+`) AND `+overAtSQL+` > :before`, before, sql.Named("limit", s.Limit))
			if err != nil {
				return err
			}
			n, err = a.exec(`DELETE FROM sessions WHERE id IN (`+dueSQL+`) AND `+overAtSQL+` <= :before`,
				before, sql.Named("limit", s.Limit-dropped))
			return err
		})
		if err != nil {
			return dropped, err
		}
		if dropped += n; moved == 0 || dropped >= s.Limit {
			return dropped, nil
		}
	}
}
