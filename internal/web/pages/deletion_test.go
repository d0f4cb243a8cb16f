package pages_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// TestDelete forgets the person everywhere, and says so to every device. standards SE-15
func TestDelete(t *testing.T) {
	p := open(t, "https://auth.example.com")
	id := p.MustUser("ada@example.com")
	b, other := p.browser(t, firefox), p.browser(t, phone)
	b.signIn("ada@example.com")
	other.signIn("ada@example.com")
	token := b.get("/account/delete").page(200).sets(0).shows("ada@example.com", "Sign out",
		"Delete my account for good", `href="/account/security"`).token()

	before := p.Dump()
	b.post("/account/delete", "form_token", token).page(http.StatusUnprocessableEntity).sets(0).
		shows("Nothing was deleted", "Error: Delete your account", `aria-describedby="sure-error"`, "Sign out")
	b.post("/account/delete", "form_token", token, "sure", "").page(http.StatusUnprocessableEntity).sets(0)
	p.breakDatabase()
	b.post("/account/delete", "form_token", token, "sure",
		"yes").page(http.StatusServiceUnavailable).sets(0).shows("cannot reach its database")
	p.mendDatabase()
	if p.Dump() != before {
		t.Error("a refused deletion changed something")
	}

	twin := b.twin()
	got := b.post("/account/delete", "form_token", token, "sure", "yes").leads("/signin?reason=user_deleted").sets(2)
	if b.Cookies("/") != "" || got.Header.Get("Clear-Site-Data") != `"storage"` {
		t.Errorf("jar = %v, Clear-Site-Data = %q, want both empty handed", b.Cookies("/"),
			got.Header.Get("Clear-Site-Data"))
	}
	b.get("/signin?reason=user_deleted").page(200).shows("This account has been deleted.").hides("Sign out")
	if _, err := p.Users.Get(t.Context(), callerFor(id)); !fault.HasCode(err, fault.UserNotFound) {
		t.Errorf("Get(deleted) = %v, want user_not_found", err)
	}
	other.get("/account").leads("/session/renew?return_to=%2Faccount")
	other.get("/session/renew").leads("/signin?reason=user_deleted")
	other.get("/signin?reason=user_deleted").page(200).shows("This account has been deleted.").hides("ada@example.com")
	b.post("/signin", "email", "ada@example.com", "password", handstamptest.GoodPassword).page(http.StatusUnauthorized)

	// The same form once more, with the cookies of before.
	twin.post("/account/delete", "form_token", token, "sure", "yes").notSaved("/account/delete")
	twin.get("/account/delete").leads("/session/renew?return_to=%2Faccount%2Fdelete")

	// The address is free, for somebody else.
	b.post("/signup", "email", "ada@example.com", "password", handstamptest.GoodPassword).leads("/account")
	twin.get("/account").leads("/session/renew?return_to=%2Faccount")
}

// TestDeleteAtOnce tells whoever comes second the same as the first, or that it came too late.
func TestDeleteAtOnce(t *testing.T) {
	p := open(t, "https://auth.example.com")
	id := p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	token := b.get("/account/delete").page(200).token()
	p.faults.Once(storetest.OpDeleteUser, func() {
		if err := p.Users.Delete(t.Context(), callerFor(id)); err != nil {
			t.Error(err)
		}
	})
	b.post("/account/delete", "form_token", token, "sure", "yes").leads("/signin?reason=user_deleted").sets(2)

	for range 5 {
		p.MustUser("ada@example.com")
		b.signIn("ada@example.com")
		token = b.get("/account/delete").page(200).token()
		answers := make([]answer, 4)
		var all sync.WaitGroup
		for i := range answers {
			one := b.twin()
			all.Go(func() { answers[i] = one.post("/account/delete", "form_token", token, "sure", "yes") })
		}
		all.Wait()
		deleted := 0
		for _, a := range answers {
			if a.Header.Get("Location") == "/signin?reason=user_deleted" {
				deleted++
			} else {
				a.notSaved("/account/delete") // it came after the end, as from a session that is over
			}
		}
		if deleted == 0 {
			t.Error("nobody was told that the account is deleted")
		}
	}
}

// TestDeleteOther leaves everybody else alone.
func TestDeleteOther(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	p.MustUser("bob@example.com")
	ada, bob := p.browser(t, firefox), p.browser(t, firefox)
	ada.signIn("ada@example.com")
	bob.signIn("bob@example.com")
	ada.post("/account/delete", "form_token", ada.get("/account/delete").token(), "sure",
		"yes").leads("/signin?reason=user_deleted")
	bob.get("/account").page(200).shows("bob@example.com")
	if n := countUsers(t, p); n != 1 {
		t.Errorf("%d users are left, want 1", n)
	}
}

// TestDeletedReason is the one reason that a deletion ends sessions for.
func TestDeletedReason(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	live, err := p.Sessions.Live(t.Context(), callerOf(t, p, "ada@example.com"))
	if err != nil || len(live) != 1 {
		t.Fatalf("Live = %d sessions, %v, want 1", len(live), err)
	}
	b.post("/account/delete", "form_token", b.get("/account/delete").token(), "sure",
		"yes").leads("/signin?reason=user_deleted")
	if got := p.Session(live[0].ID.String()).EndReason; got != store.UserDeleted {
		t.Errorf("EndReason = %q, want %q", got, store.UserDeleted)
	}
}
