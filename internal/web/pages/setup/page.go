// Package setup is the page where whoever holds the link from the server's terminal makes the
// first admin.
package setup

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
	Cookies web.SessionCookies
	Users   *user.Manager
	Now     func() time.Time
}

// tokenOf gives the token in a link.
func tokenOf(r *http.Request) secret.Text { return secret.New(r.PathValue("token")) }

// Show answers with the form where the link opens one, and uses nothing up: a preview of the
// link must not cost it.
func (h Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	if err := h.Users.CheckSetup(r.Context(), tokenOf(r)); err != nil {
		return h.shut(w, r, err)
	}
	return Page.Send(w, http.StatusOK, h.view(r))
}

// view is the form with nothing filled in.
func (h Handlers) view(r *http.Request) View {
	v := NewView(h.Layout.Frame("Set up"), r.PathValue("token"), h.Users.MinPasswordLength())
	v.SignOut = h.Cookies.Middleware.Optional(r) != nil
	v.Email.Focus = !v.SignOut // else there is something to read first
	return v
}

// Submit makes the first admin and begins a session.
func (h Handlers) Submit(w http.ResponseWriter, r *http.Request) error {
	in, err := form.Read(r, "email", "name", "password")
	if err != nil {
		return err
	}
	if err := h.begin(w, r, in); err != nil {
		return h.again(w, r, in, err)
	}
	return layout.See(w, h.Layout.Path("/account"))
}

// begin makes the admin, signs the person in and sets the cookies.
func (h Handlers) begin(w http.ResponseWriter, r *http.Request, in form.Values) error {
	proof, err := h.Users.SetUp(r.Context(), web.Caller(r), tokenOf(r), user.Fresh{
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
	if f.Code == fault.NotFound || f.Code == fault.SetupDone {
		return h.shut(w, r, err)
	}
	if !form.Again(f) {
		return err
	}
	f = web.Refused(w, r, err)
	v := h.view(r)
	v.Email.Value, v.Name.Value = in.Get("email"), in.Get("name")
	if f.Code == fault.EmailTaken {
		f.Fields = []fault.Field{{Name: "email", Code: string(f.Code), Detail: f.Say + " Use another, or give that user the role in the server's terminal: handstamp user role EMAIL admin"}}
	}
	v.Alert = layout.Marked(f, &v.Email, &v.Name, &v.Password)
	v.Title = "Error: " + v.Title
	return Page.Send(w, form.Status(f), v)
}

// shut answers for a link that opens nothing, and says what does.
func (h Handlers) shut(w http.ResponseWriter, r *http.Request, err error) error {
	f := fault.From(err)
	closed, ok := ClosingOf(f.Code)
	if !ok {
		return err
	}
	f = web.Refused(w, r, err)
	v := View{Frame: h.Layout.Frame(closed.Heading), Closed: &closed}
	v.SignOut = h.Cookies.Middleware.Optional(r) != nil
	return Page.Send(w, web.Status(f), v)
}
