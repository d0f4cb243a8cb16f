package api_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestQueries counts what each of the busy routes asks of the database: once for a refresh, and twice for a sign-in. What asks nothing is in TestDatabaseNotAsked. requirements RF-03
func TestQueries(t *testing.T) {
	s := startTroubled(t)
	refresh := `{"refresh_token":"` + s.refresh + `"}`
	tests := []struct {
		name               string
		method, path, body string
		status             int
		want               []string
	}{
		{"sign-in", "POST", "/v1/session", credentials, 201, []string{"UserByEmail", "Begin"}},
		{"sign-in, wrong password", "POST", "/v1/session", `{"email":"ada@example.com","password":"wrong, and long enough"}`, 401, []string{"UserByEmail"}},
		{"sign-up", "POST", "/v1/users", `{"email":"new@example.com",` + password + `}`, 201, []string{"CreateUser", "Begin"}},
		{"refresh", "POST", "/v1/session/refresh", refresh, 200, []string{"Rotate"}},
		{"refresh, again", "POST", "/v1/session/refresh", refresh, 200, []string{"Rotate"}},
		{"sign-out", "DELETE", "/v1/session", refresh, 204, []string{"EndSession", "Head", "RevocationsSince"}},
		{"refresh, over", "POST", "/v1/session/refresh", refresh, 401, []string{"Rotate", "Head"}}, // what the log says before "ended" is said: R4
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.meddler.Asked()
			s.Program(phone).Do(tt.method, tt.path, tt.body).Want(tt.status)
			if diff := cmp.Diff(tt.want, s.meddler.Asked()); diff != "" {
				t.Errorf("asked of the database, got +, want -:\n%s", diff)
			}
		})
	}
}
