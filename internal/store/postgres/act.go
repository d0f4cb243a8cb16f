package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// attempts is how often an act is tried that the database had to give up for another's sake.
const attempts = 6

// use does one thing with one connection. Everything goes through here. What the database gave
// up for another's sake is done again from the start; do must therefore set whatever it gives.
//
// The caller's context counts until there is a connection. From then on it is a matter of
// milliseconds, and is finished: a caller who gives up leaves no doubt behind him, and
// strangers who give up on purpose do not cost us connections.
func (db *DB) use(ctx context.Context, do func(context.Context, *pgxpool.Conn) error) error {
	return db.useFor(ctx, db.limit, do)
}

// useFor is use with another limit.
func (db *DB) useFor(ctx context.Context, limit time.Duration, do func(context.Context, *pgxpool.Conn) error) error {
	end := time.Now().Add(limit)
	for n := 1; ; n++ {
		err := db.once(ctx, end, do)
		if err == nil || n == attempts || !again(err) {
			return unavailable(err)
		}
		time.Sleep(rand.N(time.Duration(n) * 2 * time.Millisecond)) // or they meet again
	}
}

// once waits for a connection and uses it until end at most.
func (db *DB) once(ctx context.Context, end time.Time, do func(context.Context, *pgxpool.Conn) error) error {
	conn, err := db.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // one that is broken, or in a transaction, is not used again
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), end)
	defer cancel()
	err = do(ctx, conn)
	if code(err) == readOnly { // a primary that has become a standby: another may be in its place
		_ = conn.Conn().Close(ctx)
	}
	return err
}

// acquire waits for a connection to be free.
func (db *DB) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, db.wait)
	defer cancel()
	conn, err := db.pool.Acquire(waiting)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return nil, fmt.Errorf("no connection within %v, with %d of at most %d in use: %w", db.wait, db.pool.Stat().AcquiredConns(), db.pool.Config().MaxConns, err)
	}
	return conn, err
}

// act is one transaction.
type act struct {
	ctx context.Context // ends with the limit of the act, not with its caller's: see use
	tx  pgx.Tx
}

// write does one act whole, or not at all.
func (db *DB) write(ctx context.Context, do func(act) error) error {
	return db.use(ctx, func(ctx context.Context, conn *pgxpool.Conn) error { return transact(ctx, conn, do) })
}

// transact does one act on a connection.
func transact(ctx context.Context, conn *pgxpool.Conn, do func(act) error) error {
	// Whatever the database's default is: see the package's comment.
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return err
	}
	if err := do(act{ctx, tx}); err != nil {
		_ = tx.Rollback(ctx) // the first error says more
		return err
	}
	return tx.Commit(ctx)
}

// exec changes rows and gives their number.
func (a act) exec(query string, args ...any) (int, error) {
	tag, err := a.tx.Exec(a.ctx, query, args...)
	return int(tag.RowsAffected()), err
}

// row reads one row.
func (a act) row(query string, args ...any) pgx.Row { return a.tx.QueryRow(a.ctx, query, args...) }

// row reads one row outside of an act.
func (db *DB) row(ctx context.Context, scan func(pgx.Row) error, query string, args ...any) error {
	return db.use(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return scan(conn.QueryRow(ctx, query, args...))
	})
}

// querier is a connection or a transaction, to read from.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// all reads the rows of a query to their end.
func all[T any](ctx context.Context, q querier, scan func(pgx.Row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, rows.Err()
}

// list reads the rows of a query outside of an act.
func list[T any](ctx context.Context, db *DB, scan func(pgx.Row) (T, error), query string, args ...any) ([]T, error) {
	var found []T
	err := db.use(ctx, func(ctx context.Context, conn *pgxpool.Conn) (err error) {
		found, err = all(ctx, conn, scan, query, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
