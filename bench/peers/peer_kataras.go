package peers

import (
	"fmt"

	"github.com/kataras/jwt"

	"github.com/handstamp/handstamp/bench/mint"
)

// katarasAlgorithms are its names for ours
var katarasAlgorithms = map[mint.Algorithm]jwt.Alg{
	mint.ES256: jwt.ES256, mint.EdDSA: jwt.EdDSA, mint.RS256: jwt.RS256, mint.HS256: jwt.HS256,
}

// kataras is set up with its registry of keys by kid
var kataras = Peer{
	Name:   "kataras",
	Module: "github.com/kataras/jwt",
	Setup: "`jwt.Keys` with every key registered under its `kid` and algorithm, `VerifyWithHeaderValidator` with " +
		"`Keys.ValidateHeader` and `jwt.Expected{Issuer, Audience}`, then `Claims` into a struct. " +
		"`Expected` compares the whole list of audiences; it has no leeway for `exp`. Our line: `Expiry` must not " +
		"be 0.",
	New: func(trust mint.Trust) (Verifier, error) {
		keys := jwt.Keys{}
		for _, key := range trust.Keys() {
			keys.Register(katarasAlgorithms[trust.Algorithm], key.ID, key.Public(), nil)
		}
		return katarasVerifier{keys, jwt.Expected{Issuer: mint.Issuer, Audience: jwt.Audience{mint.Audience}}}, nil
	},
}

// katarasVerifier keeps the keys and what is expected
type katarasVerifier struct {
	keys     jwt.Keys
	expected jwt.Expected
}

// Verify is as Verifier has it.
func (k katarasVerifier) Verify(token string) error {
	verified, err := jwt.VerifyWithHeaderValidator(nil, nil, []byte(token), k.keys.ValidateHeader, k.expected)
	if err != nil {
		return err
	}
	if verified.StandardClaims.Expiry == 0 {
		return errExpiry
	}
	var custom Custom
	if err := verified.Claims(&custom); err != nil {
		return fmt.Errorf("claims: %w", err)
	}
	return nil
}
