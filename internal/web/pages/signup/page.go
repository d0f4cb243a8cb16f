// Package signup is the page where a person makes an account.
package signup

import (
	"net/http"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/form"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
)

// Handlers answer for the page.
type Handlers struct {
	Layout  *layout.Layout
	Site    web.Site
	Cookies web.SessionCookies
	Users   *user.Manager
	Now     func() time.Time
}

// Show answers with the form, or says that there is none.
func (h Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	return Page.Send(w, http.StatusOK, h.view(r, r.URL.Query().Get("return_to")))
}

// view is the page for somebody who goes to target afterwards, if it is one to go to.
func (h Handlers) view(r *http.Request, target string) View {
	v := NewView(h.Layout.Frame("Create an account"), h.Users.MinPasswordLength())
	v.SignOut = h.Cookies.Middleware.Optional(r) != nil
	v.Email.Focus = !v.SignOut // else there is something to read first
	v.goingTo(h.Site.ReturnTo(target, ""))
	if !h.Users.SignupOpen() {
		v.Closed, v.Title = true, "Sign-up is closed"
	}
	return v
}

// Submit makes a user and begins a session.
func (h Handlers) Submit(w http.ResponseWriter, r *http.Request) error {
	in, err := form.Read(r, "email", "name", "password", "return_to")
	if err != nil {
		return err
	}
	if err := h.begin(w, r, in); err != nil {
		return h.again(w, r, in, err)
	}
	return layout.See(w, h.Site.ReturnTo(in.Get("return_to"), h.Layout.Path("/account")))
}

// begin makes the user, signs the person in and sets the cookies.
func (h Handlers) begin(w http.ResponseWriter, r *http.Request, in form.Values) error {
	proof, err := h.Users.SignUp(r.Context(), web.Caller(r), user.Fresh{
		Email: strings.TrimSpace(in.Get("email")), Name: in.Get("name"), Password: secret.New(in.Get("password")),
	})
	if err != nil {
		return err
	}
	grant, err := h.Cookies.Begin(r, session.Start{User: proof.User, Password: proof.Password})
	if err != nil {
		return err
	}
	return h.Cookies.Set(w, grant, h.Now())
}

// again answers a refused form with the form: address and name kept, the password not.
func (h Handlers) again(w http.ResponseWriter, r *http.Request, in form.Values, err error) error {
	f := fault.From(err)
	if !form.Again(f) && f.Code != fault.SignupClosed {
		return err
	}
	f = web.Refused(w, r, err)
	v := h.view(r, in.Get("return_to"))
	v.Email.Value, v.Name.Value = in.Get("email"), in.Get("name")
	if f.Code == fault.EmailTaken {
		f.Fields = []fault.Field{{Name: "email", Code: string(f.Code), Detail: f.Say + " Sign in instead, or use another address."}}
	}
	v.Alert = layout.Marked(f, &v.Email, &v.Name, &v.Password)
	if !v.Closed {
		v.Title = "Error: " + v.Title
	}
	return Page.Send(w, form.Status(f), v)
}
