// Package deletion is the page where a user ends the account for good.
package deletion

import (
	"net/http"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/page"
)

// path is the page's address.
const path = "/account/delete"

// handlers answer for the page.
type handlers struct{ page.Parts }

// Routes are the page's.
func Routes(p page.Parts) []web.Route {
	h := handlers{p}
	sure := page.Form[View]{
		Page: Page, Fields: []string{fieldSure}, Tokens: &p.Tokens, View: h.view, Do: h.delete, Again: again,
	}
	return []web.Route{
		{Pattern: "GET " + path, Access: web.Fresh, Handler: web.NoBody(sure.Show)},
		{Pattern: "POST " + path, Access: web.Fresh, Page: path, Handler: sure.Submit()},
	}
}

// view returns what would happen, and the question.
func (h handlers) view(r *http.Request, _ web.Values) (View, error) {
	u, err := h.Users.Get(r.Context(), web.Caller(r))
	if err != nil {
		return View{}, err
	}
	frame := h.Layout.Frame("Delete your account")
	frame.SignOut = true
	return View{Frame: frame, Email: u.Email, Token: h.Tokens.Of(r)}, nil
}

// delete forgets the user, takes the cookies away and says so. Of two at once the second finds
// nobody, which is what it asked for.
func (h handlers) delete(w http.ResponseWriter, r *http.Request, in web.Values) (next string, err error) {
	err = page.Complete(page.Required{
		Name: fieldSure, Value: in.Get(fieldSure), Say: "Tick the box to confirm. Nothing was deleted.",
	})
	if err != nil {
		return "", err
	}
	err = h.Users.Delete(r.Context(), web.Caller(r))
	if err != nil && !fault.HasCode(err, fault.UserNotFound) {
		return "", err
	}
	h.Cookies.Clear(w, r)
	web.ClearSiteData(w, h.Site)
	return h.Layout.Path("/signin?reason=" + string(store.UserDeleted)), nil
}

// again asks once more.
func again(v *View, _ web.Values, f *fault.Fault) { v.Refuse(f) }
