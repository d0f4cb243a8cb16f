// Package pages is the HTML surface: for people who sign in, each page in a folder of its
// own. It works without scripts, loads nothing from elsewhere and cannot be framed.
package pages

import (
	"net/http"
	"time"

	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/account"
	"github.com/handstamp/handstamp/internal/web/pages/deletion"
	"github.com/handstamp/handstamp/internal/web/pages/form"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/renew"
	"github.com/handstamp/handstamp/internal/web/pages/security"
	"github.com/handstamp/handstamp/internal/web/pages/sessions"
	"github.com/handstamp/handstamp/internal/web/pages/setup"
	"github.com/handstamp/handstamp/internal/web/pages/signin"
	"github.com/handstamp/handstamp/internal/web/pages/signout"
	"github.com/handstamp/handstamp/internal/web/pages/signup"
)

// Parts are what the pages work with.
type Parts struct {
	Middleware *web.Middleware
	Site       web.Site
	Cookies    *web.Cookies
	Users      *user.Manager
	Sessions   *session.Manager
	Export     web.Handler // answers with all that is kept about the caller
	FormKey    secret.Key  // ties forms to sessions: 32 bytes or more, the same on every node
	Now        func() time.Time
}

// pages are the surface's handlers.
type pages struct {
	layout     *layout.Layout
	site       web.Site
	middleware *web.Middleware
	setup      setup.Handlers
	signIn     signin.Handlers
	signUp     signup.Handlers
	signOut    signout.Handlers
	renew      renew.Handlers
	account    account.Handlers
	sessions   sessions.Handlers
	security   security.Handlers
	deletion   deletion.Handlers
}

// Surface is the table of routes for people. A form of a signed-in page goes to that page's
// own address or below it, so that whoever has to sign in first comes back to the page. It
// panics for a FormKey that is too short.
func Surface(p Parts) web.Surface {
	a := assemble(p)
	routes := []web.Route{
		{"GET /{$}", web.Anyone, a.home},
		{"GET " + layout.AssetPattern, web.Anyone, layout.Asset},
		{"GET /.well-known/change-password", web.Anyone, a.security.WellKnown},

		{"GET /setup/{token}", web.Anyone, a.setup.Show},
		{"POST /setup/{token}", web.Anyone, a.setup.Submit},
		{"GET /signin", web.Anyone, a.signIn.Show},
		{"POST /signin", web.Anyone, a.signIn.Submit},
		{"GET /signup", web.Anyone, a.signUp.Show},
		{"POST /signup", web.Anyone, a.signUp.Submit},
		{"GET /signout", web.Anyone, a.signOut.Show},
		{"POST /signout", web.Anyone, a.signOut.Submit},
		{"GET /session/renew", web.Anyone, a.renew.Show},

		{"GET /account", web.SignedIn, a.account.Show},
		{"POST /account", web.SignedIn, a.account.Rename},
		{"POST /account/export", web.Fresh, a.account.Download},
		{"GET /account/sessions", web.SignedIn, a.sessions.Show},
		{"POST /account/sessions/{id}/end", web.Fresh, a.sessions.End},
		{"POST /account/sessions/end-others", web.Fresh, a.sessions.EndOthers},
		{"GET /account/security", web.SignedIn, a.security.Show},
		{"POST /account/security", web.SignedIn, a.security.ChangePassword},
		{"GET /account/delete", web.Fresh, a.deletion.Show},
		{"POST /account/delete", web.Fresh, a.deletion.Delete},
	}
	for i := range routes {
		routes[i].Handler = a.dressed(routes[i].Handler)
	}
	return web.Surface{Root: "/", Routes: routes, Refuse: a.refuse}
}

// assemble gives every page its parts.
func assemble(p Parts) *pages {
	l := layout.New(p.Site)
	cookies := web.SessionCookies{Middleware: p.Middleware, Cookies: p.Cookies, Sessions: p.Sessions}
	tokens := form.NewTokens(p.FormKey)
	return &pages{
		layout: l, site: p.Site, middleware: p.Middleware,
		setup:    setup.Handlers{Layout: l, Cookies: cookies, Users: p.Users, Now: p.Now},
		signIn:   signin.Handlers{Layout: l, Site: p.Site, Cookies: cookies, Users: p.Users, Now: p.Now},
		signUp:   signup.Handlers{Layout: l, Site: p.Site, Cookies: cookies, Users: p.Users, Now: p.Now},
		signOut:  signout.Handlers{Layout: l, Site: p.Site, Cookies: cookies},
		renew:    renew.New(renew.Handlers{Layout: l, Site: p.Site, Cookies: cookies, Now: p.Now}),
		account:  account.Handlers{Layout: l, Users: p.Users, Tokens: tokens, Export: p.Export},
		sessions: sessions.Handlers{Layout: l, Sessions: p.Sessions, Tokens: tokens, Now: p.Now},
		security: security.Handlers{Layout: l, Users: p.Users, Tokens: tokens},
		deletion: deletion.Handlers{Layout: l, Site: p.Site, Cookies: p.Cookies, Users: p.Users, Tokens: tokens},
	}
}

// dressed makes a handler's answers carry what every answer of this surface carries.
func (p *pages) dressed(handle web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p.layout.Headers(w.Header())
		return handle(w, r)
	}
}

// home sends whoever opens the bare address to the account.
func (p *pages) home(w http.ResponseWriter, _ *http.Request) error {
	return layout.See(w, p.layout.Path("/account"))
}
