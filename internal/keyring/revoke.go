package keyring

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// Revoke withdraws a key at once, as when it may have been stolen: it is published no more, its
// entry in the log refuses all that it signed, and where it was the one that signs, the next
// does from now on, a new one if there is none. There is always one: the new key is made and
// sealed before the old one goes. It gives the key that signs now. The fault is key_not_found.
func (r *Ring) Revoke(ctx context.Context, by audit.Caller, id string, now time.Time) (Key, error) {
	if err := by.MustOperate(); err != nil {
		return Key{}, err
	}
	next, err := r.fresh(now)
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
	return Key{signs.ID, jose.Algorithm(signs.Algorithm), Active, signs.CreatedAt, signs.ActiveFrom}, r.hold(rows)
}

// HoldsAny tells whether the ring still holds a key that was revoked: it is then time to Maintain.
func (r *Ring) HoldsAny(ended *revoked.Set) bool {
	for _, key := range r.Keys().Keys() {
		if ended.Revoked(revoked.Token{KeyID: key.ID()}) {
			return true
		}
	}
	return false
}

// fresh makes a key and seals it; nobody keeps it yet. It signs from now on.
func (r *Ring) fresh(now time.Time) (store.SigningKey, error) {
	key, err := jose.Generate(r.algorithm)
	if err != nil {
		return store.SigningKey{}, err
	}
	row := store.SigningKey{ID: key.ID(), Algorithm: string(r.algorithm), CreatedAt: now, ActiveFrom: now}
	row.Sealed, err = r.sealer.seal(key)
	return row, err
}
