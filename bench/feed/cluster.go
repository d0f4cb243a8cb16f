package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/postgrestest"
	"github.com/handstamp/handstamp/internal/programtest"
)

// issuer is what all nodes are known as. On loopback nobody needs a service key. No one listens there: each connection goes to one of
// the nodes, as with a load balancer.
const issuer = "http://localhost:8787"

// cluster is one PostgreSQL and the server programs on it
type cluster struct {
	engine  *postgrestest.Server
	folder  string // holds the program, and the master key that all nodes share
	nodes   []*programtest.Program
	cutting atomic.Bool // streams are cut now and then
}

// newCluster builds the program and starts everything.
func newCluster(nodes int) (c *cluster, err error) {
	c = &cluster{}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if c.folder, err = os.MkdirTemp("", "feedbench-"); err != nil {
		return c, err
	}
	if err = programtest.Build(c.folder, "cmd/handstamp"); err != nil {
		return c, err
	}
	if c.engine, err = (postgrestest.Options{NoSync: true}).Run(); err != nil {
		return c, err
	}
	database, err := c.engine.NewDatabase()
	if err != nil {
		return c, err
	}
	for range nodes {
		n, err := programtest.Server(filepath.Join(c.folder, "handstamp"), c.folder)
		if err != nil {
			return c, err
		}
		n.Set("database", database)
		n.Set("public_url", issuer)
		n.Set("access_ttl", "15m")
		c.nodes = append(c.nodes, n)
		if err := n.Start(); err != nil {
			return c, err
		}
	}
	return c, nil
}

// killOne kills any node, and starts it again a second later.
func (c *cluster) killOne() error {
	n := c.nodes[rand.IntN(len(c.nodes))]
	n.Kill()
	time.Sleep(time.Second)
	return n.Start()
}

// crash ends PostgreSQL at once and starts it again.
func (c *cluster) crash() error { return errors.Join(c.engine.Kill(), c.engine.Start()) }

// close ends everything.
func (c *cluster) close() error {
	for _, n := range c.nodes {
		n.Kill()
	}
	var err error
	if c.engine != nil {
		err = c.engine.Close()
	}
	return errors.Join(err, os.RemoveAll(c.folder))
}

// dial connects to any node that takes the connection.
func (c *cluster) dial(ctx context.Context) (net.Conn, error) {
	var errs []error
	for _, i := range rand.Perm(len(c.nodes)) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.nodes[i].Address)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// session is somebody's, on one device
type session struct {
	refresh, access string

	mu    sync.Mutex // guards what follows
	asked bool       // its end was asked for
	at    time.Time  // when the end was answered; zero: it was not
}

// ending tells whether the end was asked for.
func (s *session) ending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// ended tells whether the end was answered, and when.
func (s *session) ended() (bool, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.at.IsZero(), s.at
}

// signIn makes one session for each ending, and a fifth more that live on.
func (t *trial) signIn(ctx context.Context) error {
	count := t.Endings + max(t.Endings/5, 1)
	t.sessions = make([]*session, count)
	errs := make([]error, count)
	lanes := make(chan struct{}, 2) // hashing is what takes long
	var all sync.WaitGroup
	for i := range count {
		lanes <- struct{}{}
		all.Go(func() {
			defer func() { <-lanes }()
			t.sessions[i], errs[i] = t.signUp(ctx, i)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// signUp makes a user with a session.
func (t *trial) signUp(ctx context.Context, number int) (*session, error) {
	text, status, err := t.post(ctx, "POST", "/v1/users", map[string]string{
		"email": fmt.Sprintf("user%d@example.com", number), "password": "violet teapots orbit quietly", "transport": "token",
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
func (t *trial) signOut(ctx context.Context, s *session) (retried int, err error) {
	s.mu.Lock()
	s.asked = true
	s.mu.Unlock()
	for end := time.Now().Add(30 * time.Second); ; retried++ {
		text, status, err := t.post(ctx, "DELETE", "/v1/session", map[string]string{"refresh_token": s.refresh})
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

// post asks any node for something, as a native app.
func (t *trial) post(ctx context.Context, method, path string, body map[string]string) ([]byte, int, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, 0, err
	}
	n := t.cluster.nodes[rand.IntN(len(t.cluster.nodes))]
	r, err := http.NewRequestWithContext(ctx, method, "http://"+n.Address+path, bytes.NewReader(text))
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := t.people.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	return got, answer.StatusCode, err
}
