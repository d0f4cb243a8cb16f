package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// TestSaysWhatTheTokenSays shows tokens of every shape twice, first checked and then remembered,
// and wants what they say both times: texts and lists that are short, long, many and none, and
// times to the microsecond.
func TestSaysWhatTheTokenSays(t *testing.T) {
	v := mustNew(t, testConfig())
	for _, length := range []int{0, 1, 127, 128, 255, 256, 300, 1500} {
		for _, count := range []int{0, 1, 5, 13, 40} {
			items := make([]string, count)
			for i := range items {
				items[i] = fmt.Sprint("i", i, strings.Repeat("é", length/(2*max(count, 1))))
			}
			list := `["` + strings.Join(items, `","`) + `"]`
			if count == 0 {
				list = "[]"
			}
			text := strings.Repeat("s", length)
			claims := goodClaims().with("roles", list).with("amr", list).with("scope", quote(strings.Join(items, " "))).
				with("sub", quote("u"+text)).with("jti", quote(text)).with("auth_time", "1.5").with("acr", `""`)
			token := forge(goodHeader(jose.ES256), claims)
			if len(token) > 8<<10 {
				continue
			}
			for range 2 {
				s, err := v.Verify(t.Context(), token)
				if err != nil {
					t.Fatalf("%d items, texts of %d: %v", count, length, err)
				}
				for _, got := range [][]string{s.Roles, s.AMR, s.Scope} {
					if !slices.Equal(got, items) {
						t.Errorf("a list of %d = %q, want %q", count, got, items)
					}
				}
				if s.Subject != "u"+text || s.TokenID != text || s.ACR != "" || s.ID != "sid-1" ||
					s.ClientID != "first-party" ||
					s.KeyID != signingKeys()[jose.ES256].ID() ||
					!slices.Equal(s.Audience, []string{audience}) {
					t.Errorf("texts of %d: %+v", length, s)
				}
				if !s.AuthTime.Equal(time.UnixMilli(1500)) || s.IssuedAt.Unix() != now.Unix() {
					t.Errorf("times = %v and %v", s.AuthTime, s.IssuedAt)
				}
			}
		}
	}
}

// TestKeyIDOfHMAC is what the token says, whatever the secret is called here.
func TestKeyIDOfHMAC(t *testing.T) {
	secret := []byte("0Kx8vQmZr3TnWyLcPdBfHgJkUiOaSeXz")
	c := testConfig()
	c.Keys = verify.HMAC(secret)
	v := mustNew(t, c)
	for _, kid := range []string{"hmac", "another"} {
		key, err := jose.NewHMAC(kid, secret)
		if err != nil {
			t.Fatal(err)
		}
		token := sign(key, fmt.Sprintf(`{"alg":"HS256","kid":%q,"typ":"at+jwt"}`, kid), goodClaims().String())
		for range 2 {
			if s, err := v.Verify(t.Context(), token); err != nil || s.KeyID != kid {
				t.Errorf("KeyID = %v, %v, want %q", s, err, kid)
			}
		}
	}
}
