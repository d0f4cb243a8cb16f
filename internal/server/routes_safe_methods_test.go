package server_test

import (
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// TestReadingChangesNothing asks every route that can be asked with GET or HEAD in every way
// that a link, an image, a prefetch or a script of another site can make a browser ask, with
// the person's cookies: nothing that is kept changes, and no cookie. Only the page that renews
// a session may, when the person opens it from here. standards XO-06, SE-19
func TestReadingChangesNothing(t *testing.T) {
	ways := []struct {
		name    string
		headers []string
	}{
		{"link on another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate",
			"Sec-Fetch-Dest", "document", "Origin", ""}},
		{"link on a sibling host", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate",
			"Sec-Fetch-Dest", "document", "Origin", ""}},
		{"frame on another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate",
			"Sec-Fetch-Dest", "iframe", "Origin", ""}},
		{"image on another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors",
			"Sec-Fetch-Dest", "image", "Origin", ""}},
		{"script of another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest",
			"empty", "Origin", "https://evil.example"}},
		{"script of our own", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest",
			"empty", "Origin", ""}},
		{"prefetch from here", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest",
			"document", "Sec-Purpose", "prefetch;prerender", "Origin", ""}},
		{"frame from here", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest",
			"iframe", "Origin", ""}},
		{"old browser, image", []string{"Sec-Fetch-Site", "", "Accept", "image/png,*/*", "Origin", ""}},
		{"old browser, link on another site", []string{"Sec-Fetch-Site", "", "Accept", "text/html", "Origin", ""}},
	}
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	ada := s.Browser("Firefox")
	ada.SignIn("ada@example.com")
	other := s.Program("curl").SignIn("ada@example.com").Text("session.id")
	before, cookies := s.Dump(), ada.Cookies("/")
	for _, route := range s.Routes() {
		if !strings.HasPrefix(route.Pattern, "GET ") {
			continue
		}
		parts := strings.NewReplacer("{$}", "", "{id}", other, "{name}", "x.css",
			"{token}", s.Users.SetupToken().Reveal())
		path := parts.Replace(route.Pattern[len("GET "):])
		for _, way := range ways {
			for _, method := range []string{"GET", "HEAD"} {
				got := ada.Do(method, path+"?keep=current&return_to=/account", "", way.headers...)
				if got.Status >= 500 {
					t.Errorf("%s: %s %s = %d", way.name, method, path, got.Status)
				}
				if now := s.Dump(); now != before || ada.Cookies("/") != cookies {
					t.Fatalf("%s: %s %s changed something:\n%s\nwas:\n%s", way.name, method, path, now, before)
				}
			}
		}
	}
	// The search sees the one change that a GET may make.
	ada.Do("GET", "/session/renew?return_to=/account", "", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document",
		"Origin", "").Want(303)
	if s.Dump() == before || ada.Cookies("/") == cookies {
		t.Error("renewing from here changed nothing")
	}
}
