// Package setup is the page where whoever holds the link from the server's terminal makes the
// first admin.
package setup

import (
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
		Page: Page, Fields: []string{"email", "name", "password"}, View: h.view, Do: h.setUp, Again: again,
	}
	show, submit := web.NoBody(form.Show).Wrap(h.orClosed), form.Submit().Wrap(h.orClosed)
	return []web.Route{
		{Pattern: "GET /setup/{token}", Access: web.Anyone, Handler: show},
		{Pattern: "POST /setup/{token}", Access: web.Anyone, Handler: submit},
	}
}

// tokenOf returns the token in a link.
func tokenOf(r *http.Request) secret.Text { return secret.New(r.PathValue("token")) }

// view returns the form if the link opens one, and uses nothing up: a preview of the link must not
// cost it.
func (h handlers) view(r *http.Request, _ web.Values) (View, error) {
	if r.Method != http.MethodPost {
		if err := h.Users.CheckSetup(r.Context(), tokenOf(r)); err != nil {
			return View{}, err
		}
	}
	v := NewView(h.Layout.Frame("Set up"), r.PathValue("token"), h.Users.MinPasswordLength())
	v.SignOut = h.SignedIn(r)
	v.Email.Focus = !v.SignOut // else there is something to read first
	return v, nil
}

// setUp makes the first admin, signs in and sets the cookies.
func (h handlers) setUp(w http.ResponseWriter, r *http.Request, in web.Values) (next string, err error) {
	proof, err := h.Users.SetUp(r.Context(), web.Caller(r), tokenOf(r), user.Fresh{
		Email: strings.TrimSpace(in.Get("email")), Name: in.Get("name"), Password: secret.New(in.Get("password")),
	})
	if err != nil {
		return "", err
	}
	return h.Layout.Path("/account"), h.SignIn(w, r, session.Start{User: proof.User, Password: proof.Password})
}

// again keeps address and name, and not the password.
func again(v *View, in web.Values, f *fault.Fault) {
	v.Email.Value, v.Name.Value = in.Get("email"), in.Get("name")
	if f.Code == fault.EmailTaken {
		f.Fields = []fault.Field{{
			Name: "email", Code: string(f.Code),
			Detail: f.Say +
				" Use another, or make that user an admin in the server's terminal: handstamp user role EMAIL admin",
		}}
	}
	v.Alert = v.Refuse(f, &v.Email, &v.Name, &v.Password)
}

// orClosed answers for a link that opens nothing, and says what does.
func (h handlers) orClosed(serve web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := serve(w, r)
		if err == nil {
			return nil
		}
		closed, ok := ClosingOf(fault.From(err).Code)
		if !ok {
			return err
		}
		f := web.Refused(w, r, err)
		v := View{Frame: h.Layout.Frame(closed.Heading), Closed: &closed}
		v.SignOut = h.SignedIn(r)
		return Page.Send(w, web.Status(f), v)
	}
}
