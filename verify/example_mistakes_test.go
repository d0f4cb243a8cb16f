package verify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// Identity is the token's subject. A header that names somebody came from whoever sent the request.
func ExampleFromContext_incorrect() {
	v := exampleVerifier()
	defer v.Close()
	h := v.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("by the token:", verify.FromContext(r.Context()).Subject)
		fmt.Println("by a header:", r.Header.Get("X-User")) // incorrect: anybody can send it
	}))
	r := exampleRequest(goodToken())
	r.Header.Set("X-User", "root")
	h.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// by the token: ada
	// by a header: root
}

// The error is the answer. With one there is no session: whoever passes it over meets nil, or lets
// everybody in.
func ExampleVerifier_Verify_incorrect() {
	v := exampleVerifier()
	defer v.Close()
	s, _ := v.Verify(context.Background(), "forged") // incorrect: the error is the answer
	fmt.Println(s == nil)
	// Output: true
}

// A token in the query is in logs, in histories and in the Referer of the next page; so it is no
// credential.
func ExampleVerifier_Require_incorrect() {
	v := exampleVerifier()
	defer v.Close()
	h := v.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fmt.Println("reached") }))
	show(h, httptest.NewRequest(http.MethodGet, "https://api.example.com/?access_token="+goodToken(), nil)) // incorrect
	// Output: 401 Bearer realm="https://api.example.com"
}

// Roles and scopes are compared exactly; nothing is a part of something else.
func ExampleSession_HasRole_incorrect() {
	v := exampleVerifier()
	defer v.Close()
	s, err := v.Verify(context.Background(), forge(goodHeader("ES256"), goodClaims().with("roles", `["non-admin"]`)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("compared:", s.HasRole("admin"))
	fmt.Println("searched:", strings.Contains(strings.Join(s.Roles, " "), "admin")) // incorrect
	// Output:
	// compared: false
	// searched: true
}

// What was fresh when the token was made is not fresh for as long as it lives: a route demands it,
// and is asked each time.
func ExampleFresh_incorrect() {
	v := exampleVerifier()
	defer v.Close()
	s, err := v.Verify(context.Background(), goodToken())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(now.Sub(s.IssuedAt) < time.Minute) // incorrect: a refresh makes a new token, and proves nothing
	fmt.Println(now.Sub(s.AuthTime) < time.Minute) // what verify.Fresh goes by
	// Output:
	// true
	// false
}

// Routes say what they demand when they are made. Demands are joined: all of them must be met.
func ExampleFresh() {
	v := exampleVerifier()
	defer v.Close()
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	show(v.Require(ok, verify.Fresh(2*time.Hour)), exampleRequest(goodToken())) // signed in an hour ago
	show(v.Require(ok, verify.Fresh(5*time.Minute), verify.ACR("aal2")), exampleRequest(goodToken()))
	// Output:
	// 200
	// 401 Bearer realm="https://api.example.com", error="insufficient_user_authentication", acr_values="aal2", max_age="300"
}

// A cookie comes along whoever makes the browser send the request. Sibling apps that may do so are
// named one by one.
func ExampleConfig_trustedOrigins() {
	c := testConfig()
	c.TrustedOrigins = []string{"https://app.example.com"}
	v, err := verify.New(context.Background(), c)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer v.Close()
	h := v.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, from := range []string{"https://app.example.com", "https://evil.example"} {
		r := httptest.NewRequest(http.MethodPost, "https://api.example.com/notes", nil)
		r.Header.Set("Cookie", "__Host-Http-hs_access="+goodToken())
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", from)
		show(h, r)
	}
	// Output:
	// 200
	// 403
}

// Origins are exact, and a configuration that could never work is refused.
func ExampleConfig_trustedOrigins_incorrect() {
	c := testConfig()
	c.TrustedOrigins = []string{"app.example.com"} // incorrect: no scheme
	_, err := verify.New(context.Background(), c)
	fmt.Println(err != nil)
	// Output: true
}

// Behind a proxy all requests have its address, and one sender of bad tokens would have all others'
// slowed: say where the proxy writes the client's.
func ExampleConfig_clientAddress() {
	c := testConfig()
	c.ClientAddress = func(r *http.Request) netip.Addr {
		values := r.Header.Values("X-Real-Ip") // which this proxy overwrites, whatever a client sent
		if len(values) != 1 {
			return netip.Addr{}
		}
		address, _ := netip.ParseAddr(values[0]) // not valid counts as one unknown address
		return address
	}
	v, err := verify.New(context.Background(), c)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer v.Close()
	h := v.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	statuses := map[int]int{}
	for range 150 {
		r := exampleRequest("forged")
		r.Header.Set("X-Real-Ip", "203.0.113.1")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		statuses[w.Code]++
	}
	fmt.Println(statuses)
	show(h, exampleRequest(goodToken())) // a good token passes, wherever it comes from
	// Output:
	// map[401:100 429:50]
	// 200
}

// A set for verifying holds public keys. One with a private key is a leak, and refused.
func ExampleStaticJWKS_incorrect() {
	_, err := verify.New(context.Background(), verify.Config{
		Issuer:   "https://auth.example.com",
		Audience: "https://api.example.com",
		Keys: verify.StaticJWKS([]byte(`{"keys":[{"kid":"k","kty":"EC","alg":"ES256","crv":"P-256",
			"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
			"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}]}`)),
	})
	fmt.Println(err)
	// Output:
	// verify: the configuration is not usable
	// Config.Keys: key 1 (kid "k"): it holds the secret member "d"
}

// Keys that could be changed on the way are nobody's keys.
func ExampleJWKS_incorrect() {
	_, err := verify.New(context.Background(), verify.Config{
		Issuer:   "https://auth.example.com",
		Audience: "https://api.example.com",
		Keys:     verify.JWKS("http://auth.example.com/.well-known/jwks.json"), // incorrect: http
	})
	fmt.Println(err)
	// Output:
	// verify: the configuration is not usable
	// Config.Keys: "http://auth.example.com/.well-known/jwks.json" must be https, as the issuer is
}

// An old token is good for signing out, and for nothing else: whoever has it is not proven to be
// there now.
func ExampleExpiredSession_incorrect() {
	v := exampleVerifier()
	defer v.Close()
	s, err := v.Verify(context.Background(), expiredToken())
	if old, ok := verify.ExpiredSession(err); ok {
		s = old // incorrect where s decides on access
	}
	fmt.Println("treated as signed in:", s.Subject)
	// Output: treated as signed in: ada
}

// A claim has one name and one type. What does not fit is an error, and not a zero that means
// something.
func ExampleSession_Claims_incorrect() {
	v := exampleVerifier()
	defer v.Close()
	s, err := v.Verify(context.Background(), forge(goodHeader("ES256"), goodClaims().with("seats", `"5"`)))
	if err != nil {
		fmt.Println(err)
		return
	}
	var c struct {
		Seats int `json:"seats"`
	}
	fmt.Println(s.Claims(&c) != nil)
	_ = s.Claims(&c) // incorrect: 0 seats, or any number?
	fmt.Println(c.Seats)
	// Output:
	// true
	// 0
}

// What a verifier does is counted, for a page or a health check.
func ExampleVerifier_Status() {
	v := exampleVerifier()
	defer v.Close()
	for _, token := range []string{goodToken(), goodToken(), "forged", expiredToken()} {
		_, _ = v.Verify(context.Background(), token)
	}
	s := v.Status()
	fmt.Println(s.Accepted, "let through,", s.Cache.Hits, "of them remembered")
	fmt.Println(s.Refused[verify.CodeInvalidToken], "bad,", s.Refused[verify.CodeTokenExpired], "expired")
	// Output:
	// 2 let through, 1 of them remembered
	// 1 bad, 1 expired
}

// Refusals have codes for programs. To compare texts is to break when a sentence is polished.
func ExampleError() {
	v := exampleVerifier()
	defer v.Close()
	_, err := v.Verify(context.Background(), expiredToken())
	var refused *verify.Error
	if errors.As(err, &refused) && refused.Code == verify.CodeTokenExpired {
		fmt.Println("refresh, and try again")
	}
	// Output: refresh, and try again
}
