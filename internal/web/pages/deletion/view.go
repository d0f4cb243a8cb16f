package deletion

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

// fieldSure is the box that is ticked by whoever means it.
const fieldSure = "sure"

// View is what the page shows.
type View struct {
	layout.Frame
	Alert layout.Alert // why it is asked again; zero: it is not
	Token string       // of the page's form
	Email string
	Sure  layout.Input // the box; only what is wrong with it counts
}

// Refuse says why nothing was deleted.
func (v *View) Refuse(f *fault.Fault) {
	v.Sure.Name = fieldSure
	v.Alert = v.Frame.Refuse(f, &v.Sure)
}
