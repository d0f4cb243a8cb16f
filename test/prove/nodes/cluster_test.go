package nodes

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/postgrestest"
)

// patience is how long a node may take to start.
const patience = 30 * time.Second

// cluster is one PostgreSQL and the nodes on it.
type cluster struct {
	t        *testing.T
	engine   *postgrestest.Server
	database string // its URL, as the nodes are told it
	folder   string // holds the master key that all nodes share, and what they say
	nodes    []*node

	mu      sync.Mutex // guards working
	working time.Time  // since when the engine has been up; zero: it is down
}

// newCluster starts an engine. What the nodes are told of it, tell makes of its URL; nil tells
// them the URL itself.
func newCluster(t *testing.T, tell func(url string) string) *cluster {
	t.Helper()
	engine := postgrestest.Options{NoSync: true}.Start(t) // a killed PostgreSQL loses nothing by it
	c := &cluster{t: t, engine: engine, database: engine.Database(t), folder: t.TempDir(), working: time.Now()}
	if tell != nil {
		c.database = tell(c.database)
	}
	return c
}

// add starts one node more.
func (c *cluster) add() *node {
	c.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	n := &node{cluster: c, address: l.Addr().String()}
	if err := l.Close(); err != nil {
		c.t.Fatal(err)
	}
	c.nodes = append(c.nodes, n)
	n.start()
	c.t.Cleanup(n.kill)
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

// workedFor tells whether the engine has been up for so long.
func (c *cluster) workedFor(d time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.working.IsZero() && time.Since(c.working) >= d
}

// said gives what all nodes have said.
func (c *cluster) said() string {
	var all strings.Builder
	for _, n := range c.nodes {
		all.WriteString(n.said.String())
	}
	return all.String()
}

// node is one server program, which is killed and started again at the same address.
type node struct {
	cluster *cluster
	address string
	said    log

	mu  sync.Mutex // guards cmd
	cmd *exec.Cmd
}

// start runs the node and waits until it listens.
func (n *node) start() {
	n.cluster.t.Helper()
	cmd := exec.Command(program, "serve", "--listen", n.address, "--ops-listen", "", "--public-url", issuer,
		"--master-key-file", filepath.Join(n.cluster.folder, "master.key"))
	cmd.Dir, cmd.Env = n.cluster.folder, append(os.Environ(), "HANDSTAMP_DATABASE="+n.cluster.database)
	cmd.Stdout, cmd.Stderr = &n.said, &n.said
	if err := cmd.Start(); err != nil {
		n.cluster.t.Error(err)
		return
	}
	n.mu.Lock()
	n.cmd = cmd
	n.mu.Unlock()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("tcp", n.address); err == nil {
			conn.Close()
			return
		}
	}
	n.cluster.t.Errorf("the node at %s does not start; it says:\n%s", n.address, n.said.String())
}

// kill ends the node as a power cut does.
func (n *node) kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd != nil {
		n.cmd.Process.Kill()
		n.cmd.Wait()
		n.cmd = nil
	}
}

// log is what a program says, readable while it speaks.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes what was said.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String gives all that was said.
func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
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
	if out, err := exec.Command("go", "build", "-o", program, "github.com/handstamp/handstamp/cmd/handstamp").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the server: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
