package signup

import (
	_ "embed" // for page.html
	"fmt"
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
	return View{
		Frame:  frame,
		SignIn: frame.Root + "/signin",
		Email: layout.Input{
			Name: "email", Label: "E-mail address", Type: "text", Autocomplete: "username", Keyboard: "email", Focus: true,
		},
		Name: layout.Input{
			Name: "name", Label: "Name", Type: "text", Autocomplete: "name", Optional: true,
		},
		// Guidance, since there are no rules of composition. NIST SP 800-63B-4 §3.1.1.2
		Password: layout.Input{
			Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password",
			Rules: fmt.Sprintf("minlength: %d; maxlength: 256;", leastPassword),
			Hint: fmt.Sprintf("At least %d characters, of any kind. Four or five words that do not belong together are easy to remember and hard to guess; "+
				"a password manager does as well.", leastPassword),
		},
	}
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
