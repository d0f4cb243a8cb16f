// Package signout is the page where a person ends the session of this device.
package signout

import (
	_ "embed" // for page.html
	"net/http"

	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/form"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
)

// content is the page's own HTML.
//
//go:embed page.html
var content string

// Page draws a View.
var Page = layout.Parse[View](content)

// View is what the page shows: a button.
type View struct{ layout.Frame }

// Handlers answer for the page.
type Handlers struct {
	Layout  *layout.Layout
	Site    web.Site
	Cookies web.SessionCookies
}

// Show answers with a button: a GET signs nobody out, or any page could do it with an image.
// requirements SE-09
func (h Handlers) Show(w http.ResponseWriter, _ *http.Request) error {
	return Page.Send(w, http.StatusOK, View{h.Layout.Frame("Sign out")})
}

// Submit ends the session that the browser shows, by refresh cookie or by access cookie even
// when expired, and takes the cookies away. Signing out twice is signing out. The form
// carries no token: it must work when the session that it was shown to is over, and
// who sent it is told by its origin.
func (h Handlers) Submit(w http.ResponseWriter, r *http.Request) error {
	if _, err := form.Read(r); err != nil {
		return err
	}
	token, err := h.Cookies.Refresh(r)
	if err != nil {
		return err
	}
	id, err := h.Cookies.Leaving(r, token)
	if err != nil {
		return err
	}
	if !id.IsZero() {
		if err := h.Cookies.Sessions.SignOut(r.Context(), web.Caller(r), id); err != nil {
			return err
		}
	}
	h.Cookies.Clear(w)
	web.ClearSiteData(w, h.Site)
	return layout.See(w, h.Layout.Path("/signin?reason=signed_out"))
}
