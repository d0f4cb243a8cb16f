package test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/programtest"
)

// crashes is how often the server is killed in the middle of its work.
const crashes = 20

// node is a server whose power fails now and then.
type node struct {
	*programtest.Program
	t *testing.T
}

// newNode makes a server that does not run yet, and does not outlive the test.
func newNode(t *testing.T) *node {
	t.Helper()
	program, err := programtest.Server(filepath.Join(programs, "handstamp"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(program.Kill)
	return &node{program, t}
}

// start runs the server and waits until it listens.
func (n *node) start() {
	n.t.Helper()
	n.must(n.Start())
}

// customer is somebody who signs in, refreshes and signs out, and remembers what was
// answered. What was asked and not answered may have happened or not.
type customer struct {
	node    *node
	email   string
	known   bool     // the sign-up was answered
	refresh string   // of the live session; empty: none
	ended   []string // refresh tokens of sessions whose end was answered
}

// grant is what the test reads of an answer.
type grant struct {
	Refresh string `json:"refresh_token"`
}

// ask sends one request; ok is false when there was no answer.
func (c *customer) ask(method, path string, body any) (status int, g grant, ok bool) {
	text, err := json.Marshal(body)
	if err != nil {
		c.node.t.Error(err)
		return 0, g, false
	}
	p := handstamptest.NewPerson(c.node.URL(), "a program")
	a, err := p.Send(context.Background(), method, path, string(text))
	if err != nil {
		return 0, g, false
	}
	if a.Status < 300 && a.Body != "" {
		if err := json.Unmarshal([]byte(a.Body), &g); err != nil {
			c.node.t.Errorf("%s %s = %d %s: %v", method, path, a.Status, a.Body, err)
		}
	}
	return a.Status, g, true
}

// credentials is what the customer knows.
func (c *customer) credentials() map[string]string {
	return map[string]string{"email": c.email, "password": "violet teapots orbit quietly"}
}

// token is the body that shows a refresh token.
func token(refresh string) map[string]string { return map[string]string{"refresh_token": refresh} }

// live signs in, refreshes and signs out until a request is not answered.
func (c *customer) live() {
	for turn := 0; ; turn++ {
		switch {
		case !c.known:
			status, g, ok := c.ask("POST", "/v1/users", c.credentials())
			if !ok {
				return
			}
			c.known, c.refresh = status == http.StatusCreated || status == http.StatusConflict, g.Refresh
		case c.refresh == "":
			_, g, ok := c.ask("POST", "/v1/session", c.credentials())
			if !ok {
				return
			}
			c.refresh = g.Refresh
		case turn%12 == 11:
			old := c.refresh
			status, _, ok := c.ask("DELETE", "/v1/session", token(old))
			if !ok {
				c.refresh = "" // ended or not: nobody was told
				return
			}
			switch c.refresh = ""; status {
			case http.StatusNoContent:
				c.ended = append(c.ended, old)
			case http.StatusServiceUnavailable: // a busy machine: ended or not
			default:
				c.node.t.Errorf("sign-out = %d, want 204", status)
				return
			}
		default:
			status, g, ok := c.ask("POST", "/v1/session/refresh", token(c.refresh))
			if !ok {
				return // the old token must be good for another try
			}
			switch status {
			case http.StatusOK:
				c.refresh = g.Refresh
			case http.StatusServiceUnavailable: // a busy machine: the token is good for another try
			default:
				c.node.t.Errorf("refresh = %d, want 200", status)
				return
			}
		}
	}
}

// check asks the restarted server for all that was answered.
func (c *customer) check(round int) {
	t := c.node.t
	if c.refresh != "" {
		status, g := c.persist("POST", "/v1/session/refresh", token(c.refresh))
		if status != http.StatusOK {
			t.Errorf("crash %d: the session of %s refreshes with %d, want 200", round, c.email, status)
		}
		c.refresh = g.Refresh
	}
	for _, old := range c.ended {
		if status, _ := c.persist("POST", "/v1/session/refresh", token(old)); status != http.StatusUnauthorized {
			t.Errorf("crash %d: an ended session of %s refreshes with %d, want 401", round, c.email, status)
		}
	}
	if !c.known {
		return
	}
	if status, _ := c.persist("POST", "/v1/session", c.credentials()); status != http.StatusCreated {
		t.Errorf("crash %d: %s signs in with %d, want 201", round, c.email, status)
	}
}

// TestCrashes kills the server in the middle of sign-ups, sign-ins, refreshes and sign-outs,
// again and again: every write that was answered is there afterwards, and nobody who was not
// answered is worse off for trying again.
func TestCrashes(t *testing.T) {
	n := newNode(t)
	n.start()
	var customers []*customer
	for round := 1; round <= crashes && !t.Failed(); round++ {
		customers = append(customers, &customer{node: n, email: fmt.Sprintf("user%d@example.com", round)})
		var living sync.WaitGroup
		for _, c := range customers[max(0, len(customers)-6):] {
			living.Go(c.live)
		}
		time.Sleep(time.Duration(50+rand.IntN(250)) * time.Millisecond)
		n.Kill()
		living.Wait()
		n.start()
		for _, c := range customers[max(0, len(customers)-6):] {
			c.check(round)
		}
	}
}
