package api_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// TestSignInAlike answers every failed sign-in with the same status, headers and bytes but
// for the request's id. standards PW-16
func TestSignInAlike(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	bea := s.MustUser("bea@example.com")
	if _, err := s.Users.Disable(t.Context(), audit.Operator(), bea); err != nil {
		t.Fatal(err)
	}
	const wrong = `"password":"violet teapots orbit loudly"`
	bodies := map[string]string{
		"wrong password":     `{"email":"ada@example.com",` + wrong + `}`,
		"unknown":            `{"email":"nobody@example.com",` + password + `}`,
		"disabled":           `{"email":"bea@example.com",` + password + `}`,
		"disabled and wrong": `{"email":"bea@example.com",` + wrong + `}`,
		"no address":         `{"email":"ada",` + password + `}`,
		"too long":           `{"email":"ada@example.com","password":"` + strings.Repeat("x", 5000) + `"}`,
		"a space":            `{"email":" ",` + password + `}`,
	}
	shape := func(a handstamptest.Answer) []string {
		id := a.Text("request_id")
		lines := []string{strings.Replace(a.Body, id, "ID", 1)}
		for name, values := range a.Header {
			if name != "Date" {
				lines = append(lines, name+": "+strings.Join(values, ", "))
			}
		}
		slices.Sort(lines)
		return lines
	}
	for _, who := range []*handstamptest.Person{s.Browser(firefox), s.Program(phone)} {
		want := shape(who.Do("POST", "/v1/session", bodies["wrong password"]).Want(401))
		for name, body := range bodies {
			got := shape(who.Do("POST", "/v1/session", body).Want(401))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s differs from a wrong password (-want +got):\n%s", name, diff)
			}
		}
	}
}

// TestTransport returns tokens the way the client takes them, and only that way.
func TestTransport(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	tests := []struct {
		name     string
		who      *handstamptest.Person
		asked    string // a member; empty: none
		status   int
		byCookie bool
	}{
		{"browser", s.Browser(firefox), ``, 201, true},
		{"browser asks for cookies", s.Browser(firefox), `,"transport":"cookie"`, 201, true},
		{"browser asks for tokens", s.Browser(firefox), `,"transport":"token"`, 201, false},
		{"program", s.Program(phone), ``, 201, false},
		{"program asks for tokens", s.Program(phone), `,"transport":"token"`, 201, false},
		{"program asks for cookies", s.Program(phone), `,"transport":"cookie"`, 403, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.who.Do("POST", "/v1/session", `{"email":"ada@example.com",`+password+tt.asked+`}`).Want(tt.status)
			inBody := strings.Contains(got.Body, "hsr_") || strings.Contains(got.Body, "eyJ")
			cookies := len(got.Header.Values("Set-Cookie"))
			if inBody != (tt.status == 201 && !tt.byCookie) || (cookies == 2) != tt.byCookie {
				t.Errorf("tokens in the body: %v, cookies: %d, want by cookie: %v", inBody, cookies, tt.byCookie)
			}
		})
	}
}
