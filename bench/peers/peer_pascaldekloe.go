package peers

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"maps"
	"time"

	"github.com/pascaldekloe/jwt"

	"github.com/handstamp/handstamp/bench/mint"
)

// pascaldekloe is set up with its register of keys by kid
var pascaldekloe = Peer{
	Name:   "pascaldekloe",
	Module: "github.com/pascaldekloe/jwt",
	Setup: "`jwt.KeyRegister` with every key and its id, `Check`, then `AcceptTemporal` with the leeway and " +
		"`AcceptAudience`. The package's maps of algorithms are cut down to ES256, RS256 and HS256. " +
		"Our lines: `Issuer` is compared; `Audiences` must not be empty; `Expires` must not be nil.",
	New: func(trust mint.Trust) (Verifier, error) {
		keys := new(jwt.KeyRegister)
		for _, key := range trust.Keys() {
			switch public := key.Public().(type) {
			case *ecdsa.PublicKey:
				keys.ECDSAs, keys.ECDSAIDs = append(keys.ECDSAs, public), append(keys.ECDSAIDs, key.ID)
			case ed25519.PublicKey:
				keys.EdDSAs, keys.EdDSAIDs = append(keys.EdDSAs, public), append(keys.EdDSAIDs, key.ID)
			case *rsa.PublicKey:
				keys.RSAs, keys.RSAIDs = append(keys.RSAs, public), append(keys.RSAIDs, key.ID)
			case []byte:
				keys.Secrets, keys.SecretIDs = append(keys.Secrets, public), append(keys.SecretIDs, key.ID)
			}
		}
		return pascaldekloeVerifier{keys}, nil
	},
}

// init leaves one algorithm of each kind, which is how the library is told (its variables say:
// before first use)
func init() {
	for _, algorithms := range []map[string]crypto.Hash{jwt.ECDSAAlgs, jwt.RSAAlgs, jwt.HMACAlgs} {
		maps.DeleteFunc(algorithms, func(name string, _ crypto.Hash) bool {
			return name != jwt.ES256 && name != jwt.RS256 && name != jwt.HS256
		})
	}
}

// pascaldekloeVerifier keeps the keys
type pascaldekloeVerifier struct{ keys *jwt.KeyRegister }

// Verify is as Verifier has it.
func (p pascaldekloeVerifier) Verify(token string) error {
	claims, err := p.keys.Check([]byte(token))
	if err != nil {
		return err
	}
	switch {
	case claims.Issuer != mint.Issuer:
		return errIssuer
	case len(claims.Audiences) == 0 || !claims.AcceptAudience(mint.Audience):
		return errAudience
	case claims.Expires == nil:
		return errExpiry
	}
	return claims.AcceptTemporal(time.Now(), leeway)
}
