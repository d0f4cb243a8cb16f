package postgres_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/postgres"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// TestBatchesInOrder looks at how PostgreSQL does a batch, on tables that it knows nothing of: row
// by row in the order in which they are given, each found by its id. Batches that lock rows in
// other orders wait for each other until one is given up.
func TestBatchesInOrder(t *testing.T) {
	db := mustOpen(t, postgrestest.Shared(t).Database(t))
	onSessions := []string{
		"Update on sessions", "Function Scan on g", "Index Scan using sessions_pkey on sessions",
	}
	for _, batch := range []struct {
		name, statement string
		parameters      int
		steps           []string // of its plan, from the outermost to the innermost
	}{
		{"refreshes", postgres.RotateSQL, 7, append(slices.Clip(onSessions), "Index Scan using users_pkey on users")},
		{"sign-outs", postgres.EndBatchSQL, 5, onSessions},
	} {
		t.Run(batch.name, func(t *testing.T) {
			conn, err := db.TestingOnlyConn(background)
			must(t, err)
			defer conn.Release()
			_, err = conn.Exec(background, `PREPARE batch AS `+batch.statement)
			must(t, err)
			rows, err := conn.Query(
				background,
				`EXPLAIN EXECUTE batch (`+strings.TrimSuffix(strings.Repeat("'{}', ", batch.parameters), ", ")+`)`,
			)
			must(t, err)
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			must(t, err)
			_, err = conn.Exec(background, `DEALLOCATE batch`)
			must(t, err)
			plan := strings.Join(lines, "\n")
			rest := plan
			for _, step := range batch.steps {
				var found bool
				if _, rest, found = strings.Cut(rest, step); !found {
					t.Fatalf("no %q in its place in\n%s", step, plan)
				}
			}
			for _, other := range []string{"Seq Scan", "Hash", "Merge", "Materialize", "Sort"} {
				if strings.Contains(plan, other) {
					t.Errorf("%q in\n%s", other, plan)
				}
			}
		})
	}
}

// TestBatchGivenUp has PostgreSQL give up a batch at its commit, when it has told of its rows: none
// is written, and none counts as decided.
func TestBatchGivenUp(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	db := mustOpen(t, database)
	must(t, db.CreateUser(background, ada))
	first, second := mustBegin(t, db, 1), mustBegin(t, db, 2)
	mustExec(t, database,
		`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$`,
		`CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON sessions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
			WHEN (NEW.id = '`+second.Session.String()+`') EXECUTE FUNCTION refuse()`)
	outcomes, err := db.RotateBatch(background, now, first, second)
	if err == nil {
		t.Error("RotateBatch = nil, want it given up")
	}
	for i, o := range outcomes {
		if o.Case != 0 {
			t.Errorf("token %d was %v in a batch that was given up, want nothing", i+1, o.Case)
		}
	}
	mustExec(t, database, `DROP TRIGGER refuse ON sessions`)
	mustRotate(t, db, first, store.Rotated)
	mustRotate(t, db, second, store.Rotated)
}

// TestEndsOfManyNodes has three nodes end sessions at once, in batches that wait for each other at
// the head of the log: none is given up, every number is given once, and each session has one. A
// batch that finds nobody leaves the log as it is.
func TestEndsOfManyNodes(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	nodes := []*postgres.DB{mustOpen(t, database), mustOpen(t, database), mustOpen(t, database)}
	must(t, nodes[0].CreateUser(background, ada))
	var live []store.SessionID
	for n := range byte(120) {
		live = append(live, mustBegin(t, nodes[0], n+1).Session)
	}
	var all sync.WaitGroup
	for i, batch := range slices.Collect(slices.Chunk(live, 5)) {
		all.Go(func() {
			if n, err := nodes[i%len(nodes)].EndBatch(background, now, batch...); n != len(batch) || err != nil {
				t.Errorf("EndBatch = %d, %v, want %d", n, err, len(batch))
			}
			if n, err := nodes[i%len(nodes)].EndBatch(background, now, batch...); n != 0 || err != nil {
				t.Errorf("EndBatch again = %d, %v, want 0", n, err)
			}
		})
	}
	all.Wait()
	entries, err := nodes[0].RevocationsSince(background, 0, 2*len(live))
	must(t, err)
	logged := map[string]bool{}
	for i, e := range entries {
		if e.Seq != int64(i+1) {
			t.Fatalf("entry %d has the number %d", i+1, e.Seq)
		}
		logged[e.ID] = true
	}
	for _, id := range live {
		if !logged[id.String()] {
			t.Errorf("session %v has no entry", id)
		}
	}
	if _, head, err := nodes[0].Head(background); len(entries) != len(live) || head != int64(len(live)) || err != nil {
		t.Errorf("%d entries and head %d (%v), want %d", len(entries), head, err, len(live))
	}
}
