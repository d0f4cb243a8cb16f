package web_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/web"
)

// open is a handler that lets everybody in.
func open(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// takeForm is a handler of a page's form.
var takeForm = web.PageForm(nil, func(w http.ResponseWriter, r *http.Request, _ web.Values) error { return open(w, r) })

// TestIncompleteRoute keeps a server from starting that has a route which leaves something unsaid.
func TestIncompleteRoute(t *testing.T) {
	const unsaid = `route "GET /secret" does not say `
	tests := []struct {
		name   string
		change func(*web.Route)
		want   string // in the error; empty: none
	}{
		{"complete", func(*web.Route) {}, ""},
		{"signed in", func(r *web.Route) { r.Access = web.SignedIn }, ""},
		{"fresh", func(r *web.Route) { r.Access = web.Fresh }, ""},
		{"service", func(r *web.Route) { r.Access = web.Service }, ""},
		{"allowed origins", func(r *web.Route) { r.CORS = web.AllowedOrigins }, ""},
		{"access forgotten", func(r *web.Route) { r.Access = 0 }, unsaid + "who may call it"},
		{"access below the rules", func(r *web.Route) { r.Access = -1 }, unsaid + "who may call it"},
		{"access above the rules", func(r *web.Route) { r.Access = web.Service + 1 }, unsaid + "who may call it"},
		{"CORS forgotten", func(r *web.Route) { r.CORS = 0 }, unsaid + "whether other origins may call it"},
		{"CORS above the rules", func(r *web.Route) { r.CORS = web.AnyOrigin + 1 }, unsaid + "whether other origins"},
		{"any origin", func(r *web.Route) { r.CORS = web.AnyOrigin }, ""},
		{"any origin, signed in", func(r *web.Route) { r.CORS, r.Access = web.AnyOrigin, web.SignedIn },
			"do more than read what is public"},
		{"any origin, changing", func(r *web.Route) { r.CORS, r.Pattern = web.AnyOrigin, "POST /secret" },
			"do more than read what is public"},
		{"handler forgotten", func(r *web.Route) { r.Handler = web.Handler{} }, unsaid + "what it takes and does"},
		{"body alone", func(r *web.Route) { r.Handler = web.Handler{Body: web.JSONBody} }, unsaid +
			"what it takes and does"},
		{"method forgotten", func(r *web.Route) { r.Pattern = "/secret" }, `route "/secret" does not say its method`},
		{"CORS otherwise than its path", func(r *web.Route) { r.Pattern, r.CORS = "PUT /fine", web.AllowedOrigins },
			"says otherwise than another of its path"},
		{"page of a form", func(r *web.Route) { r.Access, r.Handler, r.Page = web.Fresh, takeForm, "/fine" }, ""},
		{"form for anyone", func(r *web.Route) { r.Handler = takeForm }, ""},
		{"page forgotten", func(r *web.Route) { r.Access, r.Handler = web.SignedIn, takeForm },
			unsaid + "which page its form stands on"},
		{"page that is none", func(r *web.Route) { r.Access, r.Handler, r.Page = web.SignedIn, takeForm, "/x" },
			"leads back to /x, which is no page"},
		{"page of no form", func(r *web.Route) { r.Access, r.Page = web.SignedIn, "/fine" },
			"names a page that nobody is led back to"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site, err := web.NewSite("http://localhost:8787", nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			middleware := web.NewMiddleware(site, nil, nil, slog.New(slog.DiscardHandler))
			route := web.Route{Pattern: "GET /secret", Access: web.Anyone, CORS: web.NoCORS, Handler: web.NoBody(open)}
			fine := route
			fine.Pattern = "GET /fine"
			tt.change(&route)
			handler, err := middleware.Handler(web.Surface{Root: "/", Routes: []web.Route{fine, route},
				Refuse: web.RefuseProblem})
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("Handler = %v, want a handler", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("Handler = %v, want %q", err, tt.want)
			case tt.want != "" && handler != nil:
				t.Error("Handler returned a handler beside its error")
			}
		})
	}
}
