package verify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// codeOf is the code of a refusal, or empty.
func codeOf(err error) verify.Code {
	var e *verify.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// TestVerifyReads takes every claim to where it belongs.
func TestVerifyReads(t *testing.T) {
	v := mustNew(t, testConfig())
	for _, alg := range []jose.Algorithm{jose.ES256, jose.EdDSA, jose.RS256} {
		key := signingKeys()[alg]
		s, err := v.Verify(context.Background(), sign(key, goodHeader(alg).String(), goodClaims().String()))
		if err != nil {
			t.Fatalf("%s: Verify = %v", alg, err)
		}
		got := fmt.Sprint(s.Subject, s.ID, s.Audience, s.ClientID, s.TokenID, s.KeyID, s.Roles, s.Scope, s.AMR, s.ACR,
			s.AuthTime, s.IssuedAt, s.ExpiresAt)
		want := fmt.Sprint("ada", "sid-1", []string{audience}, "first-party", "jti-1", key.ID(), []string{"member"},
			[]string{"read", "write"}, []string{"pwd"}, "aal1", now.Add(-time.Hour), now, now.Add(10*time.Minute))
		if got != want {
			t.Errorf("%s: session = %s, want %s", alg, got, want)
		}
		if !s.HasRole("member") || s.HasRole("Member") || !s.HasScope("write") || s.HasScope("writ") {
			t.Errorf("%s: HasRole or HasScope does not compare exactly", alg)
		}
	}
}

// TestVerifyAccepts lists tokens that are unusual and good.
func TestVerifyAccepts(t *testing.T) {
	at := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	bare := members{"iss": quote(issuer), "sub": `"ada"`, "aud": quote(audience), "iat": at(0), "exp": at(time.Minute)}
	h := goodHeader(jose.ES256)
	v := mustNew(t, testConfig())
	for _, test := range []struct{ name, token string }{
		{"only what is required", forge(h, bare)},
		{"aud in a list", claimed("aud", "["+quote(audience)+"]")},
		{"aud among others", claimed("aud", `["x",`+quote(audience)+`,""]`)},
		{"typ in full", forge(h.with("typ", `"application/at+jwt"`), goodClaims())},
		{"typ in capitals", forge(h.with("typ", `"AT+JWT"`), goodClaims())},
		{"typ in full and mixed", forge(h.with("typ", `"Application/At+JWT"`), goodClaims())},
		{"blanks in the JSON",
			forge(text(" {\n\"alg\" :\t\"ES256\" , \"typ\":\"at+jwt\",\"kid\":"+h["kid"]+"}\r\n"), goodClaims())},
		{"escapes in the JSON", forge(text(`{"\u0061lg":"\u0045S256","typ":"at\u002bjwt","kid":`+h["kid"]+"}"), goodClaims())},
		{"a header that we know nothing of", forge(h.with("x", `{"y":[1,null]}`).with("cty", `"x"`), goodClaims())},
		{"claims that we know nothing of", claimed("org", `{"id":1,"tags":["a",null,1.5e3]}`)},
		{"fractions of a second", forge(h, goodClaims().with("iat", at(0)+".25").with("exp", at(time.Minute)+".5"))},
		{"times with an exponent", claimed("exp", fmt.Sprintf("%de1", now.Add(time.Minute).Unix()/10))},
		{"expired 29 s ago", claimed("exp", at(-29*time.Second))},
		{"issued 30 s ahead", claimed("iat", at(30*time.Second))},
		{"valid 30 s ahead", claimed("nbf", at(30*time.Second))},
		{"a subject beyond ASCII", claimed("sub", `"zoë😀"`)},
		{"no scope at all", claimed("scope", `""`)},
		{"16 levels", claimed("x", strings.Repeat("[", 15)+strings.Repeat("]", 15))},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := v.Verify(context.Background(), test.token); err != nil {
				t.Errorf("Verify = %v (%v), want no error", err, errors.Unwrap(err))
			}
		})
	}
}

// TestVerifyExpired says token_expired only of a token that is good but for its age (JV-22).
func TestVerifyExpired(t *testing.T) {
	at := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	old := goodClaims().with("exp", at(-time.Minute))
	h := goodHeader(jose.ES256)
	good := forge(h, old)
	v := mustNew(t, testConfig())
	for _, test := range []struct {
		name, token string
		want        verify.Code
	}{
		{"by exactly the leeway", claimed("exp", at(-30*time.Second)), verify.CodeTokenExpired},
		{"by a minute", good, verify.CodeTokenExpired},
		{"by fifty years", claimed("exp", "1"), verify.CodeTokenExpired},
		{"at the beginning of time", claimed("exp", "0"), verify.CodeTokenExpired},
		{"and signed by nobody", good[:len(good)-4] + "AAAA", verify.CodeInvalidToken},
		{"and by another issuer", forge(h, old.with("iss", `"https://other.example"`)), verify.CodeInvalidToken},
		{"and for somebody else", forge(h, old.with("aud", `"other"`)), verify.CodeInvalidToken},
		{"and without a subject", forge(h, old.with("sub", "")), verify.CodeInvalidToken},
		{"and of another kind", forge(h.with("typ", `"JWT"`), old), verify.CodeInvalidToken},
		{"and twice something", forge(h, text(`{"exp":1,`+old.String()[1:])), verify.CodeInvalidToken},
		{"and issued in the future", forge(h, old.with("iat", at(time.Hour))), verify.CodeInvalidToken},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := v.Verify(context.Background(), test.token)
			if got := codeOf(err); got != test.want {
				t.Fatalf("Verify = %q, want %q", got, test.want)
			}
			s, ok := verify.ExpiredSession(fmt.Errorf("wrapped: %w", err))
			if ok != (test.want == verify.CodeTokenExpired) || ok && (s.Subject != "ada" || s.ID != "sid-1") {
				t.Errorf("ExpiredSession = %v, %v", s, ok)
			}
		})
	}
	if _, ok := verify.ExpiredSession(nil); ok {
		t.Error("ExpiredSession(nil) = true, want false")
	}
}

// TestLeeway moves the bounds of the times with it.
func TestLeeway(t *testing.T) {
	for _, leeway := range []time.Duration{time.Second, 30 * time.Second, time.Minute} {
		c := testConfig()
		c.Leeway = leeway
		v := mustNew(t, c)
		at := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
		for _, test := range []struct {
			name, value string
			want        verify.Code
		}{
			{"exp", at(-leeway), verify.CodeTokenExpired},
			{"exp", at(-leeway + time.Second), ""},
			{"iat", at(leeway), ""},
			{"iat", at(leeway + time.Second), verify.CodeInvalidToken},
			{"nbf", at(leeway), ""},
			{"nbf", at(leeway + time.Second), verify.CodeInvalidToken},
		} {
			if _, err := v.Verify(context.Background(), claimed(test.name, test.value)); codeOf(err) != test.want {
				t.Errorf("leeway %v, %s at %s: %q, want %q", leeway, test.name, test.value, codeOf(err), test.want)
			}
		}
	}
}

// TestHMAC checks with a shared secret, whatever the kid, and nothing else.
func TestHMAC(t *testing.T) {
	secret := []byte("0cd11f7a39b54fa2a1ad2f9f0e8b6f64")
	key, err := jose.NewHMAC("any", secret)
	if err != nil {
		t.Fatal(err)
	}
	c := testConfig()
	c.Keys = verify.HMAC(secret)
	v := mustNew(t, c)
	header := members{"alg": `"HS256"`, "kid": `"whatever"`, "typ": `"at+jwt"`}
	if _, err := v.Verify(context.Background(), sign(key, header.String(), goodClaims().String())); err != nil {
		t.Errorf("Verify = %v (%v), want no error", err, errors.Unwrap(err))
	}
	other, err := jose.NewHMAC("any", slices.Concat(secret, secret))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, token string }{
		{"another secret", sign(other, header.String(), goodClaims().String())},
		{"no kid", sign(key, header.with("kid", "").String(), goodClaims().String())},
		{"alg none", sign(key, header.with("alg", `"none"`).String(), goodClaims().String())},
		{"alg HS512", sign(key, header.with("alg", `"HS512"`).String(), goodClaims().String())},
		{"alg ES256", sign(key, header.with("alg", `"ES256"`).String(), goodClaims().String())},
		{"a token under a public key", goodToken()},
	} {
		if _, err := v.Verify(context.Background(), test.token); codeOf(err) != verify.CodeInvalidToken {
			t.Errorf("%s: %v, want invalid_token", test.name, err)
		}
	}
}

// TestTwoIssuersOneKid keeps the keys of two issuers apart although they have one name (JV-12).
func TestTwoIssuersOneKid(t *testing.T) {
	ours, theirs := signingKeys()[jose.ES256], mustRename(t, signingKeys()[jose.ES256].ID())
	v := mustNew(t, testConfig())
	c := testConfig()
	c.Issuer = "https://other.example.com"
	c.Keys = verify.StaticJWKS(jose.NewKeySet(theirs.Public()).JSON())
	other := mustNew(t, c)
	header, claims := goodHeader(jose.ES256).String(), goodClaims()
	theirClaims := claims.with("iss", quote(c.Issuer)).String()
	for _, test := range []struct {
		name  string
		v     *verify.Verifier
		token string
		want  verify.Code
	}{
		{"ours at ours", v, sign(ours, header, claims.String()), ""},
		{"theirs at theirs", other, sign(theirs, header, theirClaims), ""},
		{"signed by them in our name", v, sign(theirs, header, claims.String()), verify.CodeInvalidToken},
		{"signed by us in their name", other, sign(ours, header, theirClaims), verify.CodeInvalidToken},
		{"theirs at ours", v, sign(theirs, header, theirClaims), verify.CodeInvalidToken},
	} {
		for range 2 {
			if _, err := test.v.Verify(context.Background(), test.token); codeOf(err) != test.want {
				t.Errorf("%s: %q, want %q", test.name, codeOf(err), test.want)
			}
		}
	}
}

// mustRename makes a key with a given id.
func mustRename(t *testing.T, id string) *jose.PrivateKey {
	t.Helper()
	key, err := jose.Generate(jose.ES256)
	if err != nil {
		t.Fatal(err)
	}
	der, err := key.MarshalPKCS8()
	if err != nil {
		t.Fatal(err)
	}
	renamed, err := jose.ParsePrivateKey(jose.ES256, id, der)
	if err != nil {
		t.Fatal(err)
	}
	return renamed
}

// TestErrorsSayNothing keeps reasons and tokens out of what may be shown.
func TestErrorsSayNothing(t *testing.T) {
	v := mustNew(t, testConfig())
	for _, a := range attacks(t) {
		_, err := v.Verify(context.Background(), a.token)
		if got, want := err.Error(), "verify: invalid_token"; got != want {
			t.Errorf("%s/%s: Error() = %q, want %q", a.class, a.name, got, want)
		}
	}
}
