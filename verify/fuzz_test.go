package verify_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// FuzzVerify proves that no text passes but the tokens that were signed.
func FuzzVerify(f *testing.F) {
	v := mustNew(f, testConfig())
	good := []string{goodToken()}
	for _, alg := range []jose.Algorithm{jose.EdDSA, jose.RS256} {
		good = append(good, sign(signingKeys()[alg], goodHeader(alg).String(), goodClaims().String()))
	}
	for _, token := range good {
		f.Add(token)
	}
	for _, a := range attacks(f) {
		if len(a.token) < 2000 {
			f.Add(a.token)
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		s, err := v.Verify(context.Background(), token)
		if (s == nil) == (err == nil) {
			t.Fatalf("Verify = %v, %v", s, err)
		}
		// An ECDSA signature has a twin with −s; what it signs cannot be changed.
		input := func(token string) string { return token[:strings.LastIndex(token, ".")+1] }
		if err == nil && !slices.ContainsFunc(good, func(g string) bool { return input(g) == input(token) }) {
			t.Errorf("accepted %q", token)
		}
	})
}

// FuzzHeader signs any header, and compares what passes with what encoding/json reads.
func FuzzHeader(f *testing.F) {
	v := mustNew(f, testConfig())
	good := goodHeader(jose.ES256)
	f.Add(good.String())
	f.Add(good.with("crit", `["x"]`).String())
	f.Add(good.with("typ", `"application/AT+JWT"`).with("x", `{"y":[1,2]}`).String())
	f.Add(good.with("alg", `"none"`).String())
	f.Fuzz(func(t *testing.T, header string) {
		if _, err := v.Verify(context.Background(), forge(text(header), goodClaims())); err != nil {
			return
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(header), &m); err != nil {
			t.Fatalf("accepted the header %q, which encoding/json refuses: %v", header, err)
		}
		typ, _ := m["typ"].(string)
		_, crit := m["crit"]
		_, b64 := m["b64"]
		if m["alg"] != "ES256" || m["kid"] != signingKeys()[jose.ES256].ID() || crit || b64 ||
			!strings.EqualFold(strings.TrimPrefix(strings.ToLower(typ), "application/"), "at+jwt") {
			t.Errorf("accepted the header %q", header)
		}
	})
}

// FuzzClaims signs any claims, and compares what passes with what encoding/json reads.
func FuzzClaims(f *testing.F) {
	v := mustNew(f, testConfig())
	f.Add(goodClaims().String())
	f.Add(goodClaims().with("aud", `["x",`+quote(audience)+`]`).with("nbf", "1.5e9").String())
	f.Add(goodClaims().with("exp", "1795349400.25").with("x", `{"y":[1,{"z":null}]}`).String())
	f.Add(goodClaims().with("sub", `"a\u0000\ud83d\ude00"`).String())
	f.Fuzz(func(t *testing.T, claims string) {
		s, err := v.Verify(context.Background(), forge(goodHeader(jose.ES256), text(claims)))
		if err != nil {
			return
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(claims), &m); err != nil {
			t.Fatalf("accepted the claims %q, which encoding/json refuses: %v", claims, err)
		}
		audiences, _ := m["aud"].([]any)
		if one, ok := m["aud"].(string); ok {
			audiences = []any{one}
		}
		exp, expOK := m["exp"].(float64)
		iat, iatOK := m["iat"].(float64)
		if m["iss"] != issuer || m["sub"] != s.Subject || s.Subject == "" || !slices.Contains(audiences, any(audience)) ||
			!expOK || !iatOK || exp < float64(now.Add(-30*time.Second).Unix()) || iat > float64(now.Add(31*time.Second).Unix()) {
			t.Errorf("accepted the claims %q as %+v", claims, s)
		}
		var added map[string]any
		if err := s.Claims(&added); err != nil {
			t.Errorf("Claims of %q = %v", claims, err)
		}
	})
}

// FuzzHeaders proves that whatever a client sends as credentials is answered, and never by the handler's
// failing (JV-18, CK-15).
func FuzzHeaders(f *testing.F) {
	v := mustNew(f, testConfig())
	h := v.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s := verify.FromContext(r.Context()); s.Subject != "ada" {
			f.Errorf("the handler was reached by %+v", s)
		}
	}))
	f.Add("Bearer "+goodToken(), "", "")
	f.Add("", accessCookie(goodToken()), "cross-site")
	f.Add("bearer x", "__Secure-hs_access=x; __Host-Http-hs_access=y", "same-origin")
	f.Fuzz(func(t *testing.T, authorization, cookie, site string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		for name, value := range map[string]string{"Authorization": authorization, "Cookie": cookie, "Sec-Fetch-Site": site} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		default:
			t.Errorf("answer = %d", w.Code)
		}
	})
}
