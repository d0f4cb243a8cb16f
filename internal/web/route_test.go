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

// TestRouteWithoutAccess keeps a server from starting that has a route of which nobody has
// said who may call it.
func TestRouteWithoutAccess(t *testing.T) {
	tests := []struct {
		name   string
		access web.Access
		want   string // in the error; empty: none
	}{
		{"forgotten", 0, `route "GET /secret" does not say who may call it`},
		{"below the rules", -1, `route "GET /secret" does not say who may call it`},
		{"above the rules", web.Service + 1, `route "GET /secret" does not say who may call it`},
		{"anyone", web.Anyone, ""},
		{"signed in", web.SignedIn, ""},
		{"fresh", web.Fresh, ""},
		{"service", web.Service, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site, err := web.NewSite("http://localhost:8787", nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			middleware, err := web.NewMiddleware(site, nil, nil, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			fine := web.Surface{Root: "/", Routes: []web.Route{{Pattern: "GET /fine", Access: web.Anyone, Handler: open}}, Refuse: web.RefuseProblem}
			asked := web.Surface{Root: "/v1/", Routes: []web.Route{{Pattern: "GET /secret", Access: tt.access, Handler: open}}, Refuse: web.RefuseProblem}
			handler, err := middleware.Handler(fine, asked)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("Handler(access %v) = %v, want a handler", tt.access, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("Handler(access %v) = %v, want %q", tt.access, err, tt.want)
			case tt.want != "" && handler != nil:
				t.Errorf("Handler(access %v) gave a handler beside its error", tt.access)
			}
		})
	}
}
