package peers

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"time"

	"github.com/cristalhq/jwt/v5"

	"github.com/handstamp/handstamp/bench/mint"
)

// cristalhq has one verifier for one key
var cristalhq = Peer{
	Name:   "cristalhq",
	Module: "github.com/cristalhq/jwt/v5",
	Setup: "`NewVerifierES` (and so on) for the one key and algorithm, `ParseClaims` into a struct with " +
		"`RegisteredClaims` embedded, then its `IsIssuer`, `IsForAudience` and `IsValidAt`. " +
		"It has no leeway and does not read `kid`. Our line: `ExpiresAt` must not be nil.",
	New: func(trust mint.Trust) (Verifier, error) {
		var v jwt.Verifier
		var err error
		switch key := trust.Key.Public().(type) {
		case *ecdsa.PublicKey:
			v, err = jwt.NewVerifierES(jwt.ES256, key)
		case ed25519.PublicKey:
			v, err = jwt.NewVerifierEdDSA(key)
		case *rsa.PublicKey:
			v, err = jwt.NewVerifierRS(jwt.RS256, key)
		case []byte:
			v, err = jwt.NewVerifierHS(jwt.HS256, key)
		default:
			err = ErrUnsupported
		}
		return cristalhqVerifier{v}, err
	},
}

// cristalhqVerifier keeps the verifier of one key
type cristalhqVerifier struct{ jwt.Verifier }

// cristalhqClaims is what its examples call user claims
type cristalhqClaims struct {
	Custom
	jwt.RegisteredClaims
}

// Verify is as Verifier has it.
func (c cristalhqVerifier) Verify(token string) error {
	var claims cristalhqClaims
	if err := jwt.ParseClaims([]byte(token), c.Verifier, &claims); err != nil {
		return err
	}
	switch {
	case !claims.IsIssuer(mint.Issuer):
		return errIssuer
	case !claims.IsForAudience(mint.Audience):
		return errAudience
	case claims.ExpiresAt == nil || !claims.IsValidAt(time.Now()):
		return errExpiry
	}
	return nil
}
