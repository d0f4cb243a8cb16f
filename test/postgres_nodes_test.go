package test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// newNodes makes nodes of one deployment: one public URL, database and master key.
func newNodes(t *testing.T, database string) []*node {
	t.Helper()
	key := secret.NewMaster().Text().Reveal()
	nodes := []*node{newNode(t), newNode(t)}
	for _, n := range nodes {
		n.Set("database", database)
		n.Set("public_url", nodes[0].URL())
		n.Set("master_key", key)
	}
	return nodes
}

// TestNodesBeginTogether starts two nodes at once on a database that is new: each step of the
// schema is done by one of them, and both serve what either keeps.
func TestNodesBeginTogether(t *testing.T) {
	for range 3 {
		database := postgrestest.Shared(t).Database(t)
		nodes := newNodes(t, database)
		var both sync.WaitGroup
		for _, n := range nodes {
			both.Go(func() {
				if err := n.Start(); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		c := nodes[0].mustSignUp("ada@example.com")
		for i := range 4 {
			c.node = nodes[(i+1)%2]
			c.wantRefresh("at the other node", http.StatusOK)
		}
		if status, _, _ := c.ask("DELETE", "/v1/session", token(c.refresh)); status != http.StatusNoContent {
			t.Errorf("sign out = %d, want 204", status)
		}
		c.node = nodes[1]
		c.wantRefresh("ended at the other node", http.StatusUnauthorized)
		for _, n := range nodes {
			n.Kill()
		}
		nodes[0].must(postgrestest.Shared(t).Exec(database, `DO $$ BEGIN
			ASSERT (SELECT count(*) = max(number) FROM migrations);
			ASSERT (SELECT count(*) FROM signing_keys) = 1; END $$`))
	}
}

// later does what a later release does to a database: it adds a column, and notes a step that
// programs as old as this can go on beside.
var later = []string{
	`ALTER TABLE sessions ADD COLUMN later TEXT NOT NULL DEFAULT ''`,
	`INSERT INTO migrations (number, oldest, applied_at, name, sha256)
		SELECT max(number) + 1, max(number), 0, 'later.sql', '' FROM migrations`,
}

// TestReleasesSideBySide has a later release migrate the database under a node: the node goes on,
// and starts again, as long as the step says that it may; otherwise it says what to do.
func TestReleasesSideBySide(t *testing.T) {
	server := postgrestest.Shared(t)
	database := server.Database(t)
	nodes := newNodes(t, database)
	n := nodes[0]
	n.start()
	c := n.mustSignUp("ada@example.com")
	n.must(server.Exec(database, later...))
	for range 20 { // every connection of the pool has statements of before
		c.wantRefresh("migrated under it", http.StatusOK)
	}
	n.Kill()
	n.start()
	c.wantRefresh("started on a later schema", http.StatusOK)
	n.Kill()

	n.must(server.Exec(database, `INSERT INTO migrations (number, oldest, applied_at, name, sha256)
		SELECT max(number) + 1, max(number) + 1, 0, 'much_later.sql', '' FROM migrations`))
	err := n.Start()
	if err == nil || !strings.Contains(err.Error(), "use a newer handstamp") ||
		!strings.Contains(err.Error(), "much_later.sql") {
		t.Errorf("a schema that is not for this program: %v, want it refused, and what to do", err)
	}
}
