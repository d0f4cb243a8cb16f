package signup

import (
	_ "embed" // for page.html
	"net/url"

	"github.com/handstamp/handstamp/internal/web/pages/layout"
)

// content is the page's own HTML.
//
//go:embed page.html
var content string

// Page draws a View.
var Page = layout.Parse[View](content)

// View is what the page shows.
type View struct {
	layout.Frame
	Closed   bool         // nobody may sign up
	Alert    layout.Alert // what was wrong with the form; zero: nothing
	Onward   string       // the host of the app that the person goes on to; empty: stays here
	ReturnTo string       // where to go afterwards, checked; empty: the account
	SignIn   string       // where to sign in instead
	Email    layout.Input
	Name     layout.Input
	Password layout.Input
}

// NewView is the form with nothing filled in, for passwords of at least so many characters.
func NewView(frame layout.Frame, leastPassword int) View {
	v := View{
		Frame: frame, SignIn: frame.Root + "/signin",
		Email: layout.EmailInput(), Name: layout.NameInput(),
		Password: layout.NewPasswordInput("password", "Password", leastPassword),
	}
	v.Email.Focus = true
	return v
}

// goingTo notes where the person goes after signing up. target was checked.
func (v *View) goingTo(target string) {
	if target == "" {
		return
	}
	v.ReturnTo = target
	v.SignIn += "?" + url.Values{"return_to": {target}}.Encode()
	if u, err := url.Parse(target); err == nil && u.Host != v.Host {
		v.Onward = u.Host
	}
}
