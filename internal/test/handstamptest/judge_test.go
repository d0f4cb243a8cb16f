package handstamptest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// exchange is short for what the tests judge.
type exchange = handstamptest.Exchange

// every returns the headers that every answer has, and more: name, value, name, value.
func every(more ...string) http.Header {
	h := http.Header{}
	for i, all := 0, append([]string{
		"Cache-Control", "no-store", "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'",
		"Cross-Origin-Resource-Policy", "same-origin", "Referrer-Policy", "no-referrer",
		"X-Content-Type-Options", "nosniff",
	}, more...); i < len(all); i += 2 {
		h.Set(all[i], all[i+1])
		if all[i+1] == "" {
			h.Del(all[i])
		}
	}
	return h
}

// Bodies that the description allows.
const (
	user    = `{"id":"usr_AZr0k3mfdO6Lr6rs0c2nOw","email":"ada@example.com","email_verified":false,"name":"Ada","roles":[],"created_at":"2026-11-01T09:00:00Z"}`
	problem = `{"type":"urn:handstamp:error:missing_token","title":"Sign in first.","status":401,"code":"missing_token","request_id":"q8Yx0ZyA1bcd"}`
	other   = `{"type":"urn:handstamp:error:not_found","title":"There is nothing at this address.","status":404,"code":"not_found","request_id":"q8Yx0ZyA1bcd"}`
	refused = `{"type":"urn:handstamp:error:invalid_request","title":"The request is not valid.","status":400,"code":"invalid_request","request_id":"q8Yx0ZyA1bcd","errors":[{"field":"name","code":"wrong_type","detail":"This field has the wrong type."}]}`
	oauth   = `{"error":"invalid_request","error_description":"The request is not valid.","request_id":"q8Yx0ZyA1bcd"}`
	method  = `{"type":"urn:handstamp:error:method_not_allowed","title":"No.","status":405,"code":"method_not_allowed","request_id":"q8Yx0ZyA1bcd"}`
)

// rewritten returns a body with one text in place of another.
func rewritten(body, old, with string) string { return strings.Replace(body, old, with, 1) }

// The headers of a good answer, of a refusal that asks for a token, and of another.
var (
	ok    = every("Content-Type", "application/json")
	no    = every("Content-Type", "application/problem+json", "WWW-Authenticate", `Bearer realm="x"`)
	plain = every("Content-Type", "application/problem+json")
)

// judgements are exchanges, and what is wrong with each.
var judgements = []struct {
	name string
	e    exchange
	want string // in what is found; empty: nothing is
}{
	{"profile", exchange{"GET", "/v1/user", "", 200, ok, user}, ""},
	{"refusal", exchange{"GET", "/v1/user", "", 401, no, problem}, ""},
	{"head", exchange{"HEAD", "/v1/user", "", 200, ok, ""}, ""},
	{"nothing there", exchange{"GET", "/v1/nothing", "", 404, plain, other}, ""},
	{"a page", exchange{"GET", "/account", "", 302, nil, "<html>"}, ""},
	{"a page among the well-known", exchange{"GET", "/.well-known/change-password", "", 303, nil, ""}, ""},
	{"nothing among the well-known", exchange{"GET", "/.well-known/nothing", "", 404, plain, other}, ""},
	{
		"another method",
		exchange{
			"PUT", "/v1/user", "", 405,
			every("Content-Type", "application/problem+json", "Allow", "DELETE, GET, HEAD, PATCH"), method,
		},
		"",
	},
	{
		"a long name that was trimmed",
		exchange{"PATCH", "/v1/user", `{"name":"` + strings.Repeat(" ", 200) + `"}`, 200, ok, user}, "",
	},
	{"keep", exchange{"DELETE", "/v1/user/sessions?keep=current", "", 200, ok, `{"ended":0}`}, ""},

	{
		"a token that is not good", exchange{"POST", "/oauth2/introspect", "token=x&y=z", 200, ok, `{"active":false}`},
		"",
	},
	{"a form refused", exchange{"POST", "/oauth2/revoke", "x=y", 400, ok, oauth}, ""},
	{"nothing there for OAuth", exchange{"GET", "/oauth2/nothing", "", 404, ok, oauth}, ""},

	{"unknown status", exchange{"GET", "/v1/user", "", 418, no, problem}, "the status is not described"},
	{
		"unknown member", exchange{"GET", "/v1/user", "", 200, ok, rewritten(user, "{", `{"hash":"x",`)},
		"'hash' not allowed",
	},
	{
		"missing member", exchange{"GET", "/v1/user", "", 200, ok, rewritten(user, `"email_verified":false,`, "")},
		"email_verified",
	},
	{"wrong type", exchange{"GET", "/v1/user", "", 200, ok, rewritten(user, "[]", "null")}, "roles"},
	{"member twice", exchange{"GET", "/v1/user", "", 200, ok, rewritten(user, "{", `{"name":"x",`)}, "not JSON"},
	{
		"time that is none", exchange{"GET", "/v1/user", "", 200, ok, rewritten(user, "2026-11-01", "2026-13-01")},
		"date-time",
	},
	{
		"unknown header",
		exchange{"GET", "/v1/user", "", 200, every("Content-Type", "application/json", "X-Powered-By", "x"), user},
		"X-Powered-By is not described",
	},
	{
		"missing header",
		exchange{"GET", "/v1/user", "", 200, every("Content-Type", "application/json", "Referrer-Policy", ""), user},
		"without the header Referrer-Policy",
	},
	{
		"cached profile",
		exchange{
			"GET", "/v1/user", "", 200, every("Content-Type", "application/json", "Cache-Control", "public, max-age=9"),
			user,
		},
		"Cache-Control",
	},
	{"no challenge", exchange{"GET", "/v1/user", "", 401, plain, problem}, "without the header WWW-Authenticate"},
	{
		"another media type", exchange{"GET", "/v1/user", "", 200, every("Content-Type", "text/html"), user},
		`Content-Type is "text/html"`,
	},
	{
		"refusal as JSON",
		exchange{
			"GET", "/v1/user", "", 401, every("Content-Type", "application/json", "WWW-Authenticate", "Bearer"),
			problem,
		},
		"Content-Type",
	},
	{"head with a body", exchange{"HEAD", "/v1/user", "", 200, ok, user}, "has a body"},
	{
		"no content with a body",
		exchange{
			"POST", "/v1/user/password", `{"current_password":"x","new_password":"violet teapots orbit"}`, 204, every(),
			"x",
		},
		"has a body",
	},
	{
		"code of another route",
		exchange{"GET", "/v1/user", "", 401, no, strings.ReplaceAll(problem, "missing_token", "session_ended")}, "code",
	},
	{
		"code without its reason",
		exchange{
			"POST", "/v1/session/refresh", "", 401, no, strings.ReplaceAll(problem, "missing_token", "session_ended"),
		},
		"reason",
	},
	{
		"reason without its code",
		exchange{"GET", "/v1/user", "", 401, no, rewritten(problem, "{", `{"reason":"idle",`)}, "reason",
	},
	{"another status inside", exchange{"GET", "/v1/user", "", 401, no, rewritten(problem, "401", "403")}, "/status"},
	{
		"another type inside",
		exchange{"GET", "/v1/user", "", 401, no, rewritten(problem, "error:missing_token", "error:invalid_token")},
		"type urn:handstamp:error:invalid_token",
	},
	{"nothing there, and yet", exchange{"GET", "/v1/nothing", "", 200, ok, user}, "not described"},
	{
		"nothing among the well-known, and yet", exchange{"GET", "/.well-known/nothing", "", 401, no, problem},
		"not described",
	},
	{"there, and yet not", exchange{"PUT", "/v1/user", "", 404, plain, other}, "the address takes"},
	{"below what is there", exchange{"GET", "/v1/user/", "", 200, ok, user}, "not described"},
	{
		"fewer methods",
		exchange{
			"PUT", "/v1/user", "", 405, every("Content-Type", "application/problem+json", "Allow", "GET, HEAD, PATCH"),
			method,
		},
		"Allow",
	},
	{"wait, not said how long", exchange{"GET", "/v1/user", "", 503, plain, problem}, "without the header Retry-After"},
	{
		"wait until a date",
		exchange{"GET", "/v1/user", "", 503, every("Retry-After", "Sun, 22 Nov 2026 04:30:00 GMT"), ""}, "Retry-After",
	},
	{"a preflight that is none", exchange{"GET", "/v1/nothing", "", 204, every(), ""}, "only a preflight"},
	{
		"unknown member taken", exchange{"PATCH", "/v1/user", `{"name":"Ada","role":"admin"}`, 200, ok, user},
		"although the description forbids it",
	},
	{
		"long name taken", exchange{"PATCH", "/v1/user", `{"name":"` + strings.Repeat("a", 101) + `"}`, 200, ok, user},
		"although the description forbids it",
	},
	{"no body taken", exchange{"PATCH", "/v1/user", "", 200, ok, user}, "a body must be there"},
	{
		"good body refused", exchange{"PATCH", "/v1/user", `{"name":"Ada"}`, 400, plain, refused},
		"although the description allows it",
	},
	{"parameter missing", exchange{"DELETE", "/v1/user/sessions", "", 200, ok, `{"ended":0}`}, "was taken with keep"},
	{
		"parameter twice",
		exchange{"DELETE", "/v1/user/sessions?keep=current&keep=current", "", 200, ok, `{"ended":0}`},
		"was taken with keep",
	},
	{
		"a token that is not good, and whose",
		exchange{
			"POST", "/oauth2/introspect", "token=x", 200, ok, `{"active":false,"sub":"usr_AZr0k3mfdO6Lr6rs0c2nOw"}`,
		},
		"sub",
	},
	{
		"a good token, and nobody's", exchange{"POST", "/oauth2/introspect", "token=x", 200, ok, `{"active":true}`},
		"sub",
	},
	{
		"a form without its token taken", exchange{"POST", "/oauth2/revoke", "x=y", 200, every(), ""},
		"although the description forbids it",
	},
	{
		"a form with two tokens taken", exchange{"POST", "/oauth2/revoke", "token=x&token=y", 200, every(), ""},
		"token stands twice",
	},
	{"no form taken", exchange{"POST", "/oauth2/revoke", "token=%zz", 200, every(), ""}, "not a form"},
	{
		"OAuth's error of another status",
		exchange{"POST", "/oauth2/revoke", "token=x", 400, ok, rewritten(oauth, "request", "client")}, "error",
	},
	{"a problem for OAuth", exchange{"GET", "/oauth2/nothing", "", 404, plain, other}, "Content-Type"},
	{"OAuth's error elsewhere", exchange{"GET", "/v1/nothing", "", 404, ok, oauth}, "Content-Type"},
	{"id that is none", exchange{"DELETE", "/v1/user/sessions/x", "", 204, every(), ""}, "was taken with id"},
}

// TestJudge has nothing against good exchanges, and finds what is wrong with others.
func TestJudge(t *testing.T) {
	for _, tt := range judgements {
		t.Run(tt.name, func(t *testing.T) {
			found := strings.Join(handstamptest.Judge(tt.e), "\n")
			if tt.want == "" && found != "" || !strings.Contains(found, tt.want) {
				t.Errorf("Judge(%s %s %d) = %q, want %q", tt.e.Method, tt.e.Path, tt.e.Status, found, tt.want)
			}
		})
	}
}
