// Package signout is the page where a person ends the session of this device.
package signout

import (
	_ "embed" // for page.html
	"net/http"

	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/page"
)

// content is the page's own HTML.
//
//go:embed page.html
var content string

// Page draws a View.
var Page = layout.Parse[View](content)

// View is what the page shows: a button.
type View struct{ layout.Frame }

// handlers answer for the page.
type handlers struct{ page.Parts }

// Routes are the page's. The form carries no token: it must work when the session that it was
// shown to is over, and its origin says who sent it.
func Routes(p page.Parts) []web.Route {
	h := handlers{p}
	return []web.Route{
		{Pattern: "GET /signout", Access: web.Anyone, Handler: web.NoBody(h.show)},
		{Pattern: "POST /signout", Access: web.Anyone, Handler: web.PageForm(nil, h.signOut)},
	}
}

// show answers with a button: a GET signs nobody out, or any page could do it with an image.
// standards SE-09
func (h handlers) show(w http.ResponseWriter, _ *http.Request) error {
	return Page.Send(w, http.StatusOK, View{h.Layout.Frame("Sign out")})
}

// signOut ends every session that the browser shows, by refresh cookie or by access cookie even
// when expired, and takes the cookies away. Signing out twice is signing out.
func (h handlers) signOut(w http.ResponseWriter, r *http.Request, _ web.Values) error {
	shown, err := h.Cookies.Leaving(r, secret.Text{})
	if err != nil {
		return err
	}
	for _, id := range shown {
		if err := h.Sessions.SignOut(r.Context(), web.Caller(r), id); err != nil {
			return err
		}
	}
	h.Cookies.Clear(w, r)
	web.ClearSiteData(w, h.Site)
	return layout.Redirect(w, h.Layout.Path("/signin?reason=signed_out"))
}
