package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// state is a page in one state, and how a user gets there.
type state struct {
	name string
	open func(p *profile)
}

// lax switches off what the browser itself asks for before it sends a form.
const lax = `document.querySelectorAll("main form").forEach(f => f.noValidate = true)`

// submitAnyway sends the page's form without what the browser would ask for first.
func submitAnyway(p *profile, button, target string) {
	p.t.Helper()
	p.do(script(lax))
	p.press(button, target)
}

// signedOut are the states for whoever is not signed in.
func signedOut(link string) []state {
	return []state{
		{"signin", func(p *profile) { p.visit("/signin") }},
		{
			"signin_refused",
			func(p *profile) { p.visit("/signin"); p.signIn("ada@example.com", "not this one, no", "/signin") },
		},
		{"signin_empty", func(p *profile) { p.visit("/signin"); submitAnyway(p, "Sign in", "/signin") }},
		{"signin_ended", func(p *profile) { p.visit("/signin?reason=reuse_detected") }},
		{"signin_deleted", func(p *profile) { p.visit("/signin?reason=user_deleted") }},
		{"signup", func(p *profile) { p.visit("/signup") }},
		{"signup_refused", func(p *profile) {
			p.visit("/signup")
			p.fill("email", "ada", "password", "short")
			p.press("Create account", "/signup")
		}},
		{"signout", func(p *profile) { p.visit("/signout") }},
		{"renew", func(p *profile) { p.visit("/session/renew?repeated=1") }},
		{"not_found", func(p *profile) { p.visit("/nothing") }},
		{"setup", func(p *profile) { p.visit(link) }},
		{
			"setup_refused",
			func(p *profile) { p.visit(link); p.fill("email", "ada"); submitAnyway(p, "Create the admin", link) },
		},
		{"setup_bad_link", func(p *profile) { p.visit("/setup/x") }},
	}
}

// signedIn are the states for whoever is, with two other devices.
func signedIn(link string) []state {
	return []state{
		{"account", func(p *profile) { p.visit("/account") }},
		{"account_saved", func(p *profile) {
			p.visit("/account")
			p.fill("name", "Ada Lovelace")
			p.press("Save name", "/account?done=name")
		}},
		{"account_refused", func(p *profile) {
			p.visit("/account")
			p.fill("name", strings.Repeat("Ada ", 30))
			p.press("Save name", "/account")
		}},
		{"devices", func(p *profile) { p.visit("/account/sessions") }},
		{"devices_ended", func(p *profile) {
			p.visit("/account/sessions")
			p.press("End the session", "/account/sessions?done=ended")
		}},
		{"security", func(p *profile) { p.visit("/account/security") }},
		{"security_refused", func(p *profile) {
			p.visit("/account/security")
			p.fill("current_password", "not this one, no", "new_password", "seven lanterns hum at dusk")
			p.press("Change password", "/account/security")
		}},
		{
			"security_empty",
			func(p *profile) {
				p.visit("/account/security")
				submitAnyway(p, "Change password", "/account/security")
			},
		},
		{"delete", func(p *profile) { p.visit("/account/delete") }},
		{
			"delete_not_sure",
			func(p *profile) { p.visit("/account/delete"); submitAnyway(p, "Delete account", "/account/delete") },
		},
		{"signin_signed_in", func(p *profile) { p.visit("/signin?reason=reauthentication_required") }},
		{"signup_signed_in", func(p *profile) { p.visit("/signup") }},
		{"setup_signed_in", func(p *profile) { p.visit(link) }},
		{"refused", func(p *profile) { p.visit("/account/nothing") }},
	}
}

// TestPages holds every page in every state to what all of them owe: axe finds nothing in
// either theme, nothing sticks out of the narrowest screen, and the keyboard reaches
// everything, in order and in sight.
func TestPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	link := "/setup/" + s.Users.SetupToken().Reveal()
	out := newProfile(t, s.URL)
	for _, at := range signedOut(link) {
		t.Run(at.name, func(t *testing.T) { out.in(t).inspect(at) })
	}
	s.MustUser("ada@example.com")
	for _, agent := range []string{phone, "curl/8.14.1"} {
		s.Browser(agent).SignIn("ada@example.com")
	}
	in := newProfile(t, s.URL)
	in.visit("/signin")
	in.signIn("ada@example.com", handstamptest.GoodPassword, "/account")
	for _, at := range signedIn(link) {
		t.Run(at.name, func(t *testing.T) { in.in(t).inspect(at) })
	}
	out.visit(link)
	out.fill("email", "grace@example.com", "password", handstamptest.GoodPassword)
	out.press("Create the admin", "/account")
	t.Run(
		"setup_done",
		func(t *testing.T) { in.in(t).inspect(state{"setup_done", func(p *profile) { p.visit(link) }}) },
	)
}

// Widths of screens.
const (
	wide   = 1000
	narrow = 320 // WCAG 2.2 §1.4.10
)

// inspect opens a page and checks it in every theme and width.
func (p *profile) inspect(at state) {
	p.t.Helper()
	at.open(p)
	backgrounds := map[string]string{} // theme → the colour of the page
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{wide, narrow} {
			p.setScreen(theme, width)
			p.saveScreenshot(fmt.Sprintf("%s_%d_%s", at.name, width, theme))
			for _, problem := range p.sticksOut(width) {
				p.t.Errorf("on a screen %d wide: %s", width, problem)
			}
		}
		for _, f := range p.judge() {
			p.t.Errorf("axe, %s: %s", theme, f)
		}
		backgrounds[theme] = eval[string](p, "getComputedStyle(document.body).backgroundColor")
	}
	if backgrounds["light"] == backgrounds["dark"] {
		p.t.Errorf("both themes are %s", backgrounds["light"])
	}
	p.setScreen("light", wide)
	for _, problem := range p.walk() {
		p.t.Errorf("keyboard: %s", problem)
	}
}

// setScreen sets theme and width. Nothing moves, so that colours are final.
func (p *profile) setScreen(theme string, width int64) {
	p.t.Helper()
	features := []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: theme},
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}
	p.do(
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}),
		command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: 900, DeviceScaleFactor: 1,
		}),
	)
}

// sticksOut returns what makes a page wider than its screen.
func (p *profile) sticksOut(width int64) []string {
	p.t.Helper()
	found := eval[[]string](
		p,
		`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 120))`,
	)
	if got := eval[int64](p, "document.scrollingElement.scrollWidth"); got > width {
		found = append(found, fmt.Sprintf("it scrolls sideways, to %d", got))
	}
	return found
}

// saveScreenshot saves a picture of the whole page in the folder.
func (p *profile) saveScreenshot(name string) {
	p.t.Helper()
	picture := mustRun(p, result(page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: new(true), OptimizeForSpeed: new(true),
	}))
	if err := os.WriteFile(filepath.Join(screens, name+".png"), picture.Data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// TestInspection spoils a page in every way that inspect looks at, and has it noticed.
func TestInspection(t *testing.T) {
	t.Parallel()
	p := newProfile(t, start(t).URL)
	walk := func() []string { return p.walk() }
	tests := []struct {
		name, script string
		look         func() []string
		want         string // in what is found
	}{
		{"nothing, by keyboard", "0", walk, ""},
		{"nothing, on the narrowest screen", "0", func() []string { return p.sticksOut(narrow) }, ""},
		{
			"too wide", `document.querySelector("h1").style.width = "400px"`,
			func() []string { return p.sticksOut(narrow) }, "<h1",
		},
		{
			"scrolls", `document.querySelector("h1").style.width = "400px"`,
			func() []string { return p.sticksOut(narrow) }, "sideways",
		},
		{"no outline", `document.querySelector("#email").style.outline = "none"`, walk, "nobody sees"},
		{"out of reach", `document.querySelector("#password").tabIndex = -1`, walk, "want them in order"},
		{"out of order", `document.querySelector("#password").tabIndex = 1`, walk, "want them in order"},
		{
			"drawn in another order",
			`document.querySelector("form.leave, main form").style.cssText = "display: flex; flex-direction: column-reverse"`,
			walk, "goes up",
		},
		{
			"off the screen",
			`document.querySelector("#remember").style.cssText = "position: fixed; left: -200px"`, walk,
			"not on the screen",
		},
	}
	for _, test := range tests {
		p.setScreen("light", narrow)
		p.visit("/signin")
		p.do(script(test.script))
		got := strings.Join(test.look(), "\n")
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s: found %q, want %q", test.name, got, test.want)
		}
	}
}
