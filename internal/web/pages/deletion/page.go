// Package deletion is the page where a person ends the account for good.
package deletion

import (
	"net/http"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/form"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
)

// Path is the page's address.
const Path = "/account/delete"

// Handlers answer for the page.
type Handlers struct {
	Layout  *layout.Layout
	Site    web.Site
	Cookies *web.Cookies
	Users   *user.Manager
	Tokens  form.Tokens
}

// Show answers with what would happen, and the question.
func (h Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	v, err := h.view(r)
	if err != nil {
		return err
	}
	return Page.Send(w, http.StatusOK, v)
}

// view is the page for whoever is signed in.
func (h Handlers) view(r *http.Request) (View, error) {
	u, err := h.Users.Get(r.Context(), web.Caller(r))
	if err != nil {
		return View{}, err
	}
	frame := h.Layout.Frame("Delete your account")
	frame.SignOut = true
	return View{Frame: frame, Email: u.Email, Token: h.Tokens.Of(r)}, nil
}

// Delete forgets the person, takes the cookies away and says so. Of two at once the second
// finds nobody, which is what it asked for.
func (h Handlers) Delete(w http.ResponseWriter, r *http.Request) error {
	in, err := h.Tokens.Read(r, fieldSure)
	if err != nil {
		return err
	}
	if in.Get(fieldSure) == "" {
		return h.again(w, r, fault.BadField(fieldSure, "required", "Tick the box if you are sure. Nothing was deleted."))
	}
	err = h.Users.Delete(r.Context(), web.Caller(r))
	if err != nil && !fault.HasCode(err, fault.UserNotFound) {
		return h.again(w, r, err)
	}
	h.Cookies.Clear(w)
	web.ClearSiteData(w, h.Site)
	return layout.See(w, h.Layout.Path("/signin?reason="+string(store.UserDeleted)))
}

// again asks once more.
func (h Handlers) again(w http.ResponseWriter, r *http.Request, err error) error {
	if !form.Again(fault.From(err)) {
		return err
	}
	v, unseen := h.view(r)
	if unseen != nil {
		return err
	}
	f := web.Refused(w, r, err)
	v.Refuse(f)
	v.Title = "Error: " + v.Title
	return Page.Send(w, form.Status(f), v)
}
