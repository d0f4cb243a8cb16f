package api_test

import (
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// Days of 24 hours.
const day = 24 * time.Hour

// slack is how far a test stays from a limit: requests take time.
const slack = 5 * time.Second

// limits are how long sessions of one kind live.
type limits struct {
	name           string
	settings       map[string]string
	remember       string // as in the body
	idle, absolute time.Duration
}

// kinds are the presets, with and without remembering. docs/protocol.md §1
var kinds = []limits{
	{"standard", nil, "true", 14 * day, 30 * day},
	{"standard, browser session", nil, "false", day, 30 * day},
	{"aal2", map[string]string{"session.preset": "aal2"}, "true", time.Hour, day},
	{"aal3", map[string]string{"session.preset": "aal3"}, "true", 15 * time.Minute, 12 * time.Hour},
}

// device is a program that keeps its refresh token.
type device struct {
	*handstamptest.Person
	token string
	auth  string // auth_time at sign-in
}

// signIn signs a device in.
func signIn(s *handstamptest.Server, remember string) *device {
	p := s.Program(phone)
	in := p.Do("POST", "/v1/session", `{"email":"ada@example.com",`+password+`,"remember":`+remember+`}`).Want(201)
	p.Header.Set("Authorization", "Bearer "+in.Text("access_token"))
	return &device{p, in.Text("refresh_token"), in.Text("session.auth_time")}
}

// refresh refreshes, and keeps the tokens if it got any.
func (d *device) refresh() handstamptest.Answer {
	a := d.Do("POST", "/v1/session/refresh", `{"refresh_token":"`+d.token+`"}`)
	if a.Status == 200 {
		d.token = a.Text("refresh_token")
		d.Header.Set("Authorization", "Bearer "+a.Text("access_token"))
	}
	return a
}

// TestLimits ends sessions when they are idle and when they are old, whatever their clients
// do, and for good. standards SE-04 to SE-07, RF-07, RF-08, JI-14
func TestLimits(t *testing.T) {
	for _, tt := range kinds {
		t.Run(tt.name+", idle", func(t *testing.T) {
			s := handstamptest.Start(t, handstamptest.Options{Settings: tt.settings})
			s.MustUser("ada@example.com")
			d := signIn(s, tt.remember)
			s.Clock.Advance(tt.idle - slack)
			d.refresh().Want(200) // used: it begins anew
			s.Clock.Advance(tt.idle)
			if got := d.refresh().Want(401); got.Text("reason") != "idle" {
				t.Errorf("unused for %v: %s, want idle", tt.idle, got.Body)
			}
			s.Clock.Advance(-tt.idle) // a clock that steps back revives nothing
			if got := d.refresh().Want(401); got.Text("reason") != "idle" {
				t.Errorf("after the clock stepped back: %s, want idle", got.Body)
			}
		})
		t.Run(tt.name+", absolute", func(t *testing.T) {
			s := handstamptest.Start(t, handstamptest.Options{Settings: tt.settings})
			s.MustUser("ada@example.com")
			d := signIn(s, tt.remember)
			ends := s.Session(d.Do("GET", "/v1/session", "").Want(200).Text("session.id")).ExpiresAt
			step := tt.idle / 2
			for s.Clock.Now().Add(step + slack).Before(ends) {
				s.Clock.Advance(step)
				got := d.refresh().Want(200)
				if got.Text("session.expires_at") != ends.Format(time.RFC3339) ||
					got.Text("session.auth_time") != d.auth {
					t.Fatalf("a refresh moved the limit or auth_time: %s, want %v and %s", got.Body, ends, d.auth)
				}
			}
			s.Clock.Advance(ends.Sub(s.Clock.Now()) - slack)
			last := d.refresh().Want(200)
			if left := last.JSON()["expires_in"].(float64); left > slack.Seconds() {
				t.Errorf("expires_in = %v just before the session ends, want no more than is left", left)
			}
			s.Clock.Advance(slack)
			if got := d.refresh().Want(401); got.Text("reason") != "expired" {
				t.Errorf("at its end: %s, want expired", got.Body)
			}
		})
	}
}

// TestOverIsNotListed leaves sessions that are over out of the list, and lists the others.
func TestOverIsNotListed(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	idle := signIn(s, "false")
	kept := signIn(s, "true")
	count := func(d *device) int {
		return len(d.Do("GET", "/v1/user/sessions", "").Want(200).JSON()["sessions"].([]any))
	}
	if n := count(kept); n != 2 {
		t.Errorf("sessions = %d, want both", n)
	}
	s.Clock.Advance(day)
	kept.refresh().Want(200)
	if n := count(kept); n != 1 {
		t.Errorf("sessions = %d, want the one that is not idle", n)
	}
	idle.refresh().Want(401)
}

// TestAccessTokenAge takes an access token for its life and the leeway, and no longer.
func TestAccessTokenAge(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	d := signIn(s, "true")
	d.Do("GET", "/v1/session", "").Want(200)
	s.Clock.Advance(10*time.Minute + 30*time.Second - slack)
	d.Do("GET", "/v1/session", "").Want(200)
	s.Clock.Advance(slack)
	if got := d.Do("GET", "/v1/session", "").Want(401); got.Text("code") != "token_expired" {
		t.Errorf("GET with an old token = %s, want token_expired", got.Body)
	}
	d.refresh().Want(200)
	d.Do("GET", "/v1/session", "").Want(200)
}

// TestFreshness asks for the password again after a quarter of an hour, and takes it.
func TestFreshness(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	d := signIn(s, "true")
	s.Clock.Advance(15*time.Minute - slack)
	d.refresh().Want(200)
	d.Do("DELETE", "/v1/user/sessions?keep=current", "").Want(200)
	s.Clock.Advance(2 * slack)
	got := d.Do("DELETE", "/v1/user/sessions?keep=current", "").Want(401)
	if got.Text("code") != "reauthentication_required" {
		t.Errorf("DELETE after 15 min = %s, want reauthentication_required", got.Body)
	}
	const why = `", error="insufficient_user_authentication", max_age="900"`
	if challenge := got.Header.Get("WWW-Authenticate"); challenge != `Bearer realm="`+s.URL+why {
		t.Errorf("challenge = %s, want RFC 9470's with max_age", challenge)
	}
	old := d.token
	again := signIn(s, "true")
	again.Do("DELETE", "/v1/user/sessions?keep=current", "").Want(200)
	if got := (&device{s.Program(phone), old, ""}).refresh().Want(401); got.Text("reason") != "ended_by_user" {
		t.Errorf("the old session: %s, want ended_by_user", got.Body)
	}
}
