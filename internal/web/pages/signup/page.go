// Package signup is the page where a user makes an account.
package signup

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/page"
)

// handlers answer for the page.
type handlers struct{ page.Parts }

// Routes are the page's.
func Routes(p page.Parts) []web.Route {
	h := handlers{p}
	form := page.Form[View]{
		Page: Page, Fields: []string{"email", "name", "password", "return_to"},
		View: h.view, Do: h.signUp, Again: again,
	}
	return []web.Route{
		{Pattern: "GET /signup", Access: web.Anyone, Handler: web.NoBody(form.Show)},
		{Pattern: "POST /signup", Access: web.Anyone, Handler: form.Submit()},
	}
}

// view returns the form, or says that there is none.
func (h handlers) view(r *http.Request, in web.Values) (View, error) {
	v := NewView(h.Layout.Frame("Create an account"), h.Users.MinPasswordLength())
	v.SignOut = h.SignedIn(r)
	v.Email.Focus = !v.SignOut // else there is something to read first
	v.goingTo(h.ReturnTo(cmp.Or(in.Get("return_to"), r.URL.Query().Get("return_to")), ""))
	if !h.Users.SignupOpen() {
		v.Closed, v.Title = true, "Sign-up is closed"
	}
	return v, nil
}

// signUp makes the user, signs in and sets the cookies.
func (h handlers) signUp(w http.ResponseWriter, r *http.Request, in web.Values) (next string, err error) {
	proof, err := h.Users.SignUp(r.Context(), web.Caller(r), user.Fresh{
		Email: strings.TrimSpace(in.Get("email")), Name: in.Get("name"), Password: secret.New(in.Get("password")),
	})
	if err != nil {
		return "", err
	}
	if err := h.SignIn(w, r, session.Start{User: proof.User, Password: proof.Password}); err != nil {
		return "", err
	}
	return h.ReturnTo(in.Get("return_to"), h.Layout.Path("/account")), nil
}

// again keeps address and name, and not the password.
func again(v *View, in web.Values, f *fault.Fault) {
	if v.Closed {
		return
	}
	v.Email.Value, v.Name.Value = in.Get("email"), in.Get("name")
	if f.Code == fault.EmailTaken {
		f.Fields = []fault.Field{{
			Name: "email", Code: string(f.Code), Detail: f.Say + " Sign in instead, or use another address.",
		}}
	}
	v.Alert = v.Refuse(f, &v.Email, &v.Name, &v.Password)
}
