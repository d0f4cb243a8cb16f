package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/store"
)

// DB has a clock.
var _ store.Timekeeper = (*DB)(nil)

// offsetTries is how often the clocks are compared; the quickest answer counts.
const offsetTries = 5

// Offset returns by how much the database's clock is ahead of this machine's. It was read somewhere
// within a round trip: the middle of the quickest of several is off by half of that at most.
func (db *DB) Offset(ctx context.Context) (ahead, within time.Duration, err error) {
	err = db.use(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		within = time.Hour
		for range offsetTries {
			var micros int64
			sent := time.Now()
			// The one place that asks the database for the time, which is never stored.
			err := conn.QueryRow(ctx, `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`).Scan(&micros)
			if err != nil {
				return err
			}
			if half := time.Since(sent) / 2; half < within {
				within, ahead = half, time.UnixMicro(micros).Sub(sent.Round(0).Add(half))
			}
		}
		return nil
	})
	return ahead, within, err
}
