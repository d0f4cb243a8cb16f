package api_test

import (
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// Agents of two devices.
const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
	phone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
		"Version/18.0 Mobile/15E148 Safari/604.1"
)

// credentials is the body that signs ada up and in.
const credentials = `{"email":"ada@example.com","password":"` + handstamptest.GoodPassword + `"}`

// TestStory signs up, refreshes, lists, ends and signs out, by cookie and by token.
func TestStory(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	browser, app := s.Browser(firefox), s.Program(phone)

	up := browser.Do("POST", "/v1/users", credentials).Want(201)
	if strings.Contains(up.Body, "hsr_") || strings.Contains(up.Body, "eyJ") {
		t.Errorf("sign-up by cookie answered with a token: %s", up.Body)
	}
	browser.Do("GET", "/v1/session", "").Want(200)
	browser.Do("POST", "/v1/session/refresh", "").Want(200)

	in := app.Do("POST", "/v1/session", credentials).Want(201)
	bearer := "Bearer " + in.Text("access_token")
	app.Do("GET", "/v1/user", "", "Authorization", bearer).Want(200)
	refreshed := app.Do("POST", "/v1/session/refresh", `{"refresh_token":"`+in.Text("refresh_token")+`"}`).Want(200)

	list := browser.Do("GET", "/v1/user/sessions", "").Want(200)
	if n := len(list.JSON()["sessions"].([]any)); n != 2 {
		t.Errorf("sessions = %d, want 2: %s", n, list.Body)
	}
	browser.Do("DELETE", "/v1/user/sessions/"+in.Text("session.id"), "").Want(204)
	app.Do("GET", "/v1/user", "", "Authorization", bearer).Want(401)
	ended := app.Do("POST", "/v1/session/refresh", `{"refresh_token":"`+refreshed.Text("refresh_token")+`"}`).Want(401)
	if ended.Text("reason") != "ended_by_user" {
		t.Errorf("reason = %s, want ended_by_user", ended.Body)
	}
	browser.Do("DELETE", "/v1/session", "").Want(204)
	browser.Do("GET", "/v1/session", "").Want(401)
}
