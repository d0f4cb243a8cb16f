// Package pages is the HTML surface: for people who sign in, each page in a folder of its
// own. It works without scripts, loads nothing from elsewhere and cannot be framed.
package pages

import (
	"net/http"
	"slices"
	"time"

	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/account"
	"github.com/handstamp/handstamp/internal/web/pages/deletion"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/page"
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
	Site     web.Site
	Cookies  web.SessionCookies
	Users    *user.Manager
	Sessions *session.Manager
	FormKey  secret.Key // ties forms to sessions: 32 bytes or more, the same on every node
	Now      func() time.Time
}

// pages are what the surface itself answers.
type pages struct{ page.Parts }

// Surface returns the surface for people: every page with its routes. It panics for a FormKey that
// is too short.
func Surface(p Parts) web.Surface {
	parts := page.Parts{
		Layout: layout.New(p.Site), Site: p.Site, Cookies: p.Cookies, Users: p.Users, Sessions: p.Sessions,
		Tokens: page.NewTokens(p.FormKey), Now: p.Now,
	}
	a := &pages{parts}
	routes := slices.Concat(
		a.routes(),
		setup.Routes(parts),
		signin.Routes(parts),
		signup.Routes(parts),
		signout.Routes(parts),
		renew.Routes(parts),
		account.Routes(parts),
		sessions.Routes(parts),
		security.Routes(parts),
		deletion.Routes(parts),
	)
	for i := range routes {
		routes[i].CORS = web.NoCORS // pages are for people: no script of another origin reads one
		routes[i].Handler = routes[i].Handler.Wrap(a.withHeaders)
	}
	return web.Surface{Root: "/", Routes: routes, Refuse: a.refuse}
}

// routes are those of no page.
func (p *pages) routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /{$}", Access: web.Anyone, Handler: web.NoBody(p.home)},
		{Pattern: "GET " + layout.AssetPattern, Access: web.Anyone, Handler: web.NoBody(layout.Asset)},
	}
}

// withHeaders has answers carry what every answer of this surface carries.
func (p *pages) withHeaders(serve web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		p.Layout.Headers(w.Header())
		return serve(w, r)
	}
}

// home sends whoever opens the bare address to the account.
func (p *pages) home(w http.ResponseWriter, _ *http.Request) error {
	return layout.Redirect(w, p.Layout.Path("/account"))
}
