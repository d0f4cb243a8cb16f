package browser_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/web"
)

// newPassword is another one that every policy takes.
const newPassword = "seven lanterns hum at dusk"

// TestWithAndWithoutScripts goes every way through the pages twice.
func TestWithAndWithoutScripts(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T, base string) *profile{
		"with":    func(t *testing.T, base string) *profile { return newProfile(t, base) },
		"without": func(t *testing.T, base string) *profile { return newProfile(t, base).withoutScripts() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("sign up", func(t *testing.T) { testSignUp(open(t, start(t).URL)) })
			t.Run("password", func(t *testing.T) { testPassword(t, open) })
			t.Run("delete", func(t *testing.T) { testDelete(t, open) })
			t.Run("again", func(t *testing.T) { testAgain(t, open) })
		})
	}
}

// testSignUp makes an account, finds it, and leaves nothing behind that Back could show.
func testSignUp(p *profile) {
	p.follow("/", "/signin?return_to=%2Faccount")
	p.click("Create an account", "/signup?return_to=%2Faccount")
	p.fill("email", "ada@example.com", "name", "Ada Lovelace", "password", "short")
	p.press("Create account", "/signup")
	p.shows("Use at least 15 characters.")
	p.typesAt("password")
	p.fill("password", handstamptest.GoodPassword)
	p.press("Create account", "/account")
	p.shows("ada@example.com")
	p.click("Devices", "/account/sessions")
	p.shows("Chrome on Linux", "This device")
	p.press("Sign out", "/signin?reason=signed_out")
	p.shows("You are signed out.")
	p.checkNoCookies()
	p.leave("/signin?return_to=%2Faccount%2Fsessions", script("history.back()"))
	p.hides("This device")
}

// testPassword changes the password: this browser goes on, the other reads why it does not.
func testPassword(t *testing.T, open func(*testing.T, string) *profile) {
	s := start(t)
	s.MustUser("ada@example.com")
	p, other := open(t, s.URL), open(t, s.URL)
	for _, one := range []*profile{p, other} {
		one.visit("/signin")
		one.signIn("ada@example.com", handstamptest.GoodPassword, "/account")
	}
	p.follow("/.well-known/change-password", "/account/security")
	p.fill("current_password", "not this one, no", "new_password", newPassword)
	p.press("Change password", "/account/security")
	p.shows("This is not your current password.")
	p.typesAt("current_password")
	p.fill("current_password", handstamptest.GoodPassword, "new_password", newPassword)
	p.press("Change password", "/account/security?done=password")
	p.shows("Your password was changed, and you were signed out on all other devices.")
	p.click("Devices", "/account/sessions")
	p.hides("other session")
	other.follow("/account", query("/signin", "reason", "password_changed", "return_to", "/account"))
	other.shows("Your password was changed from Chrome on Linux")
	other.signIn("ada@example.com", newPassword, "/account")
}

// testDelete deletes the account: the browser asks for the box first, then it is gone.
func testDelete(t *testing.T, open func(*testing.T, string) *profile) {
	s := start(t)
	s.MustUser("ada@example.com")
	p, other := open(t, s.URL), open(t, s.URL)
	for _, one := range []*profile{p, other} {
		one.visit("/signin")
		one.signIn("ada@example.com", handstamptest.GoodPassword, "/account")
	}
	p.click("Security", "/account/security")
	p.click("Delete your account", "/account/delete")
	p.do(chromedp.Click(button("Delete account")))
	if !eval[bool](p, `document.querySelector("#sure:invalid") != null && location.pathname == "/account/delete"`) {
		t.Error("the browser does not ask for the box to be ticked")
	}
	p.do(chromedp.Click(chromedp.CSS(`label[for="sure"]`)))
	p.press("Delete account", "/signin?reason=user_deleted")
	p.shows("This account has been deleted.")
	p.checkNoCookies()
	other.follow("/account", query("/signin", "reason", "user_deleted", "return_to", "/account"))
	other.shows("This account has been deleted.")
	other.signIn("ada@example.com", handstamptest.GoodPassword, "/signin")
	other.shows("Wrong e-mail address or password.")
}

// testAgain is asked to sign in again before what destroys or gives away, and comes back to
// where the button is.
func testAgain(t *testing.T, open func(*testing.T, string) *profile) {
	s := start(t)
	s.MustUser("ada@example.com")
	s.Browser(phone).SignIn("ada@example.com")
	p := open(t, s.URL)
	p.visit("/signin")
	p.signIn("ada@example.com", handstamptest.GoodPassword, "/account")
	again := func(text, page, shown string) {
		t.Helper()
		s.Clock.Advance(web.FreshFor + time.Minute)
		p.visit(page)
		p.press(text, query("/signin", "reason", "nothing_done", "return_to", page))
		p.shows("Nothing has happened yet")
		if kept := eval[string](p, `document.querySelector("#email").value`); kept != "ada@example.com" {
			t.Errorf("the address is %q, want it filled in", kept)
		}
		p.fill("password", handstamptest.GoodPassword)
		p.press("Sign in", page)
		p.shows(shown)
	}
	again("End the session", "/account/sessions", "One other session")
	p.press("End the session", "/account/sessions?done=ended")
	p.hides("other session")
	again("Download your data", "/account", "Your data")
	p.checkDownload()
	s.Clock.Advance(web.FreshFor + time.Minute)
	p.follow("/account/delete", query("/signin", "reason", "reauthentication_required", "return_to", "/account/delete"))
	p.fill("password", handstamptest.GoodPassword)
	p.press("Sign in", "/account/delete")
	p.click("Keep the account", "/account/security")
}

// checkDownload presses the button and waits for the file.
func (p *profile) checkDownload() {
	p.t.Helper()
	folder := p.t.TempDir()
	allow := browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: p.jar, DownloadPath: folder,
	}
	if _, err := chromedp.CallBrowser(chromium, browser.SetDownloadBehavior, allow); err != nil {
		p.t.Fatal(err)
	}
	p.do(chromedp.Click(button("Download your data")))
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		if file, err := os.ReadFile(filepath.Join(folder, "handstamp-export.json")); err == nil && len(file) > 0 {
			p.shows("Your data") // the page stays
			return
		}
	}
	p.t.Error("no file arrives")
}

// cookies returns those that the profile holds, as the browser itself knows them.
func (p *profile) cookies() []*network.Cookie {
	p.t.Helper()
	held, err := chromedp.CallBrowser(chromium, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: p.jar})
	if err != nil {
		p.t.Fatal(err)
	}
	return held.Cookies
}

// checkNoCookies finds what is left of a session.
func (p *profile) checkNoCookies() {
	p.t.Helper()
	for _, c := range p.cookies() {
		p.t.Errorf("cookie %s is left", c.Name)
	}
}
