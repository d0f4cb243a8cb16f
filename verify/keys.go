package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// KeySource is where a verifier has its keys from: JWKS, StaticJWKS or HMAC. A verifier has one, so public keys
// and a shared secret can never meet in it (RFC 8725 §3.1).
type KeySource interface {
	open(ctx context.Context, v *Verifier) (keyFinder, error)
}

// keyFinder finds the key that a token names
type keyFinder interface {
	// find returns the key with exactly this kid, or nil when the issuer has none such. Not knowing
	// the issuer's keys at all is an error.
	find(ctx context.Context, kid string) (*jose.Key, *Error)
	// keySet is what find looks in at the moment; nil when there is nothing.
	keySet() *jose.KeySet
	// current is keySet at a glance: a key that it has under its name is good now. Nil when there is nothing, or
	// when it takes more than a glance to tell.
	current(now moment) *jose.KeySet
	// news is when keys were last fetched, and what went wrong since.
	news() (fetched time.Time, err error)
	// close ends what runs in the background.
	close()
}

// noKeys is the refusal while nothing can be checked
func noKeys(why string) *Error {
	e := newError(CodeKeysUnavailable, errors.New(why))
	e.RetryAfter = retryKeys
	return e
}

// retryKeys is how soon it is worth to ask again while there are no keys
const retryKeys = 2 * time.Second

// fixed has the same keys for ever
type fixed struct{ set *jose.KeySet }

func (k fixed) find(_ context.Context, kid string) (*jose.Key, *Error) { return k.set.Lookup(kid), nil }
func (k fixed) keySet() *jose.KeySet                                   { return k.set }
func (k fixed) current(moment) *jose.KeySet                            { return k.set }
func (k fixed) news() (time.Time, error)                               { return time.Time{}, nil }
func (k fixed) close()                                                 {}

// static is the source that StaticJWKS makes
type static struct{ data []byte }

// StaticJWKS takes keys from a JWK Set (RFC 7517 §5) that never changes, so that nothing touches
// the network. A key in it that cannot be used is a mistake that New reports.
func StaticJWKS(jwks []byte) KeySource { return static{jwks} }

func (s static) open(context.Context, *Verifier) (keyFinder, error) {
	set, skipped, err := jose.ParseKeySet(s.data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("Config.Keys: %w", err)
	case len(skipped) > 0:
		return nil, fmt.Errorf("Config.Keys: %w", errors.Join(skipped...))
	case set.Len() == 0:
		return nil, errors.New("Config.Keys: the key set is empty")
	}
	return fixed{set}, nil
}

// secret is the source that HMAC makes. It holds a pointer, because fmt prints the bytes of any other
// field for some verb or other.
type secret struct{ bytes *[]byte }

// String keeps the secret out of logs, whatever the verb.
func (s *secret) String() string { return "HMAC(secret)" }

// GoString is String: %#v prints no secret either.
func (s *secret) GoString() string { return s.String() }

// HMAC checks tokens under a secret shared with the issuer, which then is part of the same program:
// whoever can check such a token can also make one. The secret is at least 32 random bytes;
// New refuses shorter and well-known ones.
func HMAC(bytes []byte) KeySource { return &secret{&bytes} }

func (s *secret) open(context.Context, *Verifier) (keyFinder, error) {
	key, err := jose.NewHMAC("hmac", *s.bytes)
	if err != nil {
		return nil, fmt.Errorf("Config.Keys: %w", err)
	}
	return onlyKey{fixed{jose.NewKeySet(key.Public())}, key.Public()}, nil
}

// onlyKey has one key, which is meant whatever a token calls it
type onlyKey struct {
	fixed
	key *jose.Key
}

func (k onlyKey) find(context.Context, string) (*jose.Key, *Error) { return k.key, nil }

// Memory is the issuer's own keys and endings, where verifier and issuer are one program. Both are asked for on every
// request: Keys should return the same set until keys change, made of the same keys.
type Memory interface {
	Keys() *jose.KeySet
	Revoked() *revoked.Set
}

// inProcess is the source that InProcess makes
type inProcess struct{ Memory }

// InProcess takes keys and endings from the issuer's own memory: it is how the server checks its own
// routes, and refuses an ended session at once.
func InProcess(m Memory) KeySource { return &inProcess{m} }

// cutter is a Memory that can be cut off from what ends, as one for tests can
type cutter interface{ FeedIsCut() bool }

func (p *inProcess) open(_ context.Context, v *Verifier) (keyFinder, error) {
	v.revoked = p.Revoked()
	v.memory, _ = p.Memory.(cutter)
	return p, nil
}

func (p *inProcess) find(_ context.Context, kid string) (*jose.Key, *Error) {
	set := p.Keys()
	if set == nil || set.Len() == 0 {
		return nil, noKeys("no keys in memory")
	}
	return set.Lookup(kid), nil
}

func (p *inProcess) keySet() *jose.KeySet        { return p.Keys() }
func (p *inProcess) current(moment) *jose.KeySet { return p.Keys() }
func (p *inProcess) news() (time.Time, error)    { return time.Time{}, nil }
func (p *inProcess) close()                      {}
