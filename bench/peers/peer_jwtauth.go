package peers

import (
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"

	gochi "github.com/go-chi/jwtauth/v5"

	"github.com/handstamp/handstamp/bench/mint"
)

// jwtauth has one key
var jwtauth = Peer{
	Name:   "jwtauth",
	Module: "github.com/go-chi/jwtauth/v5",
	Setup: "`jwtauth.New` with the algorithm, the one key, and jwx's `WithIssuer`, `WithAudience`, " +
		"`WithRequiredClaim(\"exp\")`, `WithAcceptableSkew`; `VerifyToken`, which is what its middleware calls. " +
		"It is built on jwx, and does not read `kid`.",
	New: func(trust mint.Trust) (Verifier, error) {
		options := []jwxjwt.ValidateOption{
			jwxjwt.WithIssuer(mint.Issuer),
			jwxjwt.WithAudience(mint.Audience),
			jwxjwt.WithRequiredClaim(jwxjwt.ExpirationKey),
			jwxjwt.WithAcceptableSkew(leeway),
		}
		if trust.Algorithm == mint.HS256 {
			return jwtauthVerifier{gochi.New(string(trust.Algorithm), trust.Key.Secret, nil, options...)}, nil
		}
		return jwtauthVerifier{gochi.New(string(trust.Algorithm), nil, trust.Key.Public(), options...)}, nil
	},
}

// jwtauthVerifier keeps key and options
type jwtauthVerifier struct{ auth *gochi.JWTAuth }

// Verify is as Verifier has it.
func (j jwtauthVerifier) Verify(token string) error {
	_, err := gochi.VerifyToken(j.auth, token)
	return err
}
