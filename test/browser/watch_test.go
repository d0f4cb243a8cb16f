package browser_test

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// watch notes what a tab complains of: a policy that was violated, a request to somebody who
// was not named, an error of a script, a dialog, a form that password managers or screen
// readers cannot read.
type watch struct {
	origins    []string // that may be asked
	complaints complaints
}

// watches are those of all tabs.
var watches watchesByTab

// watchesByTab hands on what the browser says to the watch of the tab that it is about.
type watchesByTab struct {
	mu  sync.Mutex // guards all
	all map[target.SessionID]*watch
}

// add adds the watch of a tab.
func (w *watchesByTab) add(tab target.SessionID, of *watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[target.SessionID]*watch{}
	}
	w.all[tab] = of
}

// read reads a message of the protocol. The driver calls it before it looks at the message itself:
// when a command is answered, every event before the answer has been noted.
func (w *watchesByTab) read(format string, args ...any) {
	text, ok := args[0].([]byte)
	if !ok || !strings.HasPrefix(format, "<-") {
		return // it is one to the browser
	}
	var message cdproto.Message
	if err := json.Unmarshal(text, &message, chromedp.DefaultUnmarshalOptions); err != nil || message.Method == "" {
		return // the driver says so itself; or it is an answer
	}
	w.mu.Lock()
	to := w.all[message.SessionID]
	w.mu.Unlock()
	if to == nil {
		return
	}
	event, err := cdproto.UnmarshalMessage(&message, chromedp.DefaultUnmarshalOptions)
	if err != nil {
		return // likewise
	}
	to.note(event)
}

// newWatch lets only these origins be asked.
func newWatch(origins []string) *watch { return &watch{origins: origins} }

// begin watches a tab.
func (w *watch) begin(tab context.Context) error {
	watches.add(chromedp.FromContext(tab).Target.SessionID, w)
	return chromedp.Do(
		tab, command(network.Enable, network.EnableParams{}), command(log.Enable, cdp.Empty{}),
		command(audits.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{}),
		command(page.Enable, page.EnableParams{}),
	)
}

// note judges one event.
func (w *watch) note(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		w.request(e.Request.URL)
	case *network.EventWebSocketCreated:
		w.request(e.URL)
	case *log.EventEntryAdded:
		// Some tests are about refused requests.
		refused := e.Entry.Source == log.EntrySourceNetwork
		// A test typed before the page had put the focus somewhere.
		early := e.Entry.Source == log.EntrySourceRendering && e.Entry.Level == log.EntryLevelInfo
		if !refused && !early {
			w.complaints.add("%s %s: %s", e.Entry.Source, e.Entry.Level, e.Entry.Text)
		}
	case *audits.EventIssueAdded:
		// Tests read document.cookie themselves, which the browser calls slow.
		d := e.Issue.Details.PerformanceIssueDetails
		if d == nil || d.PerformanceIssueType != audits.PerformanceIssueTypeDocumentCookie {
			w.complaints.add("%s: %s", e.Issue.Code, details(e.Issue))
		}
	case *runtime.EventExceptionThrown:
		w.complaints.add("exception: %s", &chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails})
	case *runtime.EventConsoleAPICalled:
		w.complaints.add("console.%s", e.Type)
	case *page.EventJavascriptDialogOpening:
		w.complaints.add("dialog: %s", e.Message)
	}
}

// request judges an address that is asked for.
func (w *watch) request(address string) {
	u, err := url.Parse(address)
	if err != nil || !slices.Contains(w.origins, u.Scheme+"://"+u.Host) {
		w.complaints.add("request to %s", address)
	}
}

// details returns what is known of an issue.
func details(issue *audits.InspectorIssue) string {
	if d := issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
		return fmt.Sprintf("%s %s", d.ViolatedDirective, d.BlockedURL)
	}
	if d := issue.Details.GenericIssueDetails; d != nil {
		return fmt.Sprintf("%s %s", d.ErrorType, d.ViolatingNodeAttribute)
	}
	return strings.TrimSpace(fmt.Sprintf("%+v", issue.Details))
}

// expect waits for a complaint that holds each of parts, and takes all there are.
func (p *profile) expect(parts ...string) {
	p.t.Helper()
	var lines string
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		lines += strings.Join(p.seen.complaints.take(), "\n")
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(lines, part) }) {
			return
		}
	}
	p.t.Errorf("the browser complains of %q, want %q among it", lines, parts)
}

// TestWatch lets a page do what it must not, and has it noticed.
func TestWatch(t *testing.T) {
	t.Parallel()
	s := start(t)
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(elsewhere.Close)
	tests := []struct{ name, script, want string }{
		{
			"script in the page",
			`let e = document.createElement("script"); e.textContent = "window.ran = true"; document.body.append(e)`,
			"script-src",
		},
		{"script in an attribute", `document.body.innerHTML = "<img src=x onerror='window.ran = true'>"`, "script-src"},
		{"image from elsewhere", `new Image().src = "` + elsewhere.URL + `"`, "img-src"},
		{"style in an attribute", `document.body.setAttribute("style", "color: red")`, "style-src"},
		{"call elsewhere", `fetch("` + elsewhere.URL + `").catch(() => 0)`, "connect-src"},
		{
			"form to elsewhere",
			`let f = document.forms[0]; f.action = "http://elsewhere.example/"; f.noValidate = true; f.requestSubmit()`,
			"form-action",
		},
		{"going elsewhere", `location.href = "` + elsewhere.URL + `"`, "request to " + elsewhere.URL},
		{"an error of a script", `setTimeout(() => { throw new Error("oops") })`, "exception"},
		{"a console line", `console.log("oops")`, "console.log"},
	}
	shared := newProfile(t, s.URL)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := shared.in(t)
			p.visit("/signin")
			p.seen.complaints.take()
			p.do(script(test.script))
			p.expect(test.want)
			if eval[bool](p, "window.ran == true") {
				t.Error("the script ran")
			}
			p.seen.complaints.take()
		})
	}
}
