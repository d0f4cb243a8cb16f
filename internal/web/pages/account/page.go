// Package account is the page where a user sees the account's name and address, changes the
// name, and takes away all that is kept.
package account

import (
	"net/http"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/page"
)

// handlers answer for the page.
type handlers struct{ page.Parts }

// Routes are the page's.
func Routes(p page.Parts) []web.Route {
	const path = string(layout.Profile)
	h := handlers{p}
	name := page.Form[View]{
		Page: Page, Fields: []string{"name"}, Tokens: &p.Tokens, View: h.view, Do: h.rename, Again: again,
	}
	export := web.Exporter{Users: p.Users, Sessions: p.Sessions, Now: p.Now}
	return []web.Route{
		{Pattern: "GET " + path, Access: web.SignedIn, Handler: web.NoBody(name.Show)},
		{Pattern: "POST " + path, Access: web.SignedIn, Page: path, Handler: name.Submit()},
		// A form and not a link, so that whoever has to sign in again comes back to the page, and
		// nothing is fetched ahead.
		{Pattern: "POST " + path + "/export", Access: web.Fresh, Page: path, Handler: p.Tokens.Button(export.Serve)},
	}
}

// doneName is what was just done, as the address says it after a POST.
const doneName = "name"

// done has a sentence for it.
var done = map[string]string{ // ?done= → what the user is told
	doneName: "Your name was saved.",
}

// view returns the page for whoever is signed in.
func (h handlers) view(r *http.Request, _ web.Values) (View, error) {
	u, err := h.Users.Get(r.Context(), web.Caller(r))
	if err != nil {
		return View{}, err
	}
	v := NewView(h.Layout.Account("Profile", layout.Profile), u, h.Tokens.Of(r))
	v.Done = done[r.URL.Query().Get("done")]
	return v, nil
}

// rename sets the name.
func (h handlers) rename(_ http.ResponseWriter, r *http.Request, in web.Values) (next string, err error) {
	_, err = h.Users.Rename(r.Context(), web.Caller(r), in.Get("name"))
	return h.Layout.Path(string(layout.Profile) + "?done=" + doneName), err
}

// again shows the form as it was filled in.
func again(v *View, in web.Values, f *fault.Fault) {
	v.Done, v.Name.Value = "", in.Get("name")
	v.Alert = v.Refuse(f, &v.Name)
}
