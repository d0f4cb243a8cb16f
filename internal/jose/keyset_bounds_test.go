package jose_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
)

// manyKeys is a set of n sound keys.
func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf(`{"kid":"k%d","alg":"ES256",%s}`, i, ecMembers)
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

// TestParseKeySetMostKeys takes a hundred keys, and no set of more: each that is not used is a line
// in somebody's log.
func TestParseKeySetMostKeys(t *testing.T) {
	set, skipped, err := jose.ParseKeySet([]byte(manyKeys(100)))
	if err != nil || len(skipped) > 0 || set.Len() != 100 {
		t.Errorf("ParseKeySet of 100 keys = %v, %v, want all", skipped, err)
	}
	for _, text := range []string{manyKeys(101), `{"keys":[` + strings.Repeat("0,", 100) + `0]}`} {
		if _, skipped, err := jose.ParseKeySet([]byte(text)); err == nil || len(skipped) > 0 {
			t.Errorf("ParseKeySet of 101 keys = %v and %d skipped, want an error alone", err, len(skipped))
		}
	}
}

// TestParseKeySetAllocates holds what a mebibyte of key set may allocate to a few times its length.
func TestParseKeySetAllocates(t *testing.T) {
	const n, limit = 1 << 20, 24 << 20
	var names strings.Builder
	for i := 0; names.Len() < n; i++ {
		fmt.Fprintf(&names, `,"%d":0`, i)
	}
	for name, text := range map[string]string{
		"numbers":             `{"keys":[` + strings.Repeat("0,", n/2) + "0]}",
		"empty keys":          `{"keys":[` + strings.Repeat("{},", n/3) + "{}]}",
		"keys of one name":    `{"keys":[` + strings.Repeat(`{"kid":"a"},`, n/12) + "{}]}",
		"one key of names":    `{"keys":[{"a":0` + names.String() + "}]}",
		"one long kid":        `{"keys":[{"kid":"` + strings.Repeat(`\n`, n/2) + `"}]}`,
		"one long modulus":    `{"keys":[{"kid":"k","alg":"RS256","kty":"RSA","e":"AQAB","n":"` + strings.Repeat("B", n) + `"}]}`,
		"members of the set":  `{"keys":[]` + names.String() + "}",
		"operations of a key": `{"keys":[{"key_ops":[""` + strings.Repeat(`,""`, n/3) + "]}]}",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		set, skipped, _ := jose.ParseKeySet([]byte(text))
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > limit || set != nil && set.Len() > 0 ||
			len(skipped) > 100 {
			t.Errorf(
				"a mebibyte of %s: %d bytes and %d errors, want at most %d and 100",
				name,
				took,
				len(skipped),
				limit,
			)
		}
	}
}
