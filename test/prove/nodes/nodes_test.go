// Package nodes runs real server programs on a real PostgreSQL, kills them, and holds them to
// what they have answered.
package nodes

import (
	"context"
	"flag"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// duration is how long the nodes are disturbed.
var duration = flag.Duration("for", 30*time.Second, "how long nodes and database are killed")

// The size of the trial.
const (
	nodeCount   = 3
	clientCount = 200
)

// TestNodes has 200 clients refresh and sign out at three nodes of one PostgreSQL, any request
// at any node, while nodes are killed and PostgreSQL crashes. No honest client is signed out,
// no ended session lives, and no answered write is missing.
func TestNodes(t *testing.T) {
	c := newCluster(t, nil)
	for range nodeCount {
		c.add()
	}
	var sum tally
	shared := &http.Client{Timeout: requestTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: clientCount}}
	clients := make([]*client, clientCount)
	for i := range clients {
		clients[i] = newClient(c, shared, &sum, i)
	}
	signUpAll(t, clients)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var living sync.WaitGroup
	for _, client := range clients {
		living.Go(func() {
			client.live(ctx)
			if !client.endedAt.IsZero() {
				client.replay(ctx)
			}
		})
	}
	kills, outages := disturb(c, time.Now().Add(*duration))
	cancel()
	living.Wait()

	checkFinally(clients)
	for _, event := range []string{"row_behind", "refresh_reused"} {
		if strings.Contains(c.logs(), `"event":"`+event+`"`) {
			t.Errorf("a node logs %s, which no honest client causes while no write is lost", event)
		}
	}
	t.Logf(
		"%d clients at %d nodes for %v; %d nodes killed, PostgreSQL crashed %d times: %v", clientCount, nodeCount,
		*duration, kills, outages, &sum,
	)
	if sum.refreshed.Load() == 0 || sum.denied.Load() == 0 {
		t.Error("something of that did not happen: the trial proves nothing")
	}
}

// signUpAll makes all users, a few at a time: hashing is what takes long.
func signUpAll(t *testing.T, clients []*client) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var done sync.WaitGroup
	next := make(chan *client)
	for range 4 {
		done.Go(func() {
			for c := range next {
				c.signUp(ctx)
			}
		})
	}
	for _, c := range clients {
		next <- c
	}
	close(next)
	done.Wait()
}

// disturb kills a node or the database every other second until a time has come and both have
// happened, and returns how often. Then all of them are up.
func disturb(c *cluster, until time.Time) (kills, outages int) {
	for turn := 1; (time.Now().Before(until) || outages == 0) && !c.t.Failed(); turn++ {
		if turn%4 == 0 {
			c.outage()
			outages++
		} else {
			n := c.nodes[rand.IntN(len(c.nodes))]
			n.Kill()
			n.start()
			kills++
		}
		time.Sleep(time.Duration(500+rand.IntN(1500)) * time.Millisecond)
	}
	return kills, outages
}

// checkFinally asks every node for what was answered, now that nothing disturbs it: whoever lives
// refreshes at each, and whoever has ended does at none.
func checkFinally(clients []*client) {
	for _, c := range clients {
		if c.endedAt.IsZero() {
			for range nodeCount {
				c.refreshOnce()
			}
			continue
		}
		for _, n := range c.cluster.nodes {
			if a := c.at(n, c.refreshRequest()); a.Status != http.StatusUnauthorized {
				c.t.Errorf(
					"%s refreshes at %s with %d %s after its end was answered, want 401", c.email, n.Address,
					a.Status, a.Body,
				)
			}
			if a := c.at(n, c.readRequest()); a.Status != http.StatusUnauthorized {
				c.t.Errorf(
					"%s: an access token at %s = %d %s after the end was answered, want 401", c.email, n.Address,
					a.Status, a.Body,
				)
			}
		}
	}
}
