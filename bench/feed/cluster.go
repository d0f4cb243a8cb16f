package feed

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/test/postgrestest"
	"github.com/handstamp/handstamp/internal/test/programtest"
)

// issuer is what all nodes are known as. On loopback nobody needs a service key. No one listens
// there: each connection goes to one of the nodes, as with a load balancer.
const issuer = "http://localhost:8787"

// cluster is one PostgreSQL and the server programs on it
type cluster struct {
	engine        *postgrestest.Server
	folder        string // holds the program, and the master key that all nodes share
	nodes         []*programtest.Program
	disconnecting atomic.Bool // streams are cut now and then
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
