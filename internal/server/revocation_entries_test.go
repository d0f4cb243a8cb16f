package server_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/logtest"
)

// ending is ada, signed in twice, about to be ended in some way.
type ending struct {
	*handstamptest.Server
	t              *testing.T
	id             store.UserID
	ada            *handstamptest.Person // with the access token in its header
	refresh        string                // of ada
	session, other string                // sids: of ada here, and on another device
}

// startEnding starts a server with ada signed in.
func startEnding(t *testing.T, log *logtest.Log) ending {
	t.Helper()
	s := handstamptest.Start(t, handstamptest.Options{Log: log})
	id := s.MustUser("ada@example.com")
	ada := s.Program("phone")
	in := ada.SignIn("ada@example.com")
	other := s.Program("laptop").SignIn("ada@example.com").Text("session.id")
	return ending{s, t, id, ada, in.Text("refresh_token"), in.Text("session.id"), other}
}

// must fails on any error of an operation.
func (e ending) must(_ any, err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// entries returns what the feed holds.
func (e ending) entries() []revoked.Entry {
	e.t.Helper()
	var snapshot struct {
		Entries []revoked.Entry `json:"entries"`
	}
	body := e.Program("service").Do("GET", "/v1/revocations", "").Want(200).Body
	if err := json.Unmarshal([]byte(body), &snapshot); err != nil {
		e.t.Fatal(err)
	}
	return snapshot.Entries
}

// operations are all that revoke something: what each does, the kind of its one entry
// and what that names, and how the log tells of it. SESSION, OTHER, USER and KEY stand for ids.
var operations = []struct {
	name  string
	do    func(e ending)
	kind  revoked.Kind
	id    string
	event audit.Name
	actor string
}{
	{"sign-out", func(e ending) { e.ada.Do("DELETE", "/v1/session", "").Want(204) }, revoked.Session, "SESSION",
		audit.SessionEnded, ""},
	{"sign-out by refresh token", func(e ending) {
		e.Program("x").Do("DELETE", "/v1/session", `{"refresh_token":"`+e.refresh+`"}`).Want(204)
	}, revoked.Session, "SESSION", audit.SessionEnded, ""},
	{"end one", func(e ending) { e.ada.Do("DELETE", "/v1/user/sessions/"+e.other, "").Want(204) }, revoked.Session,
		"OTHER", audit.SessionEnded, "USER"},
	{"end others", func(e ending) { e.ada.Do("DELETE", "/v1/user/sessions?keep=current", "").Want(200) },
		revoked.Session, "OTHER", audit.SessionEnded, "USER"},
	{"end by the operator", func(e ending) {
		id, err := store.ParseSessionID(e.other)
		e.must(id, err)
		e.must(nil, e.Sessions.End(e.t.Context(), audit.Operator(), id))
	}, revoked.Session, "OTHER", audit.SessionEnded, "operator"},
	{"change of the password", func(e ending) {
		e.ada.Do("POST", "/v1/user/password",
			`{"current_password":"`+handstamptest.GoodPassword+`","new_password":"a long and quiet phrase"}`).Want(204)
	}, revoked.Session, "OTHER", audit.PasswordChanged, "USER"},
	{"replaced by a sign-in", func(e ending) {
		e.ada.Do("POST", "/v1/session",
			`{"email":"ada@example.com","password":"`+handstamptest.GoodPassword+`"}`).Want(201)
	}, revoked.Session, "SESSION", audit.SessionEnded, ""},
	{"reuse detected", func(e ending) {
		next := e.refresh
		for range 3 {
			next = e.Program("x").Do("POST", "/v1/session/refresh",
				`{"refresh_token":"`+next+`"}`).Want(200).Text("refresh_token")
		}
		e.Program("thief").Do("POST", "/v1/session/refresh", `{"refresh_token":"`+e.refresh+`"}`).Want(401)
	}, revoked.Session, "SESSION", audit.RefreshReused, ""},
	{"revoked by a service", func(e ending) {
		service, _ := e.MustService("billing")
		service.Do("POST", "/oauth2/revoke", "token="+e.refresh,
			"Content-Type", "application/x-www-form-urlencoded").Want(200)
	}, revoked.Session, "SESSION", audit.SessionEnded, "svc_"},
	{"disabling", func(e ending) { e.must(e.Users.Disable(e.t.Context(), audit.Operator(), e.id)) }, revoked.User,
		"USER", audit.UserDisabled, "operator"},
	{"deletion", func(e ending) { e.ada.Do("DELETE", "/v1/user", "").Want(204) }, revoked.User, "USER",
		audit.UserDeleted, "USER"},
	{"change of roles", func(e ending) {
		e.must(e.Users.SetRoles(e.t.Context(), audit.Operator(), e.id, []string{"editor"}))
	}, revoked.User, "USER", audit.RolesChanged, "operator"},
	{"key revoked", func(e ending) {
		e.must(e.Keys.Revoke(e.t.Context(), audit.Operator(), e.Keys.Active(e.Clock.Now()).ID(), e.Clock.Now()))
	}, revoked.Key, "KEY", audit.KeyRevoked, "operator"},
	{"end everything", func(e ending) { e.must(e.Sessions.EndEverything(e.t.Context(), audit.Operator())) },
		revoked.All, "", audit.EverythingEnded, "operator"},
}

// TestEndingsAreLogged holds every operation that ends something to writing its entry before it is
// answered, and to a line in the log with its cause and who did it. standards RV-05, RV-20
func TestEndingsAreLogged(t *testing.T) {
	for _, operation := range operations {
		t.Run(operation.name, func(t *testing.T) {
			log := &logtest.Log{}
			e := startEnding(t, log)
			key := e.Keys.Active(e.Clock.Now()).ID()
			fill := strings.NewReplacer("SESSION", e.session, "OTHER", e.other, "USER", string(e.id), "KEY", key)
			log.Take()
			operation.do(e)
			told := log.Take()
			entries := e.entries()
			if len(entries) != 1 || entries[0].Kind != operation.kind || entries[0].ID != fill.Replace(operation.id) {
				t.Errorf("log = %+v, want one entry: %s %s", entries, operation.kind, fill.Replace(operation.id))
			}
			said := false
			for line := range strings.Lines(told) {
				said = said || strings.Contains(line, `"event":"`+string(operation.event)+`"`) &&
					(operation.actor == "" || strings.Contains(line, `"actor":"`+fill.Replace(operation.actor)))
			}
			if !said {
				t.Errorf("no line %s by %q in\n%s", operation.event, fill.Replace(operation.actor), told)
			}
		})
	}
}
