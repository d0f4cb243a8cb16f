// Package keyset finds the key that a token names. A key comes from the issuer by its kid and is
// never another's: from a set that was given, from the issuer's own memory, or from the issuer's
// server. In doubt there is no key, and then no token is good.
package keyset

import (
	"context"
	"errors"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify/internal/clock"
)

// ErrNone says that the issuer's keys are not known at the moment.
var ErrNone = errors.New("no keys, or too old ones")

// Keys are the keys of one issuer. Exactly one of its first three fields is set.
type Keys struct {
	fixed  *jose.KeySet        // never changes
	memory func() *jose.KeySet // the issuer's own, in this program
	remote *Remote             // fetched

	only *jose.Key // the one key of fixed, whatever a token calls it; nil: a token's kid says which
}

// Fixed returns Keys that never change.
func Fixed(set *jose.KeySet) *Keys { return &Keys{fixed: set} }

// Only returns Keys with one key, which is meant whatever a token calls it.
func Only(key *jose.Key) *Keys { return &Keys{fixed: jose.NewKeySet(key), only: key} }

// Memory returns Keys that are asked for each time.
func Memory(current func() *jose.KeySet) *Keys { return &Keys{memory: current} }

// Fetch returns Keys that are fetched from the issuer's server.
func Fetch(ctx context.Context, o Options) *Keys { return &Keys{remote: NewRemote(ctx, o)} }

// Find returns the key with exactly this kid, or nil when the issuer has none such. It waits for a
// fetch when the kid may be new. Not knowing the issuer's keys at all is ErrNone.
func (k *Keys) Find(ctx context.Context, kid string) (*jose.Key, error) {
	switch {
	case k.only != nil:
		return k.only, nil
	case k.remote != nil:
		return k.remote.find(ctx, kid)
	}
	set := k.Current(clock.Moment{})
	if set == nil || set.Len() == 0 {
		return nil, ErrNone
	}
	return set.Lookup(kid), nil
}

// Current returns the keys that are good now, or nil when there are none.
func (k *Keys) Current(now clock.Moment) *jose.KeySet {
	switch {
	case k.fixed != nil:
		return k.fixed
	case k.remote != nil:
		return k.remote.current(now)
	}
	return k.memory()
}

// News returns when keys were last fetched, and what went wrong since. The time is zero when they
// are not fetched.
func (k *Keys) News() (fetched time.Time, err error) {
	if k.remote == nil {
		return time.Time{}, nil
	}
	return k.remote.news()
}

// Withdraw forgets a key that ended early, where keys are fetched.
func (k *Keys) Withdraw(kid string) {
	if k.remote != nil {
		k.remote.withdraw(kid)
	}
}

// Close ends what runs in the background.
func (k *Keys) Close() {
	if k.remote != nil {
		k.remote.close()
	}
}
