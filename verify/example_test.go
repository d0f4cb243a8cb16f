package verify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// exampleVerifier returns what a service gets from verify.New, with the keys and the clock of these
// examples.
func exampleVerifier() *verify.Verifier {
	v, err := verify.New(context.Background(), testConfig())
	if err != nil {
		panic(err)
	}
	return v
}

// exampleRequest is a request with a token in its header; empty means none.
func exampleRequest(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "https://api.example.com/", nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// show serves one request and prints the answer.
func show(h http.Handler, r *http.Request) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Header().Get("WWW-Authenticate"))))
}

// A service that knows its issuer's address and its own name.
func ExampleNew() {
	v, err := verify.New(context.Background(), verify.Config{
		Issuer:   "https://auth.example.com",
		Audience: "https://api.example.com",
		Keys:     verify.StaticJWKS(publicJWKS()), // leave out: they are found by the issuer's metadata
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer v.Close()
	fmt.Println(len(v.Status().KeyIDs), "keys")
	// Output: 3 keys
}

// Every mistake is reported at once, and none is guessed over.
func ExampleNew_incorrect() {
	_, err := verify.New(context.Background(), verify.Config{
		Issuer: "http://auth.example.com", // anyone on the way could sign
		Leeway: time.Hour,                 // an hour of tokens that expired
	})
	fmt.Println(err)
	// Output:
	// verify: the configuration is not usable
	// Config.Issuer: "http://auth.example.com" must be https, or http on loopback
	// Config.Audience: required: the name of this service, as tokens list it
	// Config.Leeway: 1h0m0s is not between 0 and 1m0s
}

// A handler behind Require always has a session.
func ExampleVerifier_Require() {
	v := exampleVerifier()
	defer v.Close()
	h := v.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := verify.FromContext(r.Context())
		fmt.Println(s.Subject, s.Roles, s.Scope)
	}))
	show(h, exampleRequest(goodToken()))
	show(h, exampleRequest(""))
	show(h, exampleRequest("forged"))
	// Output:
	// ada [member] [read write]
	// 200
	// 401 Bearer realm="https://api.example.com"
	// 401 Bearer realm="https://api.example.com", error="invalid_token"
}

// Routes ask for more than a good token.
func ExampleVerifier_Require_demands() {
	v := exampleVerifier()
	defer v.Close()
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	show(v.Require(ok, verify.Role("member"), verify.Scope("read")), exampleRequest(goodToken()))
	show(v.Require(ok, verify.Scope("admin")), exampleRequest(goodToken()))
	show(v.Require(ok, verify.Fresh(15*time.Minute)), exampleRequest(goodToken()))
	// Output:
	// 200
	// 403 Bearer realm="https://api.example.com", error="insufficient_scope", scope="admin"
	// 401 Bearer realm="https://api.example.com", error="insufficient_user_authentication", max_age="900"
}

// A browser that opens a page is sent to the issuer, and comes back.
func ExampleVerifier_Require_browser() {
	v := exampleVerifier()
	defer v.Close()
	r := httptest.NewRequest(http.MethodGet, "https://app.example.com/notes?page=2", nil)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	w := httptest.NewRecorder()
	v.Require(http.NotFoundHandler()).ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output: 303 https://auth.example.com/session/renew?return_to=https%3A%2F%2Fapp.example.com%2Fnotes%3Fpage%3D2
}

// Who brings nothing is let in as nobody; who brings something bad is not.
func ExampleVerifier_Optional() {
	v := exampleVerifier()
	defer v.Close()
	h := v.Optional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s := verify.FromContext(r.Context()); s != nil {
			fmt.Println("hello", s.Subject)
			return
		}
		fmt.Println("hello")
	}))
	show(h, exampleRequest(goodToken()))
	show(h, exampleRequest(""))
	show(h, exampleRequest("forged"))
	// Output:
	// hello ada
	// 200
	// hello
	// 200
	// 401 Bearer realm="https://api.example.com", error="invalid_token"
}

// Optional is no Require: whoever needs a session there must look for it.
func ExampleVerifier_Optional_incorrect() {
	v := exampleVerifier()
	defer v.Close()
	h := v.Optional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := verify.FromContext(r.Context()) // incorrect: nil for somebody who is not signed in
		fmt.Println(s == nil)
	}))
	show(h, exampleRequest(""))
	// Output:
	// true
	// 200
}

// A token by itself, as it comes with a message or a call.
func ExampleVerifier_Verify() {
	v := exampleVerifier()
	defer v.Close()
	s, err := v.Verify(context.Background(), goodToken())
	fmt.Println(s.Subject, s.HasScope("read"), err)

	_, err = v.Verify(context.Background(), "forged")
	var refused *verify.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, refused.Status)
	}
	// Output:
	// ada true <nil>
	// invalid_token 401
}

// The reason of a refusal is for the log. A client that is told it can probe with forgeries.
func ExampleError_incorrect() {
	v := exampleVerifier()
	defer v.Close()
	_, err := v.Verify(context.Background(), "forged")
	fmt.Println("say:", err)
	fmt.Println("log:", errors.Unwrap(err)) // incorrect in an answer
	// Output:
	// say: verify: invalid_token
	// log: not three parts
}

// Routers with middleware of their own kind (gin, echo, fiber's adaptor) put Require together
// themselves.
func ExampleVerifier_Authenticate() {
	v := exampleVerifier()
	defer v.Close()
	middleware := func(w http.ResponseWriter, r *http.Request, next func(*http.Request)) {
		s, err := v.Authenticate(r, verify.Role("member"))
		if err != nil {
			v.Refuse(w, r, err)
			return
		}
		next(r.WithContext(verify.NewContext(r.Context(), s)))
	}
	w := httptest.NewRecorder()
	middleware(w, exampleRequest(goodToken()), func(r *http.Request) {
		fmt.Println("next for", verify.FromContext(r.Context()).Subject)
	})
	middleware(w, exampleRequest("forged"), func(*http.Request) { fmt.Println("not reached") })
	fmt.Println(w.Code)
	// Output:
	// next for ada
	// 401
}

// Claims that the operator added are decoded strictly, by exact names.
func ExampleSession_Claims() {
	v := exampleVerifier()
	defer v.Close()
	s, err := v.Verify(context.Background(),
		forge(goodHeader(jose.ES256), goodClaims().with("plan", `"pro"`).with("seats", "5")))
	if err != nil {
		fmt.Println(err)
		return
	}
	var c struct {
		Plan  string `json:"plan"`
		Seats int    `json:"seats"`
	}
	err = s.Claims(&c)
	fmt.Println(c.Plan, c.Seats, err)

	var wrong struct {
		Seats string `json:"seats"`
	}
	fmt.Println(s.Claims(&wrong) != nil)
	// Output:
	// pro 5 <nil>
	// true
}

// Signing out works with a token that is only too old.
func ExampleExpiredSession() {
	v := exampleVerifier()
	defer v.Close()
	_, err := v.Verify(context.Background(), expiredToken())
	if s, ok := verify.ExpiredSession(err); ok {
		fmt.Println("end session", s.ID)
	}
	// Output: end session sid-1
}

// HMAC is for issuer and verifier in one program, with a secret drawn at random.
func ExampleHMAC_incorrect() {
	_, err := verify.New(context.Background(), verify.Config{
		Issuer:   "https://example.com",
		Audience: "https://example.com",
		Keys:     verify.HMAC([]byte("my-super-secret-key-that-is-long-enough")),
	})
	fmt.Println(err)
	// Output:
	// verify: the configuration is not usable
	// Config.Keys: HMAC secret: made of words; draw 32 random bytes instead
}
