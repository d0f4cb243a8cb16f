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
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/postgrestest"
)

// issuer is what all nodes are known as. On loopback nobody needs a service key. No one listens there: each connection goes to one of
// the nodes, as with a load balancer.
const issuer = "http://localhost:8787"

// cluster is one PostgreSQL and the server programs on it
type cluster struct {
	engine  *postgrestest.Server
	folder  string // holds the program, the master key that all nodes share, and what they say
	nodes   []*node
	cutting atomic.Bool // streams are cut now and then
}

// node is one server program
type node struct {
	address string
	command []string
	folder  string
	env     []string

	mu  sync.Mutex // guards cmd
	cmd *exec.Cmd
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
	program := filepath.Join(c.folder, "handstamp")
	if err = build(program); err != nil {
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
		address, err := freeAddress()
		if err != nil {
			return c, err
		}
		n := &node{
			address: address, folder: c.folder, env: append(os.Environ(), "HANDSTAMP_DATABASE="+database),
			command: []string{program, "serve", "--listen", address, "--ops-listen", "", "--public-url", issuer, "--log-level", "error",
				"--access-ttl", "15m", "--master-key-file", filepath.Join(c.folder, "master.key")},
		}
		c.nodes = append(c.nodes, n)
		if err := n.start(); err != nil {
			return c, err
		}
	}
	return c, nil
}

// build makes the server program, in its own module.
func build(program string) error {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/handstamp/handstamp").Output()
	if err != nil {
		return fmt.Errorf("find the server's source: %w", err)
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", program, "./cmd/handstamp")
	cmd.Dir = strings.TrimSpace(string(root))
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w\n%s", err, said)
	}
	return nil
}

// freeAddress is a port of this machine that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// start runs a node and waits until it listens.
func (n *node) start() error {
	cmd := exec.Command(n.command[0], n.command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stderr = n.folder, n.env, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	n.mu.Lock()
	n.cmd = cmd
	n.mu.Unlock()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("tcp", n.address); err == nil {
			return conn.Close()
		}
	}
	return errors.New("a node does not start")
}

// kill ends a node as a power cut does.
func (n *node) kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd != nil {
		_ = n.cmd.Process.Kill()
		_ = n.cmd.Wait() // says that it was killed
		n.cmd = nil
	}
}

// killOne kills any node, and starts it again a second later.
func (c *cluster) killOne() error {
	n := c.nodes[rand.IntN(len(c.nodes))]
	n.kill()
	time.Sleep(time.Second)
	return n.start()
}

// crash ends PostgreSQL at once and starts it again.
func (c *cluster) crash() error { return errors.Join(c.engine.Kill(), c.engine.Start()) }

// close ends everything.
func (c *cluster) close() error {
	for _, n := range c.nodes {
		n.kill()
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
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.nodes[i].address)
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
	r, err := http.NewRequestWithContext(ctx, method, "http://"+n.address+path, bytes.NewReader(text))
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
