// Package signin is the page where a person signs in, and where whoever's session has ended
// reads why.
package signin

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/store"
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

// Show answers with the form. It sets no cookie: a session begins with a POST alone.
// requirements SE-19
func (h Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	view := h.view(query.Get("return_to"))
	if err := h.recognise(&view, r, query.Get("reason")); err != nil {
		return err
	}
	view.typing()
	return Page.Send(w, http.StatusOK, view)
}

// view is the form for somebody who goes to target afterwards, if it is one to go to.
func (h Handlers) view(target string) View {
	v := NewView(h.Layout.Frame("Sign in"))
	v.goingTo(h.Site.ReturnTo(target, ""))
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
func (h Handlers) recognise(v *View, r *http.Request, reason string) error {
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
	if !v.SignOut || reason == string(fault.ReauthenticationRequired) {
		v.Notice = noticeOf(reason)
	}
	return nil
}

// remembered asks for the session that the refresh cookie names, and tells whether it is
// over. That a token names a live one is no proof, so it shows no address.
func (h Handlers) remembered(v *View, r *http.Request) (ended bool, err error) {
	token, err := h.Cookies.Refresh(r)
	if err != nil || token.Empty() {
		return false, nil // the form works without
	}
	s, err := h.Cookies.Sessions.FindByRefresh(r.Context(), token)
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

// Submit checks a password and begins a session.
func (h Handlers) Submit(w http.ResponseWriter, r *http.Request) error {
	in, err := form.Read(r, "email", "password", "remember", "return_to")
	if err != nil {
		return err
	}
	if err := h.begin(w, r, in); err != nil {
		return h.again(w, r, in, err)
	}
	return layout.See(w, h.Site.ReturnTo(in.Get("return_to"), h.Layout.Path("/account")))
}

// begin signs the person in and sets the cookies.
func (h Handlers) begin(w http.ResponseWriter, r *http.Request, in form.Values) error {
	email, password := strings.TrimSpace(in.Get("email")), secret.New(in.Get("password"))
	if err := complete(email, password); err != nil {
		return err
	}
	proof, err := h.Users.Authenticate(r.Context(), web.Caller(r), email, password)
	if err != nil {
		return err
	}
	grant, err := h.Cookies.Begin(r, session.Start{User: proof.User, Password: proof.Password, Remember: in.Get("remember") != ""})
	if err != nil {
		return err
	}
	return h.Cookies.Set(w, grant, h.Now())
}

// complete is the mistake of a field left empty, or nil.
func complete(email string, password secret.Text) error {
	f := fault.New(fault.InvalidRequest)
	if email == "" {
		f.Fields = append(f.Fields, fault.Field{Name: "email", Code: "required", Detail: "Enter your e-mail address."})
	}
	if password.Empty() {
		f.Fields = append(f.Fields, fault.Field{Name: "password", Code: "required", Detail: "Enter your password."})
	}
	if len(f.Fields) == 0 {
		return nil
	}
	return f
}

// again answers a refused form with the form: the address kept, the password not.
func (h Handlers) again(w http.ResponseWriter, r *http.Request, in form.Values, err error) error {
	if !form.Again(fault.From(err)) {
		return err
	}
	f := web.Refused(w, r, err)
	v := h.view(in.Get("return_to"))
	v.Title = "Error: " + v.Title
	v.SignOut = h.Cookies.Middleware.Optional(r) != nil
	v.Email.Value, v.Remember = in.Get("email"), in.Get("remember") != ""
	v.Alert = layout.Marked(f, &v.Email, &v.Password)
	if f.Code == fault.InvalidCredentials {
		v.Email.Unproven, v.Password.Unproven = true, true
	}
	if len(v.Alert.Mistakes) == 0 {
		v.Password.Focus = true
	}
	return Page.Send(w, form.Status(f), v)
}
