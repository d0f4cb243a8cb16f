package records

import (
	"time"
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

// Sweep drops up to limit rows of each kind but sessions that nobody needs any more, and returns
// their number.
func Sweep(tx Tx, limit int, now time.Time) (int, error) {
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
