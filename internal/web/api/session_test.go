package api

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web"
)

// TestDescribeUser holds the two ways to write a user to one another: by hand in the answers that
// are many, and as web.Profile in the others.
func TestDescribeUser(t *testing.T) {
	made := time.Date(2026, 11, 2, 9, 0, 0, 123e6, time.UTC)
	for _, u := range []store.User{
		{},
		{ID: "usr_1", Email: "ada@example.com", Name: `Ada "<&>"`, Roles: []string{"admin"}, CreatedAt: made},
		{ID: "usr_2", Email: "ö@example.com", EmailVerifiedAt: made, CreatedAt: made},
	} {
		o := jose.NewWriter(256)
		describeUser(o, u)
		byHand := jsontext.Value(o.Close())
		encoded, err := json.Marshal(web.NewProfile(u))
		if err != nil {
			t.Fatal(err)
		}
		byTag := jsontext.Value(encoded)
		if byHand.Canonicalize() != nil || byTag.Canonicalize() != nil || string(byHand) != string(byTag) {
			t.Errorf("describeUser = %s, web.Profile = %s", byHand, byTag)
		}
	}
}
