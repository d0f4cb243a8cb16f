package server_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/verify"
)

// startService runs somebody else's service, which fetches the server's public keys and
// shares its clock.
func startService(t *testing.T, s *handstamptest.Server) *httptest.Server {
	t.Helper()
	v, err := verify.New(t.Context(), verify.Config{
		Issuer: s.URL, Audience: s.URL, Keys: verify.JWKS(s.URL + "/.well-known/jwks.json"), Now: s.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	empty := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	service := httptest.NewServer(v.RequireFunc(empty))
	t.Cleanup(service.Close)
	return service
}

// client is somebody who refreshes and uses what it gets, again and again.
type client struct {
	person  *handstamptest.Person
	service string // URL
	refresh string
	rounds  atomic.Int64
}

// round refreshes once, and shows the access token to the server and to the service.
func (c *client) round(t *testing.T) bool {
	a := c.person.Do("POST", "/v1/session/refresh", `{"refresh_token":"`+c.refresh+`"}`)
	if a.Status != 200 {
		t.Errorf("refresh = %d %s, want 200", a.Status, a.Body)
		return false
	}
	c.refresh = a.Text("refresh_token")
	bearer := "Bearer " + a.Text("access_token")
	if a := c.person.Do("GET", "/v1/session", "", "Authorization", bearer); a.Status != 200 {
		t.Errorf("GET at the server = %d %s, want 200", a.Status, a.Body)
		return false
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", c.service, nil)
	if err != nil {
		t.Error(err)
		return false
	}
	r.Header.Set("Authorization", bearer)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return false
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		t.Errorf("GET at the service = %d, want 204", answer.StatusCode)
		return false
	}
	c.rounds.Add(1)
	return true
}

// awaitRounds waits until each client has finished what it was at, and a whole round more.
func awaitRounds(t *testing.T, clients []*client) {
	for _, c := range clients {
		want := c.rounds.Load() + 2
		for c.rounds.Load() < want && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
	}
}

// TestRotateUnderLoad rotates the signing key again and again, through every step of a key's
// life, while five clients go on, each at a service of its own: no request is refused.
// standards KY-04
func TestRotateUnderLoad(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	stop := make(chan struct{})
	var working sync.WaitGroup
	clients := make([]*client, 5)
	s.MustUser("ada@example.com")
	for i := range clients {
		p := s.Program("curl")
		c := &client{person: p, service: startService(t, s).URL,
			refresh: p.SignIn("ada@example.com").Text("refresh_token")}
		clients[i] = c
		working.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if !c.round(t) {
					return
				}
			}
		})
	}
	signed := map[string]bool{} // kids that signed at some time
	for range 2 {
		if _, err := s.Keys.Rotate(t.Context(), audit.Operator(), s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		// Through pending, active and retiring, until the key before is gone: two minutes at a
		// time, and every client goes on before the next, since none waits for longer in life
		// either between getting a token and showing it.
		for range 13 {
			s.Clock.Advance(2 * time.Minute)
			if err := s.Keys.Maintain(t.Context(), s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			signed[s.Keys.Active(s.Clock.Now()).ID()] = true
			awaitRounds(t, clients)
		}
	}
	close(stop)
	working.Wait()
	if len(signed) != 3 {
		t.Errorf("%d keys have signed, want the first and two more", len(signed))
	}
	for i, c := range clients {
		if n := c.rounds.Load(); n < 50 {
			t.Errorf("client %d did %d rounds, want a load", i, n)
		}
	}
	if n := s.Keys.Keys().Len(); n != 1 {
		t.Errorf("%d keys are published in the end, want the one that signs", n)
	}
}
