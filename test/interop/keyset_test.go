package interop_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// publicMembers are all that a key of each type may show: RFC 7518 §6.2.1, §6.3.1; RFC 8037 §2
var publicMembers = map[string][]string{
	"EC":  {"alg", "crv", "kid", "kty", "use", "x", "y"},
	"OKP": {"alg", "crv", "kid", "kty", "use", "x"},
	"RSA": {"alg", "e", "kid", "kty", "n", "use"},
}

// testKeySet reads the key sets without any library.
func testKeySet(t *testing.T, program string) {
	for _, algorithm := range algorithms {
		t.Run(algorithm, func(t *testing.T) { testKeySetOf(t, program, algorithm) })
	}
}

// testKeySetOf reads one: nothing private, every key one of a kind, and told how long it may
// be kept.
func testKeySetOf(t *testing.T, program, algorithm string) {
	s := mustServe(t, program, algorithm)
	published := mustSend(t, http.MethodGet, s.jwks, "").want(t, http.StatusOK)
	if kind := published.header.Get("Content-Type"); kind != "application/jwk-set+json" { // RFC 7517 §8.5.2
		t.Errorf("Content-Type = %q", kind)
	}
	if cached := published.header.Get("Cache-Control"); !strings.Contains(cached, "public") ||
		!strings.Contains(cached, "max-age=") {
		t.Errorf("Cache-Control = %q, want public with max-age", cached)
	}
	mustSend(
		t, http.MethodGet, s.jwks, "", "If-None-Match", published.header.Get("ETag"),
	).want(t, http.StatusNotModified)

	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	published.mustRead(t, &set)
	seen := map[string]int{} // kid or algorithm → keys with it
	for _, k := range set.Keys {
		members := slices.Sorted(maps.Keys(k))
		if diff := cmp.Diff(publicMembers[k["kty"]], members); diff != "" {
			t.Errorf("members of a key of type %q (-want +got):\n%s", k["kty"], diff)
		}
		if k["use"] != "sig" {
			t.Errorf("key %s: use = %q, want sig", k["kid"], k["use"])
		}
		seen[k["kid"]]++
		seen[k["alg"]]++
	}
	for _, k := range set.Keys {
		if seen[k["kid"]] != 1 {
			t.Errorf("%d keys have kid %q, want one", seen[k["kid"]], k["kid"])
		}
	}
	if seen[algorithm] == 0 || len(set.Keys) != 2 {
		t.Errorf("keys = %s, want one for %s and one that waits", published.body, algorithm)
	}
}
