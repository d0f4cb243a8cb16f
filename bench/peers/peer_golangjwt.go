package peers

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"github.com/handstamp/handstamp/bench/mint"
)

// golangJWT is set up with every option it has for what we ask
var golangJWT = Peer{
	Name:   "golang-jwt",
	Module: "github.com/golang-jwt/jwt/v5",
	Setup: "`jwt.NewParser(WithValidMethods, WithIssuer, WithAudience, WithExpirationRequired, WithIssuedAt, " +
		"WithLeeway)`, kept; " +
		"`ParseWithClaims` into a struct with `RegisteredClaims` embedded; the key function looks `kid` up in a " +
		"map. `WithStrictDecoding` is left off.",
	New: func(trust mint.Trust) (Verifier, error) {
		g := golangJWTVerifier{keys: map[string]any{}}
		for _, key := range trust.Keys() {
			g.keys[key.ID] = key.Public()
		}
		g.parser = jwt.NewParser(
			jwt.WithValidMethods([]string{string(trust.Algorithm)}), jwt.WithIssuer(mint.Issuer),
			jwt.WithAudience(mint.Audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
			jwt.WithLeeway(leeway),
		)
		return g, nil
	},
}

// golangJWTVerifier keeps a parser and keys by kid
type golangJWTVerifier struct {
	parser *jwt.Parser
	keys   map[string]any // kid → key
}

// golangJWTClaims is what the manual calls a custom claims type
type golangJWTClaims struct {
	Custom
	jwt.RegisteredClaims
}

// Verify is as Verifier has it.
func (g golangJWTVerifier) Verify(token string) error {
	_, err := g.parse(token)
	return err
}

// parse returns the claims of a good token
func (g golangJWTVerifier) parse(token string) (*golangJWTClaims, error) {
	claims := new(golangJWTClaims)
	_, err := g.parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		if key, known := g.keys[kid]; known {
			return key, nil
		}
		return nil, errors.New("no such key")
	})
	return claims, err
}
