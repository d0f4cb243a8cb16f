package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/store/batch"
)

// The bounds of a batch.
const (
	mostTogether = 256                  // in one statement
	hurry        = 2 * time.Millisecond // for a batch under way, before another begins beside it
)

// item is an act that somebody waits for, and that is tried in a batch first.
type item interface {
	fail(err error) // nothing came of the batch, and nothing else is to be tried
}

// newBatches gives what makes batches of acts. do leaves those that it could not do, and they go on by themselves; so do
// all of them when the database refuses what do asks: nobody fails for a neighbour.
func newBatches[T item](db *DB, do func(context.Context, *pgxpool.Conn, []T) error) *batch.Batcher[T] {
	return &batch.Batcher[T]{Most: mostTogether, Hurry: hurry, Turn: func(ctx context.Context) (func([]T), error) {
		conn, err := db.acquire(ctx)
		if err != nil {
			return nil, err
		}
		return func(those []T) {
			defer conn.Release()
			ctx, cancel := context.WithTimeout(context.Background(), db.limit)
			defer cancel()
			err := do(ctx, conn, those)
			if code(err) == readOnly { // as in once
				_ = conn.Conn().Close(ctx)
			}
			if err == nil || code(err) != "" {
				return
			}
			for _, one := range those {
				one.fail(err)
			}
		}, nil
	}}
}
