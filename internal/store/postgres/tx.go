package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// tx is one transaction.
type tx struct {
	ctx     context.Context // ends with the limit of the transaction, not with its caller's: see use
	tx      pgx.Tx
	refused *error // of a text that no column can hold; nil: none so far
}

// It is what records work in.
var _ records.Tx = tx{}

// write runs one transaction, whole or not at all.
func (db *DB) write(ctx context.Context, do func(tx) error) error {
	return db.use(ctx, func(ctx context.Context, conn *pgxpool.Conn) error { return transact(ctx, conn, do) })
}

// transact runs one transaction on a connection.
func transact(ctx context.Context, conn *pgxpool.Conn, do func(tx) error) error {
	// Whatever the database's default is: see the package's comment.
	begun, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return err
	}
	t := tx{ctx, begun, new(error)}
	err = do(t)
	if *t.refused != nil && !fault.Is(err) {
		err = *t.refused
	}
	if err != nil {
		_ = begun.Rollback(ctx) // the first error says more
		return err
	}
	return begun.Commit(ctx)
}

// maxAttempts bounds how often a transaction is tried that failed with a serialization error or a
// deadlock.
const maxAttempts = 6

// use calls do with one connection. Everything goes through here. What the database gave up for
// another's sake is done again from the start; do must therefore set whatever it returns.
//
// ctx counts until there is a connection. After that do runs to completion even if ctx is
// cancelled, which takes milliseconds, so a caller never has to guess whether it was committed,
// and strangers who give up on purpose do not cost us connections.
func (db *DB) use(ctx context.Context, do func(context.Context, *pgxpool.Conn) error) error {
	return db.useFor(ctx, db.limit, do)
}

// useFor is use with another limit.
func (db *DB) useFor(ctx context.Context, limit time.Duration, do func(context.Context, *pgxpool.Conn) error) error {
	end := time.Now().Add(limit)
	for n := 1; ; n++ {
		err := db.once(ctx, end, do)
		if err == nil || n == maxAttempts || !again(err) {
			return unavailable(err)
		}
		time.Sleep(rand.N(time.Duration(n) * 2 * time.Millisecond)) // so that the same two do not deadlock again
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
		return nil, fmt.Errorf("no connection within %v, with %d of at most %d in use: %w",
			db.wait, db.pool.Stat().AcquiredConns(), db.pool.Config().MaxConns, err)
	}
	return conn, err
}

// shared is the database as records see it.
type shared struct{ *DB }

// Read reads with a connection of its own.
func (db shared) Read(ctx context.Context, do func(records.Reader) error) error {
	return db.use(ctx, func(ctx context.Context, conn *pgxpool.Conn) error { return do(reader{ctx, conn}) })
}

// Write runs a transaction.
func (db shared) Write(ctx context.Context, do func(records.Tx) error) error {
	return db.write(ctx, func(t tx) error { return do(t) })
}

// querier is a connection or a transaction, to read from.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// reader reads from a querier.
type reader struct {
	ctx context.Context
	querier
}

// Each calls scan with each row that a query finds. A text that no column can hold is in no row.
func (r reader) Each(scan func(records.Scanner) error, query string, args ...any) error {
	err := each(r.ctx, r.querier, scan, query, args...)
	if code(err) == unkeepableText {
		return nil
	}
	return err
}

// each reads the rows of a query to their end.
func each(ctx context.Context, q querier, scan func(records.Scanner) error, query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// found notes that a statement was about a text that no column can hold, and so about no row. The
// transaction cannot go on from there, and is not committed.
func (t tx) found(err error) error {
	if code(err) == unkeepableText {
		*t.refused = err
		return nil
	}
	return err
}

// Exec changes rows and returns their number.
func (t tx) Exec(query string, args ...any) (int, error) {
	var tag pgconn.CommandTag
	tag, err := t.tx.Exec(t.ctx, query, args...)
	return int(tag.RowsAffected()), t.found(err)
}

// Each calls scan with each row that a query finds.
func (t tx) Each(scan func(records.Scanner) error, query string, args ...any) error {
	return t.found(each(t.ctx, t.tx, scan, query, args...))
}

// LockUser reads a user under a lock, and locks the user's sessions.
func (t tx) LockUser(id store.UserID) (store.User, error) {
	u, err := records.ReadUser(t, records.UserSQL+` FOR UPDATE`, id)
	if err == nil {
		err = t.LockSessions(id)
	}
	return u, err
}

// LockSessions locks the sessions of a user that have not been ended, in the one order, so that
// two transactions about one user do not wait for each other.
func (t tx) LockSessions(owner store.UserID) error {
	_, err := t.Exec(`SELECT FROM sessions WHERE user_id = $1 AND ended_at IS NULL ORDER BY id FOR UPDATE`, owner)
	return err
}

// LockLog locks the head of the log, the one row that is always there.
func (t tx) LockLog() error {
	_, err := t.Exec(`SELECT FROM revocation_head FOR UPDATE`)
	return err
}

// SetNotBefore keeps a user's NotBefore, on its sessions too: a refresh that waits for us has
// read the user before us. See rotateSQL.
func (t tx) SetNotBefore(id store.UserID, notBefore int64) error {
	_, err := t.Exec(`UPDATE users SET not_before = $1 WHERE id = $2`, notBefore, id)
	if err == nil {
		_, err = t.Exec(`UPDATE sessions SET not_before = $1 WHERE user_id = $2 AND ended_at IS NULL`, notBefore, id)
	}
	return err
}
