package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/store"
)

// The statements of batches.
var (
	RotateSQL = rotateSQL
	PartSQL   = partSQL
)

// TestingOnlyConn lends a connection as verbs get them.
func (db *DB) TestingOnlyConn(ctx context.Context) (*pgxpool.Conn, error) {
	return db.pool.Acquire(ctx)
}

// RotateTogether presents tokens in one batch, and gives what it decided of them.
func (db *DB) RotateTogether(ctx context.Context, now time.Time, those ...store.Presented) (outcomes []store.Outcome, err error) {
	var batch []*rotation
	for _, p := range those {
		batch = append(batch, &rotation{presented: p, id: p.Session.String(), now: cut(now)})
	}
	err = db.use(ctx, func(ctx context.Context, conn *pgxpool.Conn) error { return rotateTogether(ctx, conn, batch) })
	for _, r := range batch {
		outcomes = append(outcomes, r.outcome)
	}
	return outcomes, err
}

// PartTogether ends sessions in one batch, and gives how many it found.
func (db *DB) PartTogether(ctx context.Context, now time.Time, those ...store.SessionID) (found int, err error) {
	var batch []*parting
	for _, id := range those {
		batch = append(batch, &parting{Ending: store.Ending{Session: id, Reason: store.SignedOut}, id: id.String(), now: cut(now)})
	}
	err = db.use(ctx, func(ctx context.Context, conn *pgxpool.Conn) error { return partTogether(ctx, conn, batch) })
	for _, p := range batch {
		if p.found {
			found++
		}
	}
	return found, err
}
