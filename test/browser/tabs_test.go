package browser_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// openTabs opens addresses in tabs of their own, all at once, as a browser does that restores them.
func (p *profile) openTabs(addresses []string) (tabs []target.ID) {
	p.t.Helper()
	for _, address := range addresses {
		at := target.CreateTargetParams{URL: address, BrowserContextID: p.jar}
		made, err := chromedp.CallBrowser(chromium, target.CreateTarget, at)
		if err != nil {
			p.t.Fatal(err)
		}
		tabs = append(tabs, made.TargetID)
		p.t.Cleanup(func() {
			_, _ = chromedp.CallBrowser(chromium, target.CloseTarget, target.CloseTargetParams{TargetID: made.TargetID})
		})
	}
	return tabs
}

// shown returns address and title of every tab.
func (p *profile) shown() map[target.ID]string {
	p.t.Helper()
	all, err := chromedp.CallBrowser(chromium, target.GetTargets, target.GetTargetsParams{})
	if err != nil {
		p.t.Fatal(err)
	}
	shown := map[target.ID]string{}
	for _, info := range all.TargetInfos {
		shown[info.TargetID] = info.URL + " " + info.Title
	}
	return shown
}

// TestRestoredTabs restores six tabs of one page, each at a place of its own within it, when the
// access token has expired: all come back, to where they were.
func TestRestoredTabs(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.MustUser("ada@example.com")
	p := newProfile(t, s.URL)
	p.visit("/signin")
	p.signIn("ada@example.com", handstamptest.GoodPassword, "/account")
	for round := range 3 {
		s.Clock.Advance(11 * time.Minute)
		var want []string
		for n := range 6 {
			want = append(want, fmt.Sprintf("%s/account/sessions#%d-%d", s.URL, round, n))
		}
		tabs := p.openTabs(want)
		var missing []string
		for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			missing = nil
			shown := p.shown()
			for n, tab := range tabs {
				if !strings.HasPrefix(shown[tab], want[n]+" Devices") {
					missing = append(missing, fmt.Sprintf("%s shows %q", want[n], shown[tab]))
				}
			}
			if missing == nil {
				break
			}
		}
		for _, tab := range missing {
			t.Errorf("round %d: %s", round, tab)
		}
	}
	p.visit("/account")
}

// TestLateForm sends a form after the access token has expired: the page says that nothing was
// saved, and once the account was opened in a new tab, reloading it sends the form again.
func TestLateForm(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.MustUser("ada@example.com")
	p := newProfile(t, s.URL)
	p.visit("/signin")
	p.signIn("ada@example.com", handstamptest.GoodPassword, "/account")
	p.fill("name", "Ada Lovelace")
	s.Clock.Advance(11 * time.Minute)
	p.press("Save", "/account")
	p.shows("Nothing was saved", "send the form again")
	tab := p.openTabs([]string{s.URL + "/account"})[0]
	for end := time.Now().Add(timeout); !strings.HasPrefix(p.shown()[tab], s.URL+"/account "+"Profile"); {
		if time.Sleep(50 * time.Millisecond); time.Now().After(end) {
			t.Fatalf("the new tab shows %q", p.shown()[tab])
		}
	}
	p.leave("/account?done=name", script("location.reload()"))
	p.shows("Your name was saved.")
}
