package peers

import (
	"context"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/verify"
)

// handstamp is ours
var handstamp = Peer{
	Name:   "handstamp/verify",
	Module: "github.com/handstamp/handstamp",
	Setup: "`verify.New` with `Issuer`, `Audience` and `Keys: verify.StaticJWKS(…)`, or `verify.HMAC(…)` for " +
		"HS256; everything else at its zero value. Then `Verify`.",
	New: func(trust mint.Trust) (Verifier, error) {
		keys := verify.StaticJWKS(trust.JWKS())
		if trust.Algorithm == mint.HS256 {
			keys = verify.HMAC(trust.Key.Secret)
		}
		v, err := verify.New(
			context.Background(), verify.Config{Issuer: mint.Issuer, Audience: mint.Audience, Keys: keys},
		)
		if err != nil {
			return nil, err
		}
		return Handstamp{v}, nil
	},
}

// Handstamp returns our verifier the shape of the others.
type Handstamp struct{ *verify.Verifier }

// Verify drops the session, which other libraries return as claims.
func (h Handstamp) Verify(token string) error {
	_, err := h.Verifier.Verify(context.Background(), token)
	return err
}
