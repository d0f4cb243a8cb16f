package peers

import (
	"context"
	"net/url"

	"github.com/auth0/go-jwt-middleware/v3/jwks"
	"github.com/auth0/go-jwt-middleware/v3/validator"

	"github.com/handstamp/handstamp/bench/mint"
)

// auth0 is set up as the production example of its manual
var auth0 = Peer{
	Name:   "auth0",
	Module: "github.com/auth0/go-jwt-middleware/v3",
	Setup: "`validator.New` with `WithAlgorithm`, `WithIssuer`, `WithAudience`, `WithAllowedClockSkew`, " +
		"`WithCustomClaims`, keys by `jwks.NewCachingProvider` (answered in memory; a function that returns the " +
		"secret for HS256), " +
		"and its manual's `WithRegisteredClaimsValidator` that wants an expiry; `ValidateToken`. It is built on jwx.",
	New: func(trust mint.Trust) (Verifier, error) {
		keys, err := auth0Keys(trust)
		if err != nil {
			return nil, err
		}
		v, err := validator.New(
			validator.WithKeyFunc(keys),
			validator.WithAlgorithm(validator.SignatureAlgorithm(trust.Algorithm)),
			validator.WithIssuer(mint.Issuer),
			validator.WithAudience(mint.Audience),
			validator.WithAllowedClockSkew(leeway),
			validator.WithCustomClaims(func() *auth0Claims { return new(auth0Claims) }),
			validator.WithRegisteredClaimsValidator(func(claims validator.RegisteredClaims) error {
				if claims.Expiry == 0 {
					return errExpiry
				}
				return nil
			}),
		)
		return auth0Verifier{v}, err
	},
}

// auth0Keys is where the keys come from
func auth0Keys(trust mint.Trust) (func(context.Context) (any, error), error) {
	if trust.Algorithm == mint.HS256 {
		return func(context.Context) (any, error) { return trust.Key.Secret, nil }, nil
	}
	issuer, err := url.Parse(mint.Issuer)
	if err != nil {
		return nil, err
	}
	provider, err := jwks.NewCachingProvider(
		jwks.WithIssuerURL(issuer), jwks.WithCustomJWKSURI(issuer.JoinPath(".well-known", "jwks.json")),
		jwks.WithCustomClient(published(trust)),
	)
	if err != nil {
		return nil, err
	}
	return provider.KeyFunc, nil
}

// auth0Claims is a custom claims type that has nothing to check
type auth0Claims struct{ Custom }

// Validate is asked for by the library.
func (*auth0Claims) Validate(context.Context) error { return nil }

// auth0Verifier keeps the validator
type auth0Verifier struct{ *validator.Validator }

// Verify is as Verifier has it.
func (a auth0Verifier) Verify(token string) error {
	_, err := a.ValidateToken(context.Background(), token)
	return err
}
