package browser_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// timeout is how long anything on a page may take.
const timeout = 30 * time.Second

// profile is a browser profile, with cookies of its own and one tab.
type profile struct {
	t       *testing.T
	tab     context.Context
	jar     cdp.BrowserContextID
	seen    *watch
	scripts bool   // pages may run scripts
	base    string // what paths are below
}

// newProfile opens a profile whose pages come from base, and from the other origins that are
// named. Everything it complains of fails the test at its end.
func newProfile(t *testing.T, base string, others ...string) *profile {
	t.Helper()
	tab, jar := newTab(t)
	p := &profile{t: t, tab: tab, jar: jar, seen: newWatch(append(others, base)), scripts: true, base: base}
	if err := p.seen.begin(tab); err != nil {
		t.Fatal(err)
	}
	focused := emulation.SetFocusEmulationEnabledParams{Enabled: true} // as if its window were in front
	p.do(command(emulation.SetFocusEmulationEnabled, focused))
	p.as(laptop)
	t.Cleanup(func() {
		p.do(script("0")) // what was complained of before has arrived by now
		for _, line := range p.seen.complaints.take() {
			t.Errorf("the browser complains: %s", line)
		}
	})
	return p
}

// newTab opens a tab in a window of its own, with a jar of its own, until the test ends.
func newTab(t *testing.T) (context.Context, cdp.BrowserContextID) {
	t.Helper()
	tab, closeTab := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	if err := chromedp.Do(tab); err != nil {
		t.Fatal(err)
	}
	return tab, chromedp.FromContext(tab).BrowserContextID
}

// script returns a step that runs a script of the test, not of the page.
func script(text string) step { return chromedp.Evaluate[chromedp.Void](text) }

// result returns an action that sends a command to the tab, and returns its result.
func result[P, R any](c cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, tab *chromedp.Target) (R, error) { return cdp.Call(ctx, tab, c, params) }
}

// command returns a step that sends a command to the tab.
func command[P, R any](c cdp.Command[P, R], params P) step {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, c, params)
		return err
	})
}

// withoutScripts has the profile's pages run none from now on.
func (p *profile) withoutScripts() *profile {
	p.t.Helper()
	p.do(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	p.scripts = false
	return p
}

// as sets another User-Agent.
func (p *profile) as(agent string) *profile {
	p.t.Helper()
	p.do(command(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent}))
	return p
}

// in returns the same profile for a subtest.
func (p *profile) in(t *testing.T) *profile {
	same := *p
	same.t = t
	return &same
}

// step is an action of a tab that returns nothing.
type step = chromedp.Action[chromedp.Void]

// do has the tab take steps, or ends the test.
func (p *profile) do(steps ...step) {
	p.t.Helper()
	mustRun(p, chromedp.Steps(steps...))
}

// mustRun has the tab run an action, and returns its value, or ends the test.
func mustRun[T any](p *profile, action chromedp.Action[T]) T {
	p.t.Helper()
	limited, cancel := context.WithTimeout(p.tab, timeout)
	defer cancel()
	value, err := chromedp.Run(limited, action)
	if err != nil {
		p.t.Fatalf("%v; the page is\n%s", err, p.describe())
	}
	return value
}

// eval returns what a script of the test, not of the page, finds.
func eval[T any](p *profile, script string) T {
	p.t.Helper()
	return mustRun(p, chromedp.Evaluate[T](script))
}

// describe returns address and text of the page, for whoever reads a failure.
func (p *profile) describe() string {
	limited, cancel := context.WithTimeout(p.tab, 2*time.Second)
	defer cancel()
	text, err := chromedp.Run(limited, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// mark is on a page that is about to be left.
const mark = "handstampTestLeaving"

// leave does what leads to another page, and waits until that is there whole: at target, a
// path or an address.
func (p *profile) leave(target string, steps ...step) {
	p.t.Helper()
	p.do(append([]step{script("window." + mark + " = true")}, steps...)...)
	p.arrive(target)
}

// arrive waits until the tab shows target, whole, and not the page that was left.
func (p *profile) arrive(target string) {
	p.t.Helper()
	want := p.address(target)
	var got string
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		limited, cancel := context.WithTimeout(p.tab, timeout)
		at, err := chromedp.Run(limited, chromedp.Evaluate[string](
			`window.`+mark+` || document.readyState != "complete" ? "" : location.href`,
		))
		got = at
		cancel()
		if err == nil && got == want { // an error: it was on its way
			return
		}
	}
	p.t.Fatalf("the tab is at %q, want %q; the page is\n%s", got, want, p.describe())
}

// address returns a path's whole address.
func (p *profile) address(target string) string {
	if strings.HasPrefix(target, "/") {
		return p.base + target
	}
	return target
}

// visit opens a page that leads nowhere else.
func (p *profile) visit(target string) {
	p.t.Helper()
	p.follow(target, target)
}

// follow opens a page that leads to another.
func (p *profile) follow(target, end string) {
	p.t.Helper()
	p.leave(end, chromedp.Navigate(p.address(target)))
}

// press presses the button whose text begins so, which leads to target.
func (p *profile) press(text, target string) {
	p.t.Helper()
	p.leave(target, chromedp.Click(button(text)))
}

// click follows the link whose text begins so, which leads to target.
func (p *profile) click(text, target string) {
	p.t.Helper()
	p.leave(target, chromedp.Click(fmt.Sprintf(`//a[starts-with(normalize-space(), %q)]`, text)))
}

// button finds one in the page's main part, or else in its head, by the beginning of its text.
func button(text string) string {
	one := fmt.Sprintf(`//button[starts-with(normalize-space(), %q)]`, text)
	return "//main" + one + " | //header[not(//main" + one + ")]" + one
}

// fill puts texts into fields, as a password manager or a paste does: name, value.
func (p *profile) fill(fields ...string) {
	p.t.Helper()
	for i := 0; i+1 < len(fields); i += 2 {
		p.do(
			chromedp.Focus(chromedp.CSS("#"+fields[i])),
			chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
			command(input.InsertText, input.InsertTextParams{Text: fields[i+1]}),
		)
	}
}

// shows checks that texts can be read on the page.
func (p *profile) shows(texts ...string) {
	p.t.Helper()
	read := eval[string](p, "document.body.innerText")
	for _, text := range texts {
		if !strings.Contains(strings.ToLower(read), strings.ToLower(text)) { // a style may turn it into capitals
			p.t.Errorf("page does not show %q:\n%s", text, read)
		}
	}
}

// hides checks that none of texts can be read on the page.
func (p *profile) hides(texts ...string) {
	p.t.Helper()
	read := eval[string](p, "document.body.innerText")
	for _, text := range texts {
		if strings.Contains(strings.ToLower(read), strings.ToLower(text)) {
			p.t.Errorf("page shows %q:\n%s", text, read)
		}
	}
}

// typesAt checks that typing goes on in the field with this id. A browser goes there when it first
// draws the page, which may be after it has loaded it (HTML §6.6.7, flush autofocus candidates).
func (p *profile) typesAt(id string) {
	p.t.Helper()
	at := ""
	end := time.Now().Add(5 * time.Second)
	for ; time.Now().Before(end); p.do(chromedp.Sleep(20 * time.Millisecond)) {
		if at = eval[string](p, "document.activeElement.id"); at == id {
			return
		}
	}
	p.t.Errorf("after a mistake typing goes on at %q, want %s", at, id)
}

// signIn signs a user in on the page at /signin, which leads to target afterwards.
func (p *profile) signIn(email, password, target string) {
	p.t.Helper()
	p.fill("email", email, "password", password)
	p.press("Sign in", target)
}

// query returns an address's path with parameters: name, value.
func query(path string, params ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		values.Set(params[i], params[i+1])
	}
	return path + "?" + values.Encode()
}
