package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/handstamp/handstamp/internal/store"
)

// copied is every table to copy, in the order of store.Copying, and what reads a row of it.
var copied = []struct {
	query string
	scan  func(*sql.Rows) (store.Row, error)
}{
	{`SELECT epoch, seq, not_before FROM revocation_head`, func(rows *sql.Rows) (store.Row, error) {
		var h store.LogHead
		err := rows.Scan(&h.Epoch, &h.Seq, &h.NotBefore)
		return h, err
	}},
	{`SELECT ` + columns("", userColumns) + `, deleted_at FROM users ORDER BY id`, func(rows *sql.Rows) (store.Row, error) {
		var u store.UserRow
		err := rows.Scan(append(userFields(&u.User), (*instant)(&u.DeletedAt))...)
		return u, err
	}},
	{`SELECT ` + columns("", sessionColumns) + ` FROM sessions ORDER BY id`, func(rows *sql.Rows) (store.Row, error) {
		var s store.SessionRow
		err := rows.Scan(sessionFields(&s.Session)...)
		return s, err
	}},
	{selectEntries + ` ORDER BY r.seq`, func(rows *sql.Rows) (store.Row, error) {
		e, err := scanEntry(rows)
		return store.EntryRow{Entry: e}, err
	}},
	{selectKeys + ` ORDER BY id`, func(rows *sql.Rows) (store.Row, error) {
		k, err := scanKey(rows)
		return store.KeyRow{SigningKey: k}, err
	}},
	{selectServices + ` ORDER BY id`, func(rows *sql.Rows) (store.Row, error) {
		s, err := scanService(rows.Scan)
		return store.ServiceRow{Service: s}, err
	}},
	{`SELECT name, value FROM metadata ORDER BY name`, func(rows *sql.Rows) (store.Row, error) {
		var f store.MetadataRow
		err := rows.Scan(&f.Name, &f.Value)
		return f, err
	}},
}

// errEnough ends a copy whose reader wants no more of it.
var errEnough = errors.New("enough")

// CopyOut gives every row there is.
func (db *DB) CopyOut(ctx context.Context) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		err := db.copyOut(ctx, func(row store.Row) error {
			if !yield(row, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, unavailable(err))
		}
	}
}

// copyOut passes every row on. A transaction that only reads sees one moment, and keeps nobody.
func (db *DB) copyOut(ctx context.Context, pass func(store.Row) error) error {
	tx, err := db.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, table := range copied {
		err := each(func(rows *sql.Rows) error {
			row, err := table.scan(rows)
			if err != nil {
				return err
			}
			return pass(row)
		})(tx.QueryContext(ctx, table.query))
		if err != nil {
			return err
		}
	}
	return nil
}

// keptSQL tells whether anything is kept. A log that has only begun is nothing.
const keptSQL = `SELECT EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM sessions) OR EXISTS (SELECT 1 FROM revocations)
	OR EXISTS (SELECT 1 FROM signing_keys) OR EXISTS (SELECT 1 FROM services) OR EXISTS (SELECT 1 FROM metadata)
	OR EXISTS (SELECT 1 FROM revocation_head WHERE seq > 0 OR not_before > 0)`

// CopyIn keeps rows just as they are.
func (db *DB) CopyIn(ctx context.Context, rows iter.Seq2[store.Row, error]) error {
	return db.write(ctx, func(a act) error {
		var kept bool
		if err := a.row(keptSQL).Scan(&kept); err != nil {
			return err
		}
		if kept {
			return store.ErrNotEmpty
		}
		in := copier{act: a, prepared: map[string]*sql.Stmt{}}
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

// copier writes rows in an act.
type copier struct {
	act
	prepared map[string]*sql.Stmt // by what they say
}

// close lets go of the statements.
func (c *copier) close() {
	for _, statement := range c.prepared {
		_ = statement.Close()
	}
}

// keep writes one row.
func (c *copier) keep(row store.Row) error {
	switch r := row.(type) {
	case store.LogHead:
		return c.do(`UPDATE revocation_head SET epoch = ?, seq = ?, not_before = ?`, r.Epoch, r.Seq, r.NotBefore)
	case store.UserRow:
		return c.do(`INSERT INTO users (`+columns("", userColumns)+`, deleted_at) VALUES (`+marks(len(userColumns)+1)+`)`,
			append(userFields(&r.User), instant(r.DeletedAt))...)
	case store.SessionRow:
		sweepAt := r.EndedAt
		if sweepAt.IsZero() {
			sweepAt = overAt(r.Session)
		}
		return c.do(insertSessionSQL, append(sessionFields(&r.Session), instant(sweepAt))...)
	case store.EntryRow:
		return c.do(insertEntrySQL, r.Seq, r.At, r.Kind, r.ID, r.NotBefore, r.Expires)
	case store.KeyRow:
		return c.do(`INSERT INTO signing_keys (id, algorithm, sealed, created_at, active_from) VALUES (?, ?, ?, ?, ?)`,
			r.ID, r.Algorithm, r.Sealed, instant(r.CreatedAt), instant(r.ActiveFrom))
	case store.ServiceRow:
		return c.do(insertServiceSQL, r.ID, r.Name, r.Hash[:], instant(r.CreatedAt), instant(r.UsedAt), instant(r.RevokedAt))
	case store.MetadataRow:
		return c.do(`INSERT INTO metadata (name, value) VALUES (?, ?)`, r.Name, r.Value)
	}
	return fmt.Errorf("a row of %T", row)
}

// do runs a statement, which is prepared the first time.
func (c *copier) do(query string, args ...any) error {
	statement := c.prepared[query]
	if statement == nil {
		var err error
		if statement, err = c.tx.PrepareContext(c.ctx, query); err != nil {
			return err
		}
		c.prepared[query] = statement
	}
	_, err := statement.ExecContext(c.ctx, args...)
	return err
}
