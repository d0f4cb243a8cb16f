package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/test/logtest"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/verify/verifytest"
)

// guarded is a server of a few routes that do next to nothing, behind the middleware.
type guarded struct {
	handler http.Handler
	issuer  *verifytest.Issuer
	log     logtest.Log
}

// sid is a session's id in the form that ours have.
const sid = "AZr0k3mfdO6Lr6rs0c2nOw"

// guard starts one under a public URL, which apps at friend may use too.
func guard(t *testing.T, publicURL string) *guarded {
	t.Helper()
	g := &guarded{issuer: verifytest.NewIssuer(t)}
	site, err := web.NewSite(publicURL, []string{friend}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := web.NewMiddleware(site, g.issuer.Verifier(t), nil, slog.New(slog.NewJSONHandler(&g.log, nil)))
	say := func(text string) web.Handler {
		return web.NoBody(func(w http.ResponseWriter, _ *http.Request) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	bad := web.NoBody(func(w http.ResponseWriter, _ *http.Request) error { panic("a bug") })
	late := web.NoBody(func(w http.ResponseWriter, _ *http.Request) error {
		io.WriteString(w, "half of it")
		panic("a bug, late")
	})
	read := web.NoBody(func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.Copy(w, r.Body)
		return err
	})
	refuse := func(w http.ResponseWriter, r *http.Request, err error) {
		http.Error(w, "page: "+string(web.Refused(w, r, err).Code), web.Status(fault.From(err)))
	}
	const anyone, closed, shared = web.Anyone, web.NoCORS, web.AllowedOrigins
	g.handler, err = m.Handler(
		web.Surface{Root: "/", Refuse: refuse, Routes: []web.Route{
			{Pattern: "GET /open", Access: anyone, CORS: closed, Handler: say("open")},
		}},
		web.Surface{Root: "/v1/", Refuse: web.RefuseProblem, Routes: []web.Route{
			{Pattern: "GET /v1/thing/{name}", Access: anyone, CORS: shared, Handler: say("thing")},
			{Pattern: "POST /v1/thing/{name}", Access: anyone, CORS: shared, Handler: say("made")},
			{Pattern: "GET /v1/mine", Access: web.SignedIn, CORS: closed, Handler: say("mine")},
			{Pattern: "GET /v1/panic", Access: anyone, CORS: closed, Handler: bad},
			{Pattern: "GET /v1/late", Access: anyone, CORS: closed, Handler: late},
			{Pattern: "PUT /v1/read", Access: anyone, CORS: closed, Handler: read},
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// request is one that a test sends, and what it wants.
type request struct {
	name, line string   // "GET /open"
	headers    []string // name, value, …
	status     int
	holds      string // the answer's body holds it
}

// send returns the answer. The Host header is the public URL's unless headers say otherwise.
func (g *guarded) send(t *testing.T, rq request) *http.Response {
	t.Helper()
	method, target, _ := strings.Cut(rq.line, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	r.Host = "auth.example.com"
	for i := 0; i+1 < len(rq.headers); i += 2 {
		r.Header.Set(rq.headers[i], rq.headers[i+1])
		if rq.headers[i] == "Host" {
			r.Host = rq.headers[i+1]
		}
	}
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	if w.Code != rq.status || !strings.Contains(w.Body.String(), rq.holds) {
		t.Errorf("%s = %d %s, want %d with %q", rq.line, w.Code, w.Body, rq.status, rq.holds)
	}
	return w.Result()
}

// TestMiddleware takes a request to its route, or refuses it in the form of the path's surface.
func TestMiddleware(t *testing.T) {
	g := guard(t, "https://auth.example.com")
	bearer := "Bearer " + g.issuer.Token(verifytest.Session(sid))
	const own = "https://auth.example.com"
	evil := []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}
	allowed := []string{"Origin", friend, "Sec-Fetch-Site", "cross-site"}
	for _, rq := range []request{
		{"a route", "GET /open", nil, 200, "open"},
		{"HEAD is GET", "HEAD /open", nil, 200, ""},
		{"a wildcard", "GET /v1/thing/x", nil, 200, "thing"},
		{"no such page", "GET /nothing", nil, 404, "page: not_found"},
		{"no such route of the API", "GET /v1/nothing", nil, 404, `"code":"not_found"`},
		{"another method", "DELETE /v1/mine", nil, 405, `"code":"method_not_allowed"`},
		{"two slashes", "GET //open", nil, 404, "page: not_found"},
		{"dots", "GET /v1/../open", nil, 404, "not_found"},
		{"another host", "GET /open", []string{"Host", "evil.example"}, 421, "page: wrong_host"},
		{"an address of this machine", "GET /open", []string{"Host", "127.0.0.1:8787"}, 200, "open"},
		{"nobody where somebody must be", "GET /v1/mine", nil, 401, `"code":"missing_token"`},
		{"somebody", "GET /v1/mine", []string{"Authorization", bearer}, 200, "mine"},
		{"a bad token", "GET /v1/mine", []string{"Authorization", "Bearer x"}, 401, `"code":"invalid_token"`},
		{"another site", "POST /v1/thing/x", evil, 403, `"code":"cross_origin"`},
		{"another site that only reads", "GET /open", evil, 200, "open"},
		{"another site with a token", "POST /v1/thing/x", append(evil, "Authorization", "Bearer x"), 200, "made"},
		{"an allowed origin", "POST /v1/thing/x", allowed, 200, "made"},
		{"our own page", "POST /v1/thing/x", []string{"Origin", own, "Sec-Fetch-Site", "same-origin"}, 200, "made"},
		{"our own page, before Fetch Metadata", "POST /v1/thing/x", []string{"Origin", own}, 200, "made"},
		{"our own page on loopback", "POST /v1/thing/x", []string{"Origin", own, "Host", "127.0.0.1"}, 200, "made"},
		{
			"our own page, with a dot", "POST /v1/thing/x",
			[]string{"Origin", own + ".", "Host", "auth.example.com.", "Sec-Fetch-Site", "same-origin"}, 200, "made",
		},
		{"our own, in http", "POST /v1/thing/x", []string{"Origin", "http://auth.example.com"}, 403, `"cross_origin"`},
		{"our own, with a user", "POST /v1/thing/x", []string{"Origin", "https://x@auth.example.com"}, 403, ``},
		{"our own, with a path", "POST /v1/thing/x", []string{"Origin", own + "/path"}, 403, ``},
		{
			"our own, from another site", "POST /v1/thing/x",
			[]string{"Origin", own, "Sec-Fetch-Site", "cross-site"}, 403, ``,
		},
		{
			"another, from our own", "POST /v1/thing/x",
			[]string{"Origin", "https://evil.example", "Sec-Fetch-Site", "same-origin"}, 403, ``,
		},
		{"a panic", "GET /v1/panic", nil, 500, `"code":"internal"`},
	} {
		t.Run(rq.name, func(t *testing.T) { g.send(t, rq) })
	}
}

// TestMiddlewareHeadersTwice refuses two headers where browsers send one. standards XO-01
func TestMiddlewareHeadersTwice(t *testing.T) {
	g := guard(t, "https://auth.example.com")
	const own = "https://auth.example.com"
	for _, headers := range []http.Header{
		{"Origin": {own, "https://evil.example"}},
		{"Origin": {"https://evil.example", own}},
		{"Origin": {friend, friend}},
		{"Origin": {own}, "Sec-Fetch-Site": {"same-origin", "cross-site"}},
		{"Sec-Fetch-Site": {"", "cross-site"}},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/thing/x", nil)
		r.Host, r.Header = "auth.example.com", headers
		w := httptest.NewRecorder()
		g.handler.ServeHTTP(w, r)
		if w.Code != 403 || w.Header().Get("Access-Control-Allow-Origin") == friend {
			t.Errorf("%q = %d with %q, want 403 and no CORS", headers, w.Code, w.Header())
		}
	}
}

// TestMiddlewareBelowPath answers below the public URL's path alone.
func TestMiddlewareBelowPath(t *testing.T) {
	g := guard(t, "https://auth.example.com/auth")
	g.send(t, request{"below", "GET /auth/open", nil, 200, "open"})
	g.send(t, request{"beside", "GET /open", nil, 404, "page: not_found"})
	g.send(t, request{"the API below", "GET /auth/v1/nothing", nil, 404, `"code":"not_found"`})
	for line, want := range map[string]string{
		"GET /auth": "/auth/", "HEAD /auth": "/auth/", "GET /auth?a=%2F&b": "/auth/?a=%2F&b",
	} {
		got := g.send(t, request{"the path itself", line, nil, 308, ""})
		if at := got.Header.Get("Location"); at != want {
			t.Errorf("%s leads to %q, want %q", line, at, want)
		}
	}
	g.send(t, request{"a form to the path itself", "POST /auth", nil, 404, "page: not_found"})
	g.send(t, request{"what begins so", "GET /authority", nil, 404, "page: not_found"})
}

// TestMiddlewareHeaders sets what every answer carries, refusals included.
func TestMiddlewareHeaders(t *testing.T) {
	g := guard(t, "https://auth.example.com")
	for _, rq := range []request{
		{"route", "GET /open", nil, 200, ""},
		{"nothing", "GET /nothing", nil, 404, ""},
		{"panic", "GET /v1/panic", nil, 500, ""},
	} {
		got := g.send(t, rq)
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Strict-Transport-Security": "max-age=31536000",
		} {
			if value := got.Header.Get(name); value != want {
				t.Errorf("%s: %s = %q, want %q", rq.line, name, value, want)
			}
		}
	}
}

// TestMiddlewareCORS lets allowed origins call the routes that say so, and no others, by whatever
// path their neighbours have.
func TestMiddlewareCORS(t *testing.T) {
	g := guard(t, "https://auth.example.com")
	asks := []string{"Origin", friend, "Access-Control-Request-Method", "POST"}
	tests := []struct {
		request
		allow string
	}{
		{request{"shared", "GET /v1/thing/x", asks, 200, ""}, friend},
		{request{"shared, another method", "PUT /v1/thing/x", asks, 405, ""}, friend},
		{request{"preflight", "OPTIONS /v1/thing/x", asks, 204, ""}, friend},
		{request{"a stranger's preflight", "OPTIONS /v1/thing/x", []string{"Origin", "https://evil.example",
			"Access-Control-Request-Method", "POST"}, 405, ""}, ""},
		{request{"OPTIONS that asks nothing", "OPTIONS /v1/thing/x", asks[:2], 405, ""}, friend},
		{request{"not shared", "GET /v1/mine", asks, 401, ""}, ""},
		{request{"preflight of what is not shared", "OPTIONS /v1/mine", asks, 405, ""}, ""},
		{request{"nothing there", "OPTIONS /v1/thing", asks, 404, ""}, ""},
		{request{"a page", "GET /open", asks, 200, ""}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := g.send(t, tt.request)
			if allow := got.Header.Get("Access-Control-Allow-Origin"); allow != tt.allow {
				t.Errorf("Access-Control-Allow-Origin = %q, want %q", allow, tt.allow)
			}
			shared := strings.Contains(tt.line, "/v1/thing/")
			if varies := got.Header.Get("Vary") == "Origin"; varies != shared {
				t.Errorf("Vary = %q, want Origin: %v", got.Header.Get("Vary"), shared)
			}
		})
	}
}

// TestPreflightHeaders lets an allowed origin send the headers that it asks for, but none by which
// browsers and proxies say who is calling.
func TestPreflightHeaders(t *testing.T) {
	g := guard(t, "https://auth.example.com")
	for asked, want := range map[string]string{
		"":                            "Authorization, Content-Type",
		"content-type":                "Authorization, Content-Type",
		"authorization,content-type":  "Authorization, Content-Type",
		"x-requested-with":            "Authorization, Content-Type, x-requested-with",
		"baggage,cache-control":       "Authorization, Content-Type, baggage, cache-control",
		" Traceparent ,\tTRACEPARENT": "Authorization, Content-Type, traceparent",
		"cookie,set-cookie,proxy-authorization,sec-fetch-site,origin,host": "Authorization, Content-Type",
		"forwarded,x-forwarded-for,x-forwarded-host,x-real-ip,hs_access":   "Authorization, Content-Type",
		"*,a b, ,c:d,\xff": "Authorization, Content-Type",
	} {
		got := g.send(t, request{asked, "OPTIONS /v1/thing/x", []string{
			"Origin", friend, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", asked,
		}, 204, ""})
		if allow := got.Header.Get("Access-Control-Allow-Headers"); allow != want {
			t.Errorf("asked for %q: allowed are %q, want %q", asked, allow, want)
		}
	}
}

// TestMiddlewareLog writes one line for a request: with the route and never the path, and with what
// went wrong under one key.
func TestMiddlewareLog(t *testing.T) {
	g := guard(t, "https://auth.example.com")
	g.send(t, request{"a token in the path", "GET /v1/thing/secret?secret", nil, 200, ""})
	g.send(t, request{"a panic", "GET /v1/panic", nil, 500, ""})
	log := g.log.String()
	for _, want := range []string{
		`"route":"GET /v1/thing/{name}","status":200`, `"route":"GET /v1/panic","status":500`, `"level":"ERROR"`,
		`"error":"panic: a bug`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s:\n%s", want, log)
		}
	}
	if strings.Contains(log, "secret") || strings.Count(log, "\n") != 2 {
		t.Errorf("the log holds the path, or other than 2 lines:\n%s", log)
	}
}

// TestMiddlewareLatePanic cuts the connection, so that nobody takes a half for a whole.
func TestMiddlewareLatePanic(t *testing.T) {
	g := guard(t, "https://auth.example.com")
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("panic = %v, want http.ErrAbortHandler", got)
		}
	}()
	g.send(t, request{"late", "GET /v1/late", nil, 200, ""})
}

// TestMiddlewareBoundsBody reads no more than 64 KiB of a body.
func TestMiddlewareBoundsBody(t *testing.T) {
	const most = 64 << 10
	g := guard(t, "https://auth.example.com")
	for _, size := range []int{most, most + 1} {
		r := httptest.NewRequestWithContext(
			t.Context(),
			"PUT",
			"/v1/read",
			strings.NewReader(strings.Repeat("#", size)),
		)
		r.Host = "auth.example.com"
		w := httptest.NewRecorder()
		g.handler.ServeHTTP(w, r)
		if read := strings.Count(w.Body.String(), "#"); read != most {
			t.Errorf("%d bytes of %d were read, want %d", read, size, most)
		}
	}
}
