package sqlite

import (
	"context"
	"database/sql"

	"github.com/handstamp/handstamp/internal/store"
)

// SigningKeys gives every key.
func (db *DB) SigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	var keys []store.SigningKey
	err := each(func(rows *sql.Rows) error {
		var k store.SigningKey
		err := rows.Scan(&k.ID, &k.Algorithm, &k.Sealed, (*instant)(&k.CreatedAt), (*instant)(&k.ActiveFrom))
		keys = append(keys, k)
		return err
	})(db.reader.QueryContext(ctx, `SELECT id, algorithm, sealed, created_at, active_from
		FROM signing_keys ORDER BY active_from, id`))
	if err != nil {
		return nil, unavailable(err)
	}
	return keys, nil
}

// AddSigningKey keeps a new key if newest is still the last.
func (db *DB) AddSigningKey(ctx context.Context, k store.SigningKey, newest string) (bool, error) {
	var n int
	err := db.write(ctx, func(a act) (err error) {
		n, err = a.exec(`INSERT INTO signing_keys (id, algorithm, sealed, created_at, active_from)
			SELECT :id, :algorithm, :sealed, :created_at, :active_from
			WHERE :newest = coalesce((SELECT id FROM signing_keys ORDER BY active_from DESC, id DESC LIMIT 1), '')`,
			sql.Named("id", k.ID), sql.Named("algorithm", k.Algorithm), sql.Named("sealed", k.Sealed),
			sql.Named("created_at", instant(k.CreatedAt)), sql.Named("active_from", instant(k.ActiveFrom)),
			sql.Named("newest", newest))
		return err
	})
	return n > 0 && err == nil, err
}

// DropSigningKeys forgets keys.
func (db *DB) DropSigningKeys(ctx context.Context, ids []string) error {
	return db.write(ctx, func(a act) error {
		for _, id := range ids {
			if _, err := a.exec(`DELETE FROM signing_keys WHERE id = ?`, id); err != nil {
				return err
			}
		}
		return nil
	})
}
