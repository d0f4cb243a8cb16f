package store

import (
	"context"
	"slices"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
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
	// SigningKeys returns every key, by ActiveFrom and then ID, oldest first.
	SigningKeys(ctx context.Context) ([]SigningKey, error)

	// AddSigningKey keeps a new key if newest is still the id of the last of SigningKeys
	// (empty: there is no key yet); it reports whether it did. Of any number of
	// nodes that rotate at once for the same reason one adds a key.
	AddSigningKey(ctx context.Context, k SigningKey, newest string) (bool, error)

	// DropSigningKeys forgets keys by id; ids that are not there do no harm.
	DropSigningKeys(ctx context.Context, ids []string) error

	// RevokeSigningKey forgets a key at once, with an entry of kind key in the log. If it is the
	// one that signs (SigningAt), another does from now on: the one that was to come after it,
	// else next, which is kept for that. It returns the key that signs then. The fault is
	// key_not_found.
	RevokeSigningKey(ctx context.Context, id string, next SigningKey, now time.Time) (SigningKey, error)
}

// SigningAt returns the place of the key that signs at a time, in all keys as SigningKeys returns
// them: the newest whose time has come, else the very first, whatever the clock says. There is
// at least one.
func SigningAt(keys []SigningKey, now time.Time) int {
	for i := len(keys) - 1; i > 0; i-- {
		if !keys[i].ActiveFrom.After(now) {
			return i
		}
	}
	return 0
}

// SuccessorOf returns what RevokeSigningKey does beside forgetting the key of this id, decided on
// the rows as the transaction sees them: the key that signs afterwards, and whether its row is to
// be written, because it is next or begins earlier than it was to. The fault is key_not_found.
func SuccessorOf(
	id string, keys []SigningKey, next SigningKey, now time.Time,
) (signs SigningKey, write bool, err error) {
	at := slices.IndexFunc(keys, func(k SigningKey) bool { return k.ID == id })
	if at < 0 {
		return SigningKey{}, false, fault.New(fault.KeyNotFound)
	}
	if active := SigningAt(keys, now); active != at {
		return keys[active], false, nil
	}
	if at+1 < len(keys) {
		next = keys[at+1]
	}
	next.ActiveFrom = now
	return next, true, nil
}
