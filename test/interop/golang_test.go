package interop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"
)

// goLibraries run inside the test.
var goLibraries = []library{
	{
		name: "golang-jwt", language: "Go",
		packages: []string{"github.com/golang-jwt/jwt/v5", "github.com/go-jose/go-jose/v4"},
		check:    told(checkGolangJWT),
		says: map[fault]string{
			badSignature: "token signature is invalid", otherIssuer: "token has invalid issuer",
			otherAudience: "token has invalid audience",
			otherType:     typByHand, expired: "token is expired",
		},
		remark: "Reads no key set; go-jose reads it here.",
	},
	{
		name: "go-jose", language: "Go", packages: []string{"github.com/go-jose/go-jose/v4"}, check: told(checkGoJose),
		says: map[fault]string{
			badSignature: "error in cryptographic primitive", otherIssuer: "invalid issuer claim",
			otherAudience: "invalid audience claim",
			otherType:     typByHand, expired: "token is expired", clockBehind: "token issued in the future",
		},
		remark: "Fetches no key set; it reads one.",
	},
	{
		name: "jwx", language: "Go", packages: []string{"github.com/lestrrat-go/jwx/v3"}, check: told(checkJWX),
		says: map[fault]string{
			badSignature: "failed to verify signature", otherIssuer: `"iss" not satisfied`,
			otherAudience: `"aud" not satisfied`,
			otherType:     typByHand, expired: `"exp" not satisfied`, clockBehind: `"iat" not satisfied`,
		},
		remark: "Takes the algorithm from the key's `alg`, which we always publish.",
	},
	{
		name: "go-oidc", language: "Go", packages: []string{"github.com/coreos/go-oidc/v3"}, check: told(checkGoOIDC),
		says: map[fault]string{
			badSignature: "failed to verify signature", otherIssuer: "issued by a different provider",
			otherAudience: "expected audience",
			otherType:     typByHand, expired: "token is expired",
		},
		remark: "Made for ID tokens: give the audience as `ClientID`, and name the algorithm in " +
			"`SupportedSigningAlgs`, else it takes RS256 alone. Has no leeway.",
	},
}

// told makes a verdict of what a check in Go returns.
func told(check func(context.Context, demand) (subject string, err error)) func(context.Context, demand) verdict {
	return func(ctx context.Context, d demand) verdict {
		subject, err := check(ctx, d)
		if err != nil {
			return verdict{Refusal: err.Error()}
		}
		return verdict{Subject: subject}
	}
}

// compareType is for libraries without an option: RFC 9068 §4 demands it of every service.
func compareType(d demand, typ any) error {
	if typ != d.Type {
		return errors.New(typByHand)
	}
	return nil
}

// checkGolangJWT checks with golang-jwt.
func checkGolangJWT(ctx context.Context, d demand) (string, error) {
	keys, err := fetchGoJose(ctx, d.JWKS)
	if err != nil {
		return "", err
	}
	parsed, err := jwt.Parse(
		d.Token,
		func(t *jwt.Token) (any, error) {
			kid, _ := t.Header["kid"].(string)
			for _, k := range keys.Key(kid) {
				return k.Key, nil
			}
			return nil, errors.New("no such key")
		},
		jwt.WithValidMethods([]string{d.Algorithm}),
		jwt.WithIssuer(d.Issuer), jwt.WithAudience(d.Audience), jwt.WithExpirationRequired(),
		jwt.WithLeeway(time.Duration(d.Leeway)*time.Second),
		jwt.WithTimeFunc(func() time.Time { return time.Unix(d.Now, 0) }),
	)
	if err != nil {
		return "", err
	}
	if err := compareType(d, parsed.Header["typ"]); err != nil {
		return "", err
	}
	return parsed.Claims.GetSubject()
}

// checkGoJose checks with go-jose.
func checkGoJose(ctx context.Context, d demand) (string, error) {
	keys, err := fetchGoJose(ctx, d.JWKS)
	if err != nil {
		return "", err
	}
	parsed, err := josejwt.ParseSigned(d.Token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(d.Algorithm)})
	if err != nil {
		return "", err
	}
	var claims josejwt.Claims
	if err := parsed.Claims(keys, &claims); err != nil {
		return "", err
	}
	expected := josejwt.Expected{Issuer: d.Issuer, AnyAudience: josejwt.Audience{d.Audience}, Time: time.Unix(d.Now, 0)}
	if err := claims.ValidateWithLeeway(expected, time.Duration(d.Leeway)*time.Second); err != nil {
		return "", err
	}
	if err := compareType(d, parsed.Headers[0].ExtraHeaders[jose.HeaderType]); err != nil {
		return "", err
	}
	return claims.Subject, nil
}

// fetchGoJose reads a key set with go-jose, which leaves the fetching to its callers.
func fetchGoJose(ctx context.Context, url string) (*jose.JSONWebKeySet, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch keys: %s", response.Status)
	}
	keys := &jose.JSONWebKeySet{}
	return keys, json.NewDecoder(response.Body).Decode(keys)
}

// checkJWX checks with jwx.
func checkJWX(ctx context.Context, d demand) (string, error) {
	keys, err := jwk.Fetch(ctx, d.JWKS)
	if err != nil {
		return "", err
	}
	parsed, err := jwxjwt.ParseString(
		d.Token, jwxjwt.WithKeySet(keys), jwxjwt.WithIssuer(d.Issuer), jwxjwt.WithAudience(d.Audience),
		jwxjwt.WithRequiredClaim("exp"),
		jwxjwt.WithAcceptableSkew(time.Duration(d.Leeway)*time.Second),
		jwxjwt.WithClock(jwxjwt.ClockFunc(func() time.Time { return time.Unix(d.Now, 0) })),
	)
	if err != nil {
		return "", err
	}
	message, err := jws.ParseString(d.Token)
	if err != nil {
		return "", err
	}
	typ, _ := message.Signatures()[0].ProtectedHeaders().Type()
	if err := compareType(d, typ); err != nil {
		return "", err
	}
	subject, _ := parsed.Subject()
	return subject, nil
}

// checkGoOIDC checks with go-oidc.
func checkGoOIDC(ctx context.Context, d demand) (string, error) {
	verifier := oidc.NewVerifier(d.Issuer, oidc.NewRemoteKeySet(ctx, d.JWKS), &oidc.Config{
		ClientID: d.Audience, SupportedSigningAlgs: []string{d.Algorithm},
		Now: func() time.Time { return time.Unix(d.Now, 0) },
	})
	token, err := verifier.Verify(ctx, d.Token)
	if err != nil {
		return "", err
	}
	header, err := jose.ParseSigned(d.Token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(d.Algorithm)})
	if err != nil {
		return "", err
	}
	if err := compareType(d, header.Signatures[0].Protected.ExtraHeaders[jose.HeaderType]); err != nil {
		return "", err
	}
	return token.Subject, nil
}
