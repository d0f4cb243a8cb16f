package keyring

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/store"
)

// sharedKeyID is the kid of the one HMAC key.
const sharedKeyID = "shared-secret"

// OpenShared makes a ring of one secret, for a server inside the one program that also
// verifies (HS256). Nothing is kept, published or rotated: whoever has the secret can make
// tokens. The error is about a secret that is short or can be guessed.
func OpenShared(secret []byte) (*Ring, error) {
	key, err := jose.NewHMAC(sharedKeyID, secret)
	if err != nil {
		return nil, err
	}
	r := &Ring{keys: noKeys{}, algorithm: jose.HS256}
	r.publish([]private{{sharedRow, key}})
	return r, nil
}

// sharedRow is the one key as a store would keep it: always there, so that none is due.
var sharedRow = store.SigningKey{ID: sharedKeyID, Algorithm: string(jose.HS256), ActiveFrom: time.Unix(1<<40, 0)}

// noKeys is the store of a ring that keeps nothing but its secret in memory.
type noKeys struct{}

// SigningKeys returns the one key.
func (noKeys) SigningKeys(context.Context) ([]store.SigningKey, error) {
	return []store.SigningKey{sharedRow}, nil
}

// AddSigningKey keeps nothing.
func (noKeys) AddSigningKey(context.Context, store.SigningKey, string) (bool, error) {
	return false, nil
}

// DropSigningKeys has nothing to drop.
func (noKeys) DropSigningKeys(context.Context, []string) error { return nil }

// RevokeSigningKey has no key that could be withdrawn: the secret is in the program's settings.
func (noKeys) RevokeSigningKey(context.Context, string, store.SigningKey, time.Time) (store.SigningKey, error) {
	return store.SigningKey{}, fault.New(fault.KeyNotFound)
}
