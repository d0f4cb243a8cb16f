package peers_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/bench/peers"
)

// TestGoodTokens proves that a set-up accepts what it should, without which its refusals mean
// nothing, and that each of the four checks that all have in common is on.
func TestGoodTokens(t *testing.T) {
	for _, alg := range mint.Algorithms {
		trust := mustTrust(t, alg)
		now := time.Now()
		good := mint.Claims(now)
		other := mustTrust(t, alg)
		other.Key.ID = trust.Key.ID
		for _, p := range peers.All() {
			v, err := p.New(*trust)
			if errors.Is(err, peers.ErrUnsupported) {
				continue
			}
			if err != nil {
				t.Fatalf("%s for %s: %v", p.Name, alg, err)
			}
			for range 3 {
				if err := v.Verify(trust.Key.Token(good)); err != nil {
					t.Errorf("%s, %s: a good token = %v, want no error", p.Name, alg, err)
				}
			}
			for name, token := range map[string]string{
				"another issuer":   trust.Key.Token(good.With("iss", `"https://evil.example"`)),
				"another audience": trust.Key.Token(good.With("aud", `"https://evil.example"`)),
				"expired":          trust.Key.Token(mint.Claims(now.Add(-time.Hour))),
				"no expiry":        trust.Key.Token(good.Without("exp")),
				"another key":      other.Key.Token(good),
				"alg none":         mint.Unsigned(trust.Key.Header().With("alg", `"none"`), good),
			} {
				if v.Verify(token) == nil {
					t.Errorf("%s, %s: a token with %s was accepted, want an error", p.Name, alg, name)
				}
			}
		}
	}
}

// TestPeersAreNamed holds every peer to what the documents print of it.
func TestPeersAreNamed(t *testing.T) {
	for _, p := range peers.All() {
		if p.Name == "" || p.Setup == "" || p.Version() == "" {
			t.Errorf("%+v has no name, set-up or version", p)
		}
	}
}

// TestTokenIsRealistic keeps the token near the 600 bytes that the measurements speak of.
func TestTokenIsRealistic(t *testing.T) {
	trust := mustTrust(t, mint.ES256)
	token := trust.Key.Token(mint.Claims(time.Now()))
	if n := len(token); n < 550 || n > 750 || strings.Count(token, ".") != 2 {
		t.Errorf("a token of %d bytes, want about 600", n)
	}
	t.Log(len(token))
}

// mustTrust makes an issuer.
func mustTrust(t *testing.T, alg mint.Algorithm) *mint.Trust {
	t.Helper()
	trust, err := mint.NewTrust(alg)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}
