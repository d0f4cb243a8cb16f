package store

import (
	"context"
	"time"
)

// SigningKey is a private signing key, sealed, and when it signs. Its state is not kept but
// follows from the times of all keys: see keyring.
type SigningKey struct {
	ID         string // the kid
	Algorithm  string // ES256, EdDSA or RS256; the key's only one
	Sealed     []byte // the private key, sealed under the master key
	CreatedAt  time.Time
	ActiveFrom time.Time // from then on it signs, until a newer key does
}

// Keys keeps signing keys.
type Keys interface {
	// SigningKeys gives every key, by ActiveFrom and then ID, oldest first.
	SigningKeys(ctx context.Context) ([]SigningKey, error)

	// AddSigningKey keeps a new key if newest is still the id of the last of SigningKeys
	// (empty: there is no key yet); it tells whether it did. Of any number of
	// nodes that rotate at once for the same reason one adds a key.
	AddSigningKey(ctx context.Context, k SigningKey, newest string) (bool, error)

	// DropSigningKeys forgets keys by id; ids that are not there do no harm.
	DropSigningKeys(ctx context.Context, ids []string) error
}
