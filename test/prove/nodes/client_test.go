package nodes

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
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

// hurry is how long a client waits for an answer, well within the grace.
const hurry = 4 * time.Second

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

// answer is what came back; status 0: nothing did.
type answer struct {
	status int
	body   string
	grant  struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
}

// ask sends one request to a node.
func (c *client) ask(ctx context.Context, n *node, method, path string, body map[string]string) (a answer) {
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Error(err)
		return a
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+n.Address+path, bytes.NewReader(text))
	if err != nil {
		c.t.Error(err)
		return a
	}
	r.Header.Set("User-Agent", "native client")
	switch {
	case body != nil:
		r.Header.Set("Content-Type", "application/json")
	default:
		r.Header.Set("Authorization", "Bearer "+c.access)
		r.Body, r.ContentLength = http.NoBody, 0
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return a
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		return a
	}
	a.status, a.body = resp.StatusCode, string(read)
	if resp.StatusCode < 300 && len(read) > 0 {
		if err := json.Unmarshal(read, &a.grant); err != nil {
			c.t.Errorf("%s %s = %d %s: %v", method, path, a.status, read, err)
		}
	}
	return a
}

// anywhere asks nodes, one after the other, until one answers and not with a 5xx.
func (c *client) anywhere(ctx context.Context, method, path string, body map[string]string) answer {
	return c.persist(ctx, c.someNode, method, path, body)
}

// at asks one node until it answers, and not with a 5xx.
func (c *client) at(n *node, method, path string, body map[string]string) answer {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.persist(ctx, func() *node { return n }, method, path, body)
}

// persist asks until there is an answer that is no 5xx. Between two tries it waits. The zero
// answer: the time was up.
func (c *client) persist(ctx context.Context, pick func() *node, method, path string, body map[string]string) answer {
	for ctx.Err() == nil {
		if a := c.ask(ctx, pick(), method, path, body); a.status != 0 && a.status < 500 {
			return a
		}
		c.tally.retried.Add(1)
		time.Sleep(time.Duration(20+rand.IntN(150)) * time.Millisecond)
	}
	return answer{}
}

// someNode is any of the nodes.
func (c *client) someNode() *node { return c.cluster.nodes[rand.IntN(len(c.cluster.nodes))] }

// signUp makes the user and signs in.
func (c *client) signUp(ctx context.Context) {
	a := c.anywhere(
		ctx, "POST", "/v1/users",
		map[string]string{"email": c.email, "password": "violet teapots orbit quietly", "transport": "token"},
	)
	if a.status != http.StatusCreated {
		c.t.Fatalf("POST /v1/users = %d %s, want 201", a.status, a.body)
	}
	c.take(a)
}

// take keeps the tokens of an answer.
func (c *client) take(a answer) { c.refresh, c.access = a.grant.Refresh, a.grant.Access }

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
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		a := c.anywhere(ctx, "POST", "/v1/session/refresh", map[string]string{"refresh_token": c.refresh})
		switch a.status {
		case http.StatusOK:
			c.take(a)
			c.tally.refreshed.Add(1)
			return
		case http.StatusConflict: // an older request of its own was faster: try again after a second
			c.tally.overtaken.Add(1)
			time.Sleep(time.Second)
		default:
			c.t.Errorf("refresh of %s = %d %s, want 200: an honest client was signed out", c.email, a.status, a.body)
			return
		}
	}
}

// signOut ends the session, and is sure of it.
func (c *client) signOut() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if a := c.anywhere(ctx, "DELETE", "/v1/session", map[string]string{"refresh_token": c.refresh}); a.status != http.StatusNoContent {
		c.t.Errorf("sign-out of %s = %d %s, want 204", c.email, a.status, a.body)
		return
	}
	c.endedAt = time.Now()
	c.tally.ended.Add(1)
}

// bound is how soon every node must refuse the access token of an ended session, once the database
// answers: ten times as long as promised, since the machine may be busy. The summary tells how long
// it took.
const bound = 10 * time.Second

// haunt shows the tokens of its ended session everywhere until ctx is over: no node may take
// them.
func (c *client) haunt(ctx context.Context) {
	for ctx.Err() == nil && !c.t.Failed() {
		n := c.someNode()
		asked := time.Now()
		if a := c.ask(ctx, n, "GET", "/v1/session", nil); a.status == http.StatusUnauthorized {
			c.tally.denied.Add(1)
		} else if a.status == http.StatusOK {
			late := asked.Sub(c.cluster.known(c.endedAt))
			c.tally.taken(late)
			if late > bound {
				c.t.Errorf("%s: an access token is taken at %s %v after the end was answered, want 401", c.email, n.Address, late)
			}
		}
		// Only now: a node that refuses this one has looked into the log.
		if a := c.ask(ctx, n, "POST", "/v1/session/refresh", map[string]string{"refresh_token": c.refresh}); a.status == http.StatusUnauthorized {
			c.tally.denied.Add(1)
		} else if a.status != 0 && a.status < 500 {
			c.t.Errorf("%s refreshes with %d %s after its end was answered, want 401", c.email, a.status, a.body)
		}
		time.Sleep(time.Duration(200+rand.IntN(800)) * time.Millisecond)
	}
}
