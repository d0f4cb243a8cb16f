package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// CopyOut returns every row there is.
func (db *DB) CopyOut(ctx context.Context) iter.Seq2[store.Row, error] {
	return records.Rows(func(pass func(store.Row) error) error {
		moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		return db.writeUnbounded(ctx, moment, func(t tx) error { return records.CopyOut(t, pass) })
	})
}

// writeUnbounded runs a transaction without a limit; ctx cancels it.
func (db *DB) writeUnbounded(ctx context.Context, options pgx.TxOptions, do func(tx) error) error {
	conn, err := db.acquire(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer conn.Release()
	return unavailable(pgx.BeginTxFunc(ctx, conn, options, func(begun pgx.Tx) error {
		t := tx{ctx, begun, new(error)}
		return errors.Join(do(t), *t.refused)
	}))
}

// CopyIn keeps rows just as they are. Nobody else writes meanwhile: a node that starts waits until
// the rows are there.
func (db *DB) CopyIn(ctx context.Context, rows iter.Seq2[store.Row, error]) error {
	return db.writeUnbounded(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(t tx) error {
		for _, table := range records.Tables {
			if _, err := t.Exec(`LOCK TABLE ` + table.Name + ` IN EXCLUSIVE MODE`); err != nil {
				return err
			}
		}
		if err := records.CheckEmpty(t); err != nil {
			return err
		}
		return t.copyIn(rows)
	})
}

// copyIn writes rows, as many at a time as come of one table.
func (t tx) copyIn(rows iter.Seq2[store.Row, error]) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	in := &stream{next: next}
	in.advance()
	for in.more && in.err == nil {
		table, err := records.TableOf(in.row)
		if err != nil {
			return err
		}
		if table.Initial != "" {
			if _, err := t.Exec(table.Replace(), in.row.Fields()...); err != nil {
				return err
			}
			in.advance()
			continue
		}
		in.table = table.Name
		if _, err := t.tx.CopyFrom(t.ctx, pgx.Identifier{table.Name}, table.Columns, in); err != nil {
			return errors.Join(in.err, fmt.Errorf("copy %s: %w", table.Name, err))
		}
	}
	return in.err
}

// stream returns rows to COPY for as long as they are of one table. It is a pgx.CopyFromSource.
type stream struct {
	next   func() (store.Row, error, bool)
	row    store.Row // the next to write
	more   bool      // there is one
	table  string    // that is being written
	values []any     // of the row that is being written
	err    error     // that came instead of a row
}

// advance takes the next row.
func (s *stream) advance() { s.row, s.err, s.more = s.next() }

// Next goes to the next row, if it is for the table.
func (s *stream) Next() bool {
	if s.err != nil || !s.more || s.row == nil || s.row.Table() != s.table {
		return false
	}
	s.values = s.row.Fields()
	s.advance()
	return true
}

// Values returns the row's.
func (s *stream) Values() ([]any, error) { return s.values, nil }

// Err returns the error that came instead of a row.
func (s *stream) Err() error { return s.err }
