package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// reachable are the elements that the keyboard has to reach, in the order of the page.
const reachable = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]):not([hidden])")]`

// focus is where the keyboard is.
type focus struct {
	Index   int     // among the reachable; -1: nowhere
	Text    string  // of the element, or of its label
	Outline float64 // how thick the line around it is, in pixels; 0: none
	Inside  bool    // it is on the screen
	Top     float64 // where it is on the page
	Bottom  float64
}

// focused finds it.
const focused = `(() => {
	const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect()
	const label = e.labels && e.labels[0]
	return {
		Index: ` + reachable + `.indexOf(e), Text: (label ? label.innerText : e.innerText || "").trim().replace(/\s+/g, " "),
		Outline: style.outlineStyle == "none" ? 0 : parseFloat(style.outlineWidth),
		Inside: box.top > -1 && box.bottom < innerHeight + 1 && box.left > -1 && box.right < innerWidth + 1,
		Top: box.top + scrollY, Bottom: box.bottom + scrollY,
	}
})()`

// next presses Tab once and returns where it leads.
func (p *profile) next() focus {
	p.t.Helper()
	p.do(chromedp.KeyEvent(kb.Tab))
	return eval[focus](p, focused)
}

// walk goes through the page with Tab from its top, and returns what is not reached, is reached
// out of order, or does not show that the keyboard is there. WCAG 2.2 §2.1.1, §2.4.3, §2.4.7
func (p *profile) walk() (problems []string) {
	p.t.Helper()
	p.do(
		script("document.body.tabIndex = -1; document.body.focus()"),
		script(`document.body.removeAttribute("tabindex"); scrollTo(0, 0)`),
	)
	last := focus{}
	for i := range eval[int](p, reachable+".length") {
		at := p.next()
		switch {
		case at.Index != i:
			return append(problems, fmt.Sprintf("Tab %d leads to %d (%q), want them in order", i+1, at.Index, at.Text))
		case at.Outline < 2:
			problems = append(
				problems,
				fmt.Sprintf("nobody sees that it is at %q: the outline is %v pixels", at.Text, at.Outline),
			)
		case !at.Inside:
			problems = append(problems, fmt.Sprintf("it is at %q, which is not on the screen", at.Text))
		case at.Bottom < last.Top:
			problems = append(problems, fmt.Sprintf("it goes up, from %q to %q", last.Text, at.Text))
		}
		last = at
	}
	return problems
}

// reach presses Tab until it leads to what begins with text.
func (p *profile) reach(text string) {
	p.t.Helper()
	var passed []string
	for range 40 {
		at := p.next()
		if strings.HasPrefix(at.Text, text) {
			return
		}
		passed = append(passed, at.Text)
	}
	p.t.Fatalf("Tab does not lead to %q, but to %q", text, passed)
}

// TestKeyboard signs in, ends another device, changes the name and signs out without a mouse.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.MustUser("ada@example.com")
	s.Browser(phone).SignIn("ada@example.com")
	p := newProfile(t, s.URL)
	p.visit("/signin")
	p.do(chromedp.KeyEvent("ada@example.com")) // the first field has the focus already
	p.reach("Password")
	p.do(chromedp.KeyEvent(handstamptest.GoodPassword))
	p.reach("Keep me signed in")
	p.do(chromedp.KeyEvent(" "))
	p.leave("/account", chromedp.KeyEvent(kb.Enter))
	p.reach("Devices")
	p.leave("/account/sessions", chromedp.KeyEvent(kb.Enter))
	p.shows("One other session")
	p.reach("End the session on Safari on iOS")
	p.leave("/account/sessions?done=ended", chromedp.KeyEvent(kb.Enter))
	p.shows("The session was ended.")
	p.hides("other session")
	p.reach("Profile")
	p.leave("/account", chromedp.KeyEvent(kb.Enter))
	p.reach("Name")
	p.do(chromedp.KeyEvent("Ada Lovelace"))
	p.leave("/account?done=name", chromedp.KeyEvent(kb.Enter))
	p.reach("Sign out")
	p.leave("/signin?reason=signed_out", chromedp.KeyEvent(" "))
	p.shows("You are signed out.")
}
