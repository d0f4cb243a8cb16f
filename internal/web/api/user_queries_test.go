package api_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/store/storetest"
)

// TestQueries counts what each of the busy routes asks of the database: once for a refresh, and
// twice for a sign-in. What asks nothing is in TestDatabaseNotAsked. standards RF-03
func TestQueries(t *testing.T) {
	s := startTroubled(t)
	refresh := `{"refresh_token":"` + s.refresh + `"}`
	tests := []struct {
		name               string
		method, path, body string
		status             int
		want               []storetest.Operation
	}{
		{
			"sign-in", "POST", "/v1/session", credentials, 201,
			[]storetest.Operation{storetest.OpUserByEmail, storetest.OpBegin},
		},
		{
			"sign-in, wrong password", "POST", "/v1/session",
			`{"email":"ada@example.com","password":"wrong, and long enough"}`, 401,
			[]storetest.Operation{storetest.OpUserByEmail},
		},
		{
			"sign-up", "POST", "/v1/users", `{"email":"new@example.com",` + password + `}`, 201,
			[]storetest.Operation{storetest.OpCreateUser, storetest.OpBegin},
		},
		{"refresh", "POST", "/v1/session/refresh", refresh, 200, []storetest.Operation{storetest.OpRotate}},
		{"refresh, again", "POST", "/v1/session/refresh", refresh, 200, []storetest.Operation{storetest.OpRotate}},
		{
			"sign-out", "DELETE", "/v1/session", refresh, 204,
			[]storetest.Operation{storetest.OpEndSession, storetest.OpHead, storetest.OpRevocationsSince},
		},
		{ // what the log says before "ended" is said: R4
			"refresh, over", "POST", "/v1/session/refresh", refresh, 401,
			[]storetest.Operation{storetest.OpRotate, storetest.OpHead},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.faults.Asked()
			s.Program(phone).Do(tt.method, tt.path, tt.body).Want(tt.status)
			if diff := cmp.Diff(tt.want, s.faults.Asked()); diff != "" {
				t.Errorf("asked of the database, got +, want -:\n%s", diff)
			}
		})
	}
}
