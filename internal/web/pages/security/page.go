// Package security is the page where a person changes the password, and finds the way out.
package security

import (
	"net/http"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
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
}

// donePassword is what was just done, as the address tells it after a POST.
const donePassword = "password"

// done has a sentence for it.
var done = map[string]string{ // ?done= → what the person is told
	donePassword: "Your password was changed. Every other session of yours was ended; this one goes on.",
}

// WellKnown sends whoever looks for the change of passwords here: password managers do.
// W3C change-password-url §3, requirements PG-17
func (h Handlers) WellKnown(w http.ResponseWriter, _ *http.Request) error {
	return layout.See(w, h.Layout.Path(string(layout.Security)))
}

// Show answers with the form.
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
	v := NewView(h.Layout.Account("Security", layout.Security), h.Users.MinPasswordLength())
	v.Email, v.Token = u.Email, h.Tokens.Of(r)
	return v, nil
}

// ChangePassword sets another password, which ends the person's other sessions. The current
// one, asked for here, is a fresh proof. requirements SE-14, SE-18
func (h Handlers) ChangePassword(w http.ResponseWriter, r *http.Request) error {
	in, err := h.Tokens.Read(r, "current_password", "new_password")
	if err != nil {
		return err
	}
	current, next := secret.New(in.Get("current_password")), secret.New(in.Get("new_password"))
	if err = complete(current, next); err == nil {
		err = h.Users.ChangePassword(r.Context(), web.Caller(r), current, next)
	}
	if err != nil {
		return h.again(w, r, err)
	}
	return layout.See(w, h.Layout.Path(string(layout.Security)+"?done="+donePassword))
}

// complete is the mistake of a field left empty, or nil.
func complete(current, next secret.Text) error {
	f := fault.New(fault.InvalidRequest)
	if current.Empty() {
		f.Fields = append(f.Fields, fault.Field{Name: "current_password", Code: "required", Detail: "Enter the password you have now."})
	}
	if next.Empty() {
		f.Fields = append(f.Fields, fault.Field{Name: "new_password", Code: "required", Detail: "Choose a new password."})
	}
	if len(f.Fields) == 0 {
		return nil
	}
	return f
}

// again answers a refused form with the form, empty. Of two changes at once one finds that
// its current password is so no longer, and says that this may be why.
func (h Handlers) again(w http.ResponseWriter, r *http.Request, err error) error {
	if !form.Again(fault.From(err)) {
		return err
	}
	v, unseen := h.view(r)
	if unseen != nil {
		return err
	}
	f := web.Refused(w, r, err)
	if f.Code == fault.InvalidCredentials {
		f.Fields = []fault.Field{{Name: "current_password", Code: string(f.Code), Detail: "This is not your current password. Was it changed a moment ago? Then enter the new one."}}
	}
	v.Alert = layout.Marked(f, &v.Current, &v.New)
	v.Title = "Error: " + v.Title
	return Page.Send(w, form.Status(f), v)
}
