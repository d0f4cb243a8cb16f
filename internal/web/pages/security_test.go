package pages_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// TestChangePassword changes it, ends the other sessions, and keeps this one. standards
// SE-14, PW-10, PW-35
func TestChangePassword(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b, other := p.browser(t, firefox), p.browser(t, phone)
	b.signIn("ada@example.com")
	other.signIn("ada@example.com")
	page := b.get("/account/security").page(200).sets(0).shows("Sign out", "At least 15 characters",
		"signs you out on all other devices", `aria-current="page"`,
		`autocomplete="current-password"`, `autocomplete="new-password"`,
		`autocomplete="username" value="ada@example.com" hidden`, `href="/account/delete"`)
	form := []string{"form_token", page.token(), "current_password", handstamptest.GoodPassword, "new_password",
		newPassword}
	b.post("/account/security", form...).leads("/account/security?done=password").sets(0)
	b.get("/account/security?done=password").page(200).shows("Your password was changed, and you were signed out " +
		"on all other devices.")
	b.get("/account/sessions").page(200).hides("other session")

	other.get("/account").leads("/session/renew?return_to=%2Faccount")
	other.get("/session/renew").leads("/signin?reason=password_changed")
	other.get("/signin?reason=password_changed").page(200).shows("Your password was changed from Firefox on Linux")
	other.post("/signin", "email", "ada@example.com", "password",
		handstamptest.GoodPassword).page(http.StatusUnauthorized)
	other.post("/signin", "email", "ada@example.com", "password", newPassword).leads("/account")

	// The same form once more, as by a double click.
	b.post("/account/security",
		form...).page(http.StatusUnauthorized).shows("This is not your current password. If it was changed a " +
		"moment ago, enter the new one.")
	other.get("/account").page(200) // nothing ended by it
}

// TestChangePasswordRefused ties what is wrong to its field, and changes nothing.
func TestChangePasswordRefused(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	p.browser(t, phone).signIn("ada@example.com")
	token, before := b.get("/account/security").page(200).token(), p.Dump()
	const good = handstamptest.GoodPassword
	tests := []struct {
		name          string
		current, next string
		status        int
		shows         string
		field         string // which is marked
	}{
		{"nothing", "", "", 422, "Enter your current password.", "current_password"},
		{"no new one", good, "", 422, "Choose a new password.", "new_password"},
		{"no current one", "", newPassword, 422, "Enter your current password.", "current_password"},
		{"wrong", "not this one, no", newPassword, 401, "This is not your current password.", "current_password"},
		{"blank after it", good + " ", newPassword, 401, "This is not your current password.", "current_password"},
		{"short", good, "fourteen chars", 422, "Use at least 15 characters.", "new_password"},
		{"common", good, "passwordpassword", 422, "a guesser tries first", "new_password"},
		{"of the address", good, "ada@example.com", 422, "made of your name, your e-mail address", "new_password"},
		{"the same", good, good, 422, "This is the password you have now.", "new_password"},
		{"too long", good, strings.Repeat("violet ", 60), 422, "at most", "new_password"},
		{"not text", good, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12", 422, "new_password",
			"new_password"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.in(t).post("/account/security", "form_token", token, "current_password", test.current, "new_password",
				test.next).page(test.status).sets(0).
				shows(test.shows, "Error: Security", `role="alert"`, `aria-invalid="true"`, `href="#`+test.field+`"`,
					"Sign out").
				hides(good, newPassword, "not this one", "fourteen", "passwordpassword")
		})
	}
	t.Run("database away", func(t *testing.T) {
		p.breakDatabase()
		defer p.mendDatabase()
		b.in(t).post("/account/security", "form_token", token, "current_password", good, "new_password", newPassword).
			page(http.StatusServiceUnavailable).sets(0).shows("cannot reach its database")
	})
	if p.Dump() != before {
		t.Error("a refused change changed something")
	}
}

// TestChangePasswordAtOnce returns whoever comes second a clear answer, from the same session
// and from another.
func TestChangePasswordAtOnce(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	token := b.get("/account/security").page(200).token()
	first := callerOf(t, p, "ada@example.com")
	p.faults.Once(storetest.OpChangePassword, func() {
		if err := p.Users.ChangePassword(t.Context(), first, secret.New(handstamptest.GoodPassword),
			secret.New("another quiet phrase, first")); err != nil {
			t.Error(err)
		}
	})
	b.post("/account/security", "form_token", token, "current_password", handstamptest.GoodPassword, "new_password",
		newPassword).
		page(http.StatusUnauthorized).sets(0).shows("This is not your current password. If it was changed a moment " +
		"ago, enter the new one.")
	for password, opens := range map[string]bool{handstamptest.GoodPassword: false, newPassword: false,
		"another quiet phrase, first": true} {
		if _, err := p.Users.Authenticate(t.Context(), audit.Caller{}, "ada@example.com",
			secret.New(password)); (err == nil) != opens {
			t.Errorf("Authenticate(%q) = %v, want it to open: %v", password, err, opens)
		}
	}
}

// TestChangePasswordRace changes it many times at once: one succeeds in each round.
func TestChangePasswordRace(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	token, current := b.get("/account/security").token(), handstamptest.GoodPassword
	for round := range 5 {
		next := strings.Repeat("quiet ", 4) + string(rune('a'+round)) + " phrase"
		answers := make([]answer, 4)
		var all sync.WaitGroup
		for i := range answers {
			one := b.twin()
			all.Go(func() {
				answers[i] = one.post("/account/security", "form_token", token, "current_password", current,
					"new_password", next)
			})
		}
		all.Wait()
		changed := 0
		for _, a := range answers {
			if a.Status == http.StatusSeeOther {
				a.leads("/account/security?done=password")
				changed++
			} else {
				a.page(http.StatusUnauthorized)
			}
		}
		if changed != 1 {
			t.Errorf("round %d: %d of %d changes were made, want 1", round, changed, len(answers))
		}
		current = next
	}
	b.get("/account").page(200)
}

// TestWellKnownChangePassword leads whoever looks for the change of passwords to it, signed
// in or not. standards PG-17
func TestWellKnownChangePassword(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.get("/.well-known/change-password").leads("/account/security").sets(0)
	b.get("/account/security").leads("/session/renew?return_to=%2Faccount%2Fsecurity")
	b.get("/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200").want(http.StatusNotFound)
	b.signIn("ada@example.com")
	b.get("/.well-known/change-password").leads("/account/security")
	open(t, "https://example.com/auth").browser(t,
		firefox).get("/auth/.well-known/change-password").leads("/auth/account/security")
}
