package peers

import (
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/handstamp/handstamp/bench/mint"
)

// goJOSE is set up with a key set and the one algorithm
var goJOSE = Peer{
	Name:   "go-jose",
	Module: "github.com/go-jose/go-jose/v4",
	Setup: "`jwt.ParseSigned` with the one algorithm, `Claims` with a `*jose.JSONWebKeySet` (the secret for " +
		"HS256), `ValidateWithLeeway` with `Issuer`, `AnyAudience` and `Time`. " +
		"Our line: `Expiry` must not be nil.",
	New: func(trust mint.Trust) (Verifier, error) {
		g := goJOSEVerifier{algorithms: []jose.SignatureAlgorithm{jose.SignatureAlgorithm(trust.Algorithm)}}
		if trust.Algorithm == mint.HS256 {
			g.key = trust.Key.Secret
			return g, nil
		}
		set := new(jose.JSONWebKeySet)
		g.key = set
		return g, json.Unmarshal(trust.JWKS(), set)
	},
}

// goJOSEVerifier keeps the keys
type goJOSEVerifier struct {
	algorithms []jose.SignatureAlgorithm
	key        any
}

// Verify is as Verifier has it.
func (g goJOSEVerifier) Verify(token string) error {
	parsed, err := jwt.ParseSigned(token, g.algorithms)
	if err != nil {
		return err
	}
	var claims jwt.Claims
	var custom Custom
	if err := parsed.Claims(g.key, &claims, &custom); err != nil {
		return err
	}
	if claims.Expiry == nil {
		return errExpiry
	}
	expected := jwt.Expected{Issuer: mint.Issuer, AnyAudience: jwt.Audience{mint.Audience}, Time: time.Now()}
	return claims.ValidateWithLeeway(expected, leeway)
}
