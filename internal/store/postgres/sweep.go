package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/store"
)

// bite is how many sessions are looked at in one act: a refresh of one of them waits until it ends.
const bite = 100

// dueSQL finds sessions to look at, and when they were over; one that somebody is using is left for
// the next time. sweep_at is when a session was over as it stood when it began, ended or was last
// looked at: a refresh moves the true time on, and leaves this one.
const dueSQL = `SELECT id, coalesce(ended_at, least(expires_at, last_used_at + idle_limit)) FROM sessions
	WHERE sweep_at <= $1 ORDER BY sweep_at LIMIT $2 FOR UPDATE SKIP LOCKED`

// deletedSQL drops the empty rows of deleted users that no session's row needs any more.
const deletedSQL = `DELETE FROM users WHERE id IN (
	SELECT id FROM users WHERE deleted_at IS NOT NULL
		AND NOT EXISTS (SELECT FROM sessions WHERE sessions.user_id = users.id)
	ORDER BY deleted_at LIMIT $1 FOR UPDATE SKIP LOCKED)`

// expiredSQL drops what has expired from the log's start, up to the first that has not.
const expiredSQL = `DELETE FROM revocations WHERE seq IN (
	SELECT seq FROM revocations
	WHERE seq < coalesce((SELECT min(seq) FROM revocations WHERE expires > $1), 9223372036854775807)
	ORDER BY seq LIMIT $2)`

// Sweep drops what nobody needs any more.
func (db *DB) Sweep(ctx context.Context, s store.Sweeping, now time.Time) (int, error) {
	dropped, err := db.sweepSessions(ctx, s, cut(now))
	if err != nil {
		return dropped, err
	}
	for _, rest := range []struct {
		query string
		args  []any
	}{{deletedSQL, []any{s.Limit}}, {expiredSQL, []any{now.Unix(), s.Limit}}} {
		var n int
		err := db.write(ctx, func(a act) (err error) {
			n, err = a.exec(rest.query, rest.args...)
			return err
		})
		if err != nil {
			return dropped, err
		}
		dropped += n
	}
	return dropped, nil
}

// sweepSessions drops sessions, a bite at a time, until it has dropped as many as it may, or
// none is left to look at.
func (db *DB) sweepSessions(ctx context.Context, s store.Sweeping, now time.Time) (int, error) {
	before := now.Add(-s.Keep).UnixMilli()
	for dropped := 0; ; {
		var n int
		most := min(bite, s.Limit-dropped)
		var found []due
		err := db.write(ctx, func(a act) (err error) {
			if found, err = all(a.ctx, a.tx, scanDue, dueSQL, before, most); err != nil {
				return err
			}
			n, err = a.sweep(found, before)
			return err
		})
		if err != nil {
			return dropped, err
		}
		if dropped += n; len(found) < most || dropped >= s.Limit {
			return dropped, nil
		}
	}
}

// due is a session to look at.
type due struct {
	id     string
	overAt int64
}

// scanDue reads a row of dueSQL.
func scanDue(row pgx.Row) (d due, err error) {
	err = row.Scan(&d.id, &d.overAt)
	return d, err
}

// sweep drops those that were over before, and gives their number; the others are looked at again
// when they are.
func (a act) sweep(found []due, before int64) (int, error) {
	var gone, moved []string
	var to []int64
	for _, d := range found {
		if d.overAt <= before {
			gone = append(gone, d.id)
		} else {
			moved, to = append(moved, d.id), append(to, d.overAt)
		}
	}
	if len(moved) > 0 {
		_, err := a.exec(`UPDATE sessions SET sweep_at = m.sweep_at
			FROM unnest($1::text[], $2::bigint[]) AS m (id, sweep_at) WHERE sessions.id = m.id`, moved, to)
		if err != nil {
			return 0, err
		}
	}
	if len(gone) == 0 {
		return 0, nil
	}
	return a.exec(`DELETE FROM sessions WHERE id = ANY($1)`, gone)
}
