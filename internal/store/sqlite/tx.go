package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// tx is one write transaction, under the only lock there is: nothing that it has read
// changes before it ends.
type tx struct {
	ctx context.Context // has no end: see write
	tx  *sql.Tx
	hot map[string]*sql.Stmt // SQL → the statement, prepared on the writer
}

// It is what records work in.
var _ records.Tx = tx{}

// write runs one transaction, whole or not at all. Every write goes through here or through
// writeBatched.
//
// ctx counts until the lock is held. After that the transaction runs to completion even if ctx is
// cancelled, which takes milliseconds, so a caller never has to guess whether it was committed.
func (db *DB) write(ctx context.Context, do func(tx) error) error {
	return db.wait(ctx, func(waiting context.Context) error {
		conn, err := db.writer.Conn(waiting)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // the next writer may go on
		one := &request{do: do}
		db.writer.run(conn, []*request{one})
		return one.err
	})
}

// wait bounds how long a transaction may wait for its turn, and returns its error as callers
// want it.
func (db *DB) wait(ctx context.Context, do func(waiting context.Context) error) error {
	waiting, cancel := context.WithTimeout(ctx, db.timeout)
	defer cancel()
	err := do(waiting)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("wait for other writes: %w", err)
	}
	return unavailable(err)
}

// shared is the database as records see it.
type shared struct{ *DB }

// Read reads with a connection that cannot write.
func (db shared) Read(ctx context.Context, do func(records.Reader) error) error {
	return unavailable(do(reader{ctx, db.reader}))
}

// Write runs a transaction.
func (db shared) Write(ctx context.Context, do func(records.Tx) error) error {
	return db.write(ctx, func(t tx) error { return do(t) })
}

// querier is a connection or a transaction, to read from.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// reader reads from a querier.
type reader struct {
	ctx context.Context
	querier
}

// Each calls scan with each row that a query finds.
func (r reader) Each(scan func(records.Scanner) error, query string, args ...any) error {
	return each(scan)(r.QueryContext(r.ctx, query, args...))
}

// each reads the rows of a query to their end.
func each(scan func(records.Scanner) error) func(*sql.Rows, error) error {
	return func(rows *sql.Rows, err error) error {
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}

// Exec changes rows and returns their number.
func (t tx) Exec(query string, args ...any) (int, error) {
	var result sql.Result
	var err error
	if statement := t.hot[query]; statement != nil {
		result, err = t.tx.StmtContext(t.ctx, statement).ExecContext(t.ctx, args...)
	} else {
		result, err = t.tx.ExecContext(t.ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// row reads one row.
func (t tx) row(query string, args ...any) *sql.Row {
	if statement := t.hot[query]; statement != nil {
		return t.tx.StmtContext(t.ctx, statement).QueryRowContext(t.ctx, args...)
	}
	return t.tx.QueryRowContext(t.ctx, query, args...)
}

// Each calls scan with each row that a query finds.
func (t tx) Each(scan func(records.Scanner) error, query string, args ...any) error {
	if statement := t.hot[query]; statement != nil {
		return each(scan)(t.tx.StmtContext(t.ctx, statement).QueryContext(t.ctx, args...))
	}
	return each(scan)(t.tx.QueryContext(t.ctx, query, args...))
}

// LockUser reads a user. There is nothing to lock: nobody else writes.
func (t tx) LockUser(id store.UserID) (store.User, error) {
	return records.ReadUser(t, records.UserSQL, id)
}

// LockSessions has nothing to lock.
func (t tx) LockSessions(store.UserID) error { return nil }

// LockLog has nothing to lock.
func (t tx) LockLog() error { return nil }

// SetNotBefore keeps a user's NotBefore.
func (t tx) SetNotBefore(id store.UserID, notBefore int64) error {
	_, err := t.Exec(`UPDATE users SET not_before = $1 WHERE id = $2`, notBefore, id)
	return err
}
