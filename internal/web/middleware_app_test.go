package web_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/web"
)

// apps are origins of apps in a shell, as they send them.
const apps = "capacitor://localhost,https://localhost,tauri://localhost,http://tauri.localhost,app://bundle," +
	"chrome-extension://abcdefghijklmnopabcdefghijklmnop"

// TestApps lets listed apps use tokens, and gives them no cookie and takes none.
// standards XO-08, XO-18
func TestApps(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{Settings: map[string]string{
		"public_url": "https://auth.example.com", "allowed_origins": friend + "," + apps,
	}})
	s.MustUser("ada@example.com")
	const in = `{"email":"ada@example.com","password":"` + handstamptest.GoodPassword + `"`
	for _, tt := range []struct{ name, from, site string }{
		{"Capacitor on iOS", "capacitor://localhost", "cross-site"},
		{"Capacitor on Android", "https://localhost", "cross-site"},
		{"Tauri", "tauri://localhost", ""},
		{"Tauri on Windows", "http://tauri.localhost", "cross-site"},
		{"Electron", "app://bundle", "cross-site"},
		{"an extension", "chrome-extension://abcdefghijklmnopabcdefghijklmnop", "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app := s.Browser("Shell")
			app.Header.Set("Origin", tt.from)
			app.Header.Set("Sec-Fetch-Site", tt.site)
			if tt.site == "" {
				app.Header.Del("Sec-Fetch-Site")
			}
			app.Do("POST", "/v1/session", in+`,"transport":"cookie"}`).Want(403)
			got := app.Do("POST", "/v1/session", in+"}").Want(201)
			if allow := got.Header.Get("Access-Control-Allow-Origin"); allow != tt.from ||
				got.Header.Get("Access-Control-Allow-Credentials") != "" || len(got.Cookies()) > 0 {
				t.Errorf("signed in with %q, want CORS for %s without credentials, and no cookies", got.Header, tt.from)
			}
			asked := app.Do("OPTIONS", "/v1/session", "", "Access-Control-Request-Method", "POST").Want(204)
			if asked.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("the preflight allows credentials, want none")
			}
			refresh := `{"refresh_token":"` + got.Text("refresh_token") + `"}`
			renewed := app.Do("POST", "/v1/session/refresh", refresh).Want(200)
			app.Do("GET", "/v1/user", "", "Authorization", "Bearer "+renewed.Text("access_token")).Want(200)

			cookies := "__Host-Http-hs_access=" + renewed.Text("access_token") + "; __Host-Http-hs_refresh=" +
				renewed.Text("refresh_token")
			app.Do("GET", "/v1/user", "", "Cookie", cookies).Want(401)
			app.Do("POST", "/v1/session/refresh", "", "Cookie", cookies).Want(401)
			app.Do("POST", "/signin", "email=ada@example.com", "Content-Type",
				"application/x-www-form-urlencoded").Want(403)
		})
	}
	stranger := s.Browser("Shell")
	stranger.Header.Set("Origin", "capacitor://other")
	stranger.Header.Set("Sec-Fetch-Site", "cross-site")
	stranger.Do("POST", "/v1/session", in+`,"transport":"token"}`).Want(403)
}

// TestAppsAreNoWayBack sends nobody back to an app, and takes the pages of this machine for others
// when the server is on it too.
func TestAppsAreNoWayBack(t *testing.T) {
	const dev = "http://localhost:3000"
	for publicURL, want := range map[string]string{"https://auth.example.com": "/", "http://localhost:8787": dev + "/x"} {
		site, err := web.NewSite(publicURL, []string{friend, dev, "capacitor://localhost"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := site.ReturnTo(dev+"/x", "/"); got != want {
			t.Errorf("%s: ReturnTo(%s) = %s, want %s", publicURL, dev, got, want)
		}
		if got := site.ReturnTo("capacitor://localhost/x", "/"); got != "/" {
			t.Errorf("%s: ReturnTo of an app = %s, want /", publicURL, got)
		}
		if got := site.ReturnTo(friend+"/x", "/"); got != friend+"/x" {
			t.Errorf("%s: ReturnTo of a site = %s, want it", publicURL, got)
		}
	}
}
