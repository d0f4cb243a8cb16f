package nodes

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/test/prove/apiclient"
)

// tally is what happened to all clients together.
type tally struct {
	refreshed, retried, overtaken, ended, denied atomic.Int64

	// latest is how long after an end an access token was taken, at most, in nanoseconds.
	latest atomic.Int64
}

// taken notes that an access token was taken so long after its session's end could be known.
func (s *tally) taken(late time.Duration) {
	for was := s.latest.Load(); int64(late) > was && !s.latest.CompareAndSwap(was, int64(late)); was = s.latest.Load() {
	}
}

// String is the summary.
func (s *tally) String() string {
	return fmt.Sprintf(
		"%d refreshes answered, %d tried again, %d overtaken; %d sessions ended, refused %d times afterwards, and "+
			"everywhere after %v",
		s.refreshed.Load(), s.retried.Load(), s.overtaken.Load(), s.ended.Load(), s.denied.Load(),
		time.Duration(s.latest.Load()).Round(time.Millisecond),
	)
}

// client is an honest native client: it has one request under way at a time, keeps a token
// until the answer to it is there, and tries again at whichever node answers.
type client struct {
	t       *testing.T
	cluster *cluster
	tally   *tally
	http    *http.Client
	email   string
	first   bool // of all

	refresh, access string
	endedAt         time.Time // when its end was answered; zero: it lives
}

// requestTimeout is how long a client waits for an answer, well within the grace.
const requestTimeout = 4 * time.Second

// newClient makes a client that is not signed in. All share one pool of connections.
func newClient(c *cluster, shared *http.Client, s *tally, number int) *client {
	return &client{
		t:       c.t,
		cluster: c,
		tally:   s,
		http:    shared,
		email:   fmt.Sprintf("user%d@example.com", number),
		first:   number == 0,
	}
}

// refreshRequest presents the refresh token.
func (c *client) refreshRequest() apiclient.Request {
	return c.request("POST", "/v1/session/refresh", map[string]any{"refresh_token": c.refresh})
}

// readRequest shows the access token.
func (c *client) readRequest() apiclient.Request {
	q := c.request("GET", "/v1/session", nil)
	q.Bearer = c.access
	return q
}

// request returns a request of a native app.
func (c *client) request(method, path string, body map[string]any) apiclient.Request {
	return apiclient.Request{Method: method, Path: path, Agent: "native client", Body: body}
}

// ask sends a request to a node. The zero answer: there was none, or not the whole of it.
func (c *client) ask(ctx context.Context, n *node, q apiclient.Request) apiclient.Answer {
	a, err := q.Send(ctx, c.http, "http://"+n.Address)
	if err != nil && a.Status != 0 {
		c.t.Errorf("%s %s = %d %s: %v", q.Method, q.Path, a.Status, a.Body, err)
	}
	return a
}

// anywhere asks nodes, one after the other, until one answers and not with a 5xx.
func (c *client) anywhere(ctx context.Context, q apiclient.Request) apiclient.Answer {
	return c.persist(ctx, c.someNode, q)
}

// at asks one node until it answers, and not with a 5xx.
func (c *client) at(n *node, q apiclient.Request) apiclient.Answer {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return c.persist(ctx, func() *node { return n }, q)
}

// persist asks until there is an answer that is no 5xx. Between two tries it waits. The zero
// answer: the time was up.
func (c *client) persist(ctx context.Context, pick func() *node, q apiclient.Request) apiclient.Answer {
	for ctx.Err() == nil {
		if a := c.ask(ctx, pick(), q); a.Status != 0 && a.Status < 500 {
			return a
		}
		c.tally.retried.Add(1)
		time.Sleep(time.Duration(20+rand.IntN(150)) * time.Millisecond)
	}
	return apiclient.Answer{}
}

// someNode is any of the nodes.
func (c *client) someNode() *node { return c.cluster.nodes[rand.IntN(len(c.cluster.nodes))] }

// signUp makes the user and signs in.
func (c *client) signUp(ctx context.Context) {
	a := c.anywhere(ctx, c.request("POST", "/v1/users", map[string]any{
		"email": c.email, "password": apiclient.Password, "transport": "token",
	}))
	if a.Status != http.StatusCreated {
		c.t.Fatalf("POST /v1/users = %d %s, want 201", a.Status, a.Body)
	}
	c.take(a)
}

// take keeps the tokens of an answer.
func (c *client) take(a apiclient.Answer) { c.refresh, c.access = a.Refresh, a.Access }

// live refreshes again and again until ctx is over, or it has signed out, which one in a hundred
// turns does, and the first client's first. The request that is under way when time is up is waited
// for.
func (c *client) live(ctx context.Context) {
	for ctx.Err() == nil && !c.t.Failed() {
		time.Sleep(time.Duration(100+rand.IntN(900)) * time.Millisecond)
		if c.first || rand.IntN(100) == 0 {
			c.signOut()
			return
		}
		c.refreshOnce()
	}
}

// refreshOnce refreshes until it is answered.
func (c *client) refreshOnce() {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for {
		a := c.anywhere(ctx, c.refreshRequest())
		switch a.Status {
		case http.StatusOK:
			c.take(a)
			c.tally.refreshed.Add(1)
			return
		case http.StatusConflict: // an older request of its own was faster: try again after a second
			c.tally.overtaken.Add(1)
			time.Sleep(time.Second)
		default:
			c.t.Errorf("refresh of %s = %d %s, want 200: an honest client was signed out", c.email, a.Status, a.Body)
			return
		}
	}
}

// signOut ends the session, and waits for the answer.
func (c *client) signOut() {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	a := c.anywhere(ctx, c.request("DELETE", "/v1/session", map[string]any{"refresh_token": c.refresh}))
	if a.Status != http.StatusNoContent {
		c.t.Errorf("sign-out of %s = %d %s, want 204", c.email, a.Status, a.Body)
		return
	}
	c.endedAt = time.Now()
	c.tally.ended.Add(1)
}

// bound is how soon every node must refuse the access token of an ended session, once the database
// answers: ten times as long as promised, since the machine may be busy. The summary says how
// long it took.
const bound = 10 * time.Second

// replay shows the tokens of its ended session everywhere until ctx is over: no node may take
// them.
func (c *client) replay(ctx context.Context) {
	for ctx.Err() == nil && !c.t.Failed() {
		n := c.someNode()
		sent := time.Now()
		switch a := c.ask(ctx, n, c.readRequest()); a.Status {
		case http.StatusUnauthorized:
			c.tally.denied.Add(1)
		case http.StatusOK:
			late := sent.Sub(c.cluster.known(c.endedAt))
			c.tally.taken(late)
			if late > bound {
				c.t.Errorf("%s: %s takes an access token %v after the end was answered", c.email, n.Address, late)
			}
		}
		// Only now: a node that refuses this one has looked into the log.
		if a := c.ask(ctx, n, c.refreshRequest()); a.Status == http.StatusUnauthorized {
			c.tally.denied.Add(1)
		} else if a.Status != 0 && a.Status < 500 {
			c.t.Errorf("%s refreshes with %d %s after its end was answered, want 401", c.email, a.Status, a.Body)
		}
		time.Sleep(time.Duration(200+rand.IntN(800)) * time.Millisecond)
	}
}
