package pages_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// command is what a link that opens nothing names instead.
const command = "handstamp user create EMAIL --admin"

// TestSetUp makes the first admin by the link, once, and signs in.
func TestSetUp(t *testing.T) {
	p := open(t, "https://auth.example.com", "signup", "closed")
	link := "/setup/" + p.Users.SetupToken().Reveal()
	b := p.browser(t, firefox)
	before := p.Dump()
	for range 2 { // looking uses nothing up
		b.get(link).page(200).sets(0).shows("Create the first admin", "At least 15 characters", `action="`+link+`"`,
			`autocomplete="new-password"`)
		b.send("HEAD", link, "").want(200).sets(0)
	}
	if p.Dump() != before {
		t.Error("looking at the page changed something")
	}
	b.post(link, "email", " ada@example.com ", "name", "Ada", "password",
		handstamptest.GoodPassword).leads("/account").sets(2)
	b.get("/account").page(200).shows("ada@example.com", `value="Ada"`)
	u, err := p.Users.Find(t.Context(), audit.Operator(), "ada@example.com")
	if err != nil || !slices.Equal(u.Roles, []string{store.RoleAdmin}) {
		t.Errorf("Find = roles %v, %v, want admin", u.Roles, err)
	}

	before = p.Dump()
	for _, other := range []string{link, "/setup/" + p.Users.SetupToken().Reveal()} {
		b.get(other).page(http.StatusConflict).sets(0).shows("There is already an admin", command,
			"Sign out").hides("<input", "setup/")
		p.browser(t, phone).get(other).page(http.StatusConflict).shows(command, `href="/signin"`).hides("Sign out")
		b.post(other, "email", "eve@example.com", "password",
			handstamptest.GoodPassword).page(http.StatusConflict).sets(0).shows(command).hides("eve@example.com")
	}
	if p.Dump() != before {
		t.Error("a used link changed something")
	}
}

// TestSetUpLinks opens nothing for links that are not whole, not ours or too old.
func TestSetUpLinks(t *testing.T) {
	p := open(t, "https://auth.example.com")
	good := p.Users.SetupToken().Reveal()
	elsewhere := open(t, "https://auth.example.com").Users.SetupToken().Reveal()
	flipped := []byte(good)
	flipped[12] ^= 1
	b, before := p.browser(t, firefox), p.Dump()
	for name, token := range map[string]string{
		"cut": good[:len(good)-1], "longer": good + "A", "another server's": elsewhere, "changed": string(flipped),
		"short": "x",
		"huge":  strings.Repeat("A", 8<<10), "markup": "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "NUL": "%00",
		"not UTF-8": "%ff", "slash": good[:9] + "%2F" + good[9:],
		"padded": good + "%3D", "a line break inside": good[:9] + "%0A" + good[9:],
	} {
		t.Run(name, func(t *testing.T) {
			b.in(t).get("/setup/"+token).page(http.StatusNotFound).sets(0).shows("This link does not work",
				command).hides("<input", "alert(1)")
			b.in(t).post("/setup/"+token, "email", "eve@example.com", "password",
				handstamptest.GoodPassword).page(http.StatusNotFound).sets(0).shows(command)
		})
	}
	for _, path := range []string{"/setup", "/setup/", "/setup/" + good + "/", "/setup/" + good + "/x"} {
		b.get(path).page(http.StatusNotFound).hides("<input")
	}
	t.Run("too old", func(t *testing.T) {
		p.Clock.Advance(24*time.Hour - time.Minute)
		b.in(t).get("/setup/" + good).page(200)
		p.Clock.Advance(time.Minute)
		b.in(t).get("/setup/"+good).page(http.StatusNotFound).shows("works for one day", command)
		b.in(t).post("/setup/"+good, "email", "eve@example.com", "password",
			handstamptest.GoodPassword).page(http.StatusNotFound).sets(0)
	})
	if p.Dump() != before {
		t.Error("a bad link changed something")
	}
}

// TestSetUpRefused ties what is wrong to its field, and leaves the link good.
func TestSetUpRefused(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("bob@example.com")
	link, before := "/setup/"+p.Users.SetupToken().Reveal(), p.Dump()
	const good = handstamptest.GoodPassword
	tests := []struct {
		name   string
		fields []string
		status int
		shows  string
	}{
		{"nothing", nil, 422, "Enter your e-mail address."},
		{"no address", []string{"email", "ada", "password", good}, 422, "This is not an e-mail address"},
		{"short password", []string{"email", "ada@example.com", "password", "fourteen chars"}, 422,
			"Use at least 15 characters."},
		{"taken", []string{"email", "bob@example.com", "password", good}, 409, "handstamp user role EMAIL admin"},
		{"markup", []string{"email", "<script>alert(1)</script>", "name", "<b>", "password", good}, 422,
			"This is not an e-mail address"},
	}
	b := p.browser(t, firefox)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.in(t).post(link, test.fields...).page(test.status).sets(0).
				shows(test.shows, `role="alert"`, `aria-invalid="true"`, "Error: Set up").hides(good, "fourteen chars")
		})
	}
	t.Run("database away", func(t *testing.T) {
		p.breakDatabase()
		defer p.mendDatabase()
		b.in(t).post(link, "email", "ada@example.com", "password",
			good).page(http.StatusServiceUnavailable).sets(0).shows("database", `value="ada@example.com"`)
	})
	if p.Dump() != before {
		t.Error("a refused form changed something")
	}
	b.signIn("bob@example.com")
	b.get(link).page(200).shows("You are already signed in").hides("autofocus")
	b.post(link, "email", "ada@example.com", "password", good).leads("/account").sets(2)
	b.get("/account").page(200).shows("ada@example.com") // in place of Bob's session
}

// TestSetUpAtOnce makes one admin, however many try.
func TestSetUpAtOnce(t *testing.T) {
	p := open(t, "https://auth.example.com")
	link := "/setup/" + p.Users.SetupToken().Reveal()
	answers := make([]answer, 8)
	var all sync.WaitGroup
	for i := range answers {
		b := p.browser(t, firefox)
		all.Go(func() {
			answers[i] = b.post(link, "email", string(rune('a'+i))+"@example.com", "password",
				handstamptest.GoodPassword)
		})
	}
	all.Wait()
	made := 0
	for _, a := range answers {
		if a.Status == http.StatusSeeOther {
			a.leads("/account").sets(2)
			made++
		} else {
			a.page(http.StatusConflict).sets(0).shows("There is already an admin")
		}
	}
	if n := countUsers(t, p); made != 1 || n != 1 {
		t.Errorf("%d of %d made an admin and there are %d users, want 1 and 1", made, len(answers), n)
	}
}

// TestSetUpLog keeps the link out of the log, whatever is done with it, and passwords too.
func TestSetUpLog(t *testing.T) {
	p := open(t, "https://auth.example.com")
	token := p.Users.SetupToken().Reveal()
	b := p.browser(t, firefox)
	link := "/setup/" + token
	b.get(link).page(200)
	for _, method := range []string{"HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"} {
		b.send(method, link, "")
	}
	b.get(link + "/x")
	b.get("//setup/" + token)
	b.get("/setup/" + token + "?" + token)
	b.send("POST", link, "email="+strings.Repeat("x", 64<<10)).page(http.StatusRequestEntityTooLarge)
	b.send("POST", link, "email=x", "Sec-Fetch-Site", "cross-site").page(http.StatusForbidden)
	b.post(link, "x", token)
	b.post(link, "email", "x")
	p.breakDatabase()
	b.post(link, "email", "ada@example.com", "password", handstamptest.GoodPassword).page(http.StatusServiceUnavailable)
	p.mendDatabase()
	b.post(link, "email", "ada@example.com", "password", handstamptest.GoodPassword).leads("/account")
	b.post(link, "email", "ada@example.com", "password", handstamptest.GoodPassword).page(http.StatusConflict)
	p.Clock.Advance(25 * time.Hour)
	b.get(link).page(http.StatusNotFound)
	log := p.log.String()
	for _, want := range []string{`"route":"POST /setup/{token}"`, `"event":"user_created"`} { // requests and decisions
		if !strings.Contains(log, want) {
			t.Errorf("the log is without %s:\n%s", want, log)
		}
	}
	for _, canary := range []string{token, token[:16], handstamptest.GoodPassword} {
		if strings.Contains(log, canary) {
			t.Errorf("the log holds %q:\n%s", canary, log)
		}
	}
}
