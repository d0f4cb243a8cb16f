package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// post sends a form to one of OAuth's routes; parameters are name, value, …
func post(p *handstamptest.Person, path string, parameters ...string) handstamptest.Answer {
	form := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		form.Add(parameters[i], parameters[i+1])
	}
	return p.Do("POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// inactive is what is said of every token that is not good.
const inactive = `{"active":false}`

// questioner is a server, ada signed in on it with a program, and a service that asks about ada.
type questioner struct {
	*handstamptest.Server
	t               *testing.T
	service, ada    *handstamptest.Person
	access, refresh string
	sid             string
}

// startQuestioner starts one.
func startQuestioner(t *testing.T) questioner {
	t.Helper()
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	ada := s.Program(phone)
	in := ada.SignIn("ada@example.com")
	service, _ := s.MustService("billing")
	return questioner{s, t, service, ada, in.Text("access_token"), in.Text("refresh_token"), in.Text("session.id")}
}

// about asks about a token.
func (a questioner) about(token string) handstamptest.Answer {
	a.t.Helper()
	return post(a.service, "/oauth2/introspect", "token", token).Want(200)
}

// TestIntrospect tells what a token says and whether it is good. RFC 7662 §2.2, standards RV-11
func TestIntrospect(t *testing.T) {
	a := startQuestioner(t)
	got := a.about(a.access)
	said := got.JSON()
	for name, want := range map[string]any{
		"active": true, "token_type": "Bearer", "iss": a.URL, "sid": a.sid, "client_id": "first-party",
		"aud": []any{a.URL}, "amr": []any{"pwd"}, "acr": "aal1",
	} {
		if fmt.Sprint(said[name]) != fmt.Sprint(want) {
			t.Errorf("%s = %v, want %v", name, said[name], want)
		}
	}
	if exp, iat := said["exp"].(float64), said["iat"].(float64); exp-iat != 600 || said["sub"] == "" ||
		said["jti"] == "" {
		t.Errorf("introspection = %s, want exp ten minutes after iat, sub and jti", got.Body)
	}
	if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers = %v, want JSON and no-store", got.Header)
	}
	for _, hint := range []string{"access_token", "refresh_token", "nonsense"} { // RFC 7662 §2.1: only a hint
		if got := post(a.service, "/oauth2/introspect", "token", a.access, "token_type_hint", hint, "x",
			"y").Want(200); got.JSON()["active"] != true {
			t.Errorf("with the hint %s = %s, want active", hint, got.Body)
		}
	}
	before := a.Dump()
	refresh := a.about(a.refresh).JSON()
	if refresh["active"] != true || refresh["token_type"] != nil || refresh["sid"] != a.sid {
		t.Errorf("a refresh token = %v, want it active, and of no token_type", refresh)
	}
	if a.Dump() != before {
		t.Error("looking at a refresh token changed something")
	}
	a.ada.Do("POST", "/v1/session/refresh", `{"refresh_token":"`+a.refresh+`"}`).Want(200)
}

// TestIntrospectInactive says exactly one thing of whatever is not good, however it came to be so.
func TestIntrospectInactive(t *testing.T) {
	tests := []struct {
		name string
		do   func(a questioner) string // and returns the token to ask about
	}{
		{"nothing like a token", func(questioner) string { return "x" }},
		{"one bent", func(a questioner) string { return a.access[:len(a.access)-6] + "AAAAAA" }},
		{"a refresh token bent", func(a questioner) string { return a.refresh[:len(a.refresh)-6] + "AAAAAA" }},
		{"an e-mail address", func(questioner) string { return "ada@example.com" }},
		{"a session's id", func(a questioner) string { return a.sid }},
		{"one of a session signed out", func(a questioner) string {
			a.ada.Do("DELETE", "/v1/session",
				"").Want(204)
			return a.access
		}},
		{"a refresh token of a session signed out", func(a questioner) string {
			a.ada.Do("DELETE", "/v1/session",
				"").Want(204)
			return a.refresh
		}},
		{"one of a user who is disabled", func(a questioner) string {
			u, err := a.Users.Find(a.t.Context(), audit.Operator(), "ada@example.com")
			if err != nil {
				a.t.Fatal(err)
			}
			if _, err := a.Users.Disable(a.t.Context(), audit.Operator(), u.ID); err != nil {
				a.t.Fatal(err)
			}
			return a.access
		}},
		{"one from before roles changed", func(a questioner) string {
			u, err := a.Users.Find(a.t.Context(), audit.Operator(), "ada@example.com")
			if err != nil {
				a.t.Fatal(err)
			}
			if _, err := a.Users.SetRoles(a.t.Context(), audit.Operator(), u.ID, []string{"editor"}); err != nil {
				a.t.Fatal(err)
			}
			return a.access
		}},
		{"one of a key that was revoked", func(a questioner) string {
			if _, err := a.Keys.Revoke(a.t.Context(), audit.Operator(), a.Keys.Active(a.Clock.Now()).ID(),
				a.Clock.Now()); err != nil {
				a.t.Fatal(err)
			}
			return a.access
		}},
		{"one that has just expired", func(a questioner) string {
			a.Clock.Advance(10*time.Minute +
				time.Second)
			return a.access
		}},
		{"a refresh token past its idle limit",
			func(a questioner) string { a.Clock.Advance(15 * 24 * time.Hour); return a.refresh }},
		{"a refresh token past its end",
			func(a questioner) string { a.Clock.Advance(31 * 24 * time.Hour); return a.refresh }},
		{"a refresh token off the line", func(a questioner) string {
			next := a.refresh
			for range 3 {
				next = a.ada.Do("POST", "/v1/session/refresh",
					`{"refresh_token":"`+next+`"}`).Want(200).Text("refresh_token")
			}
			return a.refresh
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := startQuestioner(t)
			if got := a.about(tt.do(a)); got.Body != inactive {
				t.Errorf("introspection = %s, want exactly %s", got.Body, inactive)
			}
		})
	}
}

// TestIntrospectRow asks the session's row as well: a session that another node has ended is
// inactive here before this node has heard of it.
func TestIntrospectRow(t *testing.T) {
	faults := storetest.NewFaultStore()
	s := handstamptest.Start(t, handstamptest.Options{Wrap: faults.Wrap})
	s.MustUser("ada@example.com")
	ada := s.Program(phone)
	access := ada.SignIn("ada@example.com").Text("access_token")
	service, _ := s.MustService("billing")
	faults.FailBefore(storetest.OpHead, outage()) // the node hears nothing
	ada.Do("DELETE", "/v1/session", "").Want(503)
	ada.Do("GET", "/v1/session", "").Want(200)
	if got := post(service, "/oauth2/introspect", "token", access).Want(200); got.Body != inactive {
		t.Errorf("introspection = %s, want %s by the row", got.Body, inactive)
	}
	faults.FailBefore(storetest.OpSession, outage())
	got := post(service, "/oauth2/introspect", "token", access).Want(503)
	if got.Text("error") != "temporarily_unavailable" || got.Header.Get("Retry-After") == "" {
		t.Errorf("without a database = %s, want temporarily_unavailable and Retry-After", got.Body)
	}
}

// TestRevoke ends the session of a token, and is done with any other. RFC 7009 §2, standards RV-10
func TestRevoke(t *testing.T) {
	tests := []struct {
		name       string
		parameters func(a questioner) []string
		ends       bool
	}{
		{"a refresh token", func(a questioner) []string { return []string{"token", a.refresh} }, true},
		{"with its hint", func(a questioner) []string {
			return []string{"token", a.refresh, "token_type_hint",
				"refresh_token"}
		}, true},
		{"with another's", func(a questioner) []string {
			return []string{"token", a.refresh, "token_type_hint",
				"access_token"}
		}, true},
		{"with one that nobody knows", func(a questioner) []string {
			return []string{"token", a.refresh,
				"token_type_hint", "x"}
		}, true},
		{"an access token", func(a questioner) []string { return []string{"token", a.access} }, true},
		{"an unknown token", func(a questioner) []string { return []string{"token", "x"} }, false},
		{"one bent", func(a questioner) []string { return []string{"token", a.refresh[:len(a.refresh)-6] + "AAAAAA"} },
			false},
		{"a session's id", func(a questioner) []string { return []string{"token", a.sid} }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := startQuestioner(t)
			for range 2 { // twice is once
				if got := post(a.service, "/oauth2/revoke", tt.parameters(a)...).Want(200); got.Body != "" {
					t.Errorf("revoke = %q, want no body", got.Body)
				}
			}
			want := 200
			if tt.ends {
				want = 401
			}
			a.ada.Do("GET", "/v1/session", "").Want(want)
			a.ada.Do("POST", "/v1/session/refresh", `{"refresh_token":"`+a.refresh+`"}`).Want(want)
		})
	}
}

// TestRevokeTrouble never says that it is done when it is not. RFC 7009 §2.2.1, standards RV-09
func TestRevokeTrouble(t *testing.T) {
	s := startTroubled(t)
	service, _ := s.MustService("billing")
	s.faults.FailBefore(storetest.OpEndSession, outage())
	got := post(service, "/oauth2/revoke", "token", s.refresh).Want(503)
	if got.Text("error") != "temporarily_unavailable" || got.Header.Get("Retry-After") == "" {
		t.Errorf("revoke without a database = %s, want temporarily_unavailable and Retry-After", got.Body)
	}
	s.ada.Do("GET", "/v1/session", "").Want(200)
	s.faults.FailBefore(storetest.OpEndSession, nil)
	post(service, "/oauth2/revoke", "token", s.refresh).Want(200)
	s.ada.Do("GET", "/v1/session", "").Want(401)
}

// TestOAuthRefusals has the form and the words of RFC 6749 §5.2.
func TestOAuthRefusals(t *testing.T) {
	s := overHTTPS(t)
	_, key := s.MustService("billing")
	const form = "application/x-www-form-urlencoded"
	tests := []struct {
		name, method, body string
		headers            []string
		status             int
		want, challenge    string
	}{
		{"no key", "POST", "token=x", []string{"Content-Type", form}, 401, "invalid_client", "Bearer"},
		{"a bad key", "POST", "token=x", []string{"Content-Type", form, "Authorization", "Bearer hsk_x"}, 401,
			"invalid_client", "Bearer"},
		{"a bad password", "POST", "token=x", []string{"Content-Type", form, "Authorization", "Basic c3ZjX3g6eA=="},
			401, "invalid_client", `Basic realm="handstamp"`},
		{"no token", "POST", "x=y", []string{"Content-Type", form, "Authorization", "Bearer " + key}, 400,
			"invalid_request", ""},
		{"an empty token", "POST", "token=", []string{"Content-Type", form, "Authorization", "Bearer " + key}, 400,
			"invalid_request", ""},
		{"two tokens", "POST", "token=x&token=y", []string{"Content-Type", form, "Authorization", "Bearer " + key}, 400,
			"invalid_request", ""},
		{"no form", "POST", "token=%zz", []string{"Content-Type", form, "Authorization", "Bearer " + key}, 400,
			"invalid_request", ""},
		{"JSON", "POST", `{"token":"x"}`, []string{"Content-Type", "application/json", "Authorization", "Bearer " +
			key}, 415, "invalid_request", ""},
		{"too much", "POST", "token=" + strings.Repeat("x", 65<<10), []string{"Content-Type", form, "Authorization",
			"Bearer " + key}, 413, "invalid_request", ""},
		{"by GET", "GET", "", []string{"Authorization", "Bearer " + key}, 405, "invalid_request", ""},
		{"another site, with a password that a browser keeps", "POST", "token=x", []string{
			"Content-Type", form, "Authorization", "Basic c3ZjX3g6eA==", "Sec-Fetch-Site", "cross-site", "Origin",
			"https://evil.example",
		}, 403, "invalid_request", ""},
	}
	for _, tt := range tests {
		for _, path := range []string{"/oauth2/introspect", "/oauth2/revoke"} {
			got := s.Program("client").Do(tt.method, path, tt.body, tt.headers...)
			if got.Status != tt.status || got.Text("error") != tt.want ||
				got.Header.Get("WWW-Authenticate") != tt.challenge {
				t.Errorf("%s at %s = %d %s, WWW-Authenticate %q, want %d %s %q", tt.name, path, got.Status, got.Body,
					got.Header.Get("WWW-Authenticate"), tt.status, tt.want, tt.challenge)
			}
			if got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s at %s: headers %v, want JSON and no-store", tt.name, path, got.Header)
			}
		}
	}
}
