package layout

// Place is one of the pages that a person's account is made of: its address.
type Place string

// The pages, in the order in which they are offered.
const (
	Profile  Place = "/account"
	Devices  Place = "/account/sessions"
	Security Place = "/account/security"
)

// Tab is a link from one page of the account to another.
type Tab struct {
	Say  string
	URL  string
	Here bool // it is the page that shows it
}

// Tabs returns the links between the pages of the account, below root.
func Tabs(root string, here Place) []Tab {
	tabs := []Tab{
		{Say: "Profile", URL: string(Profile)},
		{Say: "Devices", URL: string(Devices)},
		{Say: "Security", URL: string(Security)},
	}
	for i := range tabs {
		tabs[i].Here = tabs[i].URL == string(here)
		tabs[i].URL = root + tabs[i].URL
	}
	return tabs
}

// Account makes the frame of a page of the account, which only somebody who is signed in sees.
func (l *Layout) Account(title string, here Place) Frame {
	f := l.Frame(title)
	f.SignOut, f.Tabs = true, Tabs(f.Root, here)
	return f
}
