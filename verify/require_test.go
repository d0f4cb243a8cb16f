package verify_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// hello greets the session of the request, or nobody.
var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if s := verify.FromContext(r.Context()); s != nil {
		fmt.Fprint(w, "hello ", s.Subject)
		return
	}
	fmt.Fprint(w, "hello nobody")
})

// ask sends one request through h; headers are pairs of name and value.
func ask(h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// accessCookie is a Cookie header with one access cookie.
func accessCookie(token string) string { return "__Host-Http-hs_access=" + token }

// tokenOf is a good token of this user.
func tokenOf(user string) string {
	return forge(goodHeader("ES256"), goodClaims().with("sub", quote(user)))
}

// expiredToken is only too old.
func expiredToken() string { return claimed("exp", fmt.Sprint(now.Add(-time.Hour).Unix())) }

// TestRequireAnswers holds the whole answer to each kind of refusal (JV-21).
func TestRequireAnswers(t *testing.T) {
	const realm = `Bearer realm="https://api.example.com"`
	v := mustNew(t, testConfig())
	problem := func(code, title string, status int) string {
		return fmt.Sprintf(
			`{"type":"urn:handstamp:error:%s","title":"%s","status":%d,"code":"%s"}`+"\n",
			code,
			title,
			status,
			code,
		)
	}
	for _, test := range []struct {
		name      string
		h         http.Handler
		token     string
		status    int
		challenge string
		body      string
	}{
		{"good", v.Require(hello), goodToken(), 200, "", "hello ada"},
		{"nothing", v.Require(hello), "", 401, realm, problem("missing_token", "Sign in first.", 401)},
		{"garbage", v.Require(hello), "x", 401, realm + `, error="invalid_token"`, problem("invalid_token", "The token is not valid.", 401)},
		{"expired", v.Require(hello), expiredToken(), 401,
			realm + `, error="invalid_token", error_description="the access token expired"`,
			problem("token_expired", "The access token has expired.", 401)},
		{"role", v.Require(hello, verify.Role("admin")), goodToken(), 403, realm + `, error="insufficient_scope"`,
			problem("insufficient_role", "You are not allowed to do this.", 403)},
		{"scope", v.Require(hello, verify.Scope("x")), goodToken(), 403,
			realm + `, error="insufficient_scope", scope="x"`,
			problem("insufficient_scope", "You are not allowed to do this.", 403)},
		{"fresh", v.Require(hello, verify.Fresh(time.Minute)), goodToken(), 401,
			realm + `, error="insufficient_user_authentication", max_age="60"`,
			problem("reauthentication_required", "Please sign in again to do this.", 401)},
	} {
		t.Run(test.name, func(t *testing.T) {
			var headers []string
			if test.token != "" {
				headers = []string{"Authorization", "Bearer " + test.token}
			}
			w := ask(test.h, http.MethodGet, "/", headers...)
			if w.Code != test.status || w.Body.String() != test.body {
				t.Errorf("answer = %d %s, want %d %s", w.Code, w.Body, test.status, test.body)
			}
			if got := w.Header().Get("WWW-Authenticate"); got != test.challenge {
				t.Errorf("WWW-Authenticate = %s, want %s", got, test.challenge)
			}
			if w.Code == 200 {
				return
			}
			if w.Header().Get("Cache-Control") != "no-store" ||
				w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("headers = %v, want no-store and a problem", w.Header())
			}
		})
	}
}

// credential is one way to send tokens, and what becomes of it.
type credential struct {
	name    string
	target  string
	headers []string
	want    string // the greeting, or the code of the refusal
}

// TestCredentials says where a token may be, and how many (JV-19, JV-20, CK-13, CK-15).
func TestCredentials(t *testing.T) {
	h := mustNew(t, testConfig()).Require(hello)
	for _, test := range slices.Concat(headerCredentials(), cookieCredentials(), junkCredentials()) {
		t.Run(test.name, func(t *testing.T) {
			w := ask(h, http.MethodGet, test.target, test.headers...)
			if !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("answer = %d %s, want %s", w.Code, w.Body, test.want)
			}
			if bad := strings.HasPrefix(test.want, "invalid_request"); bad != (w.Code == http.StatusBadRequest) {
				t.Errorf("status = %d for %s", w.Code, test.want)
			}
		})
	}
}

// headerCredentials are in the Authorization header, or where none should be.
func headerCredentials() []credential {
	ada, bob := tokenOf("ada"), tokenOf("bob")
	return []credential{
		{"a header", "/", []string{"Authorization", "Bearer " + ada}, "hello ada"},
		{"in small letters", "/", []string{"Authorization", "bearer " + ada}, "hello ada"},
		{"in capitals", "/", []string{"Authorization", "BEARER " + ada}, "hello ada"},
		{"with two blanks", "/", []string{"Authorization", "Bearer  " + ada}, "hello ada"},
		{"with a tab", "/", []string{"Authorization", "Bearer\t" + ada}, "missing_token"},
		{"no token", "/", []string{"Authorization", "Bearer"}, "invalid_request"},
		{"a blank for a token", "/", []string{"Authorization", "Bearer "}, "invalid_request"},
		{"two tokens", "/", []string{"Authorization", "Bearer " + ada + " " + ada}, "invalid_token"},
		{
			"two tokens and a comma",
			"/",
			[]string{"Authorization", "Bearer " + ada + ", Bearer " + bob},
			"invalid_token",
		},
		{"parameters", "/", []string{"Authorization", "Bearer token=" + ada}, "invalid_token"},
		{
			"two headers",
			"/",
			[]string{"Authorization", "Bearer " + ada, "Authorization", "Bearer " + bob},
			"invalid_request",
		},
		{
			"two equal headers",
			"/",
			[]string{"Authorization", "Bearer " + ada, "Authorization", "Bearer " + ada},
			"invalid_request",
		},
		{
			"two headers, one of another kind",
			"/",
			[]string{"Authorization", "Basic eDp5", "Authorization", "Bearer " + ada},
			"invalid_request",
		},
		{"another scheme", "/", []string{"Authorization", "Basic " + ada}, "missing_token"},
		{"no scheme", "/", []string{"Authorization", ada}, "missing_token"},
		{"an empty header", "/", []string{"Authorization", ""}, "missing_token"},
		{"nothing", "/", nil, "missing_token"},
		{"the query", "/?access_token=" + ada, nil, "missing_token"},
		{"the query beside a header", "/?access_token=" + bob, []string{"Authorization", "Bearer " + ada}, "hello ada"},
		{
			"another header",
			"/",
			[]string{"X-Access-Token", ada, "Proxy-Authorization", "Bearer " + ada},
			"missing_token",
		},
	}
}

// cookieCredentials are in the access cookie, alone or beside a header.
func cookieCredentials() []credential {
	ada, bob := tokenOf("ada"), tokenOf("bob")
	return []credential{
		{"a cookie", "/", []string{"Cookie", accessCookie(ada)}, "hello ada"},
		{"a cookie for a domain", "/", []string{"Cookie", "__Secure-hs_access=" + ada}, "hello ada"},
		{"an empty cookie", "/", []string{"Cookie", accessCookie("")}, "missing_token"},
		{"a bad cookie", "/", []string{"Cookie", accessCookie("x")}, "invalid_token"},
		{"a quoted cookie", "/", []string{"Cookie", accessCookie(`"` + ada + `"`)}, "invalid_token"},
		{"an old cookie", "/", []string{"Cookie", accessCookie(expiredToken())}, "token_expired"},
		{"the name without prefix", "/", []string{"Cookie", "hs_access=" + ada}, "missing_token"},
		{"the name in small letters", "/", []string{"Cookie", "__host-http-hs_access=" + ada}, "missing_token"},
		{"a refresh cookie", "/", []string{"Cookie", "__Host-Http-hs_refresh=" + ada}, "missing_token"},
		{
			"header and cookie alike",
			"/",
			[]string{"Authorization", "Bearer " + ada, "Cookie", accessCookie(ada)},
			"hello ada",
		},
		{
			"header and cookie unlike",
			"/",
			[]string{"Authorization", "Bearer " + ada, "Cookie", accessCookie(bob)},
			"invalid_request",
		},
		{
			"header and one unlike of two",
			"/",
			[]string{"Authorization", "Bearer " + ada, "Cookie", accessCookie(ada) + "; " + accessCookie(bob)},
			"invalid_request",
		},
		{
			"another scheme and a cookie",
			"/",
			[]string{"Authorization", "Basic eDp5", "Cookie", accessCookie(ada)},
			"hello ada",
		},
		{"a cookie twice alike", "/", []string{"Cookie", accessCookie(ada) + "; " + accessCookie(ada)}, "hello ada"},
		{"two good cookies", "/", []string{"Cookie", accessCookie(ada) + "; " + accessCookie(bob)}, "invalid_request"},
		{"a tossed cookie first", "/", []string{"Cookie", accessCookie("x") + "; " + accessCookie(ada)}, "hello ada"},
		{"a tossed cookie last", "/", []string{"Cookie", accessCookie(ada) + "; " + accessCookie("x")}, "hello ada"},
		{
			"a tossed cookie in its own header",
			"/",
			[]string{"Cookie", accessCookie("x"), "Cookie", accessCookie(ada)},
			"hello ada",
		},
		{
			"the safer name wins",
			"/",
			[]string{"Cookie", "__Secure-hs_access=" + bob + "; " + accessCookie(ada)},
			"hello ada",
		},
		{
			"the other name, when the safer is bad",
			"/",
			[]string{"Cookie", accessCookie("x") + "; __Secure-hs_access=" + bob},
			"hello bob",
		},
	}
}

// TestCookieNamesOnLoopback reads the plain name where the issuer is http, and there alone.
func TestCookieNamesOnLoopback(t *testing.T) {
	c := testConfig()
	c.Issuer = "http://localhost:8787"
	h := mustNew(t, c).Require(hello)
	token := forge(goodHeader("ES256"), goodClaims().with("iss", quote(c.Issuer)))
	for name, want := range map[string]int{
		"hs_access": 200, "__Host-Http-hs_access": 401, "__Secure-hs_access": 401, "__Host-hs_access": 401,
	} {
		if w := ask(h, http.MethodGet, "/", "Cookie", name+"="+token); w.Code != want {
			t.Errorf("cookie %s: %d, want %d", name, w.Code, want)
		}
	}
}

// TestOptional lets those in who bring nothing, and nobody who brings something bad (JV-36).
func TestOptional(t *testing.T) {
	h := mustNew(t, testConfig()).Optional(hello)
	for _, test := range []struct {
		name    string
		headers []string
		want    string
	}{
		{"nothing", nil, "hello nobody"},
		{"somebody else's credential", []string{"Authorization", "Basic eDp5"}, "hello nobody"},
		{"a good token", []string{"Authorization", "Bearer " + goodToken()}, "hello ada"},
		{"a good cookie", []string{"Cookie", accessCookie(goodToken())}, "hello ada"},
		{"a bad token", []string{"Authorization", "Bearer x"}, "invalid_token"},
		{"a bad cookie", []string{"Cookie", accessCookie("x")}, "invalid_token"},
		{"an old token", []string{"Authorization", "Bearer " + expiredToken()}, "token_expired"},
		{"half a credential", []string{"Authorization", "Bearer"}, "invalid_request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if w := ask(h, "GET", "/", test.headers...); !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("answer = %d %s, want %s", w.Code, w.Body, test.want)
			}
		})
	}
	if w := ask(h, "POST", "/"); w.Body.String() != "hello nobody" {
		t.Errorf("POST of nobody = %s, want to reach the handler: there is no credential to abuse", w.Body)
	}
}

// TestRefuseChunks ends the connection of a request that comes in chunks and is refused: net/http
// does not say whether a length stood beside, by which a proxy may have read it (ER-07).
func TestRefuseChunks(t *testing.T) {
	server := httptest.NewServer(mustNew(t, testConfig()).Require(hello))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"+
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	all, err := io.ReadAll(conn)
	if n := strings.Count(string(all), "HTTP/1.1 401 "); n != 1 || err != nil {
		t.Errorf("%d answers, %v, want one and the end of the connection:\n%s", n, err, all)
	}
}
