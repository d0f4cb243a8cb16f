package peers

import (
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/handstamp/handstamp/bench/mint"
)

// jwx is set up with a key set whose keys name their algorithm
var jwx = Peer{
	Name:   "jwx",
	Module: "github.com/lestrrat-go/jwx/v3",
	Setup: "`jwt.ParseString` with `WithKeySet` (every key in it names its `alg`; `WithKey(jwa.HS256(), secret)` " +
		"for HS256), `WithIssuer`, `WithAudience`, " +
		"`WithRequiredClaim(\"exp\")`, `WithAcceptableSkew`; options made once. With a key set it does not check " +
		"`crit`, and `jwt` has no option for that; `WithPedantic`, `WithStrictStringClaims` and the package's " +
		"settings are left as they come.",
	New: func(trust mint.Trust) (Verifier, error) {
		options := []jwt.ParseOption{
			jwt.WithIssuer(mint.Issuer),
			jwt.WithAudience(mint.Audience),
			jwt.WithRequiredClaim(jwt.ExpirationKey),
			jwt.WithAcceptableSkew(leeway),
		}
		if trust.Algorithm == mint.HS256 {
			return jwxVerifier{append(options, jwt.WithKey(jwa.HS256(), trust.Key.Secret))}, nil
		}
		set, err := jwk.Parse(trust.JWKS())
		if err != nil {
			return nil, err
		}
		return jwxVerifier{append(options, jwt.WithKeySet(set))}, nil
	},
}

// jwxVerifier keeps the options
type jwxVerifier struct{ options []jwt.ParseOption }

// Verify is as Verifier has it.
func (j jwxVerifier) Verify(token string) error {
	_, err := jwt.ParseString(token, j.options...)
	return err
}
