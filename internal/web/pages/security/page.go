// Package security is the page where a user changes the password, and finds the way out.
package security

import (
	"net/http"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/page"
)

// handlers answer for the page.
type handlers struct{ page.Parts }

// Routes are the page's.
func Routes(p page.Parts) []web.Route {
	const path = string(layout.Security)
	h := handlers{p}
	password := page.Form[View]{
		Page: Page, Fields: []string{"current_password", "new_password"}, Tokens: &p.Tokens,
		View: h.view, Do: h.changePassword, Again: again,
	}
	return []web.Route{
		{Pattern: "GET /.well-known/change-password", Access: web.Anyone, Handler: web.NoBody(h.wellKnown)},
		{Pattern: "GET " + path, Access: web.SignedIn, Handler: web.NoBody(password.Show)},
		{Pattern: "POST " + path, Access: web.SignedIn, Page: path, Handler: password.Submit()},
	}
}

// donePassword is what was just done, as the address says it after a POST.
const donePassword = "password"

// done has a sentence for it.
var done = map[string]string{ // ?done= → what the user is told
	donePassword: "Your password was changed, and you were signed out on all other devices.",
}

// wellKnown sends whoever looks for the change of passwords here: password managers do.
// W3C change-password-url §3, standards PG-17
func (h handlers) wellKnown(w http.ResponseWriter, _ *http.Request) error {
	return layout.Redirect(w, h.Layout.Path(string(layout.Security)))
}

// view returns the page for whoever is signed in.
func (h handlers) view(r *http.Request, _ web.Values) (View, error) {
	u, err := h.Users.Get(r.Context(), web.Caller(r))
	if err != nil {
		return View{}, err
	}
	v := NewView(h.Layout.Account("Security", layout.Security), h.Users.MinPasswordLength())
	v.Email, v.Token, v.Done = u.Email, h.Tokens.Of(r), done[r.URL.Query().Get("done")]
	return v, nil
}

// changePassword sets another password, which ends the user's other sessions. The current one,
// asked for here, is a fresh proof. standards SE-14, SE-18
func (h handlers) changePassword(_ http.ResponseWriter, r *http.Request, in web.Values) (next string, err error) {
	current, chosen := in.Get("current_password"), in.Get("new_password")
	err = page.Complete(
		page.Required{Name: "current_password", Value: current, Say: "Enter your current password."},
		page.Required{Name: "new_password", Value: chosen, Say: "Choose a new password."},
	)
	if err == nil {
		err = h.Users.ChangePassword(r.Context(), web.Caller(r), secret.New(current), secret.New(chosen))
	}
	return h.Layout.Path(string(layout.Security) + "?done=" + donePassword), err
}

// again shows the form empty. Of two changes at once one finds that its current password is so no
// longer, and says that this may be why.
func again(v *View, _ web.Values, f *fault.Fault) {
	if f.Code == fault.InvalidCredentials {
		f.Fields = []fault.Field{{
			Name: "current_password", Code: string(f.Code),
			Detail: "This is not your current password. If it was changed a moment ago, enter the new one.",
		}}
	}
	v.Done, v.Alert = "", v.Refuse(f, &v.Current, &v.New)
}
