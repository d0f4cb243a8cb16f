package sqlite

import (
	"context"
	"database/sql"
	"errors"
)

// ReadMetadata gives the value kept under name.
func (db *DB) ReadMetadata(ctx context.Context, name string) ([]byte, error) {
	value, err := metadata(ctx, db.reader, name)
	return value, unavailable(err)
}

// KeepMetadata keeps value under name unless there is one already.
func (db *DB) KeepMetadata(ctx context.Context, name string, value []byte) ([]byte, error) {
	kept, err := db.ReadMetadata(ctx, name) // nearly always there is one
	if err != nil || kept != nil {
		return kept, err
	}
	err = db.write(ctx, func(a act) error {
		if _, err := a.exec(`INSERT INTO metadata (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`, name, value); err != nil {
			return err
		}
		kept, err = metadata(a.ctx, a.tx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}

// metadata reads a value, nil when there is none.
func metadata(ctx context.Context, q querier, name string) ([]byte, error) {
	var value []byte
	err := q.QueryRowContext(ctx, `SELECT value FROM metadata WHERE name = ?`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return value, err
}
