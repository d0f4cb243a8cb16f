package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
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
