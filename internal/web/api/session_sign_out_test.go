package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// leaving is one way to sign out.
type leaving struct {
	name   string
	shown  func(d *device) (body string, headers []string)
	after  time.Duration // since the sign-in
	status int
	over   bool   // whether the session is over then
	reason string // that its client is told; empty: it lives
}

// byBearer shows the access token.
func byBearer(*device) (string, []string) { return "", nil }

// byToken shows the refresh token in the body.
func byToken(d *device) (string, []string) {
	return `{"refresh_token":"` + d.token + `"}`, []string{"Authorization", ""}
}

// byCookie shows the refresh token as a browser does.
func byCookie(d *device) (string, []string) {
	return "", []string{"Authorization", "", "Cookie", "hs_refresh=" + d.token, "Sec-Fetch-Site", "same-origin"}
}

// byBoth shows all that a browser has.
func byBoth(d *device) (string, []string) {
	access := strings.TrimPrefix(d.Header.Get("Authorization"), "Bearer ")
	return "", []string{"Authorization", "", "Cookie", "hs_access=" + access + "; hs_refresh=" + d.token,
		"Sec-Fetch-Site", "same-origin"}
}

// byAccessCookie shows what a browser has whose refresh cookie is gone.
func byAccessCookie(d *device) (string, []string) {
	access := strings.TrimPrefix(d.Header.Get("Authorization"), "Bearer ")
	return "", []string{"Authorization", "", "Cookie", "hs_access=" + access, "Sec-Fetch-Site", "same-origin"}
}

// TestSignOut ends the session that is shown, by whichever credential, young or old, and is
// done when asked again. Nobody signs somebody else out. standards SE-08, SE-09
func TestSignOut(t *testing.T) {
	forged := func(*device) (string, []string) { return "", []string{"Authorization", "Bearer eyJ.e30.x"} }
	tests := []leaving{
		{"access token", byBearer, 0, 204, true, "signed_out"},
		{"expired access token", byBearer, 11 * time.Minute, 204, true, "signed_out"},
		{"access token of last week", byBearer, 7 * day, 204, true, "signed_out"},
		{"access cookie", byAccessCookie, 0, 204, true, "signed_out"},
		{"expired access cookie", byAccessCookie, 11 * time.Minute, 204, true, "signed_out"},
		{"refresh token", byToken, 0, 204, true, "signed_out"},
		{"refresh token of last week", byToken, 7 * day, 204, true, "signed_out"},
		{"refresh token of a session that is over", byToken, 31 * day, 204, true, "expired"},
		{"refresh cookie", byCookie, 0, 204, true, "signed_out"},
		{"both cookies", byBoth, 0, 204, true, "signed_out"},
		{"nothing", func(*device) (string, []string) { return "", []string{"Authorization", ""} }, 0, 204, false, ""},
		{"Basic", func(*device) (string, []string) { return "", []string{"Authorization", "Basic YTpi"} }, 0, 204,
			false, ""},
		{"rubbish cookies", func(*device) (string, []string) {
			return "", []string{"Authorization", "", "Cookie", "hs_access=x; hs_refresh=y", "Sec-Fetch-Site",
				"same-origin"}
		}, 0, 204, false, ""},
		{"forged access token", forged, 0, 401, false, ""},
		{"refresh cookie of a program", func(d *device) (string, []string) {
			return "", []string{"Authorization", "", "Cookie", "hs_refresh=" + d.token}
		}, 0, 403, false, ""},
		{"refresh cookie from another site", func(d *device) (string, []string) {
			return "", []string{"Authorization", "", "Cookie", "hs_refresh=" + d.token, "Sec-Fetch-Site", "cross-site"}
		}, 0, 403, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := handstamptest.Start(t, handstamptest.Options{})
			s.MustUser("ada@example.com")
			d := signIn(s, "true")
			s.Clock.Advance(tt.after)
			body, headers := tt.shown(d)
			for range 3 {
				got := d.Do("DELETE", "/v1/session", body, headers...)
				if got.Status != tt.status {
					t.Fatalf("DELETE = %d %s, want %d", got.Status, got.Body, tt.status)
				}
				if cleared := len(got.Header.Values("Set-Cookie")); (cleared == 2) != (tt.status == 204) {
					t.Errorf("DELETE sets %d cookies, want both cleared with 204 and none otherwise", cleared)
				}
			}
			if tt.after == 0 && tt.over {
				d.Do("GET", "/v1/session", "").Want(401)
			}
			got := d.refresh()
			if reason, _ := got.JSON()["reason"].(string); (got.Status == 401) != tt.over || reason != tt.reason {
				t.Errorf("refresh afterwards = %d %s, want the session over: %v, %q", got.Status, got.Body, tt.over,
					tt.reason)
			}
		})
	}
}

// TestNotMine ends nobody else's session, and does not say if there is one.
// standards SE-13, ER-03
func TestNotMine(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	s.MustUser("mallory@example.com")
	ada := signIn(s, "true")
	hers := ada.Do("GET", "/v1/session", "").Want(200).Text("session.id")
	mallory := s.Program(phone)
	mallory.SignIn("mallory@example.com")

	there := mallory.Do("DELETE", "/v1/user/sessions/"+hers, "").Want(404)
	absent := mallory.Do("DELETE", "/v1/user/sessions/AAAAAAAAAAAAAAAAAAAAAA", "").Want(404)
	if there.Text("code") != absent.Text("code") || there.Text("title") != absent.Text("title") {
		t.Errorf("another's = %s, nobody's = %s, want one answer", there.Body, absent.Body)
	}
	if n := mallory.Do("DELETE", "/v1/user/sessions?keep=current", "").Want(200).JSON()["ended"]; n != 0.0 {
		t.Errorf("ended = %v, want none", n)
	}
	mallory.Do("DELETE", "/v1/user", "").Want(204)
	ada.Do("GET", "/v1/user", "").Want(200)
	ada.refresh().Want(200)
}
