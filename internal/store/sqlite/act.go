package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	code "modernc.org/sqlite/lib"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store/batch"
)

// act is one write transaction, under the only lock there is: nothing that it has read
// changes before it ends.
type act struct {
	ctx context.Context // has no end: see write
	tx  *sql.Tx
	hot map[string]*sql.Stmt // SQL → the statement, prepared on the writer
}

// write does one act whole, or not at all. Every write goes through here or through together.
//
// The caller's context counts until the lock is held. From then on the act is a matter of
// milliseconds, and is finished: a caller who gives up leaves no doubt behind him.
func (db *DB) write(ctx context.Context, do func(act) error) error {
	return db.wait(ctx, func(waiting context.Context) error {
		conn, err := db.writer.Conn(waiting)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // gives the turn on
		one := &wish{do: do}
		db.writer.fulfil(conn, []*wish{one})
		return one.err
	})
}

// together is write for acts that are many: those that wait at the same time share a
// transaction, and the one flush to the disk that it costs. do may run twice, as if it had not run
// before; a fault that it gives says that it has written nothing.
func (db *DB) together(ctx context.Context, do func(act) error) error {
	return db.wait(ctx, func(waiting context.Context) error {
		one := &wish{do: do}
		if err := db.batches.Do(waiting, one); err != nil {
			return err
		}
		return one.err
	})
}

// mostTogether bounds how long a batch holds the lock.
const mostTogether = 128

// newBatches gives what makes batches of those who wait for the writer.
func newBatches(writer *pool) *batch.Batcher[*wish] {
	return &batch.Batcher[*wish]{Most: mostTogether, Turn: func(ctx context.Context) (func([]*wish), error) {
		conn, err := writer.Conn(ctx)
		if err != nil {
			return nil, err
		}
		return func(wishes []*wish) {
			defer func() { _ = conn.Close() }()
			writer.fulfil(conn, wishes)
		}, nil
	}}
}

// wait bounds how long an act may wait for its turn, and gives its error as callers want it.
func (db *DB) wait(ctx context.Context, do func(waiting context.Context) error) error {
	waiting, cancel := context.WithTimeout(ctx, db.patience)
	defer cancel()
	err := do(waiting)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("wait for other writes: %w", err)
	}
	return unavailable(err)
}

// wish is an act that somebody waits for.
type wish struct {
	do  func(act) error
	err error // what came of it
}

// errUndone says that an act of a transaction failed, as its wish tells, and that all of it was undone.
var errUndone = errors.New("undone")

// fulfil does acts in one transaction. Where one fails, and not by deciding for a fault, all are undone and
// each is done by itself: nobody fails for a neighbour.
func (p *pool) fulfil(conn *sql.Conn, wishes []*wish) {
	err := p.try(conn, wishes)
	switch {
	case err == nil:
	case !errors.Is(err, errUndone): // no transaction, or no commit: nothing was changed for anybody
		for _, w := range wishes {
			w.err = err
		}
	case len(wishes) > 1:
		for i := range wishes {
			p.fulfil(conn, wishes[i:i+1])
		}
	}
}

// try does acts in one transaction, or none of them.
func (p *pool) try(conn *sql.Conn, wishes []*wish) error {
	ctx := context.Background()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit; SQLite may have done so already
	for _, w := range wishes {
		w.err = w.do(act{ctx, tx, p.hot})
		_, decided := errors.AsType[*fault.Fault](w.err)
		if w.err != nil && !(decided && len(wishes) > 1) {
			return errUndone
		}
	}
	return tx.Commit()
}

// exec changes rows and gives their number.
func (a act) exec(query string, args ...any) (int, error) {
	var result sql.Result
	var err error
	if statement := a.hot[query]; statement != nil {
		result, err = a.tx.StmtContext(a.ctx, statement).ExecContext(a.ctx, args...)
	} else {
		result, err = a.tx.ExecContext(a.ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// row reads one row.
func (a act) row(query string, args ...any) *sql.Row {
	if statement := a.hot[query]; statement != nil {
		return a.tx.StmtContext(a.ctx, statement).QueryRowContext(a.ctx, args...)
	}
	return a.tx.QueryRowContext(a.ctx, query, args...)
}

// each reads rows, one after the other.
func (a act) each(scan func(*sql.Rows) error, query string, args ...any) error {
	if statement := a.hot[query]; statement != nil {
		return each(scan)(a.tx.StmtContext(a.ctx, statement).QueryContext(a.ctx, args...))
	}
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
