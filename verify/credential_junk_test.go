package verify_test

import (
	"fmt"
	"strings"
	"time"
)

// junkCredentials are what a jar holds that several servers fill, and what a script sends that
// knows no token: bad ones beside good ones, and beside each other.
func junkCredentials() []credential {
	ada, bob, old := tokenOf("ada"), tokenOf("bob"), expiredToken()
	older := claimed("exp", fmt.Sprint(now.Add(-2*time.Hour).Unix()))
	cookies := func(tokens ...string) string {
		return accessCookie(strings.Join(tokens, "; "+accessCookie("")))
	}
	sent := func(bearer string, tokens ...string) []string {
		return []string{"Authorization", strings.TrimSuffix("Bearer "+bearer, " "), "Cookie", cookies(tokens...)}
	}
	return []credential{
		{"two bad cookies", "/", []string{"Cookie", cookies("x", "y")}, "invalid_token"},
		{"two old cookies", "/", []string{"Cookie", cookies(old, older)}, "token_expired"},
		{"a bad cookie and an old one", "/", []string{"Cookie", cookies("x", old)}, "token_expired"},
		{"an old cookie and a good one", "/", []string{"Cookie", cookies(old, ada)}, "hello ada"},
		{"many cookies", "/", []string{"Cookie", cookies("1", "2", "3", "4", ada)}, "invalid_token"},
		{"header and a bad cookie", "/", sent(ada, "x"), "hello ada"},
		{"header and two bad cookies", "/", sent(ada, "x", "y"), "hello ada"},
		{"header and an old cookie", "/", sent(ada, old), "hello ada"},
		{"header and many cookies", "/", sent(ada, "1", "2", "3", "4", "5"), "hello ada"},
		{"header and two good cookies", "/", sent(ada, ada, bob), "invalid_request"},
		{"header and one good cookie of two", "/", sent(ada, "x", bob), "invalid_request"},
		{"undefined and a good cookie", "/", sent("undefined", ada), "hello ada"},
		{"undefined and an old cookie", "/", sent("undefined", old), "token_expired"},
		{"undefined and a bad cookie", "/", sent("undefined", "x"), "invalid_token"},
		{"undefined and two good cookies", "/", sent("undefined", ada, bob), "invalid_request"},
		{"nothing after Bearer, and a good cookie", "/", sent("", ada), "hello ada"},
		{"nothing after Bearer, and a bad cookie", "/", sent("", "x"), "invalid_token"},
		{"an old header and a good cookie", "/", sent(old, ada), "token_expired"},
		{"two bad headers, a good cookie", "/", append(sent("x", ada), "Authorization", "Bearer y"), "invalid_request"},
	}
}
