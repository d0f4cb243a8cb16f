package security

import (
	_ "embed" // for page.html

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
	Done    string       // what was just done; empty: nothing
	Alert   layout.Alert // what was wrong with the form; zero: nothing
	Token   string       // of the page's form
	Email   string       // tells a password manager whose password changes
	Current layout.Input
	New     layout.Input
}

// NewView is the form with nothing filled in, for passwords of at least so many characters.
func NewView(frame layout.Frame, leastPassword int) View {
	return View{
		Frame: frame,
		Current: layout.Input{
			Name: "current_password", Label: "Current password", Type: "password", Autocomplete: "current-password",
		},
		New: layout.NewPasswordInput("new_password", "New password", leastPassword),
	}
}
