package web

import (
	"net/http"
	"slices"
	"strings"
)

// table finds the route of a request.
type table struct {
	routes *http.ServeMux
	shared *http.ServeMux  // the paths that other origins may call, by any method
	paths  map[string]CORS // their rules, by pattern
}

// newTable returns a table without routes.
func newTable() *table { return &table{http.NewServeMux(), http.NewServeMux(), map[string]CORS{}} }

// add puts a route into the table. Like http.ServeMux it panics for two routes that one request
// matches.
func (t *table) add(route Route, handler http.Handler) {
	t.routes.Handle(route.Pattern, handler)
	if path := route.Path(); route.CORS != NoCORS && t.paths[path] == 0 {
		t.paths[path] = route.CORS
		t.shared.Handle(path, http.NotFoundHandler())
	}
}

// cors returns the rule of the request's path.
func (t *table) cors(r *http.Request) CORS {
	if _, pattern := t.shared.Handler(r); pattern != "" {
		return t.paths[pattern]
	}
	return NoCORS
}

// share lets a script of another origin read the answer, if the rule lets it, and reports whether
// it does.
func (m *Middleware) share(w http.ResponseWriter, r *http.Request, rule CORS) bool {
	switch rule {
	case AllowedOrigins:
		return m.allowOrigin(w, r)
	case AnyOrigin:
		w.Header().Set("Access-Control-Allow-Origin", "*")
		return true
	}
	return false
}

// allowOrigin lets a script of an allowed origin read the answer, with credentials unless it is an
// app's, and reports whether it is one. Everybody else gets no CORS headers. standards XO-08
func (m *Middleware) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	h.Add("Vary", "Origin")
	from, ok := m.site.allows(r)
	if ok {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if ok = ok || m.site.FromApp(r); ok {
		h.Set("Access-Control-Allow-Origin", from)
		h.Set("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate")
	}
	return ok
}

// preflight answers an allowed origin's question whether it may call the path, and reports whether
// r was one. Any other request goes on, with the headers that let a script read why it is refused.
func (m *Middleware) preflight(w http.ResponseWriter, r *http.Request, rule CORS) bool {
	allowed := m.share(w, r, rule)
	if !allowed || r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	visitOf(r).route.Pattern = "OPTIONS preflight"
	h := w.Header()
	if rule == AnyOrigin {
		h.Set("Access-Control-Allow-Methods", "GET")
		h.Set("Access-Control-Allow-Headers", "*")
	} else {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", allowedHeaders(r.Header.Values("Access-Control-Request-Headers")))
	}
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allowedHeaders returns the headers that a script of an allowed origin may send: those that we
// read, and those that it asks for, such as what tracing adds. An origin that is listed is trusted;
// but no script sets what says for somebody else who is calling, and from where.
func allowedHeaders(asked []string) string {
	allowed := []string{"Authorization", "Content-Type"}
	for name := range strings.SplitSeq(strings.ToLower(strings.Join(asked, ",")), ",") {
		name = strings.Trim(name, " \t")
		known := slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, name) })
		plain := name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
		if plain && !known && !speaksForOthers(name) {
			allowed = append(allowed, name)
		}
	}
	return strings.Join(allowed, ", ")
}

// speaksForOthers reports whether a header, in lower case, is one by which browsers and proxies say
// who is calling, and from where. Authorization is what scripts show their own tokens by.
func speaksForOthers(name string) bool {
	for _, prefix := range []string{"cookie", "set-cookie", "proxy-", "sec-", "forwarded", "x-forwarded-", "hs_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "origin" || name == "host" || name == "x-real-ip"
}
