package sqlite

import (
	"context"
	"database/sql"
	"errors"
)

// Fact gives the value kept under name.
func (db *DB) Fact(ctx context.Context, name string) ([]byte, error) {
	value, err := fact(ctx, db.reader, name)
	return value, unavailable(err)
}

// KeepFact keeps value under name unless there is one already.
func (db *DB) KeepFact(ctx context.Context, name string, value []byte) ([]byte, error) {
	kept, err := db.Fact(ctx, name) // nearly always there is one
	if err != nil || kept != nil {
		return kept, err
	}
	err = db.write(ctx, func(a act) error {
		if _, err := a.exec(`INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`, name, value); err != nil {
			return err
		}
		kept, err = fact(a.ctx, a.tx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}

// fact reads a value, nil when there is none.
func fact(ctx context.Context, q querier, name string) ([]byte, error) {
	var value []byte
	err := q.QueryRowContext(ctx, `SELECT value FROM facts WHERE name = ?`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return value, err
}
