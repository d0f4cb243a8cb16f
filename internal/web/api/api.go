// Package api is the JSON surface: for services, native apps and scripts in the browser.
package api

import (
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

// API is the handlers of all surfaces for programs.
type API struct {
	Parts
	frames atomic.Pointer[frames] // of the revocation feed, as last written; nil: none yet
}

// Parts are what the handlers work with.
type Parts struct {
	Middleware *web.Middleware
	Site       web.Site
	Cookies    web.SessionCookies
	Users      *user.Manager
	Sessions   *session.Manager
	Keys       *keyring.Ring
	Ended      *revocation.Log
	Services   *service.Manager
	Now        func() time.Time
}

// Surfaces returns every surface for programs, each with its table of routes.
func Surfaces(p Parts) []web.Surface {
	a := &API{Parts: p}
	return []web.Surface{
		{Root: "/v1/", Refuse: web.RefuseProblem, Routes: a.routes()},
		{Root: "/.well-known/", Refuse: web.RefuseProblem, Routes: a.wellKnownRoutes()},
		{Root: "/oauth2/", Refuse: web.RefuseOAuth, Routes: a.oauthRoutes()},
		{Root: "/openapi.json", Refuse: web.RefuseProblem, Routes: descriptionRoutes(p.Site.Issuer)},
	}
}

// routes is the table of the API's own routes. What is about a session or a user is also for
// scripts of the allowed origins.
func (a *API) routes() []web.Route {
	const cors, none = web.AllowedOrigins, web.NoCORS
	export := web.Exporter{Users: a.Users, Sessions: a.Sessions, Now: a.Now}
	return []web.Route{
		{Pattern: "POST /v1/users", Access: web.Anyone, CORS: cors, Handler: web.JSON(a.signUp)},
		{Pattern: "POST /v1/session", Access: web.Anyone, CORS: cors, Handler: web.JSON(a.signIn)},
		{Pattern: "GET /v1/session", Access: web.SignedIn, CORS: cors, Handler: web.NoBody(a.session)},
		{Pattern: "DELETE /v1/session", Access: web.Anyone, CORS: cors, Handler: web.OptionalJSON(a.signOut)},
		{Pattern: "POST /v1/session/refresh", Access: web.Anyone, CORS: cors, Handler: web.OptionalJSON(a.refresh)},

		{Pattern: "GET /v1/user", Access: web.SignedIn, CORS: cors, Handler: web.Call(a.user)},
		{Pattern: "PATCH /v1/user", Access: web.SignedIn, CORS: cors, Handler: web.Call(a.rename)},
		{Pattern: "DELETE /v1/user", Access: web.Fresh, CORS: cors, Handler: web.NoBody(a.deleteUser)},
		{Pattern: "GET /v1/user/export", Access: web.Fresh, CORS: cors, Handler: web.NoBody(export.Serve)},
		{Pattern: "POST /v1/user/password", Access: web.SignedIn, CORS: cors, Handler: web.Call(a.changePassword)},
		{Pattern: "GET /v1/user/sessions", Access: web.SignedIn, CORS: cors, Handler: web.Call(a.sessions)},
		{Pattern: "DELETE /v1/user/sessions", Access: web.Fresh, CORS: cors, Handler: web.NoBody(a.endOthers)},
		{Pattern: "DELETE /v1/user/sessions/{id}", Access: web.Fresh, CORS: cors, Handler: web.NoBody(a.endSession)},

		{Pattern: "GET /v1/revocations", Access: web.Service, CORS: none, Handler: web.NoBody(a.revocations)},
		{
			Pattern: "GET /v1/revocations/stream", Access: web.Service, CORS: none, Streams: true,
			Handler: web.NoBody(a.revocationStream),
		},
	}
}

// required returns the fault of a member that is missing.
func required(member string) *fault.Fault {
	return fault.BadField(member, "required", "This field is required.")
}
