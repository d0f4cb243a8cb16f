package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/store/batch"
)

// The bounds of a batch.
const (
	batchSize    = 256                  // in one statement
	overlapAfter = 2 * time.Millisecond // how long a batch may run before the next is begun beside it
)

// request is what a caller waits for, and what is tried in a batch first.
type request interface {
	fail(err error) // the batch came to nothing, and nothing else is to be tried
}

// newBatches returns what makes batches of requests. do leaves those that it could not do, and
// they go on by themselves; so do all of them when the database refuses what do asks: none fails
// because of another.
func newBatches[T request](db *DB, do func(context.Context, *pgxpool.Conn, []T) error) *batch.Batcher[T] {
	turn := func(ctx context.Context) (func([]T), error) {
		conn, err := db.acquire(ctx)
		if err != nil {
			return nil, err
		}
		return func(requests []T) {
			defer conn.Release()
			ctx, cancel := context.WithTimeout(context.Background(), db.limit)
			defer cancel()
			err := do(ctx, conn, requests)
			if code(err) == readOnly { // as in once
				_ = conn.Conn().Close(ctx)
			}
			if err == nil || code(err) != "" {
				return
			}
			for _, one := range requests {
				one.fail(err)
			}
		}, nil
	}
	return &batch.Batcher[T]{Size: batchSize, OverlapAfter: overlapAfter, Turn: turn}
}
