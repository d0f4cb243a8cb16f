package server_test

import (
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// TestClockStepsBack sets the server's clock an hour back: what was ended stays ended, what
// was used stays used, and whoever is signed in goes on after one refresh.
func TestClockStepsBack(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	const credentials = `{"email":"ada@example.com","password":"` + handstamptest.GoodPassword + `"}`
	refresh := func(who *handstamptest.Person, token string) handstamptest.Answer {
		return who.Do("POST", "/v1/session/refresh", `{"refresh_token":"`+token+`"}`)
	}
	app, over := s.Program("app"), s.Program("over")
	first := app.Do("POST", "/v1/users", credentials).Want(201)
	second := refresh(app, first.Text("refresh_token")).Want(200)
	ended := over.Do("POST", "/v1/session", credentials).Want(201)
	over.Do("DELETE", "/v1/session", "", "Authorization", "Bearer "+ended.Text("access_token")).Want(204)

	s.Clock.Advance(-time.Hour)
	over.Do("GET", "/v1/user", "", "Authorization", "Bearer "+ended.Text("access_token")).Want(401)
	refresh(over, ended.Text("refresh_token")).Want(401)
	app.Do("GET", "/v1/user", "", "Authorization", "Bearer "+second.Text("access_token")).Want(401) // of the future
	third := refresh(app, second.Text("refresh_token")).Want(200)
	app.Do("GET", "/v1/user", "", "Authorization", "Bearer "+third.Text("access_token")).Want(200)
	refresh(app, third.Text("refresh_token")).Want(200)
	stolen := refresh(s.Program("thief"), first.Text("refresh_token")).Want(401)
	if reason := stolen.Text("reason"); reason != "reuse_detected" {
		t.Errorf("a token used before the step = %s, want reuse_detected", reason)
	}
}

// TestIdleSessionStaysOver lets a session pass its idle limit, and then sets the clock back
// to when it lived: once the server has said that it is over, it is.
func TestIdleSessionStaysOver(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{Settings: map[string]string{"session.preset": "aal2"}})
	app := s.Program("app")
	in := app.Do("POST", "/v1/users",
		`{"email":"ada@example.com","password":"`+handstamptest.GoodPassword+`"}`).Want(201)
	body := `{"refresh_token":"` + in.Text("refresh_token") + `"}`
	s.Clock.Advance(2 * time.Hour)
	if reason := app.Do("POST", "/v1/session/refresh", body).Want(401).Text("reason"); reason != "idle" {
		t.Errorf("reason = %s, want idle", reason)
	}
	s.Clock.Advance(-2 * time.Hour)
	app.Do("POST", "/v1/session/refresh", body).Want(401)
}

// TestExpiredSessionStaysOver is the same for the absolute limit, which the refresh token
// itself names.
func TestExpiredSessionStaysOver(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	app := s.Program("app")
	body := func(in handstamptest.Answer) string { return `{"refresh_token":"` + in.Text("refresh_token") + `"}` }
	in := app.Do("POST", "/v1/users",
		`{"email":"ada@example.com","password":"`+handstamptest.GoodPassword+`"}`).Want(201)
	for range 3 {
		s.Clock.Advance(9 * 24 * time.Hour) // in use, so that it is never idle
		in = app.Do("POST", "/v1/session/refresh", body(in)).Want(200)
	}
	s.Clock.Advance(3*24*time.Hour + time.Second)
	if reason := app.Do("POST", "/v1/session/refresh", body(in)).Want(401).Text("reason"); reason != "expired" {
		t.Errorf("reason = %s, want expired", reason)
	}
	s.Clock.Advance(-24 * time.Hour)
	app.Do("POST", "/v1/session/refresh", body(in)).Want(401)
}
