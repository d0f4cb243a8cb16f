package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// keyColumns are a signing key's, in the order of scanKey.
var keyColumns = []string{"id", "algorithm", "sealed", "created_at", "active_from"}

// keysSQL reads every key, oldest first.
var keysSQL = `SELECT ` + columns("", keyColumns) + ` FROM signing_keys ORDER BY active_from, id`

// scanKey reads a row of keysSQL.
func scanKey(row pgx.Row) (k store.SigningKey, err error) {
	err = row.Scan(&k.ID, &k.Algorithm, &k.Sealed, (*instant)(&k.CreatedAt), (*instant)(&k.ActiveFrom))
	return k, err
}

// SigningKeys gives every key.
func (db *DB) SigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	return list(ctx, db, scanKey, keysSQL)
}

// lockKeys reads every key, and keeps all others from changing them until the act ends. There may
// be no key to lock, so it is the head of the log, the one row that is always there.
func (a act) lockKeys() ([]store.SigningKey, error) {
	if _, err := a.exec(`SELECT FROM revocation_head FOR UPDATE`); err != nil {
		return nil, err
	}
	return all(a.ctx, a.tx, scanKey, keysSQL)
}

// saveKey keeps a key, or what has changed of it.
func (a act) saveKey(k store.SigningKey) error {
	_, err := a.exec(`INSERT INTO signing_keys (id, algorithm, sealed, created_at, active_from) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET active_from = excluded.active_from`,
		k.ID, k.Algorithm, k.Sealed, instant(k.CreatedAt), instant(k.ActiveFrom))
	return err
}

// AddSigningKey keeps a new key if newest is still the last.
func (db *DB) AddSigningKey(ctx context.Context, k store.SigningKey, newest string) (bool, error) {
	added := false
	err := db.write(ctx, func(a act) error {
		keys, err := a.lockKeys()
		if err != nil {
			return err
		}
		last := ""
		if len(keys) > 0 {
			last = keys[len(keys)-1].ID
		}
		if added = last == newest; !added {
			return nil
		}
		_, err = a.exec(`INSERT INTO signing_keys (id, algorithm, sealed, created_at, active_from) VALUES ($1, $2, $3, $4, $5)`,
			k.ID, k.Algorithm, k.Sealed, instant(k.CreatedAt), instant(k.ActiveFrom))
		return err
	})
	return added && err == nil, err
}

// DropSigningKeys forgets keys.
func (db *DB) DropSigningKeys(ctx context.Context, ids []string) error {
	return db.write(ctx, func(a act) error {
		_, err := a.exec(`DELETE FROM signing_keys WHERE id = ANY($1)`, ids)
		return err
	})
}

// RevokeSigningKey forgets a key at once.
func (db *DB) RevokeSigningKey(ctx context.Context, id string, next store.SigningKey, now time.Time) (store.SigningKey, error) {
	var signs store.SigningKey
	err := db.write(ctx, func(a act) error {
		keys, err := a.lockKeys()
		if err != nil {
			return err
		}
		var write bool
		if signs, write, err = store.SuccessorOf(id, keys, next, cut(now)); err != nil {
			return err
		}
		if _, err := a.exec(`DELETE FROM signing_keys WHERE id = $1`, id); err != nil {
			return err
		}
		if write {
			if err := a.saveKey(signs); err != nil {
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
