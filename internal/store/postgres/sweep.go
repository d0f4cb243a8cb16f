package postgres

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// sweepBatch is how many sessions one transaction examines: a refresh of one of them waits until
// it ends.
const sweepBatch = 100

// dueSQL finds sessions to look at, and when they were over; one that somebody is using is left for
// the next time. sweep_at is when a session was over as it stood when it began, ended or was last
// looked at: a refresh moves the true time on, and leaves this one.
const dueSQL = `SELECT id, coalesce(ended_at, least(expires_at, last_used_at + idle_limit)) FROM sessions
	WHERE sweep_at <= $1 ORDER BY sweep_at LIMIT $2 FOR UPDATE SKIP LOCKED`

// SweepSessions drops sessions, sweepBatch at a time, until it has dropped as many as it may, or
// none is left to look at.
func (db shared) SweepSessions(ctx context.Context, s store.Sweeping, now time.Time) (int, error) {
	before := now.Add(-s.Keep).UnixMilli()
	for dropped := 0; ; {
		var n int
		most := min(sweepBatch, s.Limit-dropped)
		var found []due
		err := db.write(ctx, func(t tx) (err error) {
			if found, err = t.findDue(before, most); err != nil {
				return err
			}
			n, err = t.sweep(found, before)
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

// findDue locks up to limit sessions to look at.
func (t tx) findDue(before int64, limit int) (found []due, err error) {
	err = t.Each(func(row records.Scanner) error {
		var d due
		err := row.Scan(&d.id, &d.overAt)
		found = append(found, d)
		return err
	}, dueSQL, before, limit)
	return found, err
}

// sweep drops those that were over before, and returns their number; the others are looked at again
// when they are.
func (t tx) sweep(found []due, before int64) (int, error) {
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
		_, err := t.Exec(`UPDATE sessions SET sweep_at = m.sweep_at
			FROM unnest($1::text[], $2::bigint[]) AS m (id, sweep_at) WHERE sessions.id = m.id`, moved, to)
		if err != nil {
			return 0, err
		}
	}
	if len(gone) == 0 {
		return 0, nil
	}
	return t.Exec(`DELETE FROM sessions WHERE id = ANY($1)`, gone)
}
