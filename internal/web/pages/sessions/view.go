package sessions

import (
	_ "embed" // for page.html
	"slices"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web"
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
	Done    string   // what was just done; empty: nothing
	Token   string   // of the page's forms
	Devices []Device // the one that asks first
	Others  int      // how many of them are not the one that asks
}

// Device is a session as the person sees it.
type Device struct {
	ID       string
	Name     string // such as "Firefox on Linux"
	IP       string
	Method   string // how the person signed in; empty: not known
	Started  Moment
	LastUsed Moment
	Ends     Moment
	Current  bool
}

// NewView lays out a person's sessions, one of which asks, as they are at now.
func NewView(frame layout.Frame, live []store.Session, asking Asking) View {
	v := View{Frame: frame, Token: asking.Token}
	for _, s := range live {
		d := describe(s, asking)
		if !d.Current {
			v.Others++
		}
		v.Devices = append(v.Devices, d)
	}
	slices.SortStableFunc(v.Devices, func(a, b Device) int {
		switch {
		case a.Current == b.Current:
			return 0
		case a.Current:
			return -1
		}
		return 1
	})
	return v
}

// Asking is who looks at the page, and when.
type Asking struct {
	Session store.SessionID
	Token   string // of the forms for that session
	Now     time.Time
}

// describe returns one session as its user sees it.
func describe(s store.Session, asking Asking) Device {
	d := Device{
		ID: s.ID.String(), Name: upper(web.Device(s.LastUsedBy.Agent)), IP: "not known", Method: method(s.AMR),
		Started: exactly(s.CreatedAt), LastUsed: toTheHour(s.LastUsedAt, asking.Now), Ends: exactly(s.ExpiresAt),
		Current: s.ID == asking.Session,
	}
	if s.LastUsedBy.IP.IsValid() {
		d.IP = s.LastUsedBy.IP.String()
	}
	return d
}

// method says how somebody signed in. RFC 8176 §2
func method(amr []string) string {
	if slices.Equal(amr, []string{"pwd"}) {
		return "with a password"
	}
	return ""
}

// upper begins a line with a capital where the words are ours, not a program's name.
func upper(name string) string {
	if rest, ok := strings.CutPrefix(name, "an "); ok {
		return "An " + rest
	}
	return name
}
