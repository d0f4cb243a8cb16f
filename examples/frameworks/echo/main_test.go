package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/verify/verifytest"
)

// TestRoutes asks every route as everyone.
func TestRoutes(t *testing.T) {
	iss := verifytest.NewIssuer(t)
	h := app(iss.Verifier(t))
	iss.End("ended")
	browser := httptest.NewRequest(http.MethodGet, "/hello", nil)
	browser.Header.Set("Sec-Fetch-Mode", "navigate")
	ada, admin := verifytest.User("ada"), verifytest.Role("admin")
	for _, test := range []struct {
		name    string
		request *http.Request
		status  int
		body    string // part of it
		header  string // one that must be there
	}{
		{"nobody, open route", httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, "welcome\n", ""},
		{"nobody", httptest.NewRequest(http.MethodGet, "/hello", nil),
			http.StatusUnauthorized, "missing_token", "WWW-Authenticate"},
		{"nobody, in a browser", browser, http.StatusSeeOther, "", "Location"},
		{"a user", iss.Request(http.MethodGet, "/hello", ada), http.StatusOK, "hello ada\n", ""},
		{"a user whose token expired", iss.Request(http.MethodGet, "/hello", ada, verifytest.Expired()),
			http.StatusUnauthorized, "token_expired", "WWW-Authenticate"},
		{"a user whose session ended", iss.Request(http.MethodGet, "/hello", verifytest.Session("ended")),
			http.StatusUnauthorized, "invalid_token", "WWW-Authenticate"},
		{"a user, admins' route", iss.Request(http.MethodGet, "/admin", ada),
			http.StatusForbidden, "insufficient_role", "WWW-Authenticate"},
		{"an admin, admins' route", iss.Request(http.MethodGet, "/admin", ada, admin),
			http.StatusOK, "hello ada\n", ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, test.request)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) ||
			test.header != "" && w.Header().Get(test.header) == "" {
			t.Errorf("%s: %d %q %v, want %d with %q and %s", test.name, w.Code, w.Body, w.Header(), test.status,
				test.body, test.header)
		}
		if test.status != http.StatusOK && strings.Contains(w.Body.String(), "hello") {
			t.Errorf("%s: the handler ran", test.name)
		}
	}
}
