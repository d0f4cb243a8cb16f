package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	code "modernc.org/sqlite/lib"

	"github.com/handstamp/handstamp/internal/fault"
)

// act is one write transaction, under the only lock there is: nothing that it has read
// changes before it ends.
type act struct {
	ctx context.Context // has no end: see write
	tx  *sql.Tx
}

// write does one act whole, or not at all. Every write goes through here.
//
// The caller's context counts until the lock is held. From then on the act is a matter of
// milliseconds, and is finished: a caller who gives up leaves no doubt behind him.
func (db *DB) write(ctx context.Context, do func(act) error) error {
	conn, err := db.turn(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer func() { _ = conn.Close() }() // gives the turn on
	ctx = context.WithoutCancel(ctx)
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return unavailable(err)
	}
	if err := do(act{ctx, tx}); err != nil {
		_ = tx.Rollback() // SQLite may have done so already
		return unavailable(err)
	}
	return unavailable(tx.Commit())
}

// turn waits for the writer to be free.
func (db *DB) turn(ctx context.Context) (*sql.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, db.wait)
	defer cancel()
	conn, err := db.writer.Conn(waiting)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return nil, fmt.Errorf("wait for other writes: %w", err)
	}
	return conn, err
}

// exec changes rows and gives their number.
func (a act) exec(query string, args ...any) (int, error) {
	result, err := a.tx.ExecContext(a.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// row reads one row.
func (a act) row(query string, args ...any) *sql.Row {
	return a.tx.QueryRowContext(a.ctx, query, args...)
}

// each reads rows, one after the other.
func (a act) each(scan func(*sql.Rows) error, query string, args ...any) error {
	return each(scan)(a.tx.QueryContext(a.ctx, query, args...))
}

// each reads the rows of a query to their end.
func each(scan func(*sql.Rows) error) func(*sql.Rows, error) error {
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

// unavailable gives the fault for whatever keeps the database from answering. A fault
// stays as it is, and so does an error that repeating the act cannot help: our own bug.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Fault](err); ok || isBug(err) {
		return err
	}
	return fault.New(fault.StorageUnavailable).Because(err)
}

// isBug tells whether the statement is wrong, or breaks a rule of the schema, or the schema
// is not what we take it for.
func isBug(err error) bool {
	switch resultCode(err) & 0xff {
	case code.SQLITE_ERROR, code.SQLITE_CONSTRAINT, code.SQLITE_MISMATCH, code.SQLITE_MISUSE, code.SQLITE_RANGE, code.SQLITE_TOOBIG:
		return true
	}
	return errors.Is(err, ErrSchema)
}

// inTheWay tells whether another process holds a lock, or has just removed the empty log of
// a new file that this one wanted to remove too.
func inTheWay(err error) bool {
	return resultCode(err)&0xff == code.SQLITE_BUSY || resultCode(err) == code.SQLITE_IOERR_DELETE_NOENT
}

// isTaken tells whether a UNIQUE constraint refused a row.
func isTaken(err error) bool { return resultCode(err) == code.SQLITE_CONSTRAINT_UNIQUE }

// resultCode gives SQLite's extended result code, 0 for errors of other origin.
func resultCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return code.SQLITE_OK
}
