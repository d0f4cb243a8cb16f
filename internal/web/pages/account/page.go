// Package account is the page where a person sees the account's name and address, changes the
// name, and takes away all that is kept.
package account

import (
	"net/http"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/form"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
)

// Handlers answer for the page.
type Handlers struct {
	Layout *layout.Layout
	Users  *user.Manager
	Tokens form.Tokens
	Export web.Handler // answers with all that is kept about the caller
}

// doneName is what was just done, as the address tells it after a POST.
const doneName = "name"

// done has a sentence for it.
var done = map[string]string{ // ?done= → what the person is told
	doneName: "Your name was saved.",
}

// Show answers with the person's name and address.
func (h Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	v, err := h.view(r)
	if err != nil {
		return err
	}
	v.Done = done[r.URL.Query().Get("done")]
	return Page.Send(w, http.StatusOK, v)
}

// view is the page for whoever is signed in.
func (h Handlers) view(r *http.Request) (View, error) {
	u, err := h.Users.Get(r.Context(), web.Caller(r))
	if err != nil {
		return View{}, err
	}
	return NewView(h.Layout.Account("Profile", layout.Profile), u, h.Tokens.Of(r)), nil
}

// Rename sets the name.
func (h Handlers) Rename(w http.ResponseWriter, r *http.Request) error {
	in, err := h.Tokens.Read(r, "name")
	if err != nil {
		return err
	}
	if _, err := h.Users.Rename(r.Context(), web.Caller(r), in.Get("name")); err != nil {
		return h.again(w, r, in, err)
	}
	return layout.See(w, h.Layout.Path("/account?done="+doneName))
}

// again answers a refused form with the form, as it was filled in.
func (h Handlers) again(w http.ResponseWriter, r *http.Request, in form.Values, err error) error {
	if !form.Again(fault.From(err)) {
		return err
	}
	v, unseen := h.view(r)
	if unseen != nil {
		return err
	}
	f := web.Refused(w, r, err)
	v.Name.Value = in.Get("name")
	v.Alert = layout.Marked(f, &v.Name)
	v.Title = "Error: " + v.Title
	return Page.Send(w, form.Status(f), v)
}

// Download answers with all that is kept about the person. It takes a form and not a link,
// so that whoever has to sign in again comes back to the page, and nothing is fetched ahead.
func (h Handlers) Download(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.Tokens.Read(r); err != nil {
		return err
	}
	return h.Export(w, r)
}
