package main

import (
	"net/http/httptest"
	"testing"

	"github.com/handstamp/handstamp/verify/verifytest"
)

// TestHandler lets a good token in, and nothing else, without any network.
func TestHandler(t *testing.T) {
	iss, stranger := verifytest.NewIssuer(t), verifytest.NewIssuer(t)
	t.Setenv("AUDIENCE", iss.Config().Audience)
	h, err := newHandler(iss.Config().Issuer, iss.Keys().JSON())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, authorization string
		want                int
	}{
		{"good", "Bearer " + iss.Token(), 200},
		{"none", "", 401},
		{"expired", "Bearer " + iss.Token(verifytest.Expired()), 401},
		{"of another issuer's key", "Bearer " + stranger.Token(), 401},
	} {
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header.Set("Accept", "text/html")
		if c.authorization != "" {
			r.Header.Set("Authorization", c.authorization)
		}
		if h.ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("%s token = %d, want %d", c.name, w.Code, c.want)
		}
	}
}
