package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// markup would act if any page let it.
const markup = `<img src=x onerror="document.title='owned'">`

// TestMarkup shows what strangers typed as text, on every page that shows it.
func TestMarkup(t *testing.T) {
	t.Parallel()
	p := newProfile(
		t, start(t).URL,
	).as(`Mozilla/5.0 (<img src=x onerror="document.title='owned'">; "'>) Firefox/145.0 ` + markup)
	p.visit("/signup")
	p.fill("email", `a'"<b>@example.com`, "name", markup, "password", handstamptest.GoodPassword)
	p.press("Create account", "/signup") // which takes no such address, and shows it again
	p.checkInert()
	p.fill("email", "a'{{7*7}}&b=x@example.com", "password", handstamptest.GoodPassword)
	p.press("Create account", "/account")
	if kept := eval[string](p, `document.querySelector("#name").value`); kept != markup {
		t.Errorf("the name is %q, want %q", kept, markup)
	}
	p.checkInert()
	for _, page := range []string{
		"/account/sessions", "/account/security", "/account/delete", "/signin",
		"/signin?reason=<img src=x>&return_to=<img src=x>", "/setup/<img src=x>", "/" + markup,
	} {
		p.do(chromedp.Navigate(p.base + page))
		p.checkInert()
	}
}

// checkInert finds what became of the page that is made of strangers' texts.
func (p *profile) checkInert() {
	p.t.Helper()
	if n := eval[int](p, `document.querySelectorAll("img, script, iframe, object, main b b").length`); n != 0 {
		p.t.Errorf("%d elements are made of text:\n%s", n, eval[string](p, "document.body.innerHTML"))
	}
	if title := eval[string](p, "document.title"); !strings.HasSuffix(title, " · Handstamp") {
		p.t.Errorf("title = %q", title)
	}
}

// TestNothingForScripts keeps tokens where no script of a page can read them.
func TestNothingForScripts(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.MustUser("ada@example.com")
	p := newProfile(t, s.URL)
	p.visit("/signin")
	p.signIn("ada@example.com", handstamptest.GoodPassword, "/account")
	for _, page := range []string{"/account", "/account/sessions", "/account/security", "/signin"} {
		p.visit(page)
		stored := `document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + window.name`
		if found := eval[string](p, stored); found != "{}{}" {
			t.Errorf("%s: scripts find %q, want nothing", page, found)
		}
		if html := eval[string](p, "document.documentElement.outerHTML"); strings.Contains(html, "hsr_") ||
			strings.Contains(html, "eyJ") {
			t.Errorf("%s holds a token:\n%s", page, html)
		}
	}
	held := p.cookies()
	for _, c := range held {
		if !c.HTTPOnly || c.Path != "/" || !c.Session { // the box was not ticked
			t.Errorf("cookie = %+v, want it HttpOnly, for /, and gone when the browser closes", c)
		}
	}
	if len(held) != 2 {
		t.Errorf("%d cookies, want 2", len(held))
	}
}

// TestAnotherSite has another site frame our pages, post our forms and sign people in as
// somebody else.
func TestAnotherSite(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.MustUser("ada@example.com")
	s.MustUser("eve@example.com")
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/frame" {
			fmt.Fprintf(
				w, `<!doctype html><html lang=en><title>x</title><iframe src="%s%s"></iframe>`, s.URL,
				r.URL.Query().Get("of"),
			)
			return
		}
		fmt.Fprintf(w, `<!doctype html><html lang=en><title>x</title><main><form method=post action="%s%s">
			<input type=hidden name=email value=eve@example.com><input type=hidden name=password value="%s">
			<button>Win a prize</button></form></main>`, s.URL, r.URL.Query().Get("to"), handstamptest.GoodPassword)
	}))
	t.Cleanup(evil.Close)
	p := newProfile(t, s.URL, evil.URL)
	p.visit("/signin")
	p.signIn("ada@example.com", handstamptest.GoodPassword, "/account")
	for _, page := range []string{"/signin", "/account", "/account/delete", "/signout"} {
		p.do(chromedp.Navigate(evil.URL + query("/frame", "of", page)))
		p.expect("frame-ancestors")
	}
	for _, action := range []string{
		"/signin", "/signout", "/signup", "/account", "/account/delete", "/account/sessions/end-others",
	} {
		p.visit(evil.URL + query("/form", "to", action))
		p.do(chromedp.Click(button("Win")), chromedp.WaitVisible(chromedp.CSS(".ticket")))
		p.visit("/account")
		p.shows("Signed in as ada@example.com")
	}
	p.seen.complaints.take() // what the frames were refused for may have come late
}
