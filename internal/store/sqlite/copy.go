package sqlite

import (
	"context"
	"database/sql"
	"iter"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// CopyOut returns every row there is. A transaction that only reads sees one moment, and keeps
// nobody waiting.
func (db *DB) CopyOut(ctx context.Context) iter.Seq2[store.Row, error] {
	return records.Rows(func(pass func(store.Row) error) error {
		moment, err := db.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return unavailable(err)
		}
		defer func() { _ = moment.Rollback() }()
		return unavailable(records.CopyOut(reader{ctx, moment}, pass))
	})
}

// CopyIn keeps rows just as they are.
func (db *DB) CopyIn(ctx context.Context, rows iter.Seq2[store.Row, error]) error {
	return db.write(ctx, func(t tx) error {
		if err := records.CheckEmpty(t); err != nil {
			return err
		}
		in := copier{tx: t, prepared: map[string]*sql.Stmt{}}
		defer in.close()
		for row, err := range rows {
			if err == nil {
				err = ctx.Err()
			}
			if err == nil {
				err = in.keep(row)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// copier writes rows in a transaction.
type copier struct {
	tx
	prepared map[string]*sql.Stmt // by the table's name
}

// close frees the statements.
func (c *copier) close() {
	for _, statement := range c.prepared {
		_ = statement.Close()
	}
}

// keep writes one row.
func (c *copier) keep(row store.Row) error {
	table, err := records.TableOf(row)
	if err != nil {
		return err
	}
	if table.Initial != "" {
		_, err := c.Exec(table.Replace(), row.Fields()...)
		return err
	}
	statement := c.prepared[table.Name]
	if statement == nil {
		if statement, err = c.tx.tx.PrepareContext(c.ctx, table.Insert()); err != nil {
			return err
		}
		c.prepared[table.Name] = statement
	}
	_, err = statement.ExecContext(c.ctx, row.Fields()...)
	return err
}
