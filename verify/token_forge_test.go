package verify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// Who makes and takes the tokens of these tests, and when.
const (
	issuer   = "https://auth.example.com"
	audience = "https://api.example.com"
)

// now is the time at which every token here is judged, unless a test says otherwise
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// signingKeys are made once: RSA takes its time
var signingKeys = sync.OnceValue(func() map[jose.Algorithm]*jose.PrivateKey {
	keys := map[jose.Algorithm]*jose.PrivateKey{}
	for _, alg := range []jose.Algorithm{jose.ES256, jose.EdDSA, jose.RS256} {
		key, err := jose.Generate(alg)
		if err != nil {
			panic(err)
		}
		keys[alg] = key
	}
	return keys
})

// publicJWKS lists the public halves of signingKeys.
func publicJWKS() []byte {
	keys := signingKeys()
	return jose.NewKeySet(keys[jose.ES256].Public(), keys[jose.EdDSA].Public(), keys[jose.RS256].Public()).JSON()
}

// testConfig trusts signingKeys at the time now, and logs nothing.
func testConfig() verify.Config {
	return verify.Config{
		Issuer:   issuer,
		Audience: audience,
		Keys:     verify.StaticJWKS(publicJWKS()),
		Now:      func() time.Time { return now },
		Logger:   slog.New(slog.DiscardHandler),
	}
}

// mustNew makes a verifier that the end of the test closes.
func mustNew(t testing.TB, c verify.Config) *verify.Verifier {
	t.Helper()
	v, err := verify.New(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// members are a JSON object to be: each value is JSON text. A test changes what it is about.
type members map[string]string

// with returns m with name set to JSON text; empty text removes it.
func (m members) with(name, text string) members {
	c := members{}
	for n, v := range m {
		c[n] = v
	}
	if c[name] = text; text == "" {
		delete(c, name)
	}
	return c
}

// String is the object, its names in order.
func (m members) String() string {
	b := []byte{'{'}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(jose.AppendString(b, name), ':'), m[name]...)
	}
	return string(append(b, '}'))
}

// quote is s as JSON.
func quote(s string) string { return string(jose.AppendString(nil, s)) }

// goodHeader is the header of a token under the key of alg.
func goodHeader(alg jose.Algorithm) members {
	return members{"alg": quote(string(alg)), "kid": quote(signingKeys()[alg].ID()), "typ": `"at+jwt"`}
}

// goodClaims are those of a token that everything accepts.
func goodClaims() members {
	return members{
		"iss": quote(issuer), "sub": `"ada"`, "aud": quote(audience), "client_id": `"first-party"`,
		"iat": fmt.Sprint(now.Unix()), "exp": fmt.Sprint(now.Add(10 * time.Minute).Unix()),
		"jti": `"jti-1"`, "sid": `"sid-1"`, "auth_time": fmt.Sprint(now.Add(-time.Hour).Unix()),
		"amr": `["pwd"]`, "acr": `"aal1"`, "scope": `"read write"`, "roles": `["member"]`,
	}
}

// sign makes a compact JWS of any texts, with the key's signature over them.
func sign(key *jose.PrivateKey, header, claims string) string {
	input := jose.EncodeBase64([]byte(header)) + "." + jose.EncodeBase64([]byte(claims))
	return input + "." + signatureOf(key, input)
}

// signatureOf is the key's signature over input, in base64url.
func signatureOf(key *jose.PrivateKey, input string) string {
	signature, err := key.Sign([]byte(input))
	if err != nil {
		panic(err)
	}
	return jose.EncodeBase64(signature)
}

// forge signs with the good ES256 key.
func forge(header, claims fmt.Stringer) string {
	return sign(signingKeys()[jose.ES256], header.String(), claims.String())
}

// text is a header or claims as they are written, sound or not.
type text string

// String is the text.
func (s text) String() string { return string(s) }

// goodTokens are accepted by testConfig. They are made once, so that what attacks are made from can
// be remembered before the attacks come.
var goodTokens = sync.OnceValue(func() map[jose.Algorithm]string {
	tokens := map[jose.Algorithm]string{}
	for alg, key := range signingKeys() {
		tokens[alg] = sign(key, goodHeader(alg).String(), goodClaims().String())
	}
	return tokens
})

// goodToken is the one of them under the ES256 key.
func goodToken() string { return goodTokens()[jose.ES256] }

// bobsToken is a good one of somebody else, made once.
var bobsToken = sync.OnceValue(func() string { return tokenOf("bob") })

// mustJSON is v as encoding/json writes it.
func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
