package verify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/test/logtest"
	"github.com/handstamp/handstamp/verify"
)

// everyGood is every token that attacks are made from.
func everyGood() []string {
	return []string{goodToken(), goodTokens()[jose.EdDSA], goodTokens()[jose.RS256], bobsToken()}
}

// answerTo is all that is said of a token: the code, and for the log the reason.
func answerTo(v *verify.Verifier, token string) string {
	s, err := v.Verify(context.Background(), token)
	if err == nil {
		return "accepted for " + s.Subject
	}
	return fmt.Sprint(codeOf(err), " because ", errors.Unwrap(err))
}

// TestAttacksRemembered shows every hostile token twice to verifiers that have seen nothing, that
// remember all good tokens the attacks are made from, that remember nothing ever, and that have
// room for none. All say the same, each time; afterwards the good tokens are good, and nothing but
// them is remembered.
func TestAttacksRemembered(t *testing.T) {
	limits := map[string]int64{"warm": 0, "off": -1, "full": 1}
	verifiers := map[string]*verify.Verifier{}
	for name, limit := range limits {
		c := testConfig()
		c.CacheBytes = limit
		v := mustNew(t, c)
		for range 2 {
			for _, token := range everyGood() {
				check(t, v, token, "")
			}
		}
		verifiers[name] = v
	}
	cold := testConfig()
	for _, a := range attacks(t) {
		want := answerTo(mustNew(t, cold), a.token)
		if !strings.HasPrefix(want, "invalid_token because") {
			t.Fatalf("%s/%s: %s, want a refusal", a.class, a.name, want)
		}
		for name, v := range verifiers {
			for _, time := range []string{"first", "second"} {
				if got := answerTo(v, a.token); got != want {
					t.Errorf("%s/%s, %s, %s time: %s, want %s", a.class, a.name, name, time, got, want)
				}
			}
		}
	}
	for name, v := range verifiers {
		for _, token := range everyGood() {
			check(t, v, token, "")
		}
		want := 0
		if name == "warm" {
			want = len(everyGood())
		}
		if s := v.Status().Cache; s.Tokens != want {
			t.Errorf("%s: %d tokens are remembered, want the %d good ones", name, s.Tokens, want)
		}
	}
}

// TestAttacksNotLogged writes the whole table to the log at debug level, as tokens by themselves
// and in requests, and finds no 16 characters of any signature there: what is logged cannot be
// shown to anyone as a token (JV-22).
func TestAttacksNotLogged(t *testing.T) {
	var log logtest.Log
	c := testConfig()
	c.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	from := netip.MustParseAddr("198.51.100.0")
	c.ClientAddress = func(*http.Request) netip.Addr { from = from.Next(); return from } // so that none is slowed
	v := mustNew(t, c)
	h := v.Require(hello)
	all := append(
		attacks(t),
		attack{token: expiredToken()},
		attack{token: forge(goodHeader(jose.ES256), goodClaims().with("aud", `"x"`))},
	)
	for _, a := range all {
		_, _ = v.Verify(context.Background(), a.token)
		ask(h, "GET", "/", "Authorization", "Bearer "+a.token)
		ask(h, "GET", "/", "Cookie", accessCookie(a.token)+"; "+accessCookie("x"))
	}
	const window = 16
	logged, text := map[string]bool{}, log.String()
	for i := range len(text) - window {
		logged[text[i:i+window]] = true
	}
	if !logged[`"code":"invalid_`] {
		t.Fatalf("the log does not name codes: %.300s", text)
	}
	for _, a := range all {
		signature := a.token[strings.LastIndexByte(a.token, '.')+1:]
		for i := 0; i+window <= len(signature); i++ {
			if logged[signature[i:i+window]] {
				t.Fatalf("%s/%s: the log holds %q of its signature", a.class, a.name, signature[i:i+window])
			}
		}
	}
}
