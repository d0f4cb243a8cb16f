package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// TestStory signs up, looks at two devices, ends the other one and watches it read why.
func TestStory(t *testing.T) {
	p := open(t, "https://auth.example.com")
	laptop, mobile := p.browser(t, firefox), p.browser(t, phone)

	laptop.get("/").leads("/account")
	laptop.get("/account").leads("/session/renew?return_to=%2Faccount")
	laptop.get("/session/renew?return_to=%2Faccount").leads("/signin?return_to=%2Faccount")
	laptop.get("/signin?return_to=%2Faccount").page(200).sets(0).shows("/signup?return_to=%2Faccount")
	laptop.post("/signup", "email", "ada@example.com", "name", "Ada Lovelace", "password",
		handstamptest.GoodPassword).leads("/account").sets(2)
	laptop.get("/account").page(200).shows(`class="leave"`, "Ada Lovelace", "ada@example.com", "Sign out")
	laptop.get("/account/sessions").page(200).shows(`class="leave"`, "Firefox on Linux", "This device",
		"within the last hour", "Sign out").hides("End all others")

	mobile.signIn("ada@example.com")
	list := laptop.get("/account/sessions").page(200).shows("Safari on iOS", "One other session", "End all others")
	end := list.find(`action="(/account/sessions/[^"]+/end)"`)
	laptop.post(end, "form_token", list.token()).leads("/account/sessions?done=ended")
	laptop.get("/account/sessions?done=ended").page(200).shows("The session was ended.").hides("Safari on iOS")

	mobile.get("/account").leads("/session/renew?return_to=%2Faccount")
	mobile.get("/session/renew?return_to=%2Faccount").leads("/signin?reason=ended_by_user&return_to=%2Faccount").sets(0)
	mobile.get("/signin?reason=ended_by_user&return_to=%2Faccount").page(200).shows("This session was ended from " +
		"Firefox on Linux.")

	laptop.get("/signout").page(200).sets(0).shows("Sign out")
	laptop.post("/signout").leads("/signin?reason=signed_out").sets(2)
	if laptop.Cookies("/") != "" {
		t.Errorf("jar = %v, want it empty after signing out", laptop.Cookies("/"))
	}
	laptop.get("/signin?reason=signed_out").page(200).shows("You are signed out.")
}

// TestSignIn answers every kind of attempt.
func TestSignIn(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	const wrong = "Wrong e-mail address or password."
	tests := []struct {
		name   string
		fields []string
		status int
		shows  string
	}{
		{"wrong password", []string{"email", "ada@example.com", "password", "not this one, no"}, 401, wrong},
		{"unknown user", []string{"email", "bob@example.com", "password", "not this one, no"}, 401, wrong},
		{"no address at all", []string{"email", "ada", "password", "not this one, no"}, 401, wrong},
		{"nothing", nil, 422, "Enter your e-mail address."},
		{"no password", []string{"email", "ada@example.com"}, 422, "Enter your password."},
		{"blank address", []string{"email", "  ", "password", "x"}, 422, "Enter your e-mail address."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := p.browser(t, firefox)
			got := b.post("/signin", append(test.fields, "return_to", "/account?x=1")...).page(test.status).sets(0).
				shows(test.shows, `role="alert"`, `aria-invalid="true"`, "Error: Sign in",
					`name="return_to" value="/account?x=1"`).hides("not this one")
			for i := 0; i+1 < len(test.fields); i += 2 {
				if test.fields[i] == "email" {
					got.shows(`value="` + test.fields[i+1] + `"`)
				}
			}
		})
	}
	t.Run("blanks around the address", func(t *testing.T) {
		p.browser(t, firefox).post("/signin", "email", " Ada@Example.com ", "password",
			handstamptest.GoodPassword).leads("/account")
	})
	t.Run("blanks around the password", func(t *testing.T) {
		p.browser(t, firefox).post("/signin", "email", "ada@example.com", "password",
			handstamptest.GoodPassword+" ").page(401)
	})
	t.Run("database away", func(t *testing.T) {
		p.breakDatabase()
		defer p.mendDatabase()
		got := p.browser(t, firefox).post("/signin", "email", "ada@example.com", "password",
			handstamptest.GoodPassword).page(503).sets(0).shows("database")
		if got.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	})
}

// TestRemember keeps cookies only for who asks for it. standards CK-16
func TestRemember(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	for name, fields := range map[string][]string{"without": nil, "with": {"remember", "yes"}} {
		t.Run(name, func(t *testing.T) {
			got := p.browser(t, firefox).post("/signin", append(fields, "email", "ada@example.com", "password",
				handstamptest.GoodPassword)...).leads("/account").sets(2)
			for _, c := range got.Cookies() {
				if kept := c.MaxAge > 0; kept != (fields != nil) || !c.HttpOnly || !c.Secure || c.Path != "/" ||
					!strings.HasPrefix(c.Name, "__Host-Http-") {
					t.Errorf("cookie = %s", c)
				}
			}
		})
	}
}

// TestSignInWhileSignedIn shows who is signed in, and replaces the session.
func TestSignInWhileSignedIn(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	b.get("/signin").page(200).shows("You are signed in as", "ada@example.com", `href="/account"`,
		">Sign out<").hides("autofocus")
	b.get("/signin?reason=reauthentication_required").page(200).shows("Please sign in again to continue",
		`value="ada@example.com"`)
	b.get("/signin?reason=ended_by_admin").page(200).hides("administrator")

	t.Run("a refresh cookie alone shows no address", func(t *testing.T) {
		thief := p.browser(t, firefox)
		thief.takeCookies(b)
		thief.forgetAccess()
		thief.get("/signin").page(200).shows("You are signed in").hides("ada@example.com")
	})

	old := p.browser(t, firefox)
	old.takeCookies(b)
	b.signIn("ada@example.com")
	b.get("/account").page(200).hides("other session")
	old.get("/account").leads("/session/renew?return_to=%2Faccount")
	old.get("/session/renew").leads("/signin?reason=replaced")
	old.get("/signin").page(200).shows("which replaced this session")
}

// TestReasons shows a sentence for every reason there is, and nothing for what a stranger
// makes up.
func TestReasons(t *testing.T) {
	p := open(t, "https://auth.example.com")
	b := p.browser(t, firefox)
	for _, reason := range []store.EndReason{
		store.SignedOut, store.EndedByUser, store.EndedByAdmin, store.EndedIdle, store.EndedExpired,
		store.EndedReplaced,
		store.ReuseDetected, store.PasswordChanged, store.UserDisabled, store.UserDeleted, "reauthentication_required",
	} {
		b.get("/signin?reason=" + string(reason)).page(200).shows(`role="status"`).hides("autofocus")
	}
	for _, reason := range []string{"", "x", "Signed_Out", "<script>", "signed_out%00", "superseded"} {
		b.get("/signin?reason=" + reason).page(200).hides(`role="status"`)
	}
}

// TestSignUp answers every kind of attempt.
func TestSignUp(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	const good = handstamptest.GoodPassword
	tests := []struct {
		name   string
		fields []string
		status int
		shows  string
	}{
		{"taken", []string{"email", "ADA@example.com", "password", good}, 409,
			"There is already a user with this e-mail address."},
		{"nothing", nil, 422, "Enter your e-mail address."},
		{"no address", []string{"email", "bob", "password", good}, 422, "This is not an e-mail address"},
		{"short password", []string{"email", "bob@example.com", "password", "fourteen chars"}, 422,
			"Use at least 15 characters."},
		{"common password", []string{"email", "bob@example.com", "password", "passwordpassword"}, 422,
			"a guesser tries first"},
		{"long name", []string{"email", "bob@example.com", "name", strings.Repeat("b", 101), "password", good}, 422,
			"at most 100 characters"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p.browser(t, firefox).post("/signup", test.fields...).page(test.status).sets(0).
				shows(test.shows, `role="alert"`, `aria-invalid="true"`, "Error: Create an account").hides(good,
				"fourteen chars")
		})
	}
	p.browser(t, firefox).get("/signup").page(200).sets(0).shows("At least 15 characters",
		`autocomplete="new-password"`)
	t.Run("database away", func(t *testing.T) {
		p.breakDatabase()
		defer p.mendDatabase()
		p.browser(t, firefox).post("/signup", "email", "bob@example.com", "password", good).page(503).sets(0)
	})
	t.Run("closed", func(t *testing.T) {
		closed := open(t, "https://auth.example.com", "signup", "closed")
		b := closed.browser(t, firefox)
		b.get("/signup").page(200).shows("Nobody can sign up on this server").hides("<input")
		b.post("/signup", "email", "bob@example.com", "password",
			good).page(403).sets(0).shows("Nobody can sign up on this server")
		b.get("/signin").page(200).hides("/signup")
	})
}

// TestSignOut ends the session by whatever names it, any number of times. standards SE-09
func TestSignOut(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	tests := []struct {
		name   string
		change func(*browser)
	}{
		{"both cookies", func(*browser) {}},
		{"refresh cookie alone", (*browser).forgetAccess},
		{"access cookie alone", func(b *browser) { b.SetCookie(refreshCookie, "") }},
		{"expired access cookie alone", func(b *browser) {
			b.SetCookie(refreshCookie, "")
			p.Clock.Advance(time.Hour)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, witness := p.browser(t, firefox), p.browser(t, firefox)
			b.signIn("ada@example.com")
			witness.takeCookies(b)
			test.change(b)
			got := b.post("/signout").leads("/signin?reason=signed_out").sets(2)
			if got.Header.Get("Clear-Site-Data") != `"storage"` {
				t.Errorf("Clear-Site-Data = %q", got.Header.Get("Clear-Site-Data"))
			}
			witness.get("/account").leads("/session/renew?return_to=%2Faccount")
			witness.get("/session/renew").leads("/signin?reason=signed_out")
			witness.post("/signout").leads("/signin?reason=signed_out")
		})
	}
	t.Run("nobody", func(t *testing.T) {
		p.browser(t, firefox).post("/signout").leads("/signin?reason=signed_out")
	})
	t.Run("bad cookies", func(t *testing.T) {
		b := p.browser(t, firefox)
		b.SetCookie(refreshCookie, "hsr_x")
		b.SetCookie(accessCookie, "a.b.c")
		b.post("/signout").leads("/signin?reason=signed_out")
	})
	t.Run("by GET", func(t *testing.T) {
		b := p.browser(t, firefox)
		b.signIn("ada@example.com")
		b.get("/signout").page(200).sets(0)
		b.get("/account").page(200)
	})
	t.Run("database away", func(t *testing.T) {
		b := p.browser(t, firefox)
		b.signIn("ada@example.com")
		p.breakDatabase()
		b.post("/signout").page(http.StatusServiceUnavailable).sets(0)
		p.mendDatabase()
		b.post("/signout").leads("/signin?reason=signed_out")
	})
}
