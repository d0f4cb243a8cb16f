package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// goodBodies are what the routes with a body take. A route of the API that changes
// something is listed here or in bodiless.
var goodBodies = map[string]string{ // pattern → body
	"POST /v1/users": `{"email":"new@example.com","password":"` + handstamptest.GoodPassword +
		`","name":"New","transport":"token"}`,
	"POST /v1/session": `{"email":"ada@example.com","password":"` + handstamptest.GoodPassword +
		`","remember":true,"transport":"token"}`,
	"DELETE /v1/session":       `{"refresh_token":"REFRESH"}`,
	"POST /v1/session/refresh": `{"refresh_token":"REFRESH"}`,
	"PATCH /v1/user":           `{"name":"Ada"}`,
	"POST /v1/user/password": `{"current_password":"` + handstamptest.GoodPassword +
		`","new_password":"copper kettles sing at dawn"}`,
}

// goodForms are what the routes with a form take: TestOAuthRefusals sends them bad ones.
var goodForms = map[string]string{ // pattern → form
	"POST /oauth2/introspect": "token=REFRESH&token_type_hint=refresh_token",
	"POST /oauth2/revoke":     "token=REFRESH",
}

// bodiless are the routes that change something and read no body.
var bodiless = []string{"DELETE /v1/user", "DELETE /v1/user/sessions", "DELETE /v1/user/sessions/{id}"}

// hostile is one body that no client of ours sends.
type hostile struct {
	name    string
	body    string
	headers []string // name, value, …
	status  int      // 0: any that refuses
	code    string   // empty: any
}

// target is a route and what is sent to it.
type target struct {
	method, path string
	good         string // a body that would be taken
}

// targets returns the routes that take a body, and holds the lists above to the server's table.
func targets(t *testing.T, s *handstamptest.Server, refresh string) []target {
	t.Helper()
	var all []target
	for _, route := range s.Routes() {
		method, path, _ := strings.Cut(route.Pattern, " ")
		good, takes := goodBodies[route.Pattern]
		switch {
		case takes:
			all = append(all, target{method, path, strings.Replace(good, "REFRESH", refresh, 1)})
		case strings.HasPrefix(path, "/v1/") && method != "GET" && !slices.Contains(bodiless, route.Pattern):
			t.Fatalf("%s is new: list it in goodBodies or bodiless", route.Pattern)
		}
	}
	if len(all) != len(goodBodies) {
		t.Fatalf("%d of %d routes with bodies are there", len(all), len(goodBodies))
	}
	return all
}

// TestBadBodies sends every route that takes a body what no client of ours sends. Each is
// refused with a problem document, and changes nothing. standards ER-01, ER-05, ER-06
func TestBadBodies(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	ada := s.Program(phone)
	in := ada.SignIn("ada@example.com")
	for _, to := range targets(t, s, in.Text("refresh_token")) {
		t.Run(to.method+" "+to.path, func(t *testing.T) {
			before := s.Dump()
			for _, h := range slices.Concat(badTexts(to), badMembers(t, to), badMedia(to)) {
				got := ada.Do(to.method, to.path, h.body, h.headers...)
				refused(t, h.name, got)
				if h.status != 0 && got.Status != h.status || h.code != "" && !strings.Contains(got.Body,
					`"code":"`+h.code+`"`) {
					t.Errorf("%s: %d, want %d %s: %s", h.name, got.Status, h.status, h.code, got.Body)
				}
			}
			if after := s.Dump(); after != before {
				t.Errorf("something has changed:\n%s\nwas:\n%s", after, before)
			}
		})
	}
	// Good bodies are still taken: nothing above has locked anybody out.
	for _, to := range targets(t, s, in.Text("refresh_token")) {
		if to.method == "POST" && to.path == "/v1/session/refresh" {
			ada.Do(to.method, to.path, to.good).Want(200)
		}
	}
}

// refused checks that an answer is a refusal in the form for programs.
func refused(t *testing.T, name string, got handstamptest.Answer) {
	t.Helper()
	if got.Status < 400 || got.Status > 499 {
		t.Errorf("%s: status %d, want 4xx: %.300s", name, got.Status, got.Body)
		return
	}
	if kind := got.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("%s: media type %q, want a problem: %.300s", name, kind, got.Body)
		return
	}
	if cookies := got.Header.Values("Set-Cookie"); len(cookies) > 0 {
		t.Errorf("%s: a refusal sets cookies %q", name, cookies)
	}
	problem := got.JSON()
	known := slices.ContainsFunc(fault.Catalogue(),
		func(e fault.Entry) bool { return string(e.Code) == problem["code"] })
	if !known || problem["type"] != fmt.Sprintf("urn:handstamp:error:%s", problem["code"]) {
		t.Errorf("%s: code %v and type %v, want a listed code", name, problem["code"], problem["type"])
	}
	if problem["status"] != float64(got.Status) || problem["title"] == "" || problem["request_id"] == "" ||
		problem["request_id"] == nil {
		t.Errorf("%s: %s, want status, title and request_id", name, got.Body)
	}
}

// badTexts are bodies that are not one JSON object in UTF-8.
func badTexts(to target) []hostile {
	inside := strings.TrimSuffix(to.good, "}")
	malformed := func(name, body string) hostile { return hostile{name, body, nil, 400, "malformed_body"} }
	known, _, _ := strings.Cut(to.good, ":") // an opening brace and the first member's name
	bad := func(name, value string) hostile { return malformed(name, known+":"+value+"}") }
	return []hostile{
		malformed("space alone", " "),
		malformed("null", "null"),
		malformed("true", "true"),
		malformed("a number", "1"),
		malformed("a string", `"text"`),
		malformed("an array", "["+to.good+"]"),
		malformed("an array of pairs", `[["email","ada@example.com"]]`),
		malformed("two objects", to.good+to.good),
		malformed("two objects, a line each", to.good+"\n"+to.good),
		malformed("trailing bracket", to.good+"}"),
		malformed("trailing comma", inside+",}"),
		malformed("trailing NUL", to.good+"\x00"),
		malformed("trailing text", to.good+"x"),
		malformed("trailing comment", to.good+"// x"),
		malformed("comment", "/* x */"+to.good),
		malformed("cut short", inside),
		malformed("cut inside a name", to.good[:3]),
		malformed("single quotes", strings.ReplaceAll(to.good, `"`, `'`)),
		malformed("no quotes", strings.ReplaceAll(to.good, `"`, ``)),
		bad("NaN", `NaN`),
		{"leading zero", known + ":01}", nil, 400, ""},
		bad("half a number", `1.`),
		bad("line break inside a string", `"a`+"\n"+`b"`),
		bad("tab inside a string", `"a`+"\t"+`b"`),
		bad("NUL inside a string", `"a`+"\x00"+`b"`),
		bad("bad escape", `"\x41"`),
		bad("half a surrogate pair", `"\ud800"`),
		bad("surrogates the wrong way round", `"\udc00\ud800"`),
		malformed("byte order mark", "\ufeff"+to.good),
		malformed("UTF-16, little end first", utf16LE(to.good)),
		malformed("UTF-16 with byte order mark", "\xff\xfe"+utf16LE(to.good)),
		malformed("Latin-1", strings.Replace(to.good, ":\"", ":\"\xe9", 1)),
		bad("overlong slash", `"`+"\xc0\xaf"+`"`),
		bad("surrogate in UTF-8", `"`+"\xed\xa0\x80"+`"`),
		bad("UTF-8 cut short", `"`+"\xe2\x82"+`"`),
		malformed("bad UTF-8 in a name", `{"`+"\xff"+`":1}`),
		{"ten thousand arrays", known + ":" + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}", nil, 400,
			""},
		{"thirty thousand arrays, never closed", known + ":" + strings.Repeat("[", 30_000), nil, 400, ""},
		{"two thousand objects", strings.Repeat(known+":", 2_000) + "1" + strings.Repeat("}", 2_000), nil, 400, ""},
		{"a bit too large", inside + strings.Repeat(" ", 64<<10) + "}", nil, 413, "body_too_large"},
		{"ten megabytes", inside + strings.Repeat(" ", 10<<20) + "}", nil, 413, "body_too_large"},
		{"a name of sixty thousand characters", `{"` + strings.Repeat("x", 60_000) + `":1}`, nil, 400,
			"invalid_request"},
	}
}

// badMembers are objects whose members are not those that a route takes: each of them as
// every other type, twice, in other letters, and others beside them.
func badMembers(t *testing.T, to target) []hostile {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(to.good), &members); err != nil {
		t.Fatal(err)
	}
	inside := strings.TrimSuffix(to.good, "}")
	all := []hostile{
		{"unknown member", inside + `,"admin":true}`, nil, 400, "invalid_request"},
		{"unknown member alone", `{"x":1}`, nil, 400, "invalid_request"},
		{"member without a name", inside + `,"":1}`, nil, 400, "invalid_request"},
		{"roles", inside + `,"roles":["admin"]}`, nil, 400, "invalid_request"},
		{"prototype", inside + `,"__proto__":{"roles":["admin"]}}`, nil, 400, "invalid_request"},
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		all = append(all, badMember(inside, members, name)...)
	}
	return all
}

// badMember bends one member in every way. inside is the object without its last brace.
func badMember(inside string, members map[string]any, name string) []hostile {
	var all []hostile
	value := text(members[name])
	_, isBool := members[name].(bool)
	for _, wrong := range []string{"null", "true", "1", "-0", "1e400", `"text"`, `["a"]`, "[]", "{}", `{"a":1}`} {
		if isBool && wrong == "true" || !isBool && wrong == `"text"` {
			continue // the right type
		}
		all = append(all, hostile{name + " as " + wrong, respelled(members, name, `"`+name+`":`+wrong), nil, 400,
			"invalid_request"})
	}
	for _, other := range otherSpellings(name) {
		all = append(all, hostile{name + " as " + other, respelled(members, name, `"`+other+`":`+value), nil, 400,
			"invalid_request"})
	}
	escaped := fmt.Sprintf(`\u%04x`, name[0]) + name[1:]
	return append(all,
		hostile{name + " twice", inside + `,"` + name + `":` + value + "}", nil, 400, "malformed_body"},
		hostile{name + " twice, once escaped", inside + `,"` + escaped + `":` + value + "}", nil, 400,
			"malformed_body"},
	)
}

// respelled writes members with one of them as written in pair.
func respelled(members map[string]any, name, pair string) string {
	pairs := []string{pair}
	for _, other := range slices.Sorted(maps.Keys(members)) {
		if other != name {
			pairs = append(pairs, text(other)+":"+text(members[other]))
		}
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// text writes a value as JSON.
func text(value any) string {
	written, err := json.Marshal(value)
	if err != nil {
		panic(err) // only for what the lists above do not hold
	}
	return string(written)
}

// otherSpellings are names that careless readers take for this one.
func otherSpellings(name string) []string {
	spellings := []string{
		strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], name + " ", " " + name,
		name + `\u0000`, strings.ReplaceAll(name, "_", "-"), name[:1] + "\u200b" + name[1:],
	}
	if strings.Contains(name, "s") {
		spellings = append(spellings, strings.Replace(name, "s", "ſ", 1)) // U+017F folds to s
	}
	if strings.Contains(name, "k") {
		spellings = append(spellings, strings.Replace(name, "k", "\u212a", 1)) // the Kelvin sign folds to k
	}
	return slices.DeleteFunc(spellings, func(s string) bool { return s == name })
}

// badMedia are good bodies that say they are something else. standards XO-05
func badMedia(to target) []hostile {
	var all []hostile
	for _, kind := range []string{
		"text/plain", "text/plain; a=application/json", "text/plain;application/json",
		"application/x-www-form-urlencoded",
		"multipart/form-data; boundary=application/json", "application/json; charset=utf-16",
		"application/json; charset=latin1",
		"application/json; charset=utf-8; a=b", "application/json; a=b", "application/json, text/plain",
		"text/plain, application/json", "application/jsonx", "application/problem+json", "application/ld+json",
		"text/json",
		"application/json/x", "json", "/", ";", "application/json; charset", "application/json; charset=\"utf-8", "*/*",
		"application/*", "\xff",
	} {
		all = append(all, hostile{"media type " + kind, to.good, []string{"Content-Type", kind}, 415,
			"unsupported_media_type"})
	}
	return append(all,
		hostile{"two media types", to.good, []string{"Content-Type", "application/json", "Content-Type",
			"application/json"}, 415, "unsupported_media_type"},
		hostile{"two different media types", to.good, []string{"Content-Type", "application/json", "Content-Type",
			"text/plain"}, 415, "unsupported_media_type"},
		hostile{"no media type", to.good, []string{"Content-Type", ""}, 415, "unsupported_media_type"},
		hostile{"said to be compressed", to.good, []string{"Content-Encoding", "gzip"}, 415, "unsupported_media_type"},
	)
}

// utf16LE writes text in UTF-16, little end first.
func utf16LE(text string) string {
	var out strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		out.WriteByte(byte(unit))
		out.WriteByte(byte(unit >> 8))
	}
	return out.String()
}
