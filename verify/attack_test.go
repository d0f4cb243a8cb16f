package verify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// attack is one hostile token. Each stands for something that got past a real verifier, or that a
// standard warns of.
type attack struct {
	class string
	name  string
	cite  string // the CVE or the clause it stands for
	token string
	why   string // part of the reason that goes to the log: refused for this, and for nothing else
}

// attacks is the whole table, by class.
func attacks(t testing.TB) []attack {
	t.Helper()
	var all []attack
	for _, of := range []func() []attack{
		algAttacks, confusionAttacks, embeddedKeyAttacks, kidAttacks, critAttacks, typAttacks, encodingAttacks,
		shapeAttacks, jsonAttacks, issuerAttacks, audienceAttacks, claimAttacks, timeAttacks, signatureAttacks,
		sizeAttacks, encryptionAttacks,
	} {
		all = append(all, of()...)
	}
	return all
}

// TestAttacks refuses every token of the table, for the reason it should be refused for.
func TestAttacks(t *testing.T) {
	v := mustNew(t, testConfig())
	if _, err := v.Verify(context.Background(), goodToken()); err != nil {
		t.Fatalf("Verify of the token that the attacks begin with = %v, want no error", err)
	}
	classes := map[string]int{}
	names := map[string]bool{}
	for _, a := range attacks(t) {
		classes[a.class]++
		full := a.class + "/" + a.name
		if names[full] || a.cite == "" || a.why == "" {
			t.Errorf("%s: named twice, or without cite or reason", full)
		}
		names[full] = true
		t.Run(full, func(t *testing.T) {
			s, err := v.Verify(context.Background(), a.token)
			var refused *verify.Error
			if !errors.As(err, &refused) || s != nil {
				t.Fatalf("Verify = %v, %v, want a refusal (%s)", s, err, a.cite)
			}
			if refused.Code != verify.CodeInvalidToken || refused.Status != http.StatusUnauthorized {
				t.Errorf("code %s, status %d, want invalid_token and 401", refused.Code, refused.Status)
			}
			if reason := errors.Unwrap(err); reason == nil || !strings.Contains(reason.Error(), a.why) {
				t.Errorf("refused because %q, want something of %q", reason, a.why)
			}
		})
	}
	if len(names) < 250 || len(classes) < 20 {
		t.Errorf("%d attacks in %d classes, want at least 250 in 20", len(names), len(classes))
	}
	t.Logf("%d attacks in %d classes: %v", len(names), len(classes), classes)
}

// TestAttacksLookAlike proves that the answer to a hostile token tells nothing of what was wrong
// with it (JV-22), whichever way it comes in, and that none makes the service fail (JV-18).
func TestAttacksLookAlike(t *testing.T) {
	v := mustNew(t, testConfig())
	h := v.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was reached") }))
	asked := 0
	ask := func(name, value string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(name, value)
		r.RemoteAddr = fmt.Sprintf("198.51.%d.%d:1", asked/256, asked%256) // each its own, so that none is slowed
		asked++
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	want := ask("Authorization", "Bearer x")
	for _, a := range attacks(t) {
		if strings.TrimSpace(a.token) != a.token {
			continue // blanks around are a header's, not the token's
		}
		got := ask("Authorization", "Bearer "+a.token)
		if got.Code != want.Code || got.Body.String() != want.Body.String() ||
			mustJSON(got.Header()) != mustJSON(want.Header()) {
			t.Errorf("%s/%s: %d %s, want the answer to every bad token", a.class, a.name, got.Code, got.Body)
		}
		if got := ask("Cookie", "__Host-Http-hs_access="+a.token); got.Code != http.StatusUnauthorized {
			t.Errorf("%s/%s as a cookie: %d, want 401", a.class, a.name, got.Code)
		}
	}
}

// TestBothHalvesAreNeeded proves that the pieces of good tokens make no good token (JV-01).
func TestBothHalvesAreNeeded(t *testing.T) {
	v := mustNew(t, testConfig())
	a, _ := jose.SplitCompact(goodToken())
	b, _ := jose.SplitCompact(forge(goodHeader(jose.ES256), goodClaims().with("sub", `"bob"`)))
	for _, token := range []string{
		a.Header() + "." + b.Payload() + "." + a.Signature(),
		a.Header() + "." + a.Payload() + "." + b.Signature(),
		b.Header() + "." + a.Payload() + "." + b.Signature(),
		a.Payload() + "." + a.Header() + "." + a.Signature(),
	} {
		if _, err := v.Verify(context.Background(), token); err == nil {
			t.Errorf("Verify(%s): no error, want one", token)
		}
	}
}

// TestEveryBit flips each bit of a good token's parts, one at a time (JV-01).
func TestEveryBit(t *testing.T) {
	for _, alg := range []jose.Algorithm{jose.ES256, jose.EdDSA, jose.RS256} {
		v := mustNew(t, testConfig())
		token := []byte(sign(signingKeys()[alg], goodHeader(alg).String(), goodClaims().String()))
		if _, err := v.Verify(context.Background(), string(token)); err != nil {
			t.Fatalf("Verify of a good %s token = %v", alg, err)
		}
		for i := range token {
			for bit := range 8 {
				token[i] ^= 1 << bit
				if _, err := v.Verify(context.Background(), string(token)); err == nil {
					t.Errorf("%s with bit %d of byte %d flipped: no error, want one", alg, bit, i)
				}
				token[i] ^= 1 << bit
			}
		}
	}
}
