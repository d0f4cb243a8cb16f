// Package notice is the page that says one thing: what went wrong, or what happens next, and
// where to go from there.
package notice

import (
	_ "embed" // for page.html
	"net/http"

	"github.com/handstamp/handstamp/internal/fault"
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
	Heading   string
	Say       string     // the one thing
	Advice    []string   // more sentences; nil: none
	Check     []string   // things to look at; nil: none
	Ways      []Way      // where to go; the first stands out
	Code      fault.Code // for whoever helps; empty: nothing went wrong
	RequestID string     // for whoever reads the log
}

// Way is a link onwards.
type Way struct {
	Say    string
	URL    string
	NewTab bool // the page that is open stays, for reloading it
}

// headings say what kind of thing went wrong.
var headings = map[int]string{ // status → heading
	http.StatusForbidden:             "Not allowed",
	http.StatusNotFound:              "Not found",
	http.StatusMethodNotAllowed:      "Not supported",
	http.StatusRequestEntityTooLarge: "Too large",
	http.StatusUnsupportedMediaType:  "Not a form",
	http.StatusMisdirectedRequest:    "Wrong address",
	http.StatusInternalServerError:   "Something went wrong",
	http.StatusServiceUnavailable:    "Temporarily unavailable",
	http.StatusConflict:              "One moment",
	http.StatusTooManyRequests:       "Too many requests",
}

// NewView is the page for a fault: the sentence for people, the code and the request for
// whoever helps them, and nothing of the cause. standards ER-02
func NewView(frame layout.Frame, f *fault.Fault, requestID string) View {
	heading, ok := headings[web.Status(f)]
	if !ok {
		heading = "That did not work"
	}
	frame.Title = heading
	return View{
		Frame: frame, Heading: heading, Say: f.Say, Code: f.Code, RequestID: requestID,
		Ways: []Way{{Say: "Go to your account", URL: frame.Root + "/account"}},
	}
}

// NotSaved is the page for a form that came too late: nothing came of it, and the browser still has
// it.
func NotSaved(frame layout.Frame, f *fault.Fault, requestID, page string) View {
	v := NewView(frame, f, requestID)
	v.Heading, v.Title = "Nothing was saved", "Nothing was saved"
	v.Say = "You were no longer signed in when this form arrived, so nothing was saved or changed."
	v.Advice = []string{
		"Open the page in a new tab. If it asks you to sign in, the form has to be filled in there again. " +
			"If not, nothing is lost: come back, reload this page and let your browser send the form again.",
	}
	v.Ways = []Way{{Say: "Open the page in a new tab", URL: page, NewTab: true}}
	return v
}
