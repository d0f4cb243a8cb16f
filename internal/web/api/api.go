// Package api is the JSON surface: for services, native apps and scripts in the browser.
package api

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/keyring"
	"github.com/handstamp/handstamp/internal/revocation"
	"github.com/handstamp/handstamp/internal/service"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web"
)

// API is the surface's handlers.
type API struct {
	Parts
	cookies web.SessionCookies
	frames  atomic.Pointer[frames] // of the revocation feed, as last written; nil: none yet
}

// Parts are what the handlers work with.
type Parts struct {
	Middleware *web.Middleware
	Site       web.Site
	Cookies    *web.Cookies
	Users      *user.Manager
	Sessions   *session.Manager
	Keys       *keyring.Ring
	Ended      *revocation.Log
	Services   *service.Manager
	Now        func() time.Time
}

// New makes the handlers.
func New(p Parts) *API {
	return &API{Parts: p, cookies: web.SessionCookies{Middleware: p.Middleware, Cookies: p.Cookies, Sessions: p.Sessions}}
}

// Surface is the table of routes for programs.
func Surface(p Parts) web.Surface {
	a := New(p)
	return web.Surface{Root: "/v1/", Refuse: web.RefuseProblem, Routes: []web.Route{
		{"POST /v1/users", web.Anyone, web.JSON(a.signUp)},
		{"POST /v1/session", web.Anyone, web.JSON(a.signIn)},
		{"GET /v1/session", web.SignedIn, a.session},
		{"DELETE /v1/session", web.Anyone, web.OptionalJSON(a.signOut)},
		{"POST /v1/session/refresh", web.Anyone, web.OptionalJSON(a.refresh)},

		{"GET /v1/user", web.SignedIn, a.user},
		{"PATCH /v1/user", web.SignedIn, web.JSON(a.rename)},
		{"DELETE /v1/user", web.Fresh, a.deleteUser},
		{"GET /v1/user/export", web.Fresh, a.export},
		{"POST /v1/user/password", web.SignedIn, web.JSON(a.changePassword)},
		{"GET /v1/user/sessions", web.SignedIn, a.sessions},
		{"DELETE /v1/user/sessions", web.Fresh, a.endOthers},
		{"DELETE /v1/user/sessions/{id}", web.Fresh, a.endSession},

		{"GET /v1/revocations", web.Service, a.revocations},
		{"GET /v1/revocations/stream", web.Service, a.revocationStream},
	}}
}

// WellKnown is the table of routes that verifiers find us by.
func WellKnown(p Parts) web.Surface {
	a := New(p)
	return web.Surface{Root: "/.well-known/", Refuse: web.RefuseProblem, Routes: []web.Route{
		{"GET /.well-known/jwks.json", web.Anyone, a.jwks},
		{"GET /.well-known/oauth-authorization-server", web.Anyone, a.metadata},
		{"GET /.well-known/openid-configuration", web.Anyone, a.metadata},
	}}
}

// noContent answers that it is done.
func noContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// required is the mistake of a member that is missing.
func required(member string) *fault.Fault {
	return fault.BadField(member, "required", "This member is missing.")
}
