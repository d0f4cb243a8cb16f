package nodes

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/postgrestest"
	"github.com/handstamp/handstamp/internal/test/programtest"
)

// timeout is how long an answer may take.
const timeout = 2 * time.Minute

// cluster is one PostgreSQL and the nodes on it.
type cluster struct {
	t        *testing.T
	engine   *postgrestest.Server
	database string // its URL, as the nodes get it
	folder   string // holds the master key that all nodes share, and their logs
	nodes    []*node

	mu      sync.Mutex // guards working
	working time.Time  // since when the engine has been up; zero: it is down
}

// newCluster starts an engine. rewrite changes its URL before the
// nodes get it; nil: they get the URL itself.
func newCluster(t *testing.T, rewrite func(url string) string) *cluster {
	t.Helper()
	engine := postgrestest.Options{NoSync: true}.Start(t) // a killed PostgreSQL loses nothing by it
	c := &cluster{t: t, engine: engine, database: engine.Database(t), folder: t.TempDir(), working: time.Now()}
	if rewrite != nil {
		c.database = rewrite(c.database)
	}
	return c
}

// add starts one node more.
func (c *cluster) add() *node {
	c.t.Helper()
	server, err := programtest.Server(program, c.folder)
	if err != nil {
		c.t.Fatal(err)
	}
	server.Set("database", c.database)
	server.Set("public_url", issuer)
	server.Set("log_level", "info")
	n := &node{server, c.t}
	c.nodes = append(c.nodes, n)
	c.t.Cleanup(n.Kill)
	n.start()
	return n
}

// outage kills the engine at once, and starts it again.
func (c *cluster) outage() {
	c.setWorking(time.Time{})
	c.engine.Kill()
	if err := c.engine.Start(); err != nil {
		c.t.Errorf("start PostgreSQL again: %v", err)
	}
	c.setWorking(time.Now())
}

// setWorking says since when the engine has been up.
func (c *cluster) setWorking(since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working = since
}

// known returns since when all nodes may know of what was answered at a time: then, or when the
// engine came up again. While the engine is down it is now.
func (c *cluster) known(answered time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.working.IsZero():
		return time.Now()
	case c.working.After(answered):
		return c.working
	}
	return answered
}

// logs returns what all nodes have logged.
func (c *cluster) logs() string {
	var all strings.Builder
	for _, n := range c.nodes {
		all.WriteString(n.Said())
	}
	return all.String()
}

// node is one server program, which is killed and started again at the same address.
type node struct {
	*programtest.Program
	t *testing.T
}

// start runs the node and waits until it listens.
func (n *node) start() {
	n.t.Helper()
	if err := n.Start(); err != nil {
		n.t.Error(err)
	}
}

// issuer is what all nodes are known as. Nobody listens there: clients go to the nodes, as a
// proxy in front of them would.
const issuer = "http://localhost:8787"

// program is the path of the built server; TestMain makes it.
var program string

// TestMain builds the server once.
func TestMain(m *testing.M) { os.Exit(runAll(m)) }

// runAll builds, runs the tests and cleans up.
func runAll(m *testing.M) int {
	folder, err := os.MkdirTemp("", "handstamp-nodes-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	program = filepath.Join(folder, "handstamp")
	if err := programtest.Build(folder, "cmd/handstamp"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
