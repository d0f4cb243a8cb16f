package pages_test

import (
	"net/http"
	"testing"
)

// TestEnd ends one's own sessions and nobody else's. standards SE-13
func TestEnd(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	p.MustUser("bob@example.com")
	ada, bob := p.browser(t, firefox), p.browser(t, firefox)
	ada.signIn("ada@example.com")
	p.browser(t, phone).signIn("ada@example.com")
	for range 2 {
		bob = p.browser(t, firefox)
		bob.signIn("bob@example.com")
	}
	token := ada.get("/account/sessions").token()
	foreign := bob.get("/account/sessions").find(`action="(/account/sessions/[^"]+/end)"`)
	for _, path := range []string{foreign, "/account/sessions/AAAAAAAAAAAAAAAAAAAAAA/end", "/account/sessions/x/end",
		"/account/sessions/%00/end"} {
		ada.post(path, "form_token", token).page(http.StatusNotFound).shows("session_not_found")
	}
	bob.get("/account/sessions").page(200).shows("One other session")

	live, err := p.Sessions.Live(t.Context(), callerOf(t, p, "ada@example.com"))
	if err != nil || len(live) != 2 {
		t.Fatalf("Live = %d sessions, %v, want 2", len(live), err)
	}
	own := live[1].ID // of the one that signed in first
	ada.post("/account/sessions/"+own.String()+"/end", "form_token", token).leads("/signout")
	ada.get("/account/sessions").page(200).shows("One other session")

	third := p.browser(t, phone)
	third.signIn("ada@example.com")
	ada.post("/account/sessions/end-others", "form_token", token).leads("/account/sessions?done=ended-others")
	ada.get("/account/sessions?done=ended-others").page(200).shows("All other sessions were ended.")
	third.get("/account/sessions").leads("/session/renew?return_to=%2Faccount%2Fsessions")
	bob.get("/account/sessions").page(200)
}
