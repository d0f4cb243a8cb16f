package api_test

import (
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// publicMembers are all that a published key may have. RFC 7517 §4, RFC 7518 §6, RFC 8037 §2
var publicMembers = map[string][]string{ // kty → members
	"EC":  {"alg", "crv", "kid", "kty", "use", "x", "y"},
	"OKP": {"alg", "crv", "kid", "kty", "use", "x"},
	"RSA": {"alg", "e", "kid", "kty", "n", "use"},
}

// TestKeys publishes public members alone, each key for one use and one algorithm.
// standards KY-01, KY-02, KY-03
func TestKeys(t *testing.T) {
	for algorithm, kty := range map[string]string{"ES256": "EC", "EdDSA": "OKP", "RS256": "RSA"} {
		t.Run(algorithm, func(t *testing.T) {
			s := handstamptest.Start(t, handstamptest.Options{Settings: map[string]string{"signing_alg": algorithm}})
			if _, err := s.Keys.Rotate(t.Context(), audit.Operator(), s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			var set struct {
				Keys []map[string]string `json:"keys"`
			}
			got := s.Program("verifier").Do("GET", "/.well-known/jwks.json", "").Want(200)
			if err := json.Unmarshal([]byte(got.Body), &set, json.RejectUnknownMembers(true)); err != nil ||
				len(set.Keys) != 2 {
				t.Fatalf("keys = %s, %v, want two", got.Body, err)
			}
			for _, key := range set.Keys {
				for member := range key {
					if !slices.Contains(publicMembers[kty], member) {
						t.Errorf("a published %s key has the member %s", kty, member)
					}
				}
				if len(key) != len(publicMembers[kty]) || key["kty"] != kty || key["alg"] != algorithm ||
					key["use"] != "sig" {
					t.Errorf("key = %v, want a %s key for %s with every public member", key, kty, algorithm)
				}
				if n, err := base64.RawURLEncoding.DecodeString(key["n"]); err != nil || kty == "RSA" &&
					len(n) < 2048/8 {
					t.Errorf("modulus has %d bytes, want 2048 bits or more", len(n))
				}
			}
			if set.Keys[0]["kid"] == set.Keys[1]["kid"] {
				t.Errorf("both keys are called %s", set.Keys[0]["kid"])
			}
		})
	}
}

// TestKeysCached lets verifiers keep the keys as long as docs/protocol.md §7 counts on, and
// ask for changes alone. standards KY-06
func TestKeysCached(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	p := s.Program("verifier")
	first := p.Do("GET", "/.well-known/jwks.json", "").Want(200)
	etag := first.Header.Get("ETag")
	if first.Header.Get("Cache-Control") != "public, max-age=300" ||
		first.Header.Get("Content-Type") != "application/jwk-set+json" || len(etag) < 10 {
		t.Errorf("headers = %v, want max-age=300, application/jwk-set+json and an ETag", first.Header)
	}
	tests := []struct {
		name, header string
		status       int
	}{
		{"the same", etag, 304},
		{"weakly the same", "W/" + etag, 304},
		{"among others", `"x", ` + etag + `, W/"y"`, 304},
		{"anything", "*", 304},
		{"another", `"x"`, 200},
		{"without quotes", strings.Trim(etag, `"`), 200},
		{"empty", "", 200},
		{"rubbish", `",,";W/`, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := p.Do("GET", "/.well-known/jwks.json", "", "If-None-Match", tt.header)
			if got.Status != tt.status || got.Header.Get("ETag") != etag || (got.Body == "") != (tt.status == 304) {
				t.Errorf("If-None-Match: %s = %d with ETag %s and %d bytes, want %d", tt.header, got.Status,
					got.Header.Get("ETag"), len(got.Body), tt.status)
			}
		})
	}
	if _, err := s.Keys.Rotate(t.Context(), audit.Operator(), s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if later := p.Do("GET", "/.well-known/jwks.json", "", "If-None-Match",
		etag).Want(200); later.Header.Get("ETag") == etag {
		t.Error("the ETag is the same after a rotation")
	}
}

// TestMetadata names the issuer exactly, where the keys are, and nothing that does not work.
func TestMetadata(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	p := s.Program("verifier")
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
		got := p.Do("GET", path, "").Want(200)
		want := map[string]any{
			"issuer": s.URL, "jwks_uri": s.URL + "/.well-known/jwks.json",
			"response_types_supported": []any{}, "grant_types_supported": []any{},
			"introspection_endpoint":                        s.URL + "/oauth2/introspect",
			"introspection_endpoint_auth_methods_supported": []any{"client_secret_basic", "Bearer"},
			"revocation_endpoint":                           s.URL + "/oauth2/revoke",
			"revocation_endpoint_auth_methods_supported":    []any{"client_secret_basic"},
		}
		if fmt.Sprint(got.JSON()) != fmt.Sprint(want) {
			t.Errorf("GET %s = %s, want %v", path, got.Body, want)
		}
		if !strings.HasPrefix(got.Header.Get("Cache-Control"), "public, max-age=") ||
			got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("GET %s: headers %v, want it cacheable JSON", path, got.Header)
		}
	}
}

// TestHead answers HEAD as GET, without the body. standards ER-06
func TestHead(t *testing.T) {
	s := startSignedIn(t)
	for _, path := range []string{"/v1/session", "/v1/user", "/v1/user/sessions", "/.well-known/jwks.json",
		"/v1/nothing"} {
		get, head := s.raw("GET", path, "Authorization: Bearer "+s.access), s.Program("curl").Do("HEAD", path, "",
			"Authorization", "Bearer "+s.access)
		if head.Status != get.Status || head.Body != "" ||
			head.Header.Get("Content-Type") != get.Header.Get("Content-Type") ||
			head.Header.Get("ETag") != get.Header.Get("ETag") {
			t.Errorf("HEAD %s = %d %v, want as GET: %d %v", path, head.Status, head.Header, get.Status, get.Header)
		}
	}
}

// TestMetadataOfPath answers for an issuer with a path at the place where RFC 8414 §3.1 puts its
// metadata, and below the path as well.
func TestMetadataOfPath(t *testing.T) {
	const issuer = "https://example.com/auth"
	s := handstamptest.Start(t, handstamptest.Options{Settings: map[string]string{"public_url": issuer}})
	for path, status := range map[string]int{
		"/.well-known/oauth-authorization-server/auth":  200,
		"/.well-known/openid-configuration/auth":        200,
		"/auth/.well-known/oauth-authorization-server":  200,
		"/auth/.well-known/openid-configuration":        200,
		"/.well-known/oauth-authorization-server":       404,
		"/.well-known/oauth-authorization-server/other": 404,
		"/.well-known/oauth-authorization-server/auth/": 404,
		"/.well-known/jwks.json/auth":                   404,
	} {
		got := httptest.NewRecorder()
		s.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), "GET", "https://example.com"+path, nil))
		about := strings.Contains(got.Body.String(), `"issuer":"`+issuer+`"`)
		if got.Code != status || about != (status == 200) {
			t.Errorf("%s = %d %s, want %d", path, got.Code, got.Body, status)
		}
	}
}
