package api_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/web/api/openapi"
)

// fuzzed is a server under fuzzing, and somebody who is signed in to it. Requests reach it
// without a network, so that a worker does nothing else.
type fuzzed struct {
	*handstamptest.Server
	people          int // who have signed up for it
	access, refresh string
}

// startFuzzed starts one. Its methods take the t of a run; that of the target is not to be
// used there.
func startFuzzed(f *testing.F) *fuzzed {
	f.Helper()
	return &fuzzed{Server: handstamptest.Start(f, handstamptest.Options{})}
}

// asked is a request of a run.
type asked struct {
	method, path string
	header       http.Header
	body         string
}

// ask sends a request and judges the answer: it is described, and never a fault of ours.
func (s *fuzzed) ask(t *testing.T, a asked) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(a.method, a.path, strings.NewReader(a.body))
	r.Host = strings.TrimPrefix(s.URL, "http://")
	r.Header = a.header
	if a.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	for _, wrong := range handstamptest.Judge(handstamptest.Exchange{a.method, a.path, a.body, w.Code, w.Header(),
		w.Body.String()}) {
		t.Error(wrong)
	}
	if w.Code >= 500 {
		t.Errorf("%s %s = %d: %s; body: %q, header: %q", a.method, a.path, w.Code, w.Body, a.body, a.header)
	}
	return w
}

// enter has somebody signed in, unless somebody is.
func (s *fuzzed) enter(t *testing.T) {
	t.Helper()
	if s.access != "" && s.ask(t, asked{"GET", "/v1/session", bearing(s.access), ""}).Code == http.StatusOK {
		return
	}
	s.people++
	body := `{"email":"fuzz` + strconv.Itoa(s.people) + `@example.net",` + password + `}`
	w := s.ask(t, asked{"POST", "/v1/users", http.Header{}, body})
	s.access, s.refresh = memberOf(w, "access_token"), memberOf(w, "refresh_token")
	if s.access == "" || s.refresh == "" {
		t.Fatalf("sign up = %d %s", w.Code, w.Body)
	}
}

// bearing is the header that shows an access token.
func bearing(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// memberOf returns a member of an answer that is text, empty if it is not there.
func memberOf(w *httptest.ResponseRecorder, name string) string {
	_, rest, _ := strings.Cut(w.Body.String(), `"`+name+`":"`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}

// fill puts the tokens of whoever is signed in where their names stand.
func (s *fuzzed) fill(text string) string {
	return strings.NewReplacer("REFRESH", s.refresh, "ACCESS", s.access).Replace(text)
}

// FuzzBody sends every route that takes an object anything at all. standards ER-05
func FuzzBody(f *testing.F) {
	s := startFuzzed(f)
	takes := slices.DeleteFunc(description(f).Operations(), func(o *openapi.Operation) bool {
		return o.Body == nil ||
			o.Body.IsForm()
	})
	for i, o := range takes {
		good := goodBodies[o.Pattern()]
		var members map[string]any
		if err := json.Unmarshal([]byte(good), &members); err != nil {
			f.Fatal(err)
		}
		seeds := badTexts(target{o.Method, o.Path, good})
		for name := range members {
			seeds = append(seeds, badMember(strings.TrimSuffix(good, "}"), members, name)...)
		}
		f.Add(uint8(i), good)
		for _, seed := range seeds {
			if len(seed.body) < 10_000 {
				f.Add(uint8(i), seed.body)
			}
		}
	}
	for _, v := range badValues {
		for i, o := range takes {
			if o.Pattern() == v.route && len(v.body) < 10_000 {
				f.Add(uint8(i), v.body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		s.enter(t)
		o := takes[int(which)%len(takes)]
		s.ask(t, asked{o.Method, o.Path, bearing(s.access), s.fill(body)})
	})
}

// fuzzedRoutes are routes that a credential opens.
var fuzzedRoutes = []asked{
	{"GET", "/v1/session", nil, ""},
	{"GET", "/v1/user", nil, ""},
	{"PATCH", "/v1/user", nil, `{"name":"Ada"}`},
	{"GET", "/v1/user/sessions", nil, ""},
	{"DELETE", "/v1/user/sessions", nil, ""},
	{"POST", "/v1/session/refresh", nil, ""},
	{"DELETE", "/v1/session", nil, ""},
}

// onTheWire reports whether a text can come as the value of a header: others do not get past
// net/http. RFC 9110 §5.5
func onTheWire(value string) bool {
	return strings.Trim(value, " \t") == value && !strings.ContainsFunc(value, func(r rune) bool {
		return r < ' ' &&
			r != '\t' || r == 0x7f
	})
}

// opened reports whether an answer is one that only a good credential gets. Signing out
// without one is signing out.
func opened(a asked, w *httptest.ResponseRecorder) bool {
	return w.Code < 300 && a.method+a.path != "DELETE/v1/session"
}

// FuzzCookieHeader sends anything as cookies. Nothing opens without the tokens in it, letter
// by letter. docs/protocol.md §5
func FuzzCookieHeader(f *testing.F) {
	s := startFuzzed(f)
	for i := range fuzzedRoutes {
		for _, seed := range []string{
			"", "hs_access=ACCESS", "hs_refresh=REFRESH", "hs_access=ACCESS; hs_refresh=REFRESH",
			"hs_access=REFRESH; hs_refresh=ACCESS",
			"hs_access=ACCESS; hs_access=ACCESS", "hs_access=ACCESS; hs_access=x",
			"hs_access=x; hs_access=ACCESS; hs_access=y", "hs_access=; hs_access=ACCESS",
			"hs_refresh=REFRESH; hs_refresh=REFRESH", "hs_refresh=REFRESH; hs_refresh=x", "hs_refresh=x; hs_refresh=y",
			"hs_refresh=",
			`hs_access="ACCESS"`, `hs_refresh="REFRESH"`, "hs_access = ACCESS", "HS_ACCESS=ACCESS",
			"__Host-Http-hs_access=ACCESS", "__Secure-hs_access=ACCESS",
			"hs_access=ACCESS,hs_access=ACCESS", "$Version=1; hs_access=ACCESS; $Path=/", "a=b;hs_access=ACCESS;;c",
			"hs_access", "=ACCESS", ";;;;", "hs_access=ACC\xffESS",
			strings.Repeat("hs_access=x; ", 200), strings.Repeat("a=b; ", 1000) + "hs_access=ACCESS",
			"hs_access=ACCESS\t", "hs_access=ACCESS.", "hs_access=.ACCESS",
		} {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, cookies string) {
		s.enter(t)
		a := fuzzedRoutes[int(which)%len(fuzzedRoutes)]
		if cookies = s.fill(cookies); !onTheWire(cookies) {
			return
		}
		a.header = http.Header{"Cookie": {cookies}, "Sec-Fetch-Site": {"same-origin"}}
		if w := s.ask(t, a); opened(a, w) && !strings.Contains(cookies, s.access) && !strings.Contains(cookies,
			s.refresh) {
			t.Errorf("%s %s with the cookies %q = %d", a.method, a.path, cookies, w.Code)
		}
	})
}

// FuzzAuthorizationHeader sends anything as Authorization, once or twice. Nothing opens
// without the access token in it, letter by letter, or with two of them. standards JV-18
func FuzzAuthorizationHeader(f *testing.F) {
	s := startFuzzed(f)
	for i := range fuzzedRoutes {
		for _, seed := range []string{
			"", "Bearer ACCESS", "bearer ACCESS", "BEARER ACCESS", "Bearer  ACCESS", "Bearer\tACCESS", "BearerACCESS",
			"Bearer", "Bearer ", "Bearer ACCESS ACCESS",
			"Bearer REFRESH", "Bearer ACCESS,", `Bearer "ACCESS"`, "Bearer ACCESS=", "Bearer ACCESS.", "Bearer .ACCESS",
			"Bearer ..", "Bearer x.y.z", "Basic YTpi", "Basic ACCESS",
			"Token ACCESS", "ACCESS", "Bearer token=ACCESS", "Bearer ACCESS, Bearer ACCESS", "Negotiate ACCESS",
			"Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer \xff\xfe", "Bearer " + strings.Repeat("a", 9000),
			"Bearer " + strings.Repeat(".", 9000), "Digest username=ACCESS", "Bearer %41CCESS",
		} {
			f.Add(uint8(i), seed, "")
			f.Add(uint8(i), seed, "Bearer ACCESS")
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, first, second string) {
		s.enter(t)
		a := fuzzedRoutes[int(which)%len(fuzzedRoutes)]
		first, second = s.fill(first), s.fill(second)
		if !onTheWire(first) || !onTheWire(second) {
			return
		}
		a.header = http.Header{"Authorization": {first}, "Sec-Fetch-Site": {"same-origin"}}
		if second != "" {
			a.header.Add("Authorization", second)
		}
		if w := s.ask(t, a); opened(a, w) && (second != "" || !strings.Contains(first, s.access)) {
			t.Errorf("%s %s with Authorization %q and %q = %d", a.method, a.path, first, second, w.Code)
		}
	})
}
