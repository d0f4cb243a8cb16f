package verify_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
)

// BenchmarkVerify checks a token that was never seen, beside the bare signature check that it cannot be
// faster than.
func BenchmarkVerify(b *testing.B) {
	v := mustNew(b, testConfig())
	for _, alg := range []jose.Algorithm{jose.ES256, jose.EdDSA, jose.RS256} {
		token := sign(signingKeys()[alg], goodHeader(alg).String(), goodClaims().String())
		parts, _ := jose.SplitCompact(token)
		signature, _ := jose.DecodeBase64(parts.Signature)
		b.Run(string(alg)+"/bare", func(b *testing.B) {
			key, input := signingKeys()[alg].Public(), []byte(parts.SigningInput)
			for b.Loop() {
				if err := key.Verify(input, signature); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(alg)+"/whole", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(context.Background(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRefuse refuses tokens that are no token of ours at a glance.
func BenchmarkRefuse(b *testing.B) {
	v := mustNew(b, testConfig())
	good, _ := jose.SplitCompact(goodToken())
	for name, token := range map[string]string{
		"garbage":     "garbage",
		"bad base64":  good.SigningInput + ".+" + good.Signature[1:],
		"unknown kid": sign(signingKeys()[jose.ES256], goodHeader(jose.ES256).with("kid", `"x"`).String(), goodClaims().String()),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(context.Background(), token); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}

// BenchmarkRequire is the middleware around a token that was never seen.
func BenchmarkRequire(b *testing.B) {
	h := mustNew(b, testConfig()).Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+goodToken())
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
