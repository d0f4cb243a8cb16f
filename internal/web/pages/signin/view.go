package signin

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
	Alert    layout.Alert // what was wrong with the form; zero: nothing
	Notice   *Notice      // why the person is here; nil: nothing to say
	Who      string       // the address of whoever is signed in already; empty: nobody, or it was not proved
	Onward   string       // the host of the app that the person goes on to; empty: stays here
	ReturnTo string       // where to go afterwards, checked; empty: the account
	Email    layout.Input
	Password layout.Input
	Remember bool   // the box is ticked
	SignUp   string // where to make an account; empty: nobody may
}

// NewView is the form with nothing filled in, in a frame titled for it.
func NewView(frame layout.Frame) View {
	v := View{
		Frame: frame, Email: layout.EmailInput(),
		Password: layout.Input{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password"},
	}
	v.Email.Focus = true
	return v
}

// goingTo notes where the person goes after signing in. target was checked.
func (v *View) goingTo(target string) {
	v.ReturnTo = target
	if u, err := url.Parse(target); err == nil && u.Host != v.Host {
		v.Onward = u.Host
	}
}

// typing puts the focus where a person types next. With something to read first it
// stays at the top, where screen readers begin.
func (v *View) typing() {
	calm := v.Notice == nil && !v.SignOut
	v.Email.Focus = calm && v.Email.Value == ""
	v.Password.Focus = calm && v.Email.Value != ""
}
