// Package signin is the page where a person signs in, and where whoever's session has ended
// reads why.
package signin

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/page"
)

// handlers answer for the page.
type handlers struct{ page.Parts }

// Routes are the page's.
func Routes(p page.Parts) []web.Route {
	h := handlers{p}
	form := page.Form[View]{
		Page: Page, Fields: []string{"email", "password", "remember", "return_to"},
		View: h.view, Do: h.signIn, Again: again,
	}
	return []web.Route{
		{Pattern: "GET /signin", Access: web.Anyone, Handler: web.NoBody(h.show)},
		{Pattern: "POST /signin", Access: web.Anyone, Handler: form.Submit()},
	}
}

// show answers with the form, and says who is signed in or why nobody is. It sets no cookie: a
// session begins with a POST alone. standards SE-19
func (h handlers) show(w http.ResponseWriter, r *http.Request) error {
	view := h.form(r, web.Values{})
	if err := h.recognise(&view, r, r.URL.Query().Get("reason")); err != nil {
		return err
	}
	view.typing()
	return Page.Send(w, http.StatusOK, view)
}

// view returns the form as it comes back.
func (h handlers) view(r *http.Request, in web.Values) (View, error) {
	v := h.form(r, in)
	v.SignOut = h.SignedIn(r)
	return v, nil
}

// form returns the form for somebody who goes to return_to afterwards, if it is a place to go to.
func (h handlers) form(r *http.Request, in web.Values) View {
	v := NewView(h.Layout.Frame("Sign in"))
	v.goingTo(h.ReturnTo(cmp.Or(in.Get("return_to"), r.URL.Query().Get("return_to")), ""))
	if h.Users.SignupOpen() {
		v.SignUp = h.Layout.Path("/signup")
		if v.ReturnTo != "" {
			v.SignUp += "?" + url.Values{"return_to": {v.ReturnTo}}.Encode()
		}
	}
	return v
}

// recognise notes who is signed in, or why that is over. What the refresh cookie's session
// says counts before what the address says.
func (h handlers) recognise(v *View, r *http.Request, reason string) error {
	ended, err := h.remembered(v, r)
	if err != nil || ended {
		return err
	}
	if s := h.Cookies.Middleware.Optional(r); s != nil {
		by := web.Caller(r)
		by.User = store.UserID(s.Subject)
		u, err := h.Users.Get(r.Context(), by)
		if err != nil && !fault.HasCode(err, fault.UserNotFound) {
			return err
		}
		v.SignOut, v.Who, v.Email.Value = true, u.Email, u.Email
	}
	if !v.SignOut || reason == string(fault.ReauthenticationRequired) || reason == NothingDone {
		v.Notice = noticeOf(reason)
	}
	return nil
}

// remembered asks for the session that the refresh cookie names, and reports whether it is
// over. That a token names a live one is no proof, so it shows no address.
func (h handlers) remembered(v *View, r *http.Request) (ended bool, err error) {
	token, err := h.Cookies.Refresh(r)
	if err != nil || token.Empty() {
		return false, nil // the form works without
	}
	s, err := h.Sessions.FindByRefresh(r.Context(), token)
	if fault.HasCode(err, fault.InvalidToken) || fault.HasCode(err, fault.SessionNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	reason := s.Session.Over(h.Now())
	if reason == "" && s.User.Disabled() {
		reason = store.UserDisabled
	}
	v.SignOut = reason == ""
	if reason != "" {
		v.Notice = noticeOfRow(reason, s.Session)
	}
	return reason != "", nil
}

// signIn checks the password, begins a session and sets the cookies.
func (h handlers) signIn(w http.ResponseWriter, r *http.Request, in web.Values) (next string, err error) {
	email, password := strings.TrimSpace(in.Get("email")), in.Get("password")
	err = page.Complete(
		page.Required{Name: "email", Value: email, Say: "Enter your e-mail address."},
		page.Required{Name: "password", Value: password, Say: "Enter your password."},
	)
	if err != nil {
		return "", err
	}
	proof, err := h.Users.Authenticate(r.Context(), web.Caller(r), email, secret.New(password))
	if err != nil {
		return "", err
	}
	start := session.Start{User: proof.User, Password: proof.Password, Remember: in.Get("remember") != ""}
	if err := h.SignIn(w, r, start); err != nil {
		return "", err
	}
	return h.ReturnTo(in.Get("return_to"), h.Layout.Path("/account")), nil
}

// again keeps the address, and not the password.
func again(v *View, in web.Values, f *fault.Fault) {
	v.Email.Value, v.Remember = in.Get("email"), in.Get("remember") != ""
	v.Alert = v.Refuse(f, &v.Email, &v.Password)
	if f.Code == fault.InvalidCredentials {
		v.Email.Unproven, v.Password.Unproven = true, true
	}
	if len(v.Alert.Mistakes) == 0 {
		v.Password.Focus = true
	}
}
