package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// selectKeys reads signing keys, in the order of scanKey.
const selectKeys = `SELECT id, algorithm, sealed, created_at, active_from FROM signing_keys`

// SigningKeys gives every key.
func (db *DB) SigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	keys, err := signingKeys(ctx, db.reader)
	if err != nil {
		return nil, unavailable(err)
	}
	return keys, nil
}

// signingKeys reads every key, oldest first.
func signingKeys(ctx context.Context, q querier) (keys []store.SigningKey, err error) {
	err = each(func(rows *sql.Rows) error {
		k, err := scanKey(rows)
		keys = append(keys, k)
		return err
	})(q.QueryContext(ctx, selectKeys+` ORDER BY active_from, id`))
	return keys, err
}

// scanKey reads a row of selectKeys.
func scanKey(rows *sql.Rows) (k store.SigningKey, err error) {
	err = rows.Scan(&k.ID, &k.Algorithm, &k.Sealed, (*instant)(&k.CreatedAt), (*instant)(&k.ActiveFrom))
	return k, err
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

// RevokeSigningKey forgets a key at once.
func (db *DB) RevokeSigningKey(ctx context.Context, id string, next store.SigningKey, now time.Time) (store.SigningKey, error) {
	var signs store.SigningKey
	err := db.write(ctx, func(a act) error {
		keys, err := signingKeys(a.ctx, a.tx)
		if err != nil {
			return err
		}
		var write bool
		if signs, write, err = store.SuccessorOf(id, keys, next, cut(now)); err != nil {
			return err
		}
		if _, err := a.exec(`DELETE FROM signing_keys WHERE id = ?`, id); err != nil {
			return err
		}
		if write {
			_, err := a.exec(`INSERT OR REPLACE INTO signing_keys (id, algorithm, sealed, created_at, active_from) VALUES (?, ?, ?, ?, ?)`,
				signs.ID, signs.Algorithm, signs.Sealed, instant(signs.CreatedAt), instant(signs.ActiveFrom))
			if err != nil {
				return err
			}
		}
		return a.log(cut(now), revoked.Entry{Kind: revoked.Key, ID: id})
	})
	if err != nil {
		return store.SigningKey{}, err
	}
	return signs, nil
}
