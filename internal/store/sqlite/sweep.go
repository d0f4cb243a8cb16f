package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// overAtSQL is when a session ended, or is over if nothing more happens to it.
const overAtSQL = `coalesce(ended_at, min(expires_at, last_used_at + idle_limit))`

// dueSQL finds sessions to look at. sweep_at is when a session was over as it stood when
// it began, ended or was last looked at: a refresh moves the true time on, and leaves this one.
const dueSQL = `SELECT id FROM sessions WHERE sweep_at <= :before ORDER BY sweep_at LIMIT :limit`

// SweepSessions drops sessions, a short transaction at a time, until it has dropped as many as it
// may, or none is left to look at.
func (db shared) SweepSessions(ctx context.Context, s store.Sweeping, now time.Time) (int, error) {
	before := sql.Named("before", records.Instant(now.Add(-s.Keep)))
	for dropped := 0; ; {
		var moved, n int
		err := db.write(ctx, func(t tx) (err error) {
			moved, err = t.Exec(`UPDATE sessions SET sweep_at = `+overAtSQL+`
				WHERE id IN (`+dueSQL+`) AND `+overAtSQL+` > :before`, before, sql.Named("limit", s.Limit))
			if err != nil {
				return err
			}
			n, err = t.Exec(`DELETE FROM sessions WHERE id IN (`+dueSQL+`) AND `+overAtSQL+` <= :before`,
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
