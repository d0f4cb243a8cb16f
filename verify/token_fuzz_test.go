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
	forgetful := testConfig()
	forgetful.CacheBytes = -1
	other := mustNew(f, forgetful)
	f.Fuzz(func(t *testing.T, token string) {
		s, err := v.Verify(context.Background(), token)
		if (s == nil) == (err == nil) {
			t.Fatalf("Verify = %v, %v", s, err)
		}
		if a, b := answerTo(v, token), answerTo(other, token); a != b {
			t.Errorf("Verify(%q) = %s where good tokens are remembered, and %s where none is", token, a, b)
		}
		// An ECDSA signature has a twin with −s; what it signs cannot be changed.
		input := func(token string) string { return token[:strings.LastIndex(token, ".")+1] }
		if err == nil && !slices.ContainsFunc(good, func(g string) bool { return input(g) == input(token) }) {
			t.Errorf("accepted %q", token)
		}
	})
}

// pieces calls f with the header and the claims of each hostile token that has them.
func pieces(t testing.TB, f func(header, claims string)) {
	t.Helper()
	for _, a := range attacks(t) {
		parts, err := jose.SplitCompact(a.token)
		if err != nil || len(a.token) > 8<<10 {
			continue
		}
		header, errHeader := jose.DecodeBase64(parts.Header())
		claims, errClaims := jose.DecodeBase64(parts.Payload())
		if errHeader == nil && errClaims == nil {
			f(string(header), string(claims))
		}
	}
}

// FuzzHeader signs any header, and compares what passes with what encoding/json reads.
func FuzzHeader(f *testing.F) {
	v := mustNew(f, testConfig())
	good := goodHeader(jose.ES256)
	f.Add(good.String())
	f.Add(good.with("crit", `["x"]`).String())
	f.Add(good.with("typ", `"application/AT+JWT"`).with("x", `{"y":[1,2]}`).String())
	f.Add(good.with("alg", `"none"`).String())
	pieces(f, func(header, _ string) { f.Add(header) })
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
	f.Add(goodClaims().with("x", "17953e5200").String())
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
		if m["iss"] != issuer || m["sub"] != s.Subject || s.Subject == "" ||
			!slices.Contains(audiences, any(audience)) ||
			!expOK || !iatOK ||
			exp < float64(now.Add(-30*time.Second).Unix()) ||
			iat > float64(now.Add(31*time.Second).Unix()) {
			t.Errorf("accepted the claims %q as %+v", claims, s)
		}
		var added map[string]any
		if err := s.Claims(&added); err != nil {
			t.Errorf("Claims of %q = %v", claims, err)
		}
	})
}

// FuzzHeaders proves that whatever a client sends as credentials is answered, and never by the
// handler's failing (JV-18, CK-15).
func FuzzHeaders(f *testing.F) {
	v := mustNew(f, testConfig())
	var reached string // by whom, last
	h := v.Require(
		http.HandlerFunc(
			func(_ http.ResponseWriter, r *http.Request) { reached = verify.FromContext(r.Context()).Subject },
		),
	)
	f.Add("Bearer "+goodToken(), "", "")
	f.Add("", accessCookie(goodToken()), "cross-site")
	f.Add("bearer x", "__Secure-hs_access=x; __Host-Http-hs_access=y", "same-origin")
	for _, test := range append(headerCredentials(), cookieCredentials()...) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for i := 0; i < len(test.headers); i += 2 {
			r.Header.Set(test.headers[i], test.headers[i+1])
		}
		f.Add(r.Header.Get("Authorization"), r.Header.Get("Cookie"), "same-origin")
	}
	for _, a := range attacks(f) {
		if len(a.token) < 2000 {
			f.Add("Bearer "+a.token, accessCookie(a.token), "")
		}
	}
	f.Fuzz(func(t *testing.T, authorization, cookie, site string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		headers := map[string]string{"Authorization": authorization, "Cookie": cookie, "Sec-Fetch-Site": site}
		for name, value := range headers {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		reached = ""
		h.ServeHTTP(w, r)
		if (w.Code == http.StatusOK) != (reached == "ada" || reached == "bob") {
			t.Errorf("answer = %d, and the handler was reached by %q", w.Code, reached)
		}
		switch w.Code {
		case http.StatusOK,
			http.StatusBadRequest,
			http.StatusUnauthorized,
			http.StatusForbidden,
			http.StatusTooManyRequests:
		default:
			t.Errorf("answer = %d", w.Code)
		}
	})
}
