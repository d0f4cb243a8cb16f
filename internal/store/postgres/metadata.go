package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// metadataSQL reads a value.
const metadataSQL = `SELECT value FROM metadata WHERE name = $1`

// ReadMetadata gives the value kept under name.
func (db *DB) ReadMetadata(ctx context.Context, name string) (value []byte, err error) {
	err = db.row(ctx, func(row pgx.Row) (err error) {
		value, err = scanMetadata(row)
		return err
	}, metadataSQL, name)
	return value, err
}

// scanMetadata reads a value, nil when there is none.
func scanMetadata(row pgx.Row) ([]byte, error) {
	var value []byte
	err := row.Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return value, err
}

// KeepMetadata keeps value under name unless there is one already.
func (db *DB) KeepMetadata(ctx context.Context, name string, value []byte) ([]byte, error) {
	kept, err := db.ReadMetadata(ctx, name) // nearly always there is one
	if err != nil || kept != nil {
		return kept, err
	}
	err = db.write(ctx, func(a act) (err error) {
		if _, err := a.exec(`INSERT INTO metadata (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, value); err != nil {
			return err
		}
		kept, err = scanMetadata(a.row(metadataSQL, name))
		return err
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}
