package verify

import (
	"context"
	"errors"
	"fmt"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/verify/internal/keyset"
)

// KeySource is where a verifier has its keys from: JWKS, StaticJWKS or HMAC. A verifier has one, so
// public keys and a shared secret can never meet in it (RFC 8725 §3.1).
type KeySource interface {
	open(ctx context.Context, v *Verifier) (*keyset.Keys, error)
}

// memory is a KeySource in the program that holds the issuer itself: its own keys and endings, both
// asked for on every request. So the server checks its own routes, and refuses an ended session at
// once. It is not part of the API, because its methods name internal types: a type of ours that
// embeds a KeySource, to be one, and has these methods.
type memory interface {
	KeySource
	// Keys returns the same set until keys change, made of the same keys; nil while there are none.
	Keys() *jose.KeySet
	// Revoked returns what ended, always the same set.
	Revoked() *revoked.Set
}

// disconnector is a memory that can be cut off from what ends, as one for tests can
type disconnector interface{ FeedIsCut() bool }

// openKeys opens the source of v's keys
func (v *Verifier) openKeys(ctx context.Context) (*keyset.Keys, error) {
	m, ours := v.config.Keys.(memory)
	if !ours {
		return v.config.Keys.open(ctx, v)
	}
	v.revoked = m.Revoked()
	v.memory, _ = m.(disconnector)
	return keyset.Memory(m.Keys), nil
}

// discovered is the source of a Config without Keys: the issuer's metadata says where
type discovered struct{}

func (discovered) open(ctx context.Context, v *Verifier) (*keyset.Keys, error) {
	return v.fetchKeys(ctx, ""), nil
}

// listed is the source that JWKS makes
type listed struct{ url string }

// JWKS fetches keys from a JWK Set at url, which must be https, or http on loopback where the
// issuer is too. They are refreshed before their max-age runs out, so that a new key is known
// before it signs. A token that names an unknown key makes them be fetched at once, but not twice
// in 10 s.
func JWKS(url string) KeySource { return listed{url} }

func (l listed) open(ctx context.Context, v *Verifier) (*keyset.Keys, error) {
	if err := keyset.CheckURL(l.url, v.issuer); err != nil {
		return nil, fmt.Errorf("Config.Keys: %w", err)
	}
	return v.fetchKeys(ctx, l.url), nil
}

// fetchKeys begins to fetch keys from an address, or from where the issuer's metadata says when it
// is empty
func (v *Verifier) fetchKeys(ctx context.Context, address string) *keyset.Keys {
	return keyset.Fetch(ctx, keyset.Options{
		Issuer: v.config.Issuer, URL: address, Client: v.config.HTTPClient, Clock: v.clock, Log: v.config.Logger,
		MaxAge: v.config.MaxKeyAge, Counts: &v.metrics.keys,
	})
}

// static is the source that StaticJWKS makes
type static struct{ data []byte }

// StaticJWKS takes keys from a JWK Set (RFC 7517 §5) that never changes, so that nothing touches
// the network. A key in it that cannot be used is a mistake that New reports.
func StaticJWKS(jwks []byte) KeySource { return static{jwks} }

func (s static) open(context.Context, *Verifier) (*keyset.Keys, error) {
	set, skipped, err := jose.ParseKeySet(s.data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("Config.Keys: %w", err)
	case len(skipped) > 0:
		return nil, fmt.Errorf("Config.Keys: %w", errors.Join(skipped...))
	case set.Len() == 0:
		return nil, errors.New("Config.Keys: the key set is empty")
	}
	return keyset.Fixed(set), nil
}

// secret is the source that HMAC makes. It holds a pointer, because fmt prints the bytes of any
// other field for some verb or other.
type secret struct{ bytes *[]byte }

// String keeps the secret out of logs, whatever the verb.
func (s *secret) String() string { return "HMAC(secret)" }

// GoString is String: %#v prints no secret either.
func (s *secret) GoString() string { return s.String() }

// HMAC checks tokens under a secret shared with the issuer, which then is part of the same program:
// whoever can check such a token can also make one. The secret is at least 32 random bytes;
// New refuses shorter and well-known ones.
func HMAC(bytes []byte) KeySource { return &secret{&bytes} }

func (s *secret) open(context.Context, *Verifier) (*keyset.Keys, error) {
	key, err := jose.NewHMAC("hmac", *s.bytes)
	if err != nil {
		return nil, fmt.Errorf("Config.Keys: %w", err)
	}
	return keyset.Only(key.Public()), nil
}
