package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/store"
)

// copied is every table to copy, in the order of store.Copying, and what reads a row of it.
var copied = []struct {
	query string
	scan  func(pgx.Row) (store.Row, error)
}{
	{`SELECT epoch, seq, not_before FROM revocation_head`, func(row pgx.Row) (store.Row, error) {
		var h store.LogHead
		err := row.Scan(&h.Epoch, &h.Seq, &h.NotBefore)
		return h, err
	}},
	{`SELECT ` + columns("", userColumns) + `, deleted_at FROM users ORDER BY id`, func(row pgx.Row) (store.Row, error) {
		var u store.UserRow
		err := row.Scan(append(userFields(&u.User), (*instant)(&u.DeletedAt))...)
		return u, err
	}},
	{`SELECT ` + columns("", sessionColumns) + ` FROM sessions ORDER BY id`, func(row pgx.Row) (store.Row, error) {
		s, err := scanSession(row)
		return store.SessionRow{Session: s}, err
	}},
	{selectEntries + ` ORDER BY r.seq`, func(row pgx.Row) (store.Row, error) {
		e, err := scanEntry(row)
		return store.EntryRow{Entry: e}, err
	}},
	{`SELECT ` + columns("", keyColumns) + ` FROM signing_keys ORDER BY id`, func(row pgx.Row) (store.Row, error) {
		k, err := scanKey(row)
		return store.KeyRow{SigningKey: k}, err
	}},
	{selectServices + ` ORDER BY id`, func(row pgx.Row) (store.Row, error) {
		s, err := scanService(row)
		return store.ServiceRow{Service: s}, err
	}},
	{`SELECT name, value FROM metadata ORDER BY name`, func(row pgx.Row) (store.Row, error) {
		var f store.MetadataRow
		err := row.Scan(&f.Name, &f.Value)
		return f, err
	}},
}

// errEnough ends a copy whose reader wants no more of it.
var errEnough = errors.New("enough")

// CopyOut gives every row there is.
func (db *DB) CopyOut(ctx context.Context) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		err := db.atLeisure(ctx, moment, func(a act) error {
			return a.copyOut(func(row store.Row) error {
				if !yield(row, nil) {
					return errEnough
				}
				return nil
			})
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// atLeisure does an act that takes as long as it takes, and ends when its caller gives up.
func (db *DB) atLeisure(ctx context.Context, how pgx.TxOptions, do func(act) error) error {
	conn, err := db.acquire(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer conn.Release()
	return unavailable(pgx.BeginTxFunc(ctx, conn, how, func(tx pgx.Tx) error { return do(act{ctx, tx}) }))
}

// copyOut passes every row on.
func (a act) copyOut(pass func(store.Row) error) error {
	for _, table := range copied {
		rows, err := a.tx.Query(a.ctx, table.query)
		if err != nil {
			return err
		}
		for rows.Next() && err == nil {
			var row store.Row
			if row, err = table.scan(rows); err == nil {
				err = pass(row)
			}
		}
		rows.Close()
		if err = errors.Join(err, rows.Err()); err != nil {
			return err
		}
	}
	return nil
}

// keptSQL tells whether anything is kept. A log that has only begun is nothing.
const keptSQL = `SELECT EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM sessions) OR EXISTS (SELECT FROM revocations)
	OR EXISTS (SELECT FROM signing_keys) OR EXISTS (SELECT FROM services) OR EXISTS (SELECT FROM metadata)
	OR EXISTS (SELECT FROM revocation_head WHERE seq > 0 OR not_before > 0)`

// CopyIn keeps rows just as they are. Nobody else writes meanwhile: a node that starts waits until
// the rows are there.
func (db *DB) CopyIn(ctx context.Context, rows iter.Seq2[store.Row, error]) error {
	return db.atLeisure(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(a act) error {
		_, err := a.exec(`LOCK TABLE users, sessions, revocation_head, revocations, signing_keys, services, metadata IN EXCLUSIVE MODE`)
		if err != nil {
			return err
		}
		var kept bool
		if err := a.row(keptSQL).Scan(&kept); err != nil {
			return err
		}
		if kept {
			return store.ErrNotEmpty
		}
		return a.copyIn(rows)
	})
}

// copyIn writes rows, as many at a time as come of one kind.
func (a act) copyIn(rows iter.Seq2[store.Row, error]) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	in := &stream{next: next}
	in.advance()
	for in.more && in.err == nil {
		if head, ok := in.row.(store.LogHead); ok {
			if _, err := a.exec(`UPDATE revocation_head SET epoch = $1, seq = $2, not_before = $3`, head.Epoch, head.Seq, head.NotBefore); err != nil {
				return err
			}
			in.advance()
			continue
		}
		in.table = target(in.row).table
		if in.table == "" {
			return fmt.Errorf("a row of %T", in.row)
		}
		if _, err := a.tx.CopyFrom(a.ctx, pgx.Identifier{in.table}, target(in.row).columns, in); err != nil {
			return errors.Join(in.err, fmt.Errorf("copy %s: %w", in.table, err))
		}
	}
	return in.err
}

// written is a row as it is written.
type written struct {
	table   string // empty: no such row
	columns []string
	values  []any
}

// target gives a row as it is written.
func target(row store.Row) written {
	switch r := row.(type) {
	case store.UserRow:
		return written{"users", append(userColumns[:len(userColumns):len(userColumns)], "deleted_at"), append(userFields(&r.User), instant(r.DeletedAt))}
	case store.SessionRow:
		return written{"sessions", append(sessionColumns[:len(sessionColumns):len(sessionColumns)], "sweep_at", "not_before"), copiedSession(r.Session)}
	case store.EntryRow:
		return written{"revocations", []string{"seq", "at", "kind", "id", "not_before", "expires"}, []any{r.Seq, r.At, string(r.Kind), r.ID, r.NotBefore, r.Expires}}
	case store.KeyRow:
		return written{"signing_keys", keyColumns, []any{r.ID, r.Algorithm, r.Sealed, instant(r.CreatedAt), instant(r.ActiveFrom)}}
	case store.ServiceRow:
		return written{"services", []string{"id", "name", "hash", "created_at", "used_at", "revoked_at"},
			[]any{string(r.ID), r.Name, r.Hash[:], instant(r.CreatedAt), instant(r.UsedAt), instant(r.RevokedAt)}}
	case store.MetadataRow:
		return written{"metadata", []string{"name", "value"}, []any{r.Name, r.Value}}
	}
	return written{}
}

// copiedSession gives the values of a session. Its not_before is that of no user: where hers is
// another, her next refresh reads her row under its lock, and notes it. See rotateSQL.
func copiedSession(s store.Session) []any {
	sweepAt := s.EndedAt
	if sweepAt.IsZero() {
		sweepAt = overAt(s)
	}
	return append(sessionFields(&s), instant(sweepAt), 0)
}

// stream gives rows to COPY for as long as they are of one table. It is a pgx.CopyFromSource.
type stream struct {
	next    func() (store.Row, error, bool)
	row     store.Row // the next to write
	more    bool      // there is one
	table   string    // that is being written
	written written
	err     error // that came instead of a row
}

// advance takes the next row.
func (s *stream) advance() { s.row, s.err, s.more = s.next() }

// Next goes to the next row, if it is for the table.
func (s *stream) Next() bool {
	if s.err != nil || !s.more {
		return false
	}
	if s.written = target(s.row); s.written.table != s.table {
		return false
	}
	s.advance()
	return true
}

// Values gives the row.
func (s *stream) Values() ([]any, error) { return s.written.values, nil }

// Err gives the error that came instead of a row.
func (s *stream) Err() error { return s.err }
