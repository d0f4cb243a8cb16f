package keyring

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// Revoke withdraws a key at once, for example because it may have been stolen: it is not published
// any more, and its entry in the log refuses all that it signed. If it was the active key, the next
// one signs from now on, or a new one if there is none. There is always an active key: the new one
// is made and sealed before the old one goes. Revoke returns the key that signs now. The fault is
// key_not_found. Only the operator may.
func (r *Ring) Revoke(ctx context.Context, by audit.Caller, id string, now time.Time) (Key, error) {
	if err := by.MustOperate(); err != nil {
		return Key{}, err
	}
	next, err := r.generate(now)
	if err != nil {
		return Key{}, err
	}
	signs, err := r.keys.RevokeSigningKey(ctx, id, next, now)
	if err != nil {
		return Key{}, err
	}
	r.log.Record(ctx, by, audit.Event{Name: audit.KeyRevoked, Key: id})
	if signs.ID == next.ID {
		r.log.Record(ctx, by, audit.Event{Name: audit.KeyAdded, Key: next.ID})
	}
	rows, err := r.keys.SigningKeys(ctx)
	if err != nil {
		return Key{}, err
	}
	return Key{signs.ID, jose.Algorithm(signs.Algorithm), Active, signs.CreatedAt, signs.ActiveFrom}, r.load(rows)
}

// HoldsAny reports whether the ring still holds a key that was revoked: it is then time to
// Maintain.
func (r *Ring) HoldsAny(ended *revoked.Set) bool {
	for _, key := range r.Keys().Keys() {
		if ended.Revoked(revoked.Token{KeyID: key.ID()}) {
			return true
		}
	}
	return false
}

// generate makes a key that signs from now on, and seals it. It does not keep it.
func (r *Ring) generate(now time.Time) (store.SigningKey, error) {
	key, err := jose.Generate(r.algorithm)
	if err != nil {
		return store.SigningKey{}, err
	}
	row := store.SigningKey{ID: key.ID(), Algorithm: string(r.algorithm), CreatedAt: now, ActiveFrom: now}
	row.Sealed, err = r.sealer.seal(key)
	return row, err
}
