package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// TestRename shows, changes and takes away the name.
func TestRename(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	token := b.get("/account").page(200).shows("ada@example.com", "Sign out", `href="/account/sessions"`,
		`href="/account/security"`).hides("value=\"Ada").token()
	tests := []struct {
		name, typed string
		kept        string // what the page shows afterwards; empty: no name
	}{
		{"plain", "Ada Lovelace", "Ada Lovelace"},
		{"the same again", "Ada Lovelace", "Ada Lovelace"},
		{"blanks around it", "  Ada  ", "Ada"},
		{"markup", `<img src=x onerror=alert(1)>"'{{7*7}}`, `<img src=x onerror=alert(1)>"'{{7*7}}`},
		{"another script", "आदा \U0001f469\u200d\U0001f4bb", "आदा \U0001f469\u200d\U0001f4bb"},
		{"as long as may be", strings.Repeat("ä", 100), strings.Repeat("ä", 100)},
		{"none", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := b.in(t)
			b.post("/account", "form_token", token, "name", test.typed).leads("/account?done=name").sets(0)
			shown := b.get("/account?done=name").page(200).shows("Your name was saved.")
			if test.kept == "" {
				shown.hides("value=\"Ada", "lert(1)")
			} else {
				shown.shows(`value="` + test.kept + `"`)
			}
			b.get("/account").page(200).hides("Your name was saved.")
		})
	}
	b.post("/account", "form_token", token, "name", "Ada").leads("/account?done=name")
	for name, typed := range map[string]string{"control": "Ada\x00", "private use": "Ada\ue000",
		"two lines": "Ada\nBob", "too long": strings.Repeat("a", 101)} {
		t.Run(name, func(t *testing.T) {
			b.in(t).post("/account", "form_token", token, "name", typed).page(http.StatusUnprocessableEntity).sets(0).
				shows("Error: Profile", `role="alert"`, `aria-invalid="true"`, "Sign out", "A name has")
			b.in(t).get("/account").page(200).shows(`value="Ada"`)
		})
	}
	t.Run("database away", func(t *testing.T) {
		p.breakDatabase()
		defer p.mendDatabase()
		b.in(t).post("/account", "form_token", token, "name",
			"Bob").page(http.StatusServiceUnavailable).sets(0).shows("database", `value="Bob"`)
	})
	b.get("/account").page(200).shows(`value="Ada"`)
	b.get("/account?done=password").page(200).hides(`role="status"`)
}

// TestDownload returns all that is kept as a file, to a form and not to a link.
func TestDownload(t *testing.T) {
	p := open(t, "https://auth.example.com")
	p.MustUser("ada@example.com")
	b := p.browser(t, firefox)
	b.signIn("ada@example.com")
	token := b.get("/account").page(200).token()
	got := b.post("/account/export", "form_token", token).want(200).sets(0)
	if kind, how := got.Header.Get("Content-Type"), got.Header.Get("Content-Disposition"); kind != "application/json" ||
		how != `attachment; filename="handstamp-export.json"` {
		t.Errorf("Content-Type = %q, Content-Disposition = %q, want a JSON file", kind, how)
	}
	var file struct {
		User     struct{ Email string }
		Sessions []struct{ ID string }
	}
	if err := json.Unmarshal([]byte(got.Body), &file, json.MatchCaseInsensitiveNames(true)); err != nil ||
		file.User.Email != "ada@example.com" || len(file.Sessions) != 1 {
		t.Errorf("file = %+v, %v, want Ada and one session: %s", file, err, got.Body)
	}
	got.hides("argon2", "hsr_", b.Cookie(accessCookie))
	b.get("/account/export").page(http.StatusMethodNotAllowed)
	if n := strings.Count(p.log.String(), `"event":"user_exported"`); n != 1 {
		t.Errorf("the log tells of %d exports, want 1:\n%s", n, p.log.String())
	}
}
