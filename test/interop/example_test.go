package interop_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
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
		{"other scheme", app, []string{"Authorization", "Basic YWRhOmFkYQ=="}, http.StatusUnauthorized, "Bearer", "sign in"},
		{"flipped bit", app, bearer(token.flipped()), http.StatusUnauthorized, invalid, "sign in again"},
		{"not a token", app, bearer("x"), http.StatusUnauthorized, invalid, "sign in again"},
		{"other audience", elsewhere, bearer(token.Token), http.StatusUnauthorized, invalid, "sign in again"},
		{"no keys at the issuer", keyless, bearer(token.Token), http.StatusServiceUnavailable, "", "try again"},
		{"issuer unreachable", cutOff, bearer(token.Token), http.StatusServiceUnavailable, "", "try again"},
	} {
		got := mustSend(t, http.MethodGet, test.app+"/hello", "", test.headers...)
		challenge := got.header.Get("WWW-Authenticate")
		if got.status != test.want || challenge != test.wantChallenge || !strings.Contains(string(got.body), test.wantBody) {
			t.Errorf("%s: GET /hello = %d, challenge %q, %s; want %d, %q, %s", test.name, got.status, challenge, got.body, test.want, test.wantChallenge, test.wantBody)
		}
	}
}

// invalid is the challenge to a bad token: RFC 6750 §3.1
const invalid = `Bearer error="invalid_token"`

// bearer is a header with a token.
func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// mustStartExample runs the example with settings and gives its URL.
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
