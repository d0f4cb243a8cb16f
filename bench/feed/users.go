package feed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/test/programtest"
	"github.com/handstamp/handstamp/test/prove/apiclient"
)

// session is the session of a user on one device.
type session struct {
	refresh, access string

	mu        sync.Mutex // guards what follows
	requested bool       // its end was asked for
	at        time.Time  // when the end was answered; zero: it was not
}

// endRequested reports whether the end was asked for.
func (s *session) endRequested() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requested
}

// ended reports whether the end was answered, and when.
func (s *session) ended() (bool, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.at.IsZero(), s.at
}

// users sign in and out at any of some nodes, as native apps do.
type users struct {
	nodes  []*programtest.Program
	client *http.Client
}

// newHTTPClient returns what users send requests with.
func newHTTPClient() *http.Client { return &http.Client{Timeout: 10 * time.Second} }

// signUpMany makes users, each with a session.
func (p users) signUpMany(ctx context.Context, count int) ([]*session, error) {
	made, errs := make([]*session, count), make([]error, count)
	lanes := make(chan struct{}, 2) // hashing is what takes long
	var all sync.WaitGroup
	for i := range count {
		lanes <- struct{}{}
		all.Go(func() {
			defer func() { <-lanes }()
			made[i], errs[i] = p.signUp(ctx, i)
		})
	}
	all.Wait()
	return made, errors.Join(errs...)
}

// signUp makes a user with a session.
func (p users) signUp(ctx context.Context, number int) (*session, error) {
	a, err := p.send(ctx, "POST", "/v1/users", map[string]any{
		"email": fmt.Sprintf("user%d@example.com", number), "password": apiclient.Password, "transport": "token",
	})
	if err != nil || a.Status != http.StatusCreated {
		return nil, errors.Join(err, fmt.Errorf("sign up: %d %s", a.Status, a.Body))
	}
	return &session{refresh: a.Refresh, access: a.Access}, nil
}

// signOut ends a session at any node, and retries until it is answered.
func (p users) signOut(ctx context.Context, s *session) (retried int, err error) {
	s.mu.Lock()
	s.requested = true
	s.mu.Unlock()
	for end := time.Now().Add(30 * time.Second); ; retried++ {
		a, err := p.send(ctx, "DELETE", "/v1/session", map[string]any{"refresh_token": s.refresh})
		if err == nil && a.Status == http.StatusNoContent {
			s.mu.Lock()
			s.at = time.Now()
			s.mu.Unlock()
			return retried, nil
		}
		if err == nil && a.Status < 500 || time.Now().After(end) {
			return retried, errors.Join(err, fmt.Errorf("sign out: %d %s", a.Status, a.Body))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// send sends a request to any node.
func (p users) send(ctx context.Context, method, path string, body map[string]any) (apiclient.Answer, error) {
	n := p.nodes[rand.IntN(len(p.nodes))]
	q := apiclient.Request{Method: method, Path: path, Agent: "feedbench", Body: body}
	return q.Send(ctx, p.client, "http://"+n.Address)
}
