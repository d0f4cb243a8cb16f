package records

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// deletedSQL drops the empty rows of deleted users that no session's row needs any more.
const deletedSQL = `DELETE FROM users WHERE id IN (
	SELECT id FROM users WHERE deleted_at IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = users.id)
	ORDER BY deleted_at LIMIT $1)`

// expiredEntriesSQL drops what has expired from the log's start, up to the first that has not.
const expiredEntriesSQL = `DELETE FROM revocations WHERE seq IN (
	SELECT seq FROM revocations
	WHERE seq < coalesce((SELECT min(seq) FROM revocations WHERE expires > $1), 9223372036854775807)
	ORDER BY seq LIMIT $2)`

// expiredSQL returns the statement that drops the expired rows of a table.
func (t Table) expiredSQL() string {
	return `DELETE FROM ` + t.Name + ` WHERE ` + t.Order + ` IN (
		SELECT ` + t.Order + ` FROM ` + t.Name + ` WHERE ` + t.Expires + ` <= $1 ORDER BY ` + t.Expires + ` LIMIT $2)`
}

// Sweep drops what nobody needs any more.
func (db Records) Sweep(ctx context.Context, s store.Sweeping, now time.Time) (int, error) {
	dropped, err := db.db.SweepSessions(ctx, s, store.Truncate(now))
	if err != nil {
		return dropped, err
	}
	var n int
	err = db.db.Write(ctx, func(tx Tx) (err error) {
		n, err = sweepOthers(tx, s.Limit, now)
		return err
	})
	if err != nil {
		return dropped, err
	}
	return dropped + n, nil
}

// sweepOthers drops up to limit rows of each kind but sessions, and returns their number.
func sweepOthers(tx Tx, limit int, now time.Time) (int, error) {
	dropped, err := tx.Exec(deletedSQL, limit)
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(expiredEntriesSQL, now.Unix(), limit)
	dropped += n
	for _, t := range Tables {
		if err != nil {
			return 0, err
		}
		if t.Expires != "" {
			n, err = tx.Exec(t.expiredSQL(), Instant(now), limit)
			dropped += n
		}
	}
	return dropped, err
}
