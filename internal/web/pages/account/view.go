package account

import (
	_ "embed" // for page.html

	"github.com/handstamp/handstamp/internal/store"
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
	Done  string       // what was just done; empty: nothing
	Alert layout.Alert // what was wrong with the form; zero: nothing
	Token string       // of the page's forms
	Email string
	Name  layout.Input
}

// NewView lays out a person's profile.
func NewView(frame layout.Frame, u store.User, token string) View {
	v := View{Frame: frame, Token: token, Email: u.Email, Name: layout.NameInput()}
	v.Name.Value = u.Name
	v.Name.Hint = "The name that apps you sign in to may show."
	return v
}
