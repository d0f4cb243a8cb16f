package peers

import (
	"context"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/handstamp/handstamp/bench/mint"
)

// goOIDC is set up with keys it fetches once
var goOIDC = Peer{
	Name:   "go-oidc",
	Module: "github.com/coreos/go-oidc/v3",
	Setup: "`oidc.NewVerifier` with `NewRemoteKeySet` (answered in memory, so that it is asked once), `ClientID: " +
		"audience` and `SupportedSigningAlgs`; `Verify`, then `Claims` into a struct. " +
		"It is made for ID tokens; it has no leeway for `exp`, 5 min for `nbf`, and no HS256.",
	New: func(trust mint.Trust) (Verifier, error) {
		if trust.Algorithm == mint.HS256 {
			return nil, ErrUnsupported
		}
		ctx := oidc.ClientContext(context.Background(), published(trust))
		keys := oidc.NewRemoteKeySet(ctx, mint.Issuer+"/.well-known/jwks.json")
		config := &oidc.Config{ClientID: mint.Audience, SupportedSigningAlgs: []string{string(trust.Algorithm)}}
		return goOIDCVerifier{oidc.NewVerifier(mint.Issuer, keys, config)}, nil
	},
}

// goOIDCVerifier keeps the verifier
type goOIDCVerifier struct{ verifier *oidc.IDTokenVerifier }

// Verify is as Verifier has it.
func (g goOIDCVerifier) Verify(token string) error {
	verified, err := g.verifier.Verify(context.Background(), token)
	if err != nil {
		return err
	}
	var custom Custom
	return verified.Claims(&custom)
}
