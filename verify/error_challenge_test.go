package verify_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// The grammar of a challenge: auth-scheme and auth-params (RFC 9110 §11.2, §11.3), each a
// quoted-string as RFC 6750 §3 and RFC 9470 §3 write theirs.
var (
	challengeText = regexp.MustCompile(
		`^Bearer ([a-z_]+="(?:[\x20!#-\[\]-~]|\\["\\])*")(, [a-z_]+="(?:[\x20!#-\[\]-~]|\\["\\])*")*$`,
	)
	challengeParam = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)
)

// TestChallenges holds WWW-Authenticate of every refusal to the letter of RFC 6750 §3 and RFC 9470
// §3: the parameters, their order, and which refusals have none (JV-21, JV-31).
func TestChallenges(t *testing.T) {
	const realm = `Bearer realm="https://api.example.com"`
	const invalid, stepUp = realm + `, error="invalid_token"`, realm + `, error="insufficient_user_authentication"`
	v := mustNew(t, testConfig())
	bearer := func(token string) []string { return []string{"Authorization", "Bearer " + token} }
	for _, test := range []struct {
		name    string
		demands []verify.Demand
		method  string
		headers []string
		status  int
		want    string // empty: the header is not there
	}{
		{"nothing sent: no error code (RFC 6750 §3.1)", nil, "GET", nil, 401, realm},
		{"somebody else's scheme is nothing sent", nil, "GET", []string{"Authorization", "Basic eDp5"}, 401, realm},
		{"a bad token", nil, "GET", bearer("x"), 401, invalid},
		{"a bad cookie", nil, "GET", []string{"Cookie", accessCookie("x")}, 401, invalid},
		{"an expired token", nil, "GET", bearer(expiredToken()), 401, invalid + `, error_description="the access token expired"`},
		{"a signed token for somebody else", nil, "GET", bearer(claimed("aud", `"x"`)), 401, invalid},
		{"half a credential", nil, "GET", []string{"Authorization", "Bearer"}, 400, realm + `, error="invalid_request"`},
		{"two credentials", nil, "GET", append(bearer(tokenOf("ada")), "Cookie", accessCookie(tokenOf("bob"))), 400,
			realm + `, error="invalid_request"`},
		{"a scope missing: all that the route demands", []verify.Demand{verify.Scope("a"), verify.Scope("b")}, "GET",
			bearer(goodToken()), 403, realm + `, error="insufficient_scope", scope="a b"`},
		{"a role missing: no scope would help", []verify.Demand{verify.Role("admin")}, "GET", bearer(goodToken()), 403,
			realm + `, error="insufficient_scope"`},
		{"not fresh", []verify.Demand{verify.Fresh(15 * time.Minute)}, "GET", bearer(goodToken()), 401, stepUp + `, max_age="900"`},
		{"not strong", []verify.Demand{verify.ACR("aal2")}, "GET", bearer(goodToken()), 401, stepUp + `, acr_values="aal2"`},
		{"neither", []verify.Demand{verify.Fresh(time.Minute), verify.ACR("aal2")}, "GET", bearer(goodToken()), 401,
			stepUp + `, acr_values="aal2", max_age="60"`},
		{"from another site: no credential would help", nil, "POST",
			[]string{"Cookie", accessCookie(goodToken()), "Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"let in", nil, "GET", bearer(goodToken()), 200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := ask(v.Require(hello, test.demands...), test.method, "/", test.headers...)
			got := w.Header().Values("WWW-Authenticate")
			if w.Code != test.status || len(got) > 1 || w.Header().Get("WWW-Authenticate") != test.want {
				t.Errorf("answer = %d %q, want %d %q", w.Code, got, test.status, test.want)
			}
			if test.want != "" && !challengeText.MatchString(got[0]) {
				t.Errorf("%s is no challenge of RFC 9110 §11.3", got[0])
			}
			if w.Code == http.StatusUnauthorized && test.want == "" {
				t.Error("a 401 without a challenge (RFC 9110 §15.5.2)")
			}
		})
	}
}

// TestChallengesAreQuoted makes challenges of what routes may demand and programs be called, and
// reads them back.
func TestChallengesAreQuoted(t *testing.T) {
	token := forge(goodHeader("ES256"), goodClaims().with("scope", ""))
	for _, test := range []struct{ demand, want string }{
		{"read", "read"}, {`a"b`, `a\"b`}, {`a\b`, `a\\b`}, {"a\r\nX: y", "aX: y"}, {"ä€", ""},
		{"a, error=none", "a, error=none"}, {"", ""},
	} {
		v := mustNew(t, testConfig())
		w := ask(v.Require(hello, verify.Scope(test.demand)), "GET", "/", "Authorization", "Bearer "+token)
		got := w.Header().Get("WWW-Authenticate")
		if !challengeText.MatchString(got) {
			t.Errorf("a demand for %q makes %s, which is no challenge", test.demand, got)
		}
		params := map[string]string{}
		for _, m := range challengeParam.FindAllStringSubmatch(got, -1) {
			if _, twice := params[m[1]]; twice {
				t.Errorf("%s has %s twice (RFC 6750 §3)", got, m[1])
			}
			params[m[1]] = m[2]
		}
		if params["scope"] != test.want || params["error"] != "insufficient_scope" || len(params) != 3 {
			t.Errorf("a demand for %q makes %v, want the scope %q", test.demand, params, test.want)
		}
	}
}
