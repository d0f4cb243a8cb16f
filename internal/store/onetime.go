package store

import (
	"context"
	"time"
)

// TokenHash is the SHA-256 of a one-time token. The token has 256 random bits, so that nothing
// slower is needed.
type TokenHash [32]byte

// Purpose says what a one-time token is good for, such as "reset". It is good for nothing else.
type Purpose string

// OneTimeToken is what a letter carries: good once, for one purpose, until it expires. Only its
// hash is kept.
type OneTimeToken struct {
	Hash      TokenHash
	User      UserID
	Purpose   Purpose
	Email     string // the address that it was sent to
	CreatedAt time.Time
	ExpiresAt time.Time // at this time it is good no longer
}

// OneTimeTokens keeps them; a user has at most one for each purpose.
type OneTimeTokens interface {
	// AddOneTimeToken keeps a token, in place of an earlier one of the same user and purpose. The
	// fault is user_not_found.
	AddOneTimeToken(ctx context.Context, t OneTimeToken) error

	// TakeOneTimeToken removes the token with this hash and returns it, and reports whether there
	// was one, for this purpose and not expired at now. Of any number of concurrent calls one
	// gets it. What its holder is told depends on the purpose, so that it is no fault here.
	TakeOneTimeToken(ctx context.Context, hash TokenHash, p Purpose, now time.Time) (OneTimeToken, bool, error)
}
