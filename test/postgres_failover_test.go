package test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// cluster is a primary with its standby, and a node that is told of both.
type cluster struct {
	*node
	primary, standby *postgrestest.Server
	database         string // at the primary
}

// newCluster starts a primary, a node that makes its database, and a standby that has it all.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{node: newNode(t), primary: postgrestest.Options{NoSync: true}.Start(t)}
	c.database = c.primary.Database(t)
	c.standby = c.primary.Standby(t)
	c.Set("database", c.primary.Either(c.database, c.standby))
	c.Set("log_level", "info")
	c.start()
	return c
}

// failOver crashes the primary and puts the standby in its place.
func (c *cluster) failOver() {
	c.t.Helper()
	c.must(c.primary.Kill())
	c.must(c.standby.Promote())
}

// must fails on any error.
func (n *node) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// wantLog ends the node and holds what it has said to what it should and should not have said.
func (c *cluster) wantLog(want, not []string) {
	c.t.Helper()
	c.Kill()
	for _, text := range want {
		if !strings.Contains(c.Said(), text) {
			c.t.Errorf("the log has no %q", text)
		}
	}
	for _, text := range not {
		if strings.Contains(c.Said(), text) {
			c.t.Errorf("the log has %q", text)
		}
	}
}

// persist asks until there is an answer other than 503, as a client does.
func (c *customer) persist(method, path string, body any) (int, grant) {
	for end := time.Now().Add(timeout); ; time.Sleep(20 * time.Millisecond) {
		status, g, ok := c.ask(method, path, body)
		if ok && status != http.StatusServiceUnavailable {
			return status, g
		}
		if time.Now().After(end) {
			c.node.t.Errorf("%s %s: nothing but %d in %v", method, path, status, timeout)
			return status, g
		}
	}
}

// survive refreshes, and signs in and out elsewhere, until stop. Whatever happens to the database,
// no answer is 401. It returns the tokens of sessions whose end was answered.
func (c *customer) survive(stop *atomic.Bool, refreshed *atomic.Int64) (ended []string) {
	for !stop.Load() && !c.node.t.Failed() {
		status, g := c.persist("POST", "/v1/session/refresh", token(c.refresh))
		if status != http.StatusOK {
			c.node.t.Errorf("refresh of %s = %d, want 200: somebody honest is signed out", c.email, status)
			return ended
		}
		c.refresh = g.Refresh
		if refreshed.Add(1)%8 > 0 {
			continue
		}
		if status, g = c.persist("POST", "/v1/session", c.credentials()); status != http.StatusCreated {
			c.node.t.Errorf("sign in = %d, want 201", status)
			return ended
		}
		// Asked again where the answer was lost: 204 either way.
		if status, _ = c.persist("DELETE", "/v1/session", token(g.Refresh)); status == http.StatusNoContent {
			ended = append(ended, g.Refresh)
		}
	}
	return ended
}

// TestSynchronousFailover loses the primary under load. The standby has everything that was
// answered: every client goes on with the token that it holds, and what had ended stays ended.
func TestSynchronousFailover(t *testing.T) {
	c := newCluster(t)
	c.must(c.primary.Synchronous())
	var stop atomic.Bool
	var refreshed atomic.Int64
	var all sync.WaitGroup
	customers := make([]*customer, 6)
	ended := make([][]string, len(customers))
	for i := range customers {
		customers[i] = c.mustSignUp(fmt.Sprintf("user%d@example.com", i))
	}
	for i, one := range customers {
		all.Go(func() { ended[i] = one.survive(&stop, &refreshed) })
	}
	c.awaitMore(&refreshed, 60)
	c.failOver()
	c.awaitMore(&refreshed, 60)
	stop.Store(true)
	all.Wait()
	n := 0
	for i, one := range customers {
		one.wantRefresh("afterwards", http.StatusOK)
		for _, old := range ended[i] {
			n++
			if status, _ := one.persist("POST", "/v1/session/refresh", token(old)); status != http.StatusUnauthorized {
				t.Errorf("a session whose end was answered refreshes with %d, want 401", status)
			}
		}
	}
	if n == 0 {
		t.Error("no session was ended: the test tests too little")
	}
	c.wantLog([]string{`"code":"storage_unavailable"`},
		[]string{"row_behind", "refresh_reused", "behind what was handed out"})
}

// awaitMore waits until there were so many more.
func (c *cluster) awaitMore(count *atomic.Int64, more int64) {
	c.t.Helper()
	want := count.Load() + more
	for end := time.Now().Add(timeout); count.Load() < want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) || c.t.Failed() {
			c.t.Fatalf("%d refreshes, want %d", count.Load(), want)
		}
	}
}

// TestAsynchronousFailover loses the primary, and with it what the standby had not heard of:
// refreshes, the end of a session, a sign-in. Whoever was signed in before goes on with tokens that
// the database has never seen; what was ended since lives again until it is ended again, and the
// log says so. A thief with an older token is found as ever.
func TestAsynchronousFailover(t *testing.T) {
	c := newCluster(t)
	ada, ben := c.mustSignUp("ada@example.com"), c.mustSignUp("ben@example.com")
	ada.wantRefresh("before", http.StatusOK)
	stolen := ada.refresh
	ada.wantRefresh("before", http.StatusOK)
	ben.wantRefresh("before", http.StatusOK)
	c.must(c.primary.CaughtUp())
	c.must(c.standby.Cut())

	for range 3 {
		ada.wantRefresh("lost", http.StatusOK)
	}
	if status, _, _ := ben.ask("DELETE", "/v1/session", token(ben.refresh)); status != http.StatusNoContent {
		t.Fatalf("sign out = %d, want 204", status)
	}
	ben.wantRefresh("signed out", http.StatusUnauthorized)
	eve := c.mustSignUp("eve@example.com")
	c.failOver()

	status, g := ada.persist("POST", "/v1/session/refresh", token(ada.refresh))
	if status != http.StatusOK {
		t.Errorf("a token that the database has not seen refreshes with %d, want 200", status)
	}
	ada.refresh = g.Refresh
	ada.wantRefresh("afterwards", http.StatusOK)
	ben.wantRefresh("its end was lost", http.StatusOK)
	eve.wantRefresh("its beginning was lost", http.StatusUnauthorized)

	if status, _, _ := ben.ask("DELETE", "/v1/session", token(ben.refresh)); status != http.StatusNoContent {
		t.Errorf("sign out again = %d, want 204", status)
	}
	ben.wantRefresh("ended again", http.StatusUnauthorized)
	thief := &customer{node: c.node, email: "thief", refresh: stolen}
	thief.wantRefresh("stolen before", http.StatusUnauthorized)
	ada.wantRefresh("after the thief", http.StatusUnauthorized)
	after := strings.Replace(c.database, c.primary.Address(), c.standby.Address(), 1)
	c.must(c.standby.Exec(after,
		`DO $$ BEGIN ASSERT (SELECT epoch FROM revocation_head) > (SELECT min(applied_at) FROM migrations); END $$`))
	behind := "revocation log is behind what was handed out"
	c.wantLog([]string{`"event":"row_behind"`, behind, `"event":"refresh_reused"`}, nil)
}
