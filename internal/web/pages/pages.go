// Package pages is the HTML surface: for people who sign in, each page in a folder of its
// own. It works without scripts, loads nothing from elsewhere and cannot be framed.
package pages

import (
	"net/http"
	"time"

	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/account"
	"github.com/handstamp/handstamp/internal/web/pages/form"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/renew"
	"github.com/handstamp/handstamp/internal/web/pages/signin"
	"github.com/handstamp/handstamp/internal/web/pages/signout"
	"github.com/handstamp/handstamp/internal/web/pages/signup"
)

// Parts are what the pages work with.
type Parts struct {
	Door     *web.Door
	Site     web.Site
	Cookies  *web.Cookies
	Users    *user.Manager
	Sessions *session.Manager
	FormKey  []byte // ties forms to sessions: 32 bytes or more, the same on every node
	Now      func() time.Time
}

// pages are the surface's handlers.
type pages struct {
	layout  *layout.Layout
	site    web.Site
	door    *web.Door
	signIn  signin.Handlers
	signUp  signup.Handlers
	signOut signout.Handlers
	account account.Handlers
	renew   renew.Handlers
}

// Surface is the table of routes for people. It panics for a FormKey that is too short.
func Surface(p Parts) web.Surface {
	a := assemble(p)
	routes := []web.Route{
		{"GET /{$}", web.Anyone, a.home},
		{"GET " + layout.AssetPattern, web.Anyone, layout.Asset},

		{"GET /signin", web.Anyone, a.signIn.Show},
		{"POST /signin", web.Anyone, a.signIn.Submit},
		{"GET /signup", web.Anyone, a.signUp.Show},
		{"POST /signup", web.Anyone, a.signUp.Submit},
		{"GET /signout", web.Anyone, a.signOut.Show},
		{"POST /signout", web.Anyone, a.signOut.Submit},
		{"GET /session/renew", web.Anyone, a.renew.Show},

		{"GET /account", web.SignedIn, a.account.Show},
		{"POST /account/sessions/{id}/end", web.Fresh, a.account.End},
		{"POST /account/sessions/end-others", web.Fresh, a.account.EndOthers},
	}
	for i := range routes {
		routes[i].Handler = a.dressed(routes[i].Handler)
	}
	return web.Surface{Root: "/", Routes: routes, Refuse: a.refuse}
}

// assemble gives every page its parts.
func assemble(p Parts) *pages {
	l := layout.New(p.Site)
	desk := web.Desk{Door: p.Door, Cookies: p.Cookies, Sessions: p.Sessions}
	return &pages{
		layout: l, site: p.Site, door: p.Door,
		signIn:  signin.Handlers{Layout: l, Site: p.Site, Desk: desk, Users: p.Users, Now: p.Now},
		signUp:  signup.Handlers{Layout: l, Site: p.Site, Desk: desk, Users: p.Users, Now: p.Now},
		signOut: signout.Handlers{Layout: l, Site: p.Site, Desk: desk},
		account: account.Handlers{Layout: l, Users: p.Users, Sessions: p.Sessions, Tokens: form.NewTokens(p.FormKey), Now: p.Now},
		renew:   renew.New(renew.Handlers{Layout: l, Site: p.Site, Desk: desk, Now: p.Now}),
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
