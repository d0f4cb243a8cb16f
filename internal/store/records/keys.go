package records

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// signingKeys is the table of signing keys.
var signingKeys = Table{
	Name: "signing_keys", Order: "id", Columns: []string{"id", "algorithm", "sealed", "created_at", "active_from"},
	New: func() store.Row { return new(SigningKeyRow) },
}

// SigningKeyRow is a signing key, sealed as it is.
type SigningKeyRow struct{ store.SigningKey }

// Table names the row's table.
func (r *SigningKeyRow) Table() string { return signingKeys.Name }

// Fields returns the row's columns.
func (r *SigningKeyRow) Fields() []any { return signingKeyFields(&r.SigningKey) }

// signingKeyFields returns a signing key's columns.
func signingKeyFields(k *store.SigningKey) []any {
	return []any{&k.ID, &k.Algorithm, &k.Sealed, (*Instant)(&k.CreatedAt), (*Instant)(&k.ActiveFrom)}
}

// signingKeysSQL reads every key, oldest first.
var signingKeysSQL = `SELECT ` + Columns("", signingKeys.Columns) + ` FROM signing_keys ORDER BY active_from, id`

// SigningKeys returns every key.
func (db Records) SigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	return list(ctx, db.db, signingKeyFields, signingKeysSQL)
}

// lockSigningKeys reads every key, and keeps all others from changing them until the transaction
// is over. There may be no key to lock, so it is the log.
func lockSigningKeys(tx Tx) ([]store.SigningKey, error) {
	if err := tx.LockLog(); err != nil {
		return nil, err
	}
	return all(tx, signingKeyFields, signingKeysSQL)
}

// AddSigningKey keeps a new key if newest is still the last.
func (db Records) AddSigningKey(ctx context.Context, k store.SigningKey, newest string) (bool, error) {
	added := false
	err := db.db.Write(ctx, func(tx Tx) error {
		keys, err := lockSigningKeys(tx)
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
		_, err = tx.Exec(signingKeys.Insert(), signingKeyFields(&k)...)
		return err
	})
	return added && err == nil, err
}

// DropSigningKeys forgets keys.
func (db Records) DropSigningKeys(ctx context.Context, ids []string) error {
	return db.db.Write(ctx, func(tx Tx) error {
		for _, id := range ids {
			if _, err := tx.Exec(`DELETE FROM signing_keys WHERE id = $1`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// RevokeSigningKey forgets a key at once.
func (db Records) RevokeSigningKey(
	ctx context.Context, id string, next store.SigningKey, now time.Time,
) (signs store.SigningKey, err error) {
	now = store.Truncate(now)
	err = db.db.Write(ctx, func(tx Tx) error {
		keys, err := lockSigningKeys(tx)
		if err != nil {
			return err
		}
		var write bool
		if signs, write, err = store.SuccessorOf(id, keys, next, now); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM signing_keys WHERE id = $1`, id); err != nil {
			return err
		}
		if write {
			_, err := tx.Exec(signingKeys.Insert()+` ON CONFLICT (id) DO UPDATE SET active_from = excluded.active_from`,
				signingKeyFields(&signs)...)
			if err != nil {
				return err
			}
		}
		return tx.Log(now, revoked.Entry{Kind: revoked.Key, ID: id})
	})
	if err != nil {
		return store.SigningKey{}, err
	}
	return signs, nil
}
