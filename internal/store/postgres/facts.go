package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// factSQL reads a value.
const factSQL = `SELECT value FROM facts WHERE name = $1`

// Fact gives the value kept under name.
func (db *DB) Fact(ctx context.Context, name string) (value []byte, err error) {
	err = db.row(ctx, func(row pgx.Row) (err error) {
		value, err = scanFact(row)
		return err
	}, factSQL, name)
	return value, err
}

// scanFact reads a value, nil when there is none.
func scanFact(row pgx.Row) ([]byte, error) {
	var value []byte
	err := row.Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return value, err
}

// KeepFact keeps value under name unless there is one already.
func (db *DB) KeepFact(ctx context.Context, name string, value []byte) ([]byte, error) {
	kept, err := db.Fact(ctx, name) // nearly always there is one
	if err != nil || kept != nil {
		return kept, err
	}
	err = db.write(ctx, func(a act) (err error) {
		if _, err := a.exec(`INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, value); err != nil {
			return err
		}
		kept, err = scanFact(a.row(factSQL, name))
		return err
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}
