package api_test

import (
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// badValue is a member of the right type that says what cannot be.
type badValue struct {
	name   string
	route  string // method and path
	body   string
	status int
	code   string // of the problem
	field  string // of the first error, and its code; empty: no errors are listed
}

// password is a member with a password that every policy takes.
const password = `"password":"` + handstamptest.GoodPassword + `"`

// badValues are values that each route refuses, and what it says of them.
var badValues = []badValue{
	{"no email", "POST /v1/users", `{` + password + `}`, 400, "invalid_request", "email required"},
	{"empty email", "POST /v1/users", `{"email":"",` + password + `}`, 400, "invalid_request", "email required"},
	{"no at sign", "POST /v1/users", `{"email":"ada",` + password + `}`, 400, "invalid_request", "email invalid"},
	{"two at signs", "POST /v1/users", `{"email":"ada@example.com@evil.example",` + password + `}`, 400,
		"invalid_request", "email invalid"},
	{"second address", "POST /v1/users", `{"email":"ada@example.com,eve@evil.example",` + password + `}`, 400,
		"invalid_request", "email invalid"},
	{"second recipient by a header", "POST /v1/users", `{"email":"ada@example.com\r\nBcc: eve@evil.example",` +
		password + `}`, 400, "invalid_request", "email invalid"},
	{"line feed inside", "POST /v1/users", `{"email":"ada\n@example.com",` + password + `}`, 400, "invalid_request",
		"email invalid"},
	{"NUL", "POST /v1/users", `{"email":"ada\u0000@example.com",` + password + `}`, 400, "invalid_request",
		"email invalid"},
	{"space inside", "POST /v1/users", `{"email":"ada @example.com",` + password + `}`, 400, "invalid_request",
		"email invalid"},
	{"quoted", "POST /v1/users", `{"email":"\"ada eve\"@example.com",` + password + `}`, 400, "invalid_request",
		"email invalid"},
	{"display name", "POST /v1/users", `{"email":"Ada <ada@example.com>",` + password + `}`, 400, "invalid_request",
		"email invalid"},
	{"address literal", "POST /v1/users", `{"email":"ada@[127.0.0.1]",` + password + `}`, 400, "invalid_request",
		"email invalid"},
	{"email too long", "POST /v1/users", `{"email":"ada@` + strings.Repeat("a.", 200) + `example",` + password + `}`,
		400, "invalid_request", "email invalid"},
	{"reversing mark in the email", "POST /v1/users", `{"email":"ada\u202e@example.com",` + password + `}`, 400,
		"invalid_request", "email invalid"},
	{"invisible in the email", "POST /v1/users", `{"email":"ada\u200b@example.com",` + password + `}`, 400,
		"invalid_request", "email invalid"},
	{"line break in the name", "POST /v1/users", `{"email":"ada@example.com","name":"Ada\r\nEve",` + password + `}`,
		400, "invalid_request", "name invalid"},
	{"escape code in the name", "POST /v1/users", `{"email":"ada@example.com","name":"\u001b[2J",` + password + `}`,
		400, "invalid_request", "name invalid"},
	{"private use in the name", "POST /v1/users", `{"email":"ada@example.com","name":"\ue000dA",` + password + `}`,
		400, "invalid_request", "name invalid"},
	{"name too long", "POST /v1/users", `{"email":"ada@example.com","name":"` + strings.Repeat("a", 101) + `",` +
		password + `}`, 400, "invalid_request", "name too_long"},
	{"no password", "POST /v1/users", `{"email":"ada@example.com"}`, 400, "invalid_request", "password too_short"},
	{"password of 14 characters", "POST /v1/users", `{"email":"ada@example.com","password":"violet teapots"}`, 400,
		"invalid_request", "password too_short"},
	{"password of 257 characters", "POST /v1/users", `{"email":"ada@example.com","password":"` +
		strings.Repeat("violet teapot", 19) + `0123456789"}`, 400, "invalid_request", "password too_long"},
	{"common password", "POST /v1/users", `{"email":"ada@example.com","password":"passwordpassword"}`, 400,
		"invalid_request", "password too_common"},
	{"own address for a password", "POST /v1/users",
		`{"email":"ada.lovelace@example.com","password":"ada.lovelace@example.com"}`, 400, "invalid_request",
		"password contains_context"},
	{"unknown transport", "POST /v1/users", `{"email":"ada@example.com","transport":"pigeon",` + password + `}`, 400,
		"invalid_request", "transport invalid"},
	{"taken", "POST /v1/users", `{"email":"bea@example.com",` + password + `}`, 409, "email_taken", ""},
	{"taken, with white space around", "POST /v1/users", `{"email":" bea@example.com\n",` + password + `}`, 409,
		"email_taken", ""},
	{"taken, in capitals", "POST /v1/users", `{"email":"BEA@EXAMPLE.COM",` + password + `}`, 409, "email_taken", ""},
	{"taken, full width", "POST /v1/users", `{"email":"ｂｅａ＠ｅｘａｍｐｌｅ．ｃｏｍ",` + password + `}`, 409, "email_taken", ""},

	{"no email", "POST /v1/session", `{` + password + `}`, 400, "invalid_request", "email required"},
	{"no password", "POST /v1/session", `{"email":"bea@example.com"}`, 400, "invalid_request", "password required"},
	{"nothing", "POST /v1/session", `{}`, 400, "invalid_request", "email required"},
	{"empty transport", "POST /v1/session", `{"email":"bea@example.com","transport":"",` + password + `}`, 400,
		"invalid_request", "transport invalid"},
	{"unknown transport", "POST /v1/session", `{"email":"bea@example.com","transport":"Cookie",` + password + `}`, 400,
		"invalid_request", "transport invalid"},
	{"wrong password", "POST /v1/session", `{"email":"bea@example.com","password":"violet teapots orbit loudly"}`, 401,
		"invalid_credentials", ""},
	{"password with a space more", "POST /v1/session", `{"email":"bea@example.com","password":"` +
		handstamptest.GoodPassword + ` "}`, 401, "invalid_credentials", ""},
	{"password in capitals", "POST /v1/session", `{"email":"bea@example.com","password":"` +
		strings.ToUpper(handstamptest.GoodPassword) + `"}`, 401, "invalid_credentials", ""},
	{"password cut", "POST /v1/session", `{"email":"bea@example.com","password":"` + handstamptest.GoodPassword[:20] +
		`"}`, 401, "invalid_credentials", ""},
	{"password of a megabyte's twentieth", "POST /v1/session", `{"email":"bea@example.com","password":"` +
		strings.Repeat("violet", 9_000) + `"}`, 401, "invalid_credentials", ""},
	{"no such user", "POST /v1/session", `{"email":"nobody@example.com",` + password + `}`, 401, "invalid_credentials",
		""},
	{"no address at all", "POST /v1/session", `{"email":"'; DROP TABLE users; --",` + password + `}`, 401,
		"invalid_credentials", ""},
	{"email with a line break inside", "POST /v1/session", `{"email":"bea@example\r\n.com",` + password + `}`, 401,
		"invalid_credentials", ""},

	{"nothing", "POST /v1/session/refresh", `{}`, 401, "invalid_token", ""},
	{"empty token", "POST /v1/session/refresh", `{"refresh_token":""}`, 401, "invalid_token", ""},
	{"token with a line break", "POST /v1/session/refresh", `{"refresh_token":"hsr_\r\n"}`, 401, "invalid_token", ""},
	{"token of sixty thousand characters", "POST /v1/session/refresh", `{"refresh_token":"hsr_` + strings.Repeat("A",
		60_000) + `"}`, 401, "invalid_token", ""},
	{"rubbish for a token", "DELETE /v1/session", `{"refresh_token":"hsr_AAAA"}`, 401, "invalid_token", ""},

	{"name with a line break", "PATCH /v1/user", `{"name":"Bea\nEve"}`, 400, "invalid_request", "name invalid"},
	{"name too long", "PATCH /v1/user", `{"name":"` + strings.Repeat("é", 101) + `"}`, 400, "invalid_request",
		"name too_long"},

	{"no current password", "POST /v1/user/password", `{"new_password":"copper kettles sing at dawn"}`, 400,
		"invalid_request", "current_password required"},
	{"no new password", "POST /v1/user/password", `{"current_password":"` + handstamptest.GoodPassword + `"}`, 400,
		"invalid_request", "new_password required"},
	{"the same password", "POST /v1/user/password", `{"current_password":"` + handstamptest.GoodPassword +
		`","new_password":"` + handstamptest.GoodPassword + `"}`, 400, "invalid_request", "new_password unchanged"},
	{"wrong current password", "POST /v1/user/password",
		`{"current_password":"violet teapots orbit loudly","new_password":"copper kettles sing at dawn"}`, 401,
		"invalid_credentials", ""},
	{"common new password", "POST /v1/user/password", `{"current_password":"` + handstamptest.GoodPassword +
		`","new_password":"123456789012345"}`, 400, "invalid_request", "new_password too_common"},

	{"an id that is none", "DELETE /v1/user/sessions/x", "", 404, "session_not_found", ""},
	{"an id of nobody's", "DELETE /v1/user/sessions/AAAAAAAAAAAAAAAAAAAAAA", "", 404, "session_not_found", ""},
	{"an id spelled otherwise", "DELETE /v1/user/sessions/AAAAAAAAAAAAAAAAAAAAAB", "", 404, "session_not_found", ""},
	{"an id with a line break", "DELETE /v1/user/sessions/AAAAAAAAAAAAAAAAAAAA%0d%0a", "", 404, "session_not_found",
		""},
	{"all sessions, not said which", "DELETE /v1/user/sessions", "", 400, "invalid_request", "keep required"},
	{"all sessions, and more", "DELETE /v1/user/sessions?keep=current&keep=none", "", 400, "invalid_request",
		"keep required"},
	{"all sessions, otherwise", "DELETE /v1/user/sessions?keep=CURRENT", "", 400, "invalid_request", "keep required"},
}

// TestBadValues refuses each value with its code, and changes nothing.
func TestBadValues(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("bea@example.com")
	bea := s.Program(phone)
	bea.SignIn("bea@example.com")
	before := s.Dump()
	for _, tt := range badValues {
		t.Run(tt.route+", "+tt.name, func(t *testing.T) {
			method, path, _ := strings.Cut(tt.route, " ")
			got := bea.Do(method, path, tt.body)
			refused(t, tt.name, got)
			if got.Status != tt.status || got.Text("code") != tt.code {
				t.Fatalf("%s = %d %s, want %d %s: %s", tt.route, got.Status, got.Text("code"), tt.status, tt.code,
					got.Body)
			}
			field := ""
			if errors, ok := got.JSON()["errors"].([]any); ok {
				first := errors[0].(map[string]any)
				field = first["field"].(string) + " " + first["code"].(string)
			}
			if field != tt.field {
				t.Errorf("%s: first error %q, want %q", tt.route, field, tt.field)
			}
		})
	}
	if after := s.Dump(); after != before {
		t.Errorf("something has changed:\n%s\nwas:\n%s", after, before)
	}
	bea.Do("GET", "/v1/user", "").Want(200)
}
