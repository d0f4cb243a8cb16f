package interop_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// testExample runs examples/node and calls it as its users would.
func testExample(t *testing.T, program string) {
	s := mustServe(t, program, "ES256")
	token := s.mustSignUp(t)
	folder := mustInstall(t, "../../examples/node")
	app := mustStartExample(t, folder, "ISSUER="+s.issuer)
	elsewhere := mustStartExample(t, folder, "ISSUER="+s.issuer, "AUDIENCE="+s.issuer+"/other")
	bare := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(bare.Close)
	keyless := mustStartExample(t, folder, "ISSUER="+bare.URL)
	gone := httptest.NewServer(nil)
	gone.Close()
	cutOff := mustStartExample(t, folder, "ISSUER="+gone.URL)

	for _, test := range []struct {
		name          string
		app           string
		headers       []string
		want          int
		wantChallenge string
		wantBody      string // part of it
	}{
		{"good token", app, bearer(token.Token), http.StatusOK, "", token.Subject},
		{"no credential", app, nil, http.StatusUnauthorized, "Bearer", "sign in"},
		{"other scheme", app, []string{"Authorization", "Basic YWRhOmFkYQ=="},
			http.StatusUnauthorized, "Bearer", "sign in"},
		{"flipped bit", app, bearer(token.flipped()), http.StatusUnauthorized, invalid, "sign in again"},
		{"not a token", app, bearer("x"), http.StatusUnauthorized, invalid, "sign in again"},
		{"other audience", elsewhere, bearer(token.Token), http.StatusUnauthorized, invalid, "sign in again"},
		{"no keys at the issuer", keyless, bearer(token.Token), http.StatusServiceUnavailable, "", "try again"},
		{"issuer unreachable", cutOff, bearer(token.Token), http.StatusServiceUnavailable, "", "try again"},
	} {
		got := mustSend(t, http.MethodGet, test.app+"/hello", "", test.headers...)
		challenge := got.header.Get("WWW-Authenticate")
		if got.status != test.want || challenge != test.wantChallenge ||
			!strings.Contains(string(got.body), test.wantBody) {
			t.Errorf(
				"%s: GET /hello = %d, challenge %q, %s; want %d, %q, %s", test.name, got.status, challenge,
				got.body, test.want, test.wantChallenge, test.wantBody,
			)
		}
	}
}

// testFeed has the example refuse what has ended, within seconds of its being ended, and nothing
// else; and go on from where it was when the server has been away.
func testFeed(t *testing.T, program string) {
	s := mustServe(t, program, "ES256")
	folder := mustInstall(t, "../../examples/node")
	app := mustStartExample(t, folder, "ISSUER="+s.issuer)
	ends, stays := s.mustSignUpAs(t, "ends"), s.mustSignUpAs(t, "stays")
	awaitHello(t, app, ends.Token, http.StatusOK)
	mustSend(t, http.MethodDelete, s.issuer+"/v1/session", "", bearer(ends.Token)...)
	awaitHello(t, app, ends.Token, http.StatusUnauthorized)
	awaitHello(t, app, stays.Token, http.StatusOK)
	late := mustStartExample(t, folder, "ISSUER="+s.issuer) // knows of it by a snapshot
	awaitHello(t, late, ends.Token, http.StatusUnauthorized)
	mustSend(t, http.MethodDelete, s.issuer+"/v1/session", "", bearer(stays.Token)...)
	awaitHello(t, app, stays.Token, http.StatusUnauthorized)
	awaitHello(t, late, stays.Token, http.StatusUnauthorized)
}

// awaitHello calls the example until it answers a token as wanted.
func awaitHello(t *testing.T, app, token string, want int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got := mustSend(t, http.MethodGet, app+"/hello", "", bearer(token)...)
		if got.status == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("GET /hello = %d %s for 5 s, want %d", got.status, got.body, want)
		}
	}
}

// invalid is the challenge to a bad token: RFC 6750 §3.1
const invalid = `Bearer error="invalid_token"`

// bearer is a header with a token.
func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// mustStartExample runs the example with settings and returns its URL.
func mustStartExample(t *testing.T, folder string, settings ...string) (url string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "server.js")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), append(settings, "PORT=0")...)
	line, err := mustStart(t, cmd).ReadString('\n')
	if err != nil {
		t.Fatalf("examples/node: %v", err)
	}
	_, url, _ = strings.Cut(strings.TrimSpace(line), "listening on ")
	return url
}
