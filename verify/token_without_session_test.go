package verify_test

import (
	"testing"
	"testing/synctest"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// TestTokenWithoutSession refuses a token that names no session where sessions can end early: no
// ending of a session could reach it. Where tokens end by time alone it is good.
func TestTokenWithoutSession(t *testing.T) {
	for _, sid := range []string{"", `""`} {
		token := forge(goodHeader(jose.ES256), goodClaims().with("sid", sid))
		check(t, mustNew(t, testConfig()), token, "")
		c := testConfig()
		c.Keys = newMemory()
		v := mustNew(t, c)
		check(t, v, goodToken(), "")
		check(t, v, token, verify.CodeInvalidToken)
		synctest.Test(t, func(t *testing.T) {
			check(t, following(t, newFeedServer()), sessionToken(""), verify.CodeInvalidToken)
		})
	}
}
