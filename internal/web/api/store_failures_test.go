package api_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// troubled is a server whose engine a test can make fail.
type troubled struct {
	signedIn
	faults *storetest.FaultStore
	ada    *handstamptest.Person // with the access token in a header
	other  string                // the id of another session of ada
}

// startTroubled starts one.
func startTroubled(t *testing.T) troubled {
	t.Helper()
	faults := storetest.NewFaultStore()
	s := handstamptest.Start(t, handstamptest.Options{Wrap: faults.Wrap})
	s.MustUser("ada@example.com")
	ada := s.Program(phone)
	in := ada.SignIn("ada@example.com")
	other := s.Program(firefox).SignIn("ada@example.com")
	faults.Asked()
	return troubled{
		signedIn{s, in.Text("access_token"), in.Text("refresh_token")}, faults, ada, other.Text("session.id"),
	}
}

// outage is the fault of an engine that cannot answer, with a cause that is nobody's business.
func outage() error {
	return fault.New(fault.StorageUnavailable).Because(errors.New("disk /var/lib/secret-path is full"))
}

// dependent is a request and an operation of the store that it cannot do without.
type dependent struct {
	operation          storetest.Operation
	method, path, body string
	status             int // once the engine answers again
}

// dependents are the requests that need the database. REFRESH and OTHER stand for the
// session's own token and for the id of another session.
var dependents = []dependent{
	{storetest.OpRotate, "POST", "/v1/session/refresh", `{"refresh_token":"REFRESH"}`, 200},
	{storetest.OpUserByEmail, "POST", "/v1/session", credentials, 201},
	{storetest.OpBegin, "POST", "/v1/session", credentials, 201},
	{storetest.OpCreateUser, "POST", "/v1/users", `{"email":"new@example.com",` + password + `}`, 201},
	{
		storetest.OpBegin, "POST", "/v1/users", `{"email":"newer@example.com",` + password + `}`, 409,
	}, // the user is there by then
	{storetest.OpUser, "GET", "/v1/user", "", 200},
	{storetest.OpRenameUser, "PATCH", "/v1/user", `{"name":"Ada"}`, 200},
	{storetest.OpLiveSessions, "GET", "/v1/user/sessions", "", 200},
	{storetest.OpAllSessions, "GET", "/v1/user/export", "", 200},
	{storetest.OpEndSession, "DELETE", "/v1/user/sessions/OTHER", "", 204},
	{storetest.OpEndOtherSessions, "DELETE", "/v1/user/sessions?keep=current", "", 200},
	{
		storetest.OpUser, "POST", "/v1/user/password",
		`{"current_password":"` + handstamptest.GoodPassword + `","new_password":"copper kettles sing at dawn"}`, 204,
	},
	{
		storetest.OpChangePassword, "POST", "/v1/user/password",
		`{"current_password":"` + handstamptest.GoodPassword + `","new_password":"copper kettles sing at dawn"}`, 204,
	},
	{storetest.OpEndSession, "DELETE", "/v1/session", "", 204},
	{storetest.OpEndSession, "DELETE", "/v1/session", `{"refresh_token":"REFRESH"}`, 204},
	{storetest.OpDeleteUser, "DELETE", "/v1/user", "", 204},
}

// TestTrouble has the database fail under every request that needs it: 503, when to come
// again, nothing of the cause, nothing changed; and the same request works afterwards.
// docs/protocol.md R5, standards RF-15, ER-02
func TestTrouble(t *testing.T) {
	for _, tt := range dependents {
		t.Run(tt.method+" "+tt.path+", "+string(tt.operation), func(t *testing.T) {
			s := startTroubled(t)
			fill := strings.NewReplacer("REFRESH", s.refresh, "OTHER", s.other)
			ask := func() handstamptest.Answer {
				return s.ada.Do(tt.method, fill.Replace(tt.path),
					fill.Replace(tt.body))
			}

			s.faults.FailBefore(tt.operation, outage())
			before := s.Dump()
			got := ask()
			if got.Status != 503 || got.Text("code") != "storage_unavailable" || got.Header.Get("Retry-After") != "1" {
				t.Errorf(
					"while %s fails: %d %s, Retry-After %q, want 503 storage_unavailable and 1",
					tt.operation,
					got.Status,
					got.Body,
					got.Header.Get("Retry-After"),
				)
			}
			if strings.Contains(got.Body, "secret-path") || len(got.Header.Values("Set-Cookie")) > 0 {
				t.Errorf(
					"while %s fails: %s, cookies %q, want neither the cause nor cookies",
					tt.operation,
					got.Body,
					got.Header.Values("Set-Cookie"),
				)
			}
			if after := s.Dump(); after != before && tt.status != 409 {
				t.Errorf("while %s fails, something changed:\n%s\nwas:\n%s", tt.operation, after, before)
			}
			s.faults.FailBefore(tt.operation, errors.New("SELECT * FROM secret-table: bug"))
			if got := ask(); got.Status != 500 || got.Text("code") != "internal" ||
				strings.Contains(got.Body, "secret-table") {
				if tt.status != 409 {
					t.Errorf("while %s has a bug: %d %s, want 500 internal", tt.operation, got.Status, got.Body)
				}
			}
			s.faults.FailBefore(tt.operation, nil)
			if got := ask(); got.Status != tt.status {
				t.Errorf("afterwards: %d %s, want %d", got.Status, got.Body, tt.status)
			}
		})
	}
}

// TestLostCommit has a rotation committed and its answer lost in the engine: the client is
// told 503, and its token still works: at once for the successor that was lost, much later
// for another.
func TestLostCommit(t *testing.T) {
	s := startTroubled(t)
	ask := func() handstamptest.Answer {
		return s.ada.Do("POST", "/v1/session/refresh", `{"refresh_token":"`+s.refresh+`"}`)
	}
	s.faults.FailAfter(storetest.OpRotate, outage())
	ask().Want(503)
	s.faults.FailAfter(storetest.OpRotate, nil)
	first := ask().Want(200).Text("refresh_token")
	if again := ask().Want(200).Text("refresh_token"); again != first {
		t.Errorf("at once = another token, want the one that was lost")
	}
	s.Clock.Advance(time.Hour)
	if later := ask().Want(200).Text("refresh_token"); later == first {
		t.Errorf("an hour later = the token that was lost, want another")
	}
}

// TestEndingKeptNotTold has an ending committed while the node cannot read its own log: the
// client is told to come again, and when it does, the tokens are refused before the answer.
func TestEndingKeptNotTold(t *testing.T) {
	s := startTroubled(t)
	s.faults.FailBefore(storetest.OpRevocationsSince, outage())
	s.ada.Do("DELETE", "/v1/session", "").Want(503)
	s.faults.FailBefore(storetest.OpRevocationsSince, nil)
	s.ada.Do("DELETE", "/v1/session", "").Want(204)
	s.ada.Do("GET", "/v1/session", "").Want(401)
	s.ada.Do("DELETE", "/v1/session", "").Want(204)
}

// TestEndedIsEndedHere ends a session whose end this node could not read back: whoever is told
// afterwards that it is over finds its access token refused, however the end is told.
func TestEndedIsEndedHere(t *testing.T) {
	s := startTroubled(t)
	s.faults.FailBefore(storetest.OpRevocationsSince, outage())
	s.ada.Do("DELETE", "/v1/session", "").Want(503)
	s.faults.FailBefore(storetest.OpRevocationsSince, nil)
	got := s.ada.Do("POST", "/v1/session/refresh", `{"refresh_token":"`+s.refresh+`"}`).Want(401)
	if reason := got.Text("reason"); reason != "signed_out" {
		t.Errorf("reason = %s, want signed_out", reason)
	}
	s.ada.Do("GET", "/v1/session", "").Want(401)
}

// unasked is a request that must not cost the database anything.
type unasked struct {
	name, method, path, body string
	headers                  []string
	status                   int
}

// TestDatabaseNotAsked answers from memory what needs no more, and turns forgeries away
// before they reach the database. standards SE-25, KY-15
func TestDatabaseNotAsked(t *testing.T) {
	s := startTroubled(t)
	bent := s.refresh[:len(s.refresh)-9] + flipped(s.refresh[len(s.refresh)-9]) + s.refresh[len(s.refresh)-8:]
	moved := s.refresh[:30] + flipped(s.refresh[30]) + s.refresh[31:] // another session's id under the old MAC
	program := []string{"Authorization", "Bearer " + s.access}
	tests := []unasked{
		{"session", "GET", "/v1/session", "", program, 200},
		{"keys", "GET", "/.well-known/jwks.json", "", nil, 200},
		{"metadata", "GET", "/.well-known/oauth-authorization-server", "", nil, 200},
		{"no credential", "GET", "/v1/user", "", []string{"Authorization", ""}, 401},
		{
			"forged access token", "GET", "/v1/user", "",
			[]string{"Authorization", "Bearer " + s.access[:len(s.access)-4] + "AAAA"}, 401,
		},
		{"forged access cookie", "GET", "/v1/user", "", []string{"Authorization", "", "Cookie", "hs_access=x"}, 401},
		{"bent refresh token", "POST", "/v1/session/refresh", `{"refresh_token":"` + bent + `"}`, nil, 401},
		{
			"refresh token of another session", "POST", "/v1/session/refresh", `{"refresh_token":"` + moved + `"}`, nil,
			401,
		},
		{
			"bent refresh cookie", "POST", "/v1/session/refresh", "",
			[]string{"Cookie", "hs_refresh=" + bent, "Origin", s.URL}, 401,
		},
		{
			"two bent refresh cookies", "POST", "/v1/session/refresh", "",
			[]string{"Cookie", "hs_refresh=" + bent + "; hs_refresh=" + moved, "Origin", s.URL}, 401,
		},
		{"bent refresh token to sign out", "DELETE", "/v1/session", `{"refresh_token":"` + bent + `"}`, nil, 401},
		{"nothing to sign out of", "DELETE", "/v1/session", "", []string{"Authorization", ""}, 204},
		{"address of nobody's form", "POST", "/v1/session", `{"email":"nobody",` + password + `}`, nil, 401},
		{
			"sign-up with a short password", "POST", "/v1/users", `{"email":"new@example.com","password":"short"}`, nil,
			400,
		},
		{"session of no form", "DELETE", "/v1/user/sessions/x", "", program, 404},
		{"no such address", "GET", "/v1/nothing", "", nil, 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.ada.Do(tt.method, tt.path, tt.body, tt.headers...).Want(tt.status)
			if asked := s.faults.Asked(); len(asked) > 0 {
				t.Errorf("%s %s asked the store for %v, want nothing", tt.method, tt.path, asked)
			}
		})
	}
}

// flipped returns another character of the base64url alphabet.
func flipped(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := slices.Index([]byte(alphabet), c)
	return alphabet[(i+1)%64 : (i+1)%64+1]
}
