package setup

import (
	_ "embed" // for page.html

	"github.com/handstamp/handstamp/internal/fault"
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
	Closed   *Closing     // the link opens nothing; nil: it does
	Alert    layout.Alert // what was wrong with the form; zero: nothing
	Link     string       // the token of the link, which the form goes back to
	Email    layout.Input
	Name     layout.Input
	Password layout.Input
}

// NewView is the form with nothing filled in, for passwords of at least so many characters.
func NewView(frame layout.Frame, link string, leastPassword int) View {
	v := View{
		Frame: frame, Link: link,
		Email: layout.EmailInput(), Name: layout.NameInput(),
		Password: layout.NewPasswordInput("password", "Password", leastPassword),
	}
	v.Email.Focus = true
	return v
}

// Closing is why a link opens nothing.
type Closing struct {
	Heading string
	Say     string
	SignIn  bool // there is an admin who can
}

// closings has one for each fault of a link.
var closings = map[fault.Code]Closing{
	fault.NotFound: {
		Heading: "This link does not work",
		Say: "A setup link works for one day. Check that you copied all of it. To get a new one, restart the " +
			"server: it is shown in the terminal.",
	},
	fault.SetupDone: {
		Heading: "The server is set up",
		Say:     "There is already an admin, and setup links create only the first one.",
		SignIn:  true,
	},
}

// ClosingOf returns why a link opens nothing.
func ClosingOf(code fault.Code) (Closing, bool) {
	c, ok := closings[code]
	return c, ok
}
