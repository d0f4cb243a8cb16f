package verify_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// TestDemands tries each demand from both sides of its bound, with the challenge that goes out.
func TestDemands(t *testing.T) {
	const realm = `Bearer realm="https://api.example.com", `
	const stepUp = realm + `error="insufficient_user_authentication"`
	role, scope, fresh, acr := verify.Role, verify.Scope, verify.Fresh, verify.ACR
	for _, test := range []struct {
		name      string
		demands   []verify.Demand
		claims    members
		want      verify.Code
		challenge string
	}{
		{"nothing", nil, goodClaims(), "", ""},
		{"the role", []verify.Demand{role("member")}, goodClaims(), "", ""},
		{"another role", []verify.Demand{role("admin")}, goodClaims(), verify.CodeRoleMissing, realm + `error="insufficient_scope"`},
		{"the role in capitals", []verify.Demand{role("Member")}, goodClaims(), verify.CodeRoleMissing, realm + `error="insufficient_scope"`},
		{"no role", []verify.Demand{role("member")}, goodClaims().with("roles", ""), verify.CodeRoleMissing,
			realm + `error="insufficient_scope"`},
		{"an empty role", []verify.Demand{role("")}, goodClaims(), verify.CodeRoleMissing, realm + `error="insufficient_scope"`},
		{"two roles, one there", []verify.Demand{role("member"), role("admin")}, goodClaims(), verify.CodeRoleMissing,
			realm + `error="insufficient_scope"`},
		{"two roles", []verify.Demand{role("member"), role("admin")}, goodClaims().with("roles", `["admin","member"]`), "", ""},
		{"a role that is only a scope", []verify.Demand{role("read")}, goodClaims(), verify.CodeRoleMissing,
			realm + `error="insufficient_scope"`},
		{"two scopes", []verify.Demand{scope("write"), scope("read")}, goodClaims(), "", ""},
		{"a scope that is missing", []verify.Demand{scope("read"), scope("admin")}, goodClaims(),
			verify.CodeScopeMissing, realm + `error="insufficient_scope", scope="read admin"`},
		{"a scope by its beginning", []verify.Demand{scope("rea")}, goodClaims(), verify.CodeScopeMissing, realm + `error="insufficient_scope", scope="rea"`},
		{"two scopes as one", []verify.Demand{scope("read write")}, goodClaims(), verify.CodeScopeMissing, realm + `error="insufficient_scope", scope="read write"`},
		{"fresh to the second", []verify.Demand{fresh(time.Hour)}, goodClaims(), "", ""},
		{"a second too old", []verify.Demand{fresh(time.Hour - time.Second)}, goodClaims(),
			verify.CodeReauthentication, stepUp + `, max_age="3599"`},
		{"the shorter of two", []verify.Demand{fresh(2 * time.Hour), fresh(time.Minute)}, goodClaims(),
			verify.CodeReauthentication, stepUp + `, max_age="60"`},
		{"no auth_time", []verify.Demand{fresh(time.Hour)}, goodClaims().with("auth_time", ""),
			verify.CodeReauthentication, stepUp + `, max_age="3600"`},
		{
			"ahead by the leeway", []verify.Demand{fresh(time.Hour)},
			goodClaims().with("auth_time", fmt.Sprint(now.Unix()+30)), "", "",
		},
		{
			"ahead by more", []verify.Demand{fresh(time.Hour)},
			goodClaims().with("auth_time", fmt.Sprint(now.Unix()+31)),
			verify.CodeReauthentication, stepUp + `, max_age="3600"`,
		},
		{"never fresh enough", []verify.Demand{fresh(-time.Hour)}, goodClaims(), verify.CodeReauthentication,
			stepUp + `, max_age="0"`},
		{"the acr", []verify.Demand{acr("aal1")}, goodClaims(), "", ""},
		{"a stronger acr", []verify.Demand{acr("aal1"), acr("aal2")}, goodClaims().with("acr", `"aal3"`), "", ""},
		{"a weaker acr", []verify.Demand{acr("aal2")}, goodClaims(), verify.CodeReauthentication, stepUp + `, acr_values="aal2"`},
		{"no acr", []verify.Demand{acr("aal1")}, goodClaims().with("acr", ""), verify.CodeReauthentication,
			stepUp + `, acr_values="aal1"`},
		{"an acr of somebody else's", []verify.Demand{acr("urn:x")}, goodClaims().with("acr", `"urn:x"`), "", ""},
		{"an acr unlike it", []verify.Demand{acr("urn:x")}, goodClaims().with("acr", `"aal3"`),
			verify.CodeReauthentication, stepUp + `, acr_values="urn:x"`},
		{"an empty acr", []verify.Demand{acr("")}, goodClaims().with("acr", ""), verify.CodeReauthentication, stepUp},
		{"both at once", []verify.Demand{acr("aal2"), fresh(time.Minute)}, goodClaims(), verify.CodeReauthentication,
			stepUp + `, acr_values="aal2", max_age="60"`},
		{"what signing in cannot give comes first", []verify.Demand{fresh(time.Minute), role("admin")}, goodClaims(),
			verify.CodeRoleMissing, realm + `error="insufficient_scope"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := mustNew(t, testConfig())
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", "Bearer "+forge(goodHeader("ES256"), test.claims))
			_, err := v.Authenticate(r, test.demands...)
			if got := codeOf(err); got != test.want {
				t.Fatalf("Authenticate = %q, want %q", got, test.want)
			}
			var e *verify.Error
			if errors.As(err, &e) && e.Challenge() != test.challenge {
				t.Errorf("challenge = %s, want %s", e.Challenge(), test.challenge)
			}
		})
	}
}

// TestSameTokenOtherRoute proves that what one route let through another still refuses (JV-24).
func TestSameTokenOtherRoute(t *testing.T) {
	v := mustNew(t, testConfig())
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	token := goodToken()
	for _, test := range []struct {
		name string
		h    http.Handler
		want int
	}{
		{"open to the role", v.Require(ok, verify.Role("member")), http.StatusOK},
		{"closed to it", v.Require(ok, verify.Role("admin")), http.StatusForbidden},
		{"closed by age", v.Require(ok, verify.Fresh(time.Minute)), http.StatusUnauthorized},
		{"open again", v.RequireFunc(ok, verify.Scope("read")), http.StatusOK},
	} {
		for range 2 {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			test.h.ServeHTTP(w, r)
			if w.Code != test.want {
				t.Errorf("%s: %d, want %d", test.name, w.Code, test.want)
			}
		}
	}
}
