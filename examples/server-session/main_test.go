package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/handstamp/handstamp/verify"
	"github.com/handstamp/handstamp/verify/verifytest"
)

// away is a server that cannot be reached.
type away struct{}

// RoundTrip fails.
func (away) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed }

// TestHandler refuses an ended session although this program never heard of its end, and everybody
// while the server is away.
func TestHandler(t *testing.T) {
	iss := verifytest.NewIssuer(t)
	iss.CutFeed()
	h := newHandler(iss.Verifier(t))
	alone := iss.Config()
	alone.HTTPClient = &http.Client{Transport: away{}}
	v, err := verify.New(t.Context(), alone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	iss.End("ended")
	for _, c := range []struct {
		name    string
		handler http.Handler
		token   string
		want    int
	}{
		{"good", h, iss.Token(), 200},
		{"good, again", h, iss.Token(), 200},
		{"ended", h, iss.Token(verifytest.Session("ended")), 401},
		{"forged", h, iss.Token() + "x", 401},
		{"good, while the server is away", newHandler(v), iss.Token(), 503},
	} {
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header.Set("Authorization", "Bearer "+c.token)
		if c.handler.ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("%s token = %d, want %d", c.name, w.Code, c.want)
		}
	}
}
