package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/test/programtest"
)

// session is somebody's, on one device
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

// users act at any of some nodes, as native apps do.
type users struct {
	nodes  []*programtest.Program
	client *http.Client
}

// newHTTPClient makes what users ask with.
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
	text, status, err := p.request(ctx, "POST", "/v1/users", map[string]string{
		"email":    fmt.Sprintf("user%d@example.com", number),
		"password": "violet teapots orbit quietly", "transport": "token",
	})
	if err != nil || status != http.StatusCreated {
		return nil, errors.Join(err, fmt.Errorf("sign up: %d %s", status, text))
	}
	var got struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	err = json.Unmarshal(text, &got)
	return &session{refresh: got.Refresh, access: got.Access}, err
}

// signOut ends a session at any node, and asks again until it is answered.
func (p users) signOut(ctx context.Context, s *session) (retried int, err error) {
	s.mu.Lock()
	s.requested = true
	s.mu.Unlock()
	for end := time.Now().Add(30 * time.Second); ; retried++ {
		text, status, err := p.request(ctx, "DELETE", "/v1/session", map[string]string{"refresh_token": s.refresh})
		if err == nil && status == http.StatusNoContent {
			s.mu.Lock()
			s.at = time.Now()
			s.mu.Unlock()
			return retried, nil
		}
		if err == nil && status < 500 || time.Now().After(end) {
			return retried, errors.Join(err, fmt.Errorf("sign out: %d %s", status, text))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// request sends a request to any node, as a native app does.
func (p users) request(ctx context.Context, method, path string, body map[string]string) ([]byte, int, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, 0, err
	}
	n := p.nodes[rand.IntN(len(p.nodes))]
	r, err := http.NewRequestWithContext(ctx, method, "http://"+n.Address+path, bytes.NewReader(text))
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := p.client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	return got, answer.StatusCode, err
}
