package postgres

import (
	"context"
	"fmt"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/store"
)

// The statements of batches.
var (
	RotateSQL   = rotateSQL
	EndBatchSQL = endBatchSQL
)

// TestingOnlyConn acquires a connection as operations get them.
func (db *DB) TestingOnlyConn(ctx context.Context) (*pgxpool.Conn, error) {
	return db.pool.Acquire(ctx)
}

// RotateBatch presents tokens in one batch, and returns what it decided of them.
func (db *DB) RotateBatch(
	ctx context.Context, now time.Time, tokens ...store.Presented,
) (outcomes []store.Outcome, err error) {
	var batch []*rotation
	for _, p := range tokens {
		batch = append(batch, &rotation{presented: p, id: p.Session.String(), now: store.Truncate(now)})
	}
	err = db.use(ctx, func(ctx context.Context, conn *pgxpool.Conn) error { return rotateBatch(ctx, conn, batch) })
	for _, r := range batch {
		outcomes = append(outcomes, r.outcome)
	}
	return outcomes, err
}

// EndBatch ends sessions in one batch, and returns how many it found.
func (db *DB) EndBatch(ctx context.Context, now time.Time, sessions ...store.SessionID) (found int, err error) {
	var batch []*ending
	for _, id := range sessions {
		what := store.Ending{Session: id, Reason: store.SignedOut}
		batch = append(batch, &ending{Ending: what, id: id.String(), now: store.Truncate(now)})
	}
	err = db.use(ctx, func(ctx context.Context, conn *pgxpool.Conn) error { return endBatch(ctx, conn, batch) })
	for _, e := range batch {
		if e.found {
			found++
		}
	}
	return found, err
}

// WithSteps returns the options with other steps behind the first schema: the next is 0002.
func (o Options) WithSteps(scripts ...string) Options {
	steps := fstest.MapFS{}
	first, err := files.ReadFile("migrations/0001_begin.sql")
	if err != nil {
		panic(err)
	}
	for i, script := range append([]string{string(first)}, scripts...) {
		name := fmt.Sprintf("migrations/%04d_step.sql", i+1)
		if i == 0 {
			name = "migrations/0001_begin.sql"
		}
		steps[name] = &fstest.MapFile{Data: []byte(script)}
	}
	o.migrations = steps
	return o
}
